"""Which parts of central heed which events: what nobody heeds costs nothing but its keeping.

To let a feature heed a type of events: give it a function that is handed the new ones of its types,
in the transaction that keeps them, and a line in ``_STEPS``, at the place where its turn is.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from central.alarms import service as alarms
from central.assistance import repository as assistance
from central.canteen import charges
from central.commands import repository as commands
from central.database import Transaction
from central.events.drafts import Draft
from central.fire import repository as fire
from central.firmware import board_book
from central.firmware import repository as firmware
from central.muster import repository as muster
from central.muster import roll_calls
from central.patrol import repository as patrols
from central.video import repository as video
from central.visits import repository as visits
from config.contract.events import (
    EVENT_TYPES,
    AssistanceRequested,
    CheckpointScanned,
    CommandAnswered,
    Event,
    VisitorArrived,
)


@dataclasses.dataclass(slots=True)
class Kept:
    """What one node told that is new. Attributes: stored: that, and facts of central about it."""

    node: str
    fresh: Sequence[Draft]
    stored: Sequence[tuple[Event, int]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """One that heeds. Attributes: act: given a node and its events of these types."""

    types: frozenset[str]
    act: Callable[[Transaction, str, list[Event], datetime], Awaitable[None]]


async def _muster(transaction: Transaction, _node: str, told: list[Event], _now: datetime) -> None:
    await muster.merge(transaction, muster.facts_of(told))


async def _arrivals(transaction: Transaction, _node: str, told: list[Event], _: datetime) -> None:
    await visits.note_arrivals(transaction, told)


async def _rings(transaction: Transaction, node: str, told: list[Event], now: datetime) -> None:
    await assistance.note_rings(transaction, node, told, now=now)


async def _media(transaction: Transaction, node: str, told: list[Event], now: datetime) -> None:
    await video.note_kept(transaction, node, told, now=now)


async def _fires(transaction: Transaction, node: str, told: list[Event], now: datetime) -> None:
    await fire.note_events(transaction, node, told, now=now)


async def _answers(transaction: Transaction, node: str, told: list[Event], _: datetime) -> None:
    await commands.note_answers(transaction, node, told)


async def _scans(transaction: Transaction, node: str, told: list[Event], now: datetime) -> None:
    await patrols.note_scans(transaction, node, told, now=now)


async def _boards(transaction: Transaction, node: str, told: list[Event], now: datetime) -> None:
    await firmware.note_events(transaction, node, told, now=now)


async def _charges(transaction: Transaction, node: str, told: list[Event], now: datetime) -> None:
    await charges.take_in(transaction, node, told, now=now)


def _only(model: type) -> frozenset[str]:
    return frozenset(name for name, each in EVENT_TYPES.items() if each is model)


_AREAS: Final = frozenset(name for name in EVENT_TYPES if name.startswith(muster.TYPES))
_STEPS: Final = (
    _Step(_AREAS, _muster),
    _Step(_only(VisitorArrived), _arrivals),
    _Step(_only(AssistanceRequested), _rings),
    _Step(video.TYPES, _media),
    _Step(fire.TYPES, _fires),
    _Step(_only(CommandAnswered), _answers),
    _Step(_only(CheckpointScanned), _scans),
    _Step(board_book.TYPES, _boards),
    _Step(charges.TYPES, _charges),
)
_BY_TYPE: Final = {
    name: tuple(step for step in _STEPS if name in step.types)
    for name in frozenset[str]().union(*(step.types for step in _STEPS))
}


async def heed(transaction: Transaction, group: Sequence[Kept], *, now: datetime) -> None:
    """Let every part of central that heeds events have what is new.

    Args:
        transaction: A writing one that has the turn of events and keeps them.
        group: Each node once.
        now: Aware UTC.
    """
    showing = [d.event for kept in group for d in kept.fresh if d.event.type in roll_calls.SHOWING]
    if showing:
        # Asked once of all: who passes is in almost every batch, and a roll-call is rare.
        await roll_calls.note_shown(transaction, showing, now=now)
    told = {id(step): dict[str, list[Event]]() for step in _STEPS}
    for kept in group:
        for draft in kept.fresh:
            for step in _BY_TYPE.get(draft.event.type, ()):
                told[id(step)].setdefault(kept.node, []).append(draft.event)
    # One step after the other, for all nodes: so the turns that they take come in one order.
    for step in _STEPS:
        for node, mine in told[id(step)].items():
            await step.act(transaction, node, mine, now)
    await alarms.take_in(transaction, {kept.node: kept.stored for kept in group}, now=now)
    # After the alarms, which are given what was kept for them.
    for kept in group:
        if media := [d.event for d in kept.fresh if d.event.type in video.TYPES]:
            await video.note_kept(transaction, kept.node, media, now=now)
