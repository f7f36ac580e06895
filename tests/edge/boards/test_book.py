"""Updates that were taken on."""

import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest

from config.contract.board_commands import RollBackBoard, UpdateBoard
from config.contract.board_events import BoardUpdateEnded, UpdateOutcome
from edge.boards.book import KEPT_AFTER, WAITING_COUNT_MAX, Entry, UpdateBook
from tests.edge.conftest import NOW

FIRST, SECOND = UUID(int=1), UUID(int=2)
UNTIL = NOW + timedelta(hours=1)


def update(update_id: UUID = FIRST) -> UpdateBoard:
    return UpdateBoard(
        update_id=update_id, device="board", image="ab" * 32, size_bytes=10, until=UNTIL
    )


def ended(entry: Entry | None, *, is_told: bool = True) -> Entry:
    assert entry is not None
    end = BoardUpdateEnded(
        update_id=entry.update_id,
        device="board",
        outcome=UpdateOutcome.CONFIRMED,
        image="ab" * 32,
    )
    return dataclasses.replace(entry, ended=end, ended_at=NOW, is_told=is_told)


def test_the_same_update_again_changes_nothing() -> None:
    book = UpdateBook()

    assert book.take_on(update(), now=NOW) is not None
    assert book.take_on(update(), now=NOW) is None
    assert [each.update_id for each in book.open] == [FIRST]


def test_the_same_update_again_changes_nothing_after_its_end_either() -> None:
    book = UpdateBook()
    book.put(ended(book.take_on(update(), now=NOW)))

    assert book.take_on(update(), now=NOW) is None
    assert book.open == []


def test_updates_are_in_the_order_in_which_they_were_asked() -> None:
    book = UpdateBook()
    book.take_on(update(SECOND), now=NOW)
    book.take_on(RollBackBoard(update_id=FIRST, device="board", until=UNTIL), now=NOW)

    assert [each.update_id for each in UpdateBook(reversed(book.open)).open] == [SECOND, FIRST]


def test_a_cancellation_that_came_first_holds() -> None:
    book = UpdateBook()
    book.cancel(FIRST, "board", now=NOW)
    assert book.open == []

    entry = book.take_on(update(), now=NOW)

    assert entry is not None
    assert entry.is_cancelled
    assert entry.is_open


def test_what_is_told_is_forgotten_long_after() -> None:
    book = UpdateBook()
    book.put(ended(book.take_on(update(FIRST), now=NOW)))
    book.put(ended(book.take_on(update(SECOND), now=NOW), is_told=False))

    assert book.forget(now=NOW + KEPT_AFTER - timedelta(seconds=1)) == []
    assert book.forget(now=NOW + KEPT_AFTER) == [FIRST]
    assert [each.update_id for each in book.untold] == [SECOND]


@pytest.mark.parametrize(
    ("count", "is_full"), [(WAITING_COUNT_MAX - 1, False), (WAITING_COUNT_MAX, True)]
)
def test_a_node_takes_on_no_more_than_it_can_have_boards(count: int, is_full: bool) -> None:
    book = UpdateBook()
    for number in range(count):
        book.take_on(update(UUID(int=number + 1)), now=NOW)

    assert book.is_full is is_full
