"""What is known of a board, and what a fact of its node makes of it. Pure.

Each part of it (who it is, its safe state, its health, …) is as the newest fact said: within one
journal's class by the sequence, otherwise by the node's clock. So what comes late is history.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from central.firmware.schemas import BoardUpdate, Identity
from config.contract.events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardHeld,
    BoardIdentified,
    BoardSafeStateEntered,
    BoardUpdateEnded,
    BoardUpdateProgressed,
    Event,
    EventData,
)

FACTS: Final = (
    BoardIdentified,
    BoardSafeStateEntered,
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardHeld,
    BoardUpdateProgressed,
    BoardUpdateEnded,
)
BoardFact = (
    BoardIdentified
    | BoardSafeStateEntered
    | BoardFireInputChanged
    | BoardHealthChanged
    | BoardHeld
    | BoardUpdateProgressed
    | BoardUpdateEnded
)
TYPES: Final = frozenset(each.type_name for each in FACTS)


class Heard(BaseModel):
    """The newest fact of a part.

    Attributes:
        at: By the node's clock; when it was heard where that clock was ahead.
    """

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    epoch: UUID
    event_class: str
    sequence: int


class Known(BaseModel):
    """What is known of one board, as one node tells of it.

    Attributes:
        heard: By part.
    """

    model_config = ConfigDict(frozen=True)

    identity: Identity | None = None
    is_safe: bool = False
    safe_entered_at: AwareDatetime | None = None
    safe_left_at: AwareDatetime | None = None
    faults: tuple[str, ...] = ()
    is_fire: bool = False
    held_until: AwareDatetime | None = None
    update: BoardUpdate | None = None
    heard: dict[str, Heard] = {}


def fact_of(event: Event) -> BoardFact | None:
    """Return what an event says of a board; None where it says nothing of one."""
    told: EventData | None = event.parsed() if event.type in TYPES else None
    return told if isinstance(told, FACTS) else None


def learnt(known: Known, event: Event, fact: BoardFact, *, now: datetime) -> Known:
    """Return what is known after a fact; the same where something newer is known.

    Args:
        known: Before.
        event: That brings it.
        fact: Of ``event``.
        now: Aware UTC; nothing happened later than that.
    """
    at = min(event.time, now)
    part, said = _said(known, fact, at=at)
    heard = known.heard.get(part)
    if not said or (heard is not None and not _follows(event, heard)):
        return known
    newest = Heard(
        at=at,
        epoch=event.epoch,
        event_class=event.event_class.value,
        sequence=event.sequence,
    )
    return known.model_copy(update={**said, "heard": {**known.heard, part: newest}})


def _follows(event: Event, heard: Heard) -> bool:
    if (heard.epoch, heard.event_class) == (event.epoch, event.event_class.value):
        return event.sequence >= heard.sequence
    return event.time >= heard.at


def _said(known: Known, fact: BoardFact, *, at: datetime) -> tuple[str, dict[str, object]]:
    """Return which part a fact is about, and what it says; nothing where it says nothing new."""
    match fact:
        case BoardIdentified():
            fields = fact.model_dump(exclude={"device"})
            return "identity", {"identity": Identity(**fields, at=at)}
        case BoardSafeStateEntered():
            entered = {"safe_entered_at": fact.entered_at, "is_safe": fact.left_at is None}
            left = {} if fact.left_at is None else {"safe_left_at": fact.left_at}
            return "safe", {**entered, **left}
        case BoardFireInputChanged():
            return "fire", {"is_fire": fact.is_active}
        case BoardHealthChanged():
            return "health", {"faults": fact.faults}
        case BoardHeld():
            return "held", {"held_until": at + timedelta(seconds=fact.held_s)}
        case BoardUpdateProgressed():
            return "update", _progressed(known.update, fact, at=at)
        case BoardUpdateEnded():
            return "update", {"update": _ended(fact, at=at)}


def _progressed(
    before: BoardUpdate | None, fact: BoardUpdateProgressed, *, at: datetime
) -> dict[str, object]:
    # Both classes of the journal travel by themselves: its end may be heard of first.
    if before is not None and before.update_id == fact.update_id and before.outcome is not None:
        return {}
    fields = fact.model_dump(exclude={"device"})
    return {"update": BoardUpdate(**fields, at=at)}


def _ended(fact: BoardUpdateEnded, *, at: datetime) -> BoardUpdate:
    wanted = {"update_id", "outcome", "reason", "running", "detail"}
    return BoardUpdate(**fact.model_dump(include=wanted), at=at)
