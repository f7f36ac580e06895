"""Connectors in the database: settings, cursor, turn, and how it goes."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, or_, select, update

from central.alarms.service import raise_alarm, return_alarm
from central.connectors.settings import DoorGrant, MqttSettings, Secrets, SyslogSettings, parsed
from central.connectors.tables import connectors
from central.database import Transaction
from central.keys import KeyEncryptionKey

TOPIC: Final = "connectors"
LEASE: Final = timedelta(seconds=30)
"""Whoever has the turn keeps it for so long without a word; then another process may."""
TROUBLE: Final = timedelta(minutes=5)
"""Failing for so long is an alarm."""
_HERE: Final = connectors.c


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A connector as it is kept. Attributes: doors: nothing may be commanded where it is empty."""

    settings: MqttSettings | SyslogSettings
    secret: str | None
    doors: DoorGrant
    memory: tuple[str, ...]
    position: int
    delivered_at: datetime | None
    failing_since: datetime | None
    failure: str
    taken_until: datetime | None

    @property
    def wish(self) -> tuple[object, ...]:
        """What whoever is at work must follow."""
        return self.settings, self.secret, self.doors

    def is_connected(self, now: datetime) -> bool:
        """Whether a process is at work, and the other side was there at the last attempt."""
        is_worked = self.taken_until is not None and self.taken_until > now
        return (
            self.settings.is_on
            and is_worked
            and self.delivered_at is not None
            and self.failing_since is None
        )


def _kept(row: Row[Any]) -> Kept:
    doors = DoorGrant() if row.doors is None else DoorGrant.model_validate_json(row.doors)
    return Kept(
        settings=parsed(row.name, row.body),
        secret=row.secret,
        doors=doors,
        memory=tuple(json.loads(row.memory)),
        position=row.position,
        delivered_at=row.delivered_at,
        failing_since=row.failing_since,
        failure=row.failure,
        taken_until=row.taken_until,
    )


async def all_kept(transaction: Transaction) -> dict[str, Kept]:
    """Return every connector that is set up, on or off."""
    return {row.name: _kept(row) for row in await transaction.execute(select(connectors))}


async def find(transaction: Transaction, name: str) -> Kept | None:
    """Return a connector; None where it is not set up."""
    row = (await transaction.execute(select(connectors).where(_HERE.name == name))).first()
    return None if row is None else _kept(row)


def purpose(name: str) -> str:
    """Return what the secret of a connector is bound to."""
    return f"connector|{name}"


def secrets_of(kept: Kept | None, kek: KeyEncryptionKey) -> Secrets:
    """Return a connector's secrets.

    Raises:
        KeysError: No key of central's opens them.
    """
    if kept is None or kept.secret is None:
        return Secrets()
    return Secrets.model_validate_json(kek.unwrap(kept.secret, purpose=purpose(kept.settings.name)))


async def put(
    transaction: Transaction,
    settings: MqttSettings | SyslogSettings,
    secrets: Secrets,
    *,
    kek: KeyEncryptionKey,
    begin: int,
    now: datetime,
) -> None:
    """Set a connector up or anew; ``begin`` is where a new one begins to tell."""
    values: dict[str, Any] = {"body": settings.model_dump_json(), "secret": None}
    if secrets != Secrets():
        text = secrets.model_dump_json().encode()
        values["secret"] = kek.wrap(text, purpose=purpose(settings.name))
    before = await find(transaction, settings.name)
    if before is not None and before.settings != settings:
        # How it went as it was set before says nothing of how it goes now.
        values |= {"delivered_at": None, "failing_since": None, "failure": ""}
    if not settings.is_on:
        await _return_alarm(transaction, settings.name, now=now)
    await _put(transaction, settings.name, values, begin=begin)


async def remove(transaction: Transaction, name: str, *, now: datetime) -> bool:
    """Forget a connector, its secrets and its place; returns whether it was set up."""
    gone = await transaction.execute(
        delete(connectors).where(_HERE.name == name).returning(_HERE.name)
    )
    await _return_alarm(transaction, name, now=now)
    transaction.announce(TOPIC)
    return gone.first() is not None


async def put_doors(transaction: Transaction, name: str, doors: DoorGrant) -> bool:
    """Say what may be commanded; returns whether the connector is set up."""
    return await _update(transaction, name, {"doors": doors.model_dump_json()})


async def _put(
    transaction: Transaction, name: str, values: Mapping[str, Any], *, begin: int
) -> None:
    if not await _update(transaction, name, values):
        await transaction.execute(
            insert(connectors).values(name=name, memory="[]", position=begin, failure="", **values)
        )
        transaction.announce(TOPIC)


async def _update(transaction: Transaction, name: str, values: Mapping[str, Any]) -> bool:
    changed = await transaction.execute(
        update(connectors).where(_HERE.name == name).values(**values).returning(_HERE.name)
    )
    transaction.announce(TOPIC)
    return changed.first() is not None


async def take_turn(transaction: Transaction, name: str, process: str, *, now: datetime) -> bool:
    """Take the turn or keep it; returns whether it is this process's."""
    is_free = or_(_HERE.taken_by == process, _HERE.taken_until.is_(None), _HERE.taken_until <= now)
    taken = await transaction.execute(
        update(connectors)
        .where(_HERE.name == name, is_free)
        .values(taken_by=process, taken_until=now + LEASE)
        .returning(_HERE.name)
    )
    return taken.first() is not None


async def give_turn(transaction: Transaction, name: str, process: str) -> None:
    """Let another process have the turn."""
    here = update(connectors).where(_HERE.name == name, _HERE.taken_by == process)
    await transaction.execute(here.values(taken_by=None, taken_until=None))


async def note_told(
    transaction: Transaction,
    name: str,
    *,
    now: datetime,
    position: int | None = None,
    memory: tuple[str, ...] | None = None,
) -> None:
    """It goes well: the other side has what there is up to ``position``."""
    values: dict[str, Any] = {"delivered_at": now, "failing_since": None, "failure": ""}
    if position is not None:
        values["position"] = position
    if memory is not None:
        values["memory"] = json.dumps(memory)
    await transaction.execute(update(connectors).where(_HERE.name == name).values(**values))
    await _return_alarm(transaction, name, now=now)


async def _return_alarm(transaction: Transaction, name: str, *, now: datetime) -> None:
    await return_alarm(transaction, kind="channel", subject={"channel": name}, now=now)


async def note_failed(transaction: Transaction, name: str, failure: str, *, now: datetime) -> None:
    """It does not go; long enough it is an alarm."""
    kept = await find(transaction, name)
    if kept is None:
        return
    since = kept.failing_since or now
    await transaction.execute(
        update(connectors)
        .where(_HERE.name == name)
        .values(failing_since=since, failure=failure[:64])
    )
    if now - since >= TROUBLE:
        await raise_alarm(
            transaction,
            kind="channel",
            subject={"channel": name},
            now=now,
            detail={"failure": failure},
        )
