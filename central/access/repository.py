"""Versions of the access model, lockdowns and what was forgiven, in the database.

Who writes here takes its turn first, and the replica's version after it.
"""

import dataclasses
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, update

from central.access.schemas import KeptAccessModel, LockdownView, VersionView
from central.database import ACCESS_LOCK, Transaction
from central.muster.tables import forgiven
from central.nodes.repository import signing_keys
from central.site_values import next_replica_version
from central.tables import access_models, lockdowns, people
from config.contract.access_model import AccessModel
from config.contract.identifiers import new_id
from config.contract.nodes import AccessRecord, ActiveLockdown, ForgivenRecord

TOPIC: Final = "access"
FORGIVEN_COUNT: Final = 100
"""So many acts a node is told of; one that missed more was away for long."""
ENDED_COUNT: Final = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProfiledPerson:
    """Somebody who passes by profiles."""

    holder_id: str
    name: str
    profiles: tuple[str, ...]


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else changes the access rules."""
    await transaction.take_turn(ACCESS_LOCK)


async def current_version(transaction: Transaction) -> int:
    """Return the version in force; 0 where the site has no model."""
    query = select(func.max(access_models.c.version))
    return int((await transaction.execute(query)).scalar_one() or 0)


async def find(transaction: Transaction, version: int) -> KeptAccessModel | None:
    """Return a version that is or was in force."""
    query = select(access_models).where(access_models.c.version == version)
    row = (await transaction.execute(query)).first()
    if row is None:
        return None
    return KeptAccessModel(
        version=row.version,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        model=AccessModel.model_validate_json(row.body),
    )


async def current(transaction: Transaction) -> KeptAccessModel | None:
    """Return the model in force; None where the site has none."""
    return await find(transaction, await current_version(transaction))


async def versions(transaction: Transaction, *, limit: int) -> list[VersionView]:
    """Return the latest versions, newest first."""
    columns = (access_models.c.version, access_models.c.changed_by, access_models.c.changed_at)
    query = select(*columns).order_by(access_models.c.version.desc()).limit(limit)
    return [VersionView(**row) for row in (await transaction.execute(query)).mappings()]


async def put(
    transaction: Transaction, model: AccessModel, *, changed_by: str, now: datetime
) -> None:
    """Put a model in force under its own version; the caller has taken its turn."""
    await transaction.execute(
        insert(access_models).values(
            version=model.version,
            body=model.model_dump_json(),
            changed_by=changed_by,
            changed_at=now,
        )
    )
    await _tell(transaction)


async def profiled_people(transaction: Transaction) -> list[ProfiledPerson]:
    """Return everybody active who passes by profiles, by name."""
    query = select(people.c.holder_id, people.c.name, people.c.profiles).where(
        ~people.c.is_removed, people.c.is_active, people.c.profiles.is_not(None)
    )
    rows = await transaction.execute(query.order_by(people.c.name, people.c.holder_id))
    return [
        ProfiledPerson(holder_id=row.holder_id, name=row.name, profiles=tuple(row.profiles))
        for row in rows
    ]


async def unknown_holders(transaction: Transaction, holder_ids: Collection[str]) -> set[str]:
    """Return those of whom nobody is known."""
    query = select(people.c.holder_id).where(
        people.c.holder_id.in_(holder_ids), ~people.c.is_removed
    )
    return set(holder_ids) - set((await transaction.execute(query)).scalars())


async def active_lockdowns(transaction: Transaction) -> list[LockdownView]:
    """Return the levels that are on, oldest first."""
    query = select(lockdowns).where(lockdowns.c.ended_at.is_(None))
    rows = await transaction.execute(query.order_by(lockdowns.c.since, lockdowns.c.lockdown_id))
    return [_lockdown(row) for row in rows]


async def ended_lockdowns(transaction: Transaction) -> list[LockdownView]:
    """Return the latest levels that are over, newest first."""
    query = select(lockdowns).where(lockdowns.c.ended_at.is_not(None))
    rows = await transaction.execute(
        query.order_by(lockdowns.c.ended_at.desc(), lockdowns.c.lockdown_id).limit(ENDED_COUNT)
    )
    return [_lockdown(row) for row in rows]


def _lockdown(row: Row[Any]) -> LockdownView:
    return LockdownView(
        level=row.level,
        since=row.since,
        set_by=row.set_by,
        reason=row.reason,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


async def set_lockdown(
    transaction: Transaction, level: str, *, reason: str, set_by: str, now: datetime
) -> None:
    """Set a level off; the caller has taken its turn and seen that it is not on."""
    await transaction.execute(
        insert(lockdowns).values(
            lockdown_id=str(new_id()), level=level, since=now, set_by=set_by, reason=reason
        )
    )
    await _tell(transaction)


async def end_lockdown(
    transaction: Transaction, level: str, *, ended_by: str, now: datetime
) -> bool:
    """End a level; returns whether it was on. The caller has taken its turn."""
    ended = await transaction.execute(
        update(lockdowns)
        .where(lockdowns.c.level == level, lockdowns.c.ended_at.is_(None))
        .values(ended_at=now, ended_by=ended_by)
        .returning(lockdowns.c.lockdown_id)
    )
    if ended.first() is None:
        return False
    await _tell(transaction)
    return True


async def forgive(
    transaction: Transaction,
    *,
    holder_id: str | None,
    access_point: str | None,
    forgiven_by: str,
    now: datetime,
) -> int:
    """Record an act of an operator; returns its number. The caller has taken its turn."""
    query = select(func.max(forgiven.c.number))
    number = int((await transaction.execute(query)).scalar_one() or 0) + 1
    await transaction.execute(
        insert(forgiven).values(
            number=number,
            at=now,
            holder_id=holder_id,
            access_point=access_point,
            forgiven_by=forgiven_by,
        )
    )
    await _tell(transaction)
    return number


async def record(transaction: Transaction, *, known: int | None) -> AccessRecord:
    """Return the access rules as nodes are told of them.

    Args:
        transaction: Any.
        known: The model's version that the node has; None sends the model whatever it has.
    """
    version = await current_version(transaction)
    model = None
    if known != version:
        kept = await find(transaction, version)
        model = AccessModel() if kept is None else kept.model
    return AccessRecord(
        version=version,
        model=model,
        lockdowns=tuple(
            ActiveLockdown(level=lockdown.level, since=lockdown.since)
            for lockdown in await active_lockdowns(transaction)
        ),
        forgiven=await _latest_forgiven(transaction),
        node_keys=await signing_keys(transaction),
    )


async def _latest_forgiven(transaction: Transaction) -> tuple[ForgivenRecord, ...]:
    query = select(forgiven).order_by(forgiven.c.number.desc()).limit(FORGIVEN_COUNT)
    rows = (await transaction.execute(query)).all()
    return tuple(
        ForgivenRecord(
            number=row.number, at=row.at, holder_id=row.holder_id, access_point=row.access_point
        )
        for row in reversed(rows)
    )


async def _tell(transaction: Transaction) -> None:
    """Make nodes ask again, and tell pages."""
    await next_replica_version(transaction)
    transaction.announce(TOPIC)
