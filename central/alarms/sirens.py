"""Which sirens and lamps must sound, and the commands that tell their nodes so.

A command holds for five minutes and is given again every minute, so that a node which was away
hears of it, and one that central loses falls silent by itself. What a node began by itself for a
fire or a panic is ended when somebody acknowledges it.
"""

import dataclasses
import json
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update

from central.alarms.kinds import KINDS
from central.alarms.tables import alarm_settings, alarm_sources, alarms
from central.commands import repository as commands
from central.database import ALARMS_LOCK, Transaction
from config.contract.commands import LIFETIME, NodeCommand, Signal
from config.contract.identifiers import new_id
from config.site import Site
from config.site_alarms import SounderEntry

SOUNDS_FOR: Final = timedelta(minutes=5)
AGAIN: Final = timedelta(minutes=1)
CENTRAL: Final = "central"
"""In place of an operator, who asked."""
REASON: Final = "alarm"
_NAME: Final = "sounders"
_OWN_KINDS: Final = {
    "fire": ("fire",),
    "panic": ("panic",),
    "neighbour_lost": ("neighbour_lost",),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What a siren is to be told. Attributes: is_own: It sounds by itself: that is noted alone."""

    sounder: SounderEntry
    is_on: bool
    is_own: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class _Standing:
    node: str | None
    kind: str
    priority: int
    escalation: int


async def wishes(transaction: Transaction, site: Site, *, now: datetime) -> list[Wish]:
    """Return what sirens are to be told now; nothing where they have heard it."""
    standing = await _unseen(transaction)
    heard = await told(transaction)
    found = list[Wish]()
    for sounder in site.sounder:
        is_on, at = heard.get(sounder.id, (False, now))
        if _is_wanted(sounder, standing):
            if not is_on or now - at >= AGAIN:
                found.append(Wish(sounder, is_on=True))
        elif _sounds_itself(sounder, standing):
            # It is left alone until somebody has seen why.
            if not is_on:
                found.append(Wish(sounder, is_on=True, is_own=True))
        elif is_on:
            found.append(Wish(sounder, is_on=False))
    return found


async def next_at(transaction: Transaction, site: Site) -> datetime | None:
    """Return when a siren that sounds is to be told again; what else they are told is announced."""
    if not site.sounder:
        return None
    standing, heard = await _unseen(transaction), await told(transaction)
    wanted = [each.id for each in site.sounder if _is_wanted(each, standing)]
    return min(
        (heard[name][1] + AGAIN for name in wanted if name in heard and heard[name][0]),
        default=None,
    )


async def send(transaction: Transaction, site: Site, *, now: datetime) -> None:
    """Give the commands that are due and remember what was told; one process does it."""
    await transaction.take_turn(ALARMS_LOCK)
    found = await wishes(transaction, site, now=now)
    if not found:
        return
    heard = await told(transaction)
    for wish in found:
        heard[wish.sounder.id] = (wish.is_on, now)
        if wish.is_own:
            continue
        what = Signal(sounder=wish.sounder.id, is_on=wish.is_on, until=now + SOUNDS_FOR)
        command = NodeCommand(
            id=new_id(),
            node=wish.sounder.node,
            what=what,
            asked_by=CENTRAL,
            reason=REASON,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
        await commands.add(transaction, command, username=CENTRAL)
    body = json.dumps({name: [is_on, at.isoformat()] for name, (is_on, at) in heard.items()})
    here = alarm_settings.c.name == _NAME
    changed = await transaction.execute(
        update(alarm_settings).where(here).values(body=body).returning(alarm_settings.c.name)
    )
    if changed.first() is None:
        await transaction.execute(insert(alarm_settings).values(name=_NAME, body=body))


def _is_wanted(sounder: SounderEntry, standing: list[_Standing]) -> bool:
    return any(
        each.priority <= sounder.priority and each.escalation >= sounder.level for each in standing
    )


def _sounds_itself(sounder: SounderEntry, standing: list[_Standing]) -> bool:
    own = {kind for cause in sounder.own for kind in _OWN_KINDS[cause]}
    return any(each.node == sounder.node and each.kind in own for each in standing)


async def _unseen(transaction: Transaction) -> list[_Standing]:
    """Return the alarms that nobody has acknowledged, but for those behind the list."""
    latched = [name for name, kind in KINDS.items() if kind.is_latched]
    query = (
        select(alarms.c.node, alarms.c.kind, alarms.c.priority, alarms.c.escalation)
        .join(alarm_sources, alarm_sources.c.source == alarms.c.source)
        .where(
            alarms.c.closed_at.is_(None),
            alarms.c.acknowledged_at.is_(None),
            ~alarms.c.is_gathered,
            alarms.c.kind.in_(latched)
            | (
                ~alarms.c.is_suppressed
                & alarm_sources.c.shelved_until.is_(None)
                & alarm_sources.c.out_of_service_since.is_(None)
            ),
        )
        .distinct()
    )
    return [
        _Standing(row.node, row.kind, row.priority, row.escalation)
        for row in await transaction.execute(query)
    ]


async def told(transaction: Transaction) -> dict[str, tuple[bool, datetime]]:
    """Return what each siren was last told, and when."""
    query = select(alarm_settings.c.body).where(alarm_settings.c.name == _NAME)
    body: str | None = (await transaction.execute(query)).scalar_one_or_none()
    kept = json.loads(body) if body else {}
    return {name: (is_on, datetime.fromisoformat(at)) for name, (is_on, at) in kept.items()}
