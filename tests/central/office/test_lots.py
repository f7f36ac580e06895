"""What is left of each subsidy: what lapses first is spent first."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from central.office.lots import Entry, Lot, lapsed, left_of

OCTOBER, NOVEMBER, EVER = (UUID(int=number) for number in (1, 2, 3))
MEAL = UUID(int=9)
GRANTS = {
    OCTOBER: Lot(OCTOBER, "fund/meals", 1000, date(2026, 11, 1)),
    NOVEMBER: Lot(NOVEMBER, "unit/u", 1000, date(2026, 12, 1)),
    EVER: Lot(EVER, "fund/meals", 500),
}
COMING = [Entry(EVER, 500), Entry(NOVEMBER, 1000), Entry(OCTOBER, 1000)]


def left(*entries: Entry) -> list[tuple[UUID, int]]:
    return [(lot.transfer_id, lot.left_fen) for lot in left_of([*COMING, *entries], GRANTS)]


def test_what_lapses_first_is_spent_first_and_what_never_lapses_last() -> None:
    assert left() == [(OCTOBER, 1000), (NOVEMBER, 1000), (EVER, 500)]
    assert left(Entry(MEAL, -1300)) == [(NOVEMBER, 700), (EVER, 500)]
    assert left(Entry(MEAL, -2500)) == []


def test_a_meal_that_is_given_back_goes_to_where_it_came_from() -> None:
    back = Entry(UUID(int=10), 500, reverses=MEAL)

    assert left(Entry(MEAL, -1300), back) == [(OCTOBER, 200), (NOVEMBER, 1000), (EVER, 500)]


def test_a_grant_that_is_taken_back_is_not_taken_from_another() -> None:
    assert left(Entry(UUID(int=10), -1000, reverses=NOVEMBER)) == [(OCTOBER, 1000), (EVER, 500)]


def test_only_what_is_over_lapses() -> None:
    lots = left_of(COMING, GRANTS)

    assert lapsed(lots, today=date(2026, 10, 31)) == []
    assert [lot.transfer_id for lot in lapsed(lots, today=date(2026, 11, 1))] == [OCTOBER]


@given(st.lists(st.integers(1, 400), max_size=12))
def test_lots_are_always_what_the_wallet_holds(meals: Sequence[int]) -> None:
    entries, balance = list[Entry](), 2500
    for number, fen in enumerate(meals, start=20):
        spent = min(fen, balance)
        if spent:
            entries.append(Entry(UUID(int=number), -spent))
            balance -= spent

    assert sum(fen for _, fen in left(*entries)) == balance
