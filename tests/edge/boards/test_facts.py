"""What a board tells, as facts."""

from datetime import timedelta

from config.contract.board_events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardIdentified,
    BoardSafeStateEntered,
)
from drivers.base import (
    BoardFaultsChanged,
    BoardIdentity,
    FireInputChanged,
    InputChanged,
    SafeStateChanged,
)
from edge.boards.facts import BoardFacts
from tests.edge.conftest import NOW

IDENTITY = BoardIdentity(
    model="gate board",
    hw=42,
    revision="B",
    serial_number="A1-0042",
    version="1.2.3+4",
    image="ab" * 32,
    is_confirmed=True,
    other_version="1.2.2",
    other_image="cd" * 32,
    is_claimed=True,
)


def ago(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_who_it_is_is_told() -> None:
    told = BoardFacts("board").take([IDENTITY], now=NOW)

    assert told == [
        BoardIdentified(
            device="board",
            model="gate board",
            hw=42,
            revision="B",
            serial_number="A1-0042",
            version="1.2.3+4",
            image="ab" * 32,
            is_confirmed=True,
            other_version="1.2.2",
            other_image="cd" * 32,
            is_claimed=True,
        )
    ]


def test_a_safe_state_that_is_over_is_one_fact_with_both_times() -> None:
    observations = [
        SafeStateChanged(active=True, ago_s=30),
        SafeStateChanged(active=False, ago_s=2),
    ]

    told = BoardFacts("board").take(observations, now=NOW)

    assert told == [
        BoardSafeStateEntered(device="board", entered_at=NOW - ago(30), left_at=NOW - ago(2))
    ]


def test_a_safe_state_that_stands_is_told_and_its_end_too() -> None:
    facts = BoardFacts("board")

    first = facts.take([SafeStateChanged(active=True, ago_s=1)], now=NOW)
    again = facts.take([SafeStateChanged(active=True, ago_s=2)], now=NOW + ago(1))
    last = facts.take([SafeStateChanged(active=False, ago_s=0)], now=NOW + ago(5))

    assert first == [BoardSafeStateEntered(device="board", entered_at=NOW - ago(1))]
    assert again == []
    assert last == [
        BoardSafeStateEntered(device="board", entered_at=NOW - ago(1), left_at=NOW + ago(5))
    ]


def test_a_safe_state_before_a_restart_has_no_beginning_that_anybody_knows() -> None:
    observations = [SafeStateChanged(active=True), SafeStateChanged(active=False, ago_s=4)]

    told = BoardFacts("board").take(observations, now=NOW)

    assert told == [BoardSafeStateEntered(device="board", left_at=NOW - ago(4))]


def test_an_end_of_which_no_beginning_was_told_is_none() -> None:
    assert BoardFacts("board").take([SafeStateChanged(active=False)], now=NOW) == []


def test_faults_and_the_fire_input_are_told_when_they_change() -> None:
    facts = BoardFacts("board")
    observations = [BoardFaultsChanged(("supply",)), FireInputChanged(active=True)]

    told = facts.take(observations, now=NOW)
    again = facts.take(observations, now=NOW)

    assert told == [
        BoardHealthChanged(device="board", faults=("supply",)),
        BoardFireInputChanged(device="board", is_active=True),
    ]
    assert again == []
    assert facts.has_fire


def test_that_a_board_is_well_is_told_once_for_whoever_heard_otherwise_before_a_restart() -> None:
    facts = BoardFacts("board")
    well = [BoardFaultsChanged(()), FireInputChanged(active=False), InputChanged(0, active=True)]

    told = facts.take(well, now=NOW)

    assert told == [
        BoardHealthChanged(device="board", faults=()),
        BoardFireInputChanged(device="board", is_active=False),
    ]
    assert facts.take(well, now=NOW) == []
    assert not facts.has_fire
