"""The reference finds what it is there to find, in ledgers that are wrong in one thing."""

import dataclasses
from collections.abc import Callable

import pytest

from tests.system.money.reference import (
    Account,
    Close,
    Findings,
    Receipt,
    Shown,
    Transfer,
    Walk,
)

CASH, COUNTER, CANTEEN = "person/anna/cash", "source/counter", "merchant/canteen"
TOP_UP = Transfer(1, "t1", "posted", COUNTER, CASH, 1_000, "CNY", None, None)
HELD = Transfer(2, "t2", "pending", CASH, CANTEEN, 600, "CNY", "meal", None)
PAID = Transfer(3, "t3", "post", CASH, CANTEEN, 600, "CNY", "meal", "t2")
LEDGER = [TOP_UP, HELD, PAID]
BALANCES = [
    Account(COUNTER, "CNY", 1_000, 0, 0),
    Account(CASH, "CNY", 600, 1_000, 0),
    Account(CANTEEN, "CNY", 0, 600, 0),
]
CLOSE = Close("morning", 1, 600, 0, 0)


def shown(*, is_void: bool = False, refunded_fen: int = 0) -> Shown:
    found = Shown()
    found.top_ups_fen["anna"] = 1_000
    found.sessions["morning"] = "till-1"
    found.paid(Receipt("meal", "till-1", "morning", "anna", 600, is_void, refunded_fen))
    return found


def test_nothing_is_wrong_where_everybody_has_what_was_shown() -> None:
    found = shown().judge(LEDGER, BALANCES, [CLOSE])

    assert found.is_proved
    assert found.sum_fen == {"CNY": 0, "POINTS": 0}


AGAIN = Transfer(4, "t4", "posted", CASH, CANTEEN, 300, "CNY", "meal", None)
UNSEEN = dataclasses.replace(AGAIN, group="another")
HIGH = dataclasses.replace(HELD, amount_fen=1_100)


@pytest.mark.parametrize(
    ("ledger", "count_of"),
    [
        ([*LEDGER, AGAIN], lambda found: found.double_charges),
        ([*LEDGER, UNSEEN], lambda found: found.double_charges),
        ([TOP_UP], lambda found: found.lost),
        ([TOP_UP, HELD], lambda found: found.lost),
        ([TOP_UP, HIGH], lambda found: found.balances_below_limit),
    ],
    ids=["twice", "never shown", "not there", "only held", "below zero"],
)
def test_a_charge_too_many_or_too_few_is_found(
    ledger: list[Transfer], count_of: Callable[[Findings], int]
) -> None:
    found = shown().judge(ledger, BALANCES, [CLOSE])

    assert (count_of(found), found.is_proved) == (1, False)


def at_a_lane(*, has_passed: bool, must_pay: bool, charges: tuple[str, ...]) -> Findings:
    found = shown()
    found.lanes = ("till-1",)
    found.walks.append(
        Walk(
            holder_id="anna",
            amount_fen=600,
            has_passed=has_passed,
            must_pay=must_pay,
            may_pay=has_passed,
            charges=charges,
        )
    )
    return found.judge(LEDGER, BALANCES, [CLOSE])


def test_whoever_passed_a_lane_and_is_charged_is_right() -> None:
    assert at_a_lane(has_passed=True, must_pay=True, charges=("meal",)).is_proved


def test_a_charge_of_somebody_who_turned_back_is_one_too_many() -> None:
    found = at_a_lane(has_passed=False, must_pay=False, charges=("meal",))

    assert (found.double_charges, found.is_proved) == (1, False)


def test_two_charges_of_one_passage_are_one_too_many() -> None:
    assert at_a_lane(has_passed=True, must_pay=True, charges=("meal",) * 2).double_charges == 1


def test_a_charge_of_a_lane_that_nobody_went_up_to_is_one_too_many() -> None:
    found = at_a_lane(has_passed=True, must_pay=False, charges=())

    assert (found.double_charges, found.lost) == (1, 0)


def test_whoever_passed_and_is_not_charged_is_lost() -> None:
    assert at_a_lane(has_passed=True, must_pay=True, charges=()).lost == 1


@pytest.mark.parametrize("receipts", [shown(is_void=True), shown(refunded_fen=100)])
def test_money_that_did_not_go_back_is_a_charge_too_many(receipts: Shown) -> None:
    assert receipts.judge(LEDGER, BALANCES, []).double_charges == 1


@pytest.mark.parametrize(
    "close", [None, Close("morning", 1, 599, 0, 0), Close("morning", 0, 0, 1, 600)]
)
def test_a_close_that_is_another_or_does_not_come_is_found(close: Close | None) -> None:
    found = shown().judge(LEDGER, BALANCES, [] if close is None else [close])

    assert (found.unbalanced_day_closes, found.is_proved) == (1, False)


def test_balances_that_are_not_their_transfers_are_found() -> None:
    wrong = [*BALANCES[:2], dataclasses.replace(BALANCES[2], credits_fen=601)]

    found = shown().judge(LEDGER, wrong, [CLOSE])

    assert (found.sum_fen["CNY"], found.is_proved) == (1, False)


def test_a_transfer_that_is_gone_is_found() -> None:
    found = shown().judge([TOP_UP, dataclasses.replace(PAID, sequence=4)], BALANCES, [CLOSE])

    assert "transfer 2 is not where it should be" in found.lines


def test_what_is_held_is_let_go_once() -> None:
    again = dataclasses.replace(PAID, sequence=4, transfer_id="t4", kind="void")

    found = shown().judge([*LEDGER, again], BALANCES, [CLOSE])

    assert "pending t2 is resolved 2 times" in found.lines


def test_a_charge_that_the_office_moved_is_owed_by_the_other_person() -> None:
    back = Transfer(4, "t4", "posted", CANTEEN, CASH, 600, "CNY", "meal", None)
    again = Transfer(5, "t5", "posted", "person/boris/debt", CANTEEN, 600, "CNY", "deed", None)
    found = shown()
    found.moved(found.receipts["meal"], "boris", 600, deed="deed")

    assert (found.judge([*LEDGER, back, again], [], [CLOSE]).lost, found.still_held(LEDGER)) == (
        0,
        [],
    )
    assert found.judge([*LEDGER, back], [], [CLOSE]).lost == 1


def test_money_that_is_kept_for_what_was_paid_is_found() -> None:
    assert shown().still_held([TOP_UP, HELD]) == [
        "charge meal is paid, and money is still kept for it"
    ]


def test_a_void_of_a_charge_that_was_moved_is_for_whoever_it_was_moved_to() -> None:
    found = shown()
    meal = found.receipts["meal"]
    found.moved(meal, "boris", 600, deed="deed")
    owed_before = [receipt.owed_fen for receipt in found.receipts.values()]

    meal.is_void = True

    assert owed_before == [0, 600]
    assert [receipt.owed_fen for receipt in found.receipts.values()] == [0, 0]
