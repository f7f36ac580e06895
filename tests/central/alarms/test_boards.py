"""What boards and their nodes say raises alarms, and ends them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from config.contract.board_events import UpdateOutcome, UpdateReason
from config.contract.events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardSafeStateEntered,
    BoardUpdateEnded,
    EventData,
    NeighbourLost,
    NeighbourReturned,
)
from tests.central.alarms.raising import listed, tell
from tests.central.bench import Bench

RAISES: list[tuple[EventData, EventData, str, int]] = [
    (
        BoardFireInputChanged(device="board-1", is_active=True),
        BoardFireInputChanged(device="board-1", is_active=False),
        "fire_point", 1,
    ),
    (
        BoardHealthChanged(device="board-1", faults=("supply", "flash")),
        BoardHealthChanged(device="board-1", faults=()),
        "board_health", 3,
    ),
    (NeighbourLost(node="north"), NeighbourReturned(node="north"), "neighbour_lost", 2),
]  # fmt: skip
ENDED = BoardUpdateEnded(
    update_id=uuid4(), device="board-1", outcome=UpdateOutcome.WENT_BACK, image="a" * 64
)


@pytest.mark.parametrize(("raised", "ended", "kind", "priority"), RAISES)
def test_what_a_board_says_raises_an_alarm_and_ends_it(
    bench: Bench, raised: EventData, ended: EventData, kind: str, priority: int
) -> None:
    node = bench.node()

    tell(node, 1, raised)
    (before,) = listed(bench)
    tell(node, 2, ended)
    (after,) = listed(bench)

    assert (before["kind"], before["priority"], before["is_active"]) == (kind, priority, True)
    assert after["is_active"] is False


def test_a_safe_state_is_an_alarm_until_it_is_left(bench: Bench) -> None:
    node = bench.node()
    entered = BoardSafeStateEntered(device="board-1", entered_at=node.clock())

    tell(node, 1, entered)
    (before,) = listed(bench)
    tell(node, 2, entered.model_copy(update={"left_at": node.clock() + timedelta(seconds=5)}))
    (after,) = listed(bench)

    assert (before["kind"], before["priority"], before["is_active"]) == ("board_safe", 2, True)
    assert (after["is_active"], after["count"]) == (False, 1)


def test_a_safe_state_that_is_told_of_when_it_is_over_is_told_all_the_same(bench: Bench) -> None:
    node = bench.node()

    tell(node, 1, BoardSafeStateEntered(device="board-1", left_at=node.clock()))

    (alarm,) = listed(bench)
    assert (alarm["is_active"], alarm["acknowledged_at"]) == (False, None)


def test_a_lost_node_is_one_alarm_however_many_miss_it(bench: Bench) -> None:
    for name in ("gate-1", "gate-2"):
        tell(bench.node(name), 1, NeighbourLost(node="gone", boards=("board-1",)))

    (alarm,) = listed(bench)
    assert (alarm["subject"]["neighbour"], alarm["count"]) == ("gone", 1)


@pytest.mark.parametrize("outcome", UpdateOutcome)
def test_an_update_that_was_not_confirmed_is_an_alarm(bench: Bench, outcome: UpdateOutcome) -> None:
    tell(bench.node(), 1, ENDED.model_copy(update={"outcome": outcome}))

    kinds = [(each["kind"], each["priority"]) for each in listed(bench)]
    assert kinds == ([] if outcome is UpdateOutcome.CONFIRMED else [("board_update", 3)])


def test_an_update_that_somebody_broke_off_is_no_alarm(bench: Bench) -> None:
    tell(bench.node(), 1, ENDED.model_copy(update={"reason": UpdateReason.CANCELLED}))

    assert listed(bench) == []
