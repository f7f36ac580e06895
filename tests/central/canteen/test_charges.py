"""Charges become money once, whatever order tills tell of them in; on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from central.canteen import repository
from central.canteen.charges import post_waiting, take_in
from central.canteen.reservations import reserve
from central.canteen.returns import NothingLeftError, give_back
from central.canteen.state import Split
from central.canteen.tables import canteen_debts
from central.database import Transaction
from central.ledger.repository import of_group, release_expired
from config.contract.events import ChargeRecorded
from config.contract.money import ChargeLine, ReservationWish
from config.site_canteen import MerchantEntry
from tests.central.bench import make_event
from tests.central.canteen.dining import (
    MERCHANTS,
    NODE,
    NOON,
    NOW,
    TILLS,
    Money,
    charge,
    come,
    hear,
    in_canteen,
    money,
    problems,
    void,
)

ZONE = ZoneInfo("Asia/Shanghai")


async def debts(transaction: Transaction) -> list[tuple[str, int]]:
    rows = await transaction.execute(canteen_debts.select())
    return sorted((row.cause, row.amount_fen) for row in rows)


def wish(of: ChargeRecorded) -> ReservationWish:
    return ReservationWish(
        charge_id=of.charge_id,
        till=of.till,
        holder_id=of.holder_id,
        amount_fen=of.amount_fen,
        at=NOON,
    )


@pytest.mark.parametrize(
    ("subsidy_fen", "cash_fen", "after"),
    [
        (5_000, 900, Money(3_800, 900, 0, 1_200)),
        (500, 900, Money(0, 200, 0, 1_200)),
        (500, 300, Money(0, 0, 400, 1_200)),
        (0, 0, Money(0, 0, 1_200, 1_200)),
    ],
)
def test_the_subsidy_pays_first_then_cash_and_the_rest_is_owed(
    tmp_path: Path, subsidy_fen: int, cash_fen: int, after: Money
) -> None:
    async def act(transaction: Transaction) -> Money:
        await come(transaction, subsidy_fen=subsidy_fen, cash_fen=cash_fen)
        await hear(transaction, charge())
        return await money(transaction)

    assert in_canteen(f"sqlite:///{tmp_path / 'c'}", act) == after


def test_what_is_told_again_is_paid_once(database_url: str) -> None:
    async def act(transaction: Transaction) -> tuple[Money, list[str]]:
        await come(transaction, cash_fen=5_000)
        meal = charge()
        await hear(transaction, meal, meal)
        await hear(transaction, meal)
        return await money(transaction), await problems(transaction)

    assert in_canteen(database_url, act) == (Money(0, 3_800, 0, 1_200), [])


@pytest.mark.parametrize("is_first", [True, False])
def test_a_void_gives_all_of_it_back_before_its_charge_or_after(
    tmp_path: Path, *, is_first: bool
) -> None:
    async def act(transaction: Transaction) -> tuple[Money, list[str]]:
        await come(transaction, subsidy_fen=500, cash_fen=300)
        meal = charge()
        taken_back = void(meal)
        for fact in [taken_back, meal] if is_first else [meal, taken_back]:
            await hear(transaction, fact)
        await hear(transaction, taken_back)
        return await money(transaction), await problems(transaction)

    assert in_canteen(f"sqlite:///{tmp_path / 'c'}", act) == (Money(500, 300, 0, 0), [])


def test_who_left_before_owes_it_all_and_who_left_after_pays_as_ever(database_url: str) -> None:
    async def act(transaction: Transaction) -> tuple[Money, Money, list[tuple[str, int]]]:
        left = NOON - timedelta(days=1)
        await come(transaction, cash_fen=5_000, valid_until=left)
        later = NOON + timedelta(minutes=1)
        await come(transaction, "ben", cash_fen=5_000, version=2, valid_until=later)
        await hear(transaction, charge(), charge("ben"), charge("nobody", 700))
        return (
            await money(transaction),
            await money(transaction, "ben"),
            await debts(transaction),
        )

    anna, ben, owed = in_canteen(database_url, act)

    assert (anna.cash_fen, anna.debt_fen, ben.cash_fen) == (5_000, 1_200, 3_800)
    assert owed == [("left", 1_200), ("unknown", 700)]
    assert anna.merchant_fen == 3_100, "the merchant is paid in full"


def test_two_tills_that_took_the_same_money_offline_leave_a_debt_that_says_so(
    database_url: str,
) -> None:
    async def act(transaction: Transaction) -> list[tuple[str, int]]:
        await come(transaction, cash_fen=1_500)
        await hear(transaction, charge())
        await hear(transaction, charge(till="till-2"))
        return await debts(transaction)

    assert in_canteen(database_url, act) == [("two_tills", 900)]


def test_what_cannot_be_posted_waits_for_a_person_and_holds_nothing_up(database_url: str) -> None:
    async def act(transaction: Transaction) -> tuple[Money, list[str]]:
        await come(transaction, cash_fen=9_000)
        meal, twice = charge(), charge(amount_fen=800)
        other = meal.model_copy(update={"amount_fen": 9_900})
        unreadable = make_event(9, node=NODE, fact=meal, data={"charge_id": "?"})
        await take_in(transaction, NODE, [unreadable], now=NOW)
        await hear(
            transaction,
            meal,
            other,
            charge(merchant="nowhere"),
            charge("../../cash"),
            void(meal, amount_fen=1),
            twice,
            void(twice),
            void(twice),
        )
        return await money(transaction), await problems(transaction)

    found, waiting = in_canteen(database_url, act)

    assert (found.cash_fen, found.merchant_fen) == (7_800, 1_200)
    assert waiting == [
        "content_differs",
        "holder_unusable",
        "merchant_unknown",
        "unreadable",
        "void_again",
        "void_differs",
    ]


def test_what_no_database_can_hold_is_a_line_and_its_neighbours_are_posted(
    database_url: str,
) -> None:
    async def act(transaction: Transaction) -> tuple[Money, list[str]]:
        await come(transaction, cash_fen=5_000)
        hostile = [
            charge("x" * 65),
            charge("a\0b"),
            charge(period="p" * 64),
            charge(lines=(ChargeLine(item="\0", amount_fen=1),)),
            void(charge(), by="b" * 900),
        ]
        await hear(transaction, *hostile, charge())
        far = datetime(9999, 12, 31, 23, tzinfo=UTC)
        await hear(transaction, charge(amount_fen=9_000), at=far)
        return await money(transaction), await problems(transaction)

    after, waiting = in_canteen(database_url, act)

    assert after == Money(0, 0, 5_200, 10_200)
    assert waiting == ["unreadable"] * 5


def test_a_charge_is_posted_once_its_merchant_is_in_the_site_file(tmp_path: Path) -> None:
    async def act(transaction: Transaction) -> tuple[list[str], Money, list[str]]:
        await come(transaction, cash_fen=5_000)
        await hear(transaction, charge(merchant="new"))
        before = await problems(transaction)
        await repository.keep_places(transaction, (*MERCHANTS, MerchantEntry(id="new")), TILLS)
        assert await post_waiting(transaction, now=NOW) == 1
        return before, await money(transaction, merchant="new"), await problems(transaction)

    before, after, waiting = in_canteen(f"sqlite:///{tmp_path / 'c'}", act)

    assert (before, after, waiting) == (["merchant_unknown"], Money(0, 3_800, 0, 1_200), [])


def test_what_was_kept_is_taken_and_nothing_else(database_url: str) -> None:
    async def act(transaction: Transaction) -> tuple[str, str, Money, list[str]]:
        await come(transaction, subsidy_fen=500, cash_fen=5_000)
        meal = charge(is_reserved=True)
        first = await reserve(transaction, wish(meal), node=NODE, zone=ZONE, now=NOON)
        await hear(transaction, meal)
        late = await reserve(transaction, wish(meal), node=NODE, zone=ZONE, now=NOW)
        kinds = [each.kind.value for each in await of_group(transaction, meal.charge_id)]
        return first.outcome, late.outcome, await money(transaction), kinds

    first, late, after, kinds = in_canteen(database_url, act)

    assert (first, late, after) == ("reserved", "settled", Money(0, 4_300, 0, 1_200))
    assert kinds == ["pending", "pending", "post", "post"]


def test_a_charge_comes_after_its_reservation_was_let_go_and_pays_anew(tmp_path: Path) -> None:
    async def act(transaction: Transaction) -> Money:
        await come(transaction, cash_fen=5_000)
        meal = charge(is_reserved=True)
        await reserve(transaction, wish(meal), node=NODE, zone=ZONE, now=NOON)
        assert await release_expired(transaction, now=NOON + timedelta(hours=1)) == 1
        await hear(transaction, meal)
        return await money(transaction)

    assert in_canteen(f"sqlite:///{tmp_path / 'c'}", act) == Money(0, 3_800, 0, 1_200)


def test_what_went_back_before_is_left_out_by_a_void(database_url: str) -> None:
    async def act(transaction: Transaction) -> tuple[Split, Split, Money]:
        await come(transaction, subsidy_fen=500, cash_fen=300)
        meal, key = charge(), uuid4()
        of = meal.charge_id
        await hear(transaction, meal)
        once = await give_back(transaction, of, 500, key=key, reason="refund", now=NOW)
        again = await give_back(transaction, of, 500, key=key, reason="refund", now=NOW)
        with pytest.raises(NothingLeftError):
            await give_back(transaction, of, 701, key=uuid4(), reason="refund", now=NOW)
        await hear(transaction, void(meal))
        return once, again, await money(transaction)

    once, again, after = in_canteen(database_url, act)

    assert once == again == Split(subsidy_fen=0, cash_fen=100, debt_fen=400)
    assert after == Money(500, 300, 0, 0)
