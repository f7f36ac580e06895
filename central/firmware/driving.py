"""What is done next about one board of a roll-out. Pure.

A node is told by a command, which it may not get: then it is told again with the same update, until
it has taken it on or may not begin any more. What becomes of the update, its events say.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from central.commands.schemas import CommandState
from central.firmware.rollout_rows import NOT_HEARD, Member
from central.firmware.schemas import BoardState
from config.contract.board_events import UpdateReason
from config.contract.command_events import CommandRefusal

GRACE: Final = timedelta(minutes=10)
"""So long after its latest end an update may be told of: a node's queue, or its restart."""
_UNANSWERED: Final = frozenset(
    {
        CommandState.NOT_DELIVERED, CommandState.NO_ANSWER, CommandState.TOO_LATE,
        CommandState.UNKNOWN,
    }
)  # fmt: skip
_REASONS: Final[Mapping[CommandRefusal, UpdateReason]] = {
    CommandRefusal.NOT_HERE: UpdateReason.NOT_HERE,
    CommandRefusal.NOT_NOW: UpdateReason.NOT_NOW,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What became of the newest command about a board."""

    state: CommandState
    refusal: CommandRefusal | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """What is done. Attributes: values: columns that change. sends: a command, if any."""

    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    sends: Literal["", "update", "cancel"] = ""


NOTHING: Final = Step()


def next_step(
    member: Member,
    told: Told | None,
    *,
    now: datetime,
    is_running: bool,
    is_cancelled: bool,
    update_s_max: float,
) -> Step:
    """Return what is done about a board whose node was told.

    Args:
        member: It is open.
        told: Of its newest command; None where none was sent yet.
        now: Aware UTC.
        is_running: The roll-out is neither paused nor halted nor cancelled.
        is_cancelled: The roll-out is to end.
        update_s_max: So long an update lasts at most, once it began.
    """
    if member.until is not None and now >= member.until + timedelta(seconds=update_s_max) + GRACE:
        return _ended(BoardState.FAILED, NOT_HEARD, now=now)
    if is_cancelled:
        return _cancelled(member, told, now=now)
    if member.state is BoardState.UNDER_WAY:
        return NOTHING
    if told is None:
        return _asked_again(member, now=now, is_running=is_running, was_fetched=False)
    if told.state is CommandState.DONE:
        return Step({"state": BoardState.UNDER_WAY})
    if told.state is CommandState.REFUSED:
        refusal = told.refusal or CommandRefusal.NOT_UNDERSTOOD
        reason = _REASONS.get(refusal, UpdateReason.REJECTED)
        return _ended(BoardState.REFUSED, reason, now=now, detail=f"the node refuses: {refusal}")
    if told.state in _UNANSWERED:
        was_fetched = told.state in (CommandState.NO_ANSWER, CommandState.UNKNOWN)
        return _asked_again(member, now=now, is_running=is_running, was_fetched=was_fetched)
    return NOTHING


def _asked_again(member: Member, *, now: datetime, is_running: bool, was_fetched: bool) -> Step:
    if member.until is not None and now >= member.until:
        # A node that fetched it may have begun: what became of it is awaited for longer.
        if was_fetched:
            return NOTHING
        return _ended(
            BoardState.REFUSED, UpdateReason.UNREACHABLE, now=now, detail="its node was away"
        )
    return Step(sends="update") if is_running else NOTHING


def _cancelled(member: Member, told: Told | None, *, now: datetime) -> Step:
    """Have a node stop; what it says of it, or the end of its time, ends the board."""
    if told is None and member.state is BoardState.ASKED:
        return _ended(BoardState.CANCELLED, None, now=now)
    if told is None:
        # It was taken back, but an earlier command had reached its node.
        return Step(sends="cancel")
    if not member.is_cancelling:
        if member.state is BoardState.ASKED and told.state is CommandState.NOT_DELIVERED:
            return _ended(BoardState.CANCELLED, None, now=now)
        return Step(sends="cancel")
    if told.state is CommandState.REFUSED and member.state is BoardState.ASKED:
        # It never took the update on.
        return _ended(BoardState.CANCELLED, None, now=now)
    return Step(sends="cancel") if told.state in _UNANSWERED else NOTHING


def _ended(state: BoardState, why: str | None, *, now: datetime, detail: str = "") -> Step:
    return Step({"state": state, "why": why, "step": None, "detail": detail, "ended_at": now})
