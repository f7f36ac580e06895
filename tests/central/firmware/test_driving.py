"""What is done next about a board whose node was told."""

from datetime import timedelta
from typing import Any

import pytest

from central.commands.schemas import CommandState
from central.firmware.driving import GRACE, NOTHING, Step, Told, next_step
from central.firmware.rollout_rows import NOT_HEARD, Member
from central.firmware.schemas import BoardState
from config.contract.board_events import UpdateReason
from config.contract.command_events import CommandRefusal
from tests.central.firmware.choices import NOW

UPDATE_S = 60.0
UNTIL = NOW + timedelta(hours=1)
UNANSWERED = (
    CommandState.NOT_DELIVERED,
    CommandState.NO_ANSWER,
    CommandState.TOO_LATE,
    CommandState.UNKNOWN,
)


def member(state: BoardState = BoardState.ASKED, **more: Any) -> Member:  # noqa: ANN401 - columns
    values: dict[str, Any] = {
        "rollout_id": "1", "device": "b0", "number": 1, "stage": 0, "node": "gate-1",
        "state": state, "why": None, "before": "1.0.0", "update_id": "2", "command_id": "3",
        "is_cancelling": False, "is_passed_over": False, "asked_at": NOW, "until": UNTIL,
        "step": None, "sent_bytes": 0, "running": "", "detail": "", "ended_at": None,
    }  # fmt: skip
    return Member(**{**values, **more})


def step(who: Member, told: Told | None, **more: Any) -> Step:  # noqa: ANN401 - arguments
    how = {"now": NOW, "is_running": True, "is_cancelled": False, "update_s_max": UPDATE_S, **more}
    return next_step(who, told, **how)


def test_a_node_that_was_never_told_is_told() -> None:
    assert step(member(), None) == Step(sends="update")


def test_a_command_on_its_way_is_waited_for() -> None:
    for state in (CommandState.WAITING, CommandState.TOLD):
        assert step(member(), Told(state)) == NOTHING


def test_what_a_node_has_taken_on_is_under_way() -> None:
    assert step(member(), Told(CommandState.DONE)).values == {"state": BoardState.UNDER_WAY}


@pytest.mark.parametrize("state", UNANSWERED)
def test_a_command_that_nobody_answered_is_repeated_until_its_end(state: CommandState) -> None:
    assert step(member(), Told(state)) == Step(sends="update")
    assert step(member(), Told(state), is_running=False) == NOTHING


def test_a_board_whose_node_was_away_until_its_end_is_refused() -> None:
    over = step(member(), Told(CommandState.NOT_DELIVERED), now=UNTIL)

    assert over.values["state"] is BoardState.REFUSED
    assert over.values["why"] is UpdateReason.UNREACHABLE


def test_what_a_node_fetched_may_have_begun_and_is_waited_for() -> None:
    fetched = Told(CommandState.NO_ANSWER)

    assert step(member(), fetched, now=UNTIL) == NOTHING
    over = step(member(), fetched, now=UNTIL + timedelta(seconds=UPDATE_S) + GRACE)
    assert (over.values["state"], over.values["why"]) == (BoardState.FAILED, NOT_HEARD)


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (CommandRefusal.NOT_HERE, UpdateReason.NOT_HERE),
        (CommandRefusal.NOT_NOW, UpdateReason.NOT_NOW),
        (CommandRefusal.NOT_RECORDABLE, UpdateReason.REJECTED),
        (None, UpdateReason.REJECTED),
    ],
)
def test_a_node_that_refuses_says_why(refusal: CommandRefusal | None, reason: UpdateReason) -> None:
    refused = step(member(), Told(CommandState.REFUSED, refusal))

    assert (refused.values["state"], refused.values["why"]) == (BoardState.REFUSED, reason)


def test_what_is_under_way_is_left_alone() -> None:
    assert step(member(BoardState.UNDER_WAY), Told(CommandState.DONE), now=UNTIL) == NOTHING


def test_a_cancelled_board_of_which_no_node_heard_is_cancelled() -> None:
    for told in (None, Told(CommandState.NOT_DELIVERED)):
        cancelled = step(member(), told, is_running=False, is_cancelled=True)

        assert cancelled.values["state"] is BoardState.CANCELLED


@pytest.mark.parametrize("state", [BoardState.ASKED, BoardState.UNDER_WAY])
def test_a_node_that_heard_of_it_is_told_to_stop(state: BoardState) -> None:
    told = Told(CommandState.TOLD if state is BoardState.ASKED else CommandState.DONE)

    assert step(member(state), told, is_cancelled=True) == Step(sends="cancel")


@pytest.mark.parametrize("state", UNANSWERED)
def test_a_stop_that_nobody_answered_is_repeated(state: CommandState) -> None:
    who = member(BoardState.UNDER_WAY, is_cancelling=True)

    assert step(who, Told(state), is_cancelled=True) == Step(sends="cancel")
    assert step(who, Told(CommandState.TOLD), is_cancelled=True) == NOTHING


def test_a_stop_that_is_refused_ends_what_was_never_taken_on() -> None:
    refused = Told(CommandState.REFUSED, CommandRefusal.NOT_HERE)

    asked = step(member(is_cancelling=True), refused, is_cancelled=True)
    on_trial = step(member(BoardState.UNDER_WAY, is_cancelling=True), refused, is_cancelled=True)

    assert asked.values["state"] is BoardState.CANCELLED
    assert on_trial == NOTHING, "its end will be told"


def test_what_was_taken_back_but_is_under_way_is_told_to_stop() -> None:
    who = member(BoardState.UNDER_WAY, command_id=None)

    assert step(who, None, is_cancelled=True) == Step(sends="cancel")
