"""Which orders a till hands out, and what it says of those that it does not."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from config.contract.access import CredentialKind
from config.contract.money import TillOrder
from edge.canteen.book import Book
from edge.canteen.collecting import Collecting, typed_number
from edge.canteen.diner import Diner
from edge.canteen.screen import TillRefusal
from tests.edge.canteen.making import NOON, SESSION, ZONE, entry, order, plan

DAY = timedelta(days=1)
TOMORROW: dict[str, Any] = {"day": NOON.date() + DAY, "begins": NOON + DAY, "ends": NOON + DAY}
YESTERDAY: dict[str, Any] = {
    "day": NOON.date() - DAY,
    "begins": NOON - DAY,
    "ends": NOON - DAY,
    "due": None,
}
LATER: dict[str, Any] = {"begins": NOON + timedelta(hours=5), "ends": NOON + timedelta(hours=7)}


def collecting(*orders: TillOrder) -> Collecting:
    return Collecting(entry(), Book(plan(), orders=orders), zone=ZONE)


def numbers(orders: Sequence[TillOrder]) -> list[str]:
    return [each.number for each in orders]


def test_somebody_gets_what_waits_here_now_the_earliest_first() -> None:
    late = order(1, begins=NOON)
    till = collecting(late, order(2), order(3, "boris"), order(4, **TOMORROW))

    assert numbers(till.of("anna", None, now=NOON).orders) == ["A002", "A001"]
    assert numbers(till.ready("boris", now=NOON)) == ["A003"]


@pytest.mark.parametrize(
    ("orders", "refusal", "about"),
    [
        ([], TillRefusal.NO_ORDER, ""),
        ([order(1, **TOMORROW)], TillRefusal.ORDER_NOT_YET, "A001"),
        ([order(1, state="cancelled")], TillRefusal.ORDER_CANCELLED, "A001"),
        ([order(1, merchant="shop")], TillRefusal.ORDER_ELSEWHERE, "A001"),
        ([order(1, **YESTERDAY)], TillRefusal.ORDER_OVER, "A001"),
        (
            [order(1, **TOMORROW), order(2, state="collected"), order(3, **LATER)],
            TillRefusal.ORDER_COLLECTED,
            "A002",
        ),
        ([order(1, **TOMORROW), order(2, **LATER)], TillRefusal.ORDER_NOT_YET, "A002"),
    ],
)
def test_somebody_who_gets_nothing_hears_of_the_order_that_they_came_for(
    orders: list[TillOrder], refusal: TillRefusal, about: str
) -> None:
    chosen = collecting(*orders).of("anna", None, now=NOON)

    assert (chosen.orders, chosen.refusal) == ((), refusal)
    assert ("" if chosen.about is None else chosen.about.number) == about


def test_an_order_that_is_meant_is_that_one_and_nobody_elses() -> None:
    till = collecting(order(1), order(2), order(3, "boris"))

    meant, other, unknown = (
        till.of("anna", order(number).charge_id, now=NOON) for number in (2, 3, 9)
    )

    assert numbers(meant.orders) == ["A002"]
    assert [other.refusal, other.about] == [TillRefusal.ORDER_NOT_YOURS, None]
    assert unknown.refusal is TillRefusal.ORDER_UNKNOWN


@pytest.mark.parametrize("typed", ["17", "017", "A017", "a17"])
def test_a_number_is_known_without_its_zeros_and_without_its_letter(typed: str) -> None:
    till = collecting(order(17), order(170), order(7))

    assert numbers(till.by_number(typed, now=NOON).orders) == ["A017"]


@pytest.mark.parametrize("typed", ["B17", "1", "A", "", "A17B"])
def test_another_number_is_none(typed: str) -> None:
    chosen = collecting(order(17)).by_number(typed, now=NOON)

    assert chosen.refusal is TillRefusal.ORDER_UNKNOWN


def test_a_number_of_another_day_is_not_todays_and_one_over_midnight_is() -> None:
    night = order(1, **YESTERDAY | {"ends": NOON + timedelta(hours=1)})
    till = collecting(night, order(2, **TOMORROW))

    assert numbers(till.by_number("1", now=NOON).orders) == ["A001"]
    assert till.by_number("2", now=NOON).refusal is TillRefusal.ORDER_UNKNOWN


def test_what_waits_is_listed_by_number_as_far_as_it_is_typed() -> None:
    till = collecting(order(170), order(17, "boris"), order(7), order(8, state="cancelled"))

    listed = [numbers(till.waiting(now=NOON, typed=typed)) for typed in ("", "17", "A0", "B")]

    assert listed == [["A007", "A017", "A170"], ["A017", "A170"], ["A007", "A017"], []]


def test_what_was_handed_out_here_says_when_and_where_and_what_was_taken_back_is_cancelled() -> (
    None
):
    book = Book(plan(), orders=[order(1), order(2, state="collected", till="till-9")])
    till = Collecting(entry(), book, zone=ZONE)
    diner = Diner("anna", CredentialKind.QR)
    charge = till.charge(order(1), diner, session_id=SESSION.session_id, decision_id=None, now=NOON)

    book.record(charge)
    shown = [till.shown(each, str.upper) for each in (order(1), order(2, till="till-9"))]
    gone = [till.gone(charge.charge_id)]
    book.void(charge.charge_id)
    gone += [till.gone(order(number).charge_id) for number in (1, 2, 3)]

    assert [(s.masked_name, s.collected_at, s.till) for s in shown] == [
        ("ANNA", NOON, "till-1"),
        ("ANNA", None, "till-9"),
    ]
    assert gone == [
        TillRefusal.ORDER_COLLECTED,
        TillRefusal.ORDER_CANCELLED,
        TillRefusal.ORDER_COLLECTED,
        None,
    ]


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        (["A", "0", "1", "7"], "A017"),
        (["1", "A", "7"], "17"),
        ([".", "1", "back"], ""),
        (["A", "1", "clear"], ""),
        (list("A1234567"), "A12345"),
    ],
)
def test_a_letter_and_digits_make_a_number(keys: list[str], typed: str) -> None:
    found = ""
    for key in keys:
        found = typed_number(found, key)

    assert found == typed
