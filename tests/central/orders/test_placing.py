"""An order is taken once, keeps its money, and is taken back until its deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from central.canteen import accounts, blocks, orders
from central.canteen.orders import Tills
from central.canteen.reservations import reserve
from central.database import Database, Transaction
from central.orders.placing import cancel, code_of
from central.problems import RefusedError
from config.contract.money import (
    MealPeriod,
    OrderState,
    OrderWindow,
    ReservationWish,
    SpendingLimits,
)
from config.contract.order_code import code_hash
from tests.central.canteen.dining import NOW, charge, come, hear, in_canteen, settle_in
from tests.central.ledger.ledgering import opened
from tests.central.migrated import migrated_file
from tests.central.orders.ordering import (
    BUNS,
    CLOSES,
    DINNER,
    KEY,
    OPENS,
    SOUP,
    TODAY,
    ZONE,
    changed,
    order_of,
    ordered,
    plan_of,
    put_plan,
    wish,
)

Act = Callable[[Transaction], Awaitable[Any]]
SOMEBODY: dict[str, Any] = {"cash_fen": 2_000}


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One database: what is asked here is the same on both."""
    return f"sqlite:///{tmp_path / 'central.sqlite3'}"


async def spendable(transaction: Transaction, holder_id: str = "anna") -> int:
    return (await accounts.spendable_fen(transaction, [holder_id]))[holder_id]


async def refused(awaitable: Awaitable[Any]) -> str:
    with pytest.raises(RefusedError) as error:
        await awaitable
    return str(error.value.code)


def refusal(url: str, act: Act, **of_plan: Any) -> str:  # noqa: ANN401 - of a plan
    """Return why Anna, who has 20.00, is refused."""

    async def run(transaction: Transaction) -> str:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction, plan_of(**of_plan))
        return await refused(act(transaction))

    return in_canteen(url, run)


def test_order_keeps_its_money_so_that_no_till_can_spend_it(database_url: str) -> None:
    async def act(transaction: Transaction) -> tuple[Any, int]:
        await come(transaction, subsidy_fen=500, cash_fen=1_500)
        await put_plan(transaction)
        return await ordered(transaction), await spendable(transaction)

    row, left = in_canteen(database_url, act)

    assert left == 1_150
    assert (row.number, row.state, row.amount_fen) == ("A001", "waiting", 850)
    assert (row.begins_at, row.ends_at) == (OPENS, CLOSES)
    assert row.code_hash == code_hash(code_of(KEY, row.charge_id))


def test_same_wish_again_is_the_same_order(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[str, str, int]:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction)
        one = wish()
        first, again = await ordered(transaction, one), await ordered(transaction, one)
        return first.charge_id, again.charge_id, await spendable(transaction)

    first, again, left = in_canteen(url, act)

    assert (first == again, left) == (True, 1_150)


def test_answer_that_was_lost_is_told_again_after_the_deadline_too(url: str) -> None:
    async def act(transaction: Transaction) -> bool:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction)
        one = wish()
        first = await ordered(transaction, one)
        return bool(first == await ordered(transaction, one, now=CLOSES))

    assert in_canteen(url, act)


def test_key_that_ordered_something_else_is_refused(url: str) -> None:
    key = uuid4()

    async def act(transaction: Transaction) -> None:
        await ordered(transaction, wish_id=key)
        await ordered(transaction, wish_id=key, pieces=[("buns", 1)], amount_fen=300)

    assert refusal(url, act) == "order_differs"


def test_second_page_that_has_not_seen_the_first_ones_order_is_told_of_it(url: str) -> None:
    async def act(transaction: Transaction) -> None:
        await ordered(transaction)
        await ordered(transaction)

    assert refusal(url, act) == "order_meanwhile"


def test_whoever_has_seen_their_order_may_order_another(url: str) -> None:
    async def act(transaction: Transaction) -> list[str]:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction)
        rows = [await ordered(transaction, before=before) for before in (0, 1)]
        return [row.number for row in rows]

    assert in_canteen(url, act) == ["A001", "A002"]


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("order_no_window", {"merchant": "shop"}),
        ("order_no_window", {"day": TODAY + timedelta(days=2)}),
        ("order_no_window", {"day": TODAY - timedelta(days=1)}),
        ("order_no_window", {"period": "lunch"}),
        ("order_dish_gone", {"pieces": [("tea", 1)]}),
        ("order_dish_gone", {"pieces": [("nuts", 1)]}),
        ("order_price_changed", {"amount_fen": 849}),
        ("order_short", {"pieces": [("buns", 7)], "amount_fen": 2_100}),
        ("order_barred", {"holder_id": "nobody"}),
        ("order_too_late", {"now": OPENS - timedelta(minutes=60)}),
        ("order_no_window", {"now": OPENS}),
    ],
)
def test_what_cannot_be_is_one_refusal(url: str, code: str, more: dict[str, Any]) -> None:
    assert refusal(url, lambda transaction: ordered(transaction, **more)) == code


def test_order_is_taken_until_the_last_moment_of_the_deadline(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[str, str]:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction)
        last = OPENS - timedelta(minutes=60, microseconds=-1)
        code = await refused(ordered(transaction, now=last))
        return code, (await ordered(transaction, now=last - timedelta(microseconds=2))).number

    assert in_canteen(url, act) == ("order_too_late", "A001")


def test_whose_paying_is_blocked_orders_nothing(url: str) -> None:
    async def act(transaction: Transaction) -> None:
        await blocks.block(transaction, "anna", reason="lost", note="", by="boss", now=NOW)
        await ordered(transaction)

    assert refusal(url, act) == "order_barred"


def test_window_takes_no_more_than_its_orders_and_a_cancelled_one_makes_room(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[str, str]:
        window = OrderWindow(period="dinner", orders_max=1)
        await put_plan(transaction, plan_of(windows=(window,)))
        for version, holder_id in enumerate(("anna", "bert"), start=1):
            await come(transaction, holder_id, version=version, **SOMEBODY)
        first = await ordered(transaction, holder_id="anna")
        code = await refused(ordered(transaction, holder_id="bert"))
        await cancel(transaction, first.charge_id, holder_id="anna", now=NOW)
        return code, (await ordered(transaction, holder_id="bert")).number

    assert in_canteen(url, act) == ("order_full", "A002")


def limited(**limits: int) -> Callable[[Transaction], Awaitable[None]]:
    async def act(transaction: Transaction) -> None:
        plan = plan_of().model_copy(update={"limits": SpendingLimits(**limits)})
        await put_plan(transaction, plan)
        await ordered(transaction)
        await ordered(transaction, before=1)

    return act


def test_no_order_is_more_than_a_charge_may_be(url: str) -> None:
    assert refusal(url, limited(per_charge_fen=800)) == "order_above_limit"


def test_orders_count_for_the_limit_of_their_day(url: str) -> None:
    assert refusal(url, limited(per_charge_fen=900, per_day_fen=1_699)) == "order_day_limit"


def test_what_was_eaten_counts_for_todays_orders_and_not_for_tomorrows(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[str, str]:
        await come(transaction, cash_fen=5_000)
        limits = SpendingLimits(per_charge_fen=1_500, per_day_fen=2_000)
        await put_plan(transaction, plan_of().model_copy(update={"limits": limits}))
        await hear(transaction, charge(amount_fen=1_200))
        tomorrow = TODAY + timedelta(days=1)
        return (
            await refused(ordered(transaction)),
            (await ordered(transaction, day=tomorrow)).state,
        )

    assert in_canteen(url, act) == ("order_day_limit", "waiting")


def test_till_keeps_no_more_than_orders_leave_of_the_day(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[str, int]:
        await come(transaction, cash_fen=5_000)
        limits = SpendingLimits(per_charge_fen=1_500, per_day_fen=2_000)
        await put_plan(transaction, plan_of().model_copy(update={"limits": limits}))
        await ordered(transaction)
        meal = ReservationWish(
            charge_id=uuid4(), till="till-1", holder_id="anna", amount_fen=1_200, at=NOW
        )
        answer = await reserve(transaction, meal, node="counter-1", zone=ZONE, now=NOW)
        return answer.outcome, answer.spendable_fen

    assert in_canteen(url, act) == ("short", 1_150)


def test_orders_count_as_meals_of_their_period(url: str) -> None:
    async def act(transaction: Transaction) -> None:
        dinner = MealPeriod(**{**DINNER.model_dump(), "count_max": {"": 1}})
        await put_plan(transaction, changed(plan_of(), periods=(dinner,)))
        await ordered(transaction)
        await ordered(transaction, before=1)

    assert refusal(url, act) == "order_meals_max"


def test_what_was_shown_stays_when_the_plan_drops_the_dish_and_the_window(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[Any, Any]:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction)
        row = await ordered(transaction)
        dearer = BUNS.model_copy(update={"price_fen": 900})
        await put_plan(transaction, changed(plan_of(), dishes=(dearer,), orders=None))
        told, _, _ = await orders.page(transaction, after=0, tills=Tills(["canteen"]), now=NOW)
        return row, told[0]

    row, told = in_canteen(url, act)

    assert [(line.item, line.count, line.amount_fen) for line in told.lines] == [
        ("buns", 2, 600),
        ("soup", 1, 250),
    ]
    assert told.names == {"buns": BUNS.name, "soup": SOUP.name}
    assert (told.begins, told.ends, told.code_hash) == (OPENS, CLOSES, row.code_hash)


def test_cancelled_order_frees_its_money_at_once_and_again_is_harmless(url: str) -> None:
    async def act(transaction: Transaction) -> tuple[int, str, int]:
        await come(transaction, **SOMEBODY)
        await put_plan(transaction)
        row = await ordered(transaction)
        for _ in range(2):
            await cancel(transaction, row.charge_id, holder_id="anna", now=NOW)
        after = await order_of(transaction, row.charge_id)
        return await spendable(transaction), after.state, after.version - row.version

    assert in_canteen(url, act) == (2_000, OrderState.CANCELLED, 1)


def cancelled(**more: Any) -> Act:  # noqa: ANN401 - arguments of a cancel
    async def act(transaction: Transaction) -> None:
        row = await ordered(transaction)
        values = {"holder_id": "anna", "now": NOW, **more}
        await cancel(transaction, values.pop("charge_id", row.charge_id), **values)

    return act


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("order_too_late", {"now": OPENS - timedelta(minutes=60)}),
        ("order_not_found", {"holder_id": "bert"}),
        ("order_not_found", {"charge_id": str(uuid4())}),
    ],
)
def test_what_cannot_be_cancelled_is_refused(url: str, code: str, more: dict[str, Any]) -> None:
    assert refusal(url, cancelled(**more)) == code


def test_codes_of_two_orders_and_of_two_sites_differ() -> None:
    one, other = (str(uuid4()) for _ in range(2))

    assert code_of(KEY, one) != code_of(KEY, other)
    assert code_of(KEY, one) != code_of(bytes(32), one)
    assert code_of(KEY, one) == code_of(KEY, one)


def test_many_who_order_at_once_get_each_a_number_and_no_more_than_there_are(
    database_url: str, tmp_path: Path
) -> None:
    if database_url.startswith("sqlite"):
        (tmp_path / "central.sqlite3").write_bytes(migrated_file().read_bytes())
    people = [f"p-{number}" for number in range(12)]

    async def one(database: Database, holder_id: str) -> str:
        try:
            async with database.write() as transaction:
                return str((await ordered(transaction, holder_id=holder_id)).number)
        except RefusedError as error:
            return error.code

    async def run() -> list[str]:
        async with opened(database_url) as database:
            async with database.write() as transaction:
                await settle_in(transaction)
                window = OrderWindow(period="dinner", orders_max=8)
                await put_plan(transaction, plan_of(windows=(window,)))
                for version, holder_id in enumerate(people, start=1):
                    await come(transaction, holder_id, version=version, **SOMEBODY)
            return list(await asyncio.gather(*(one(database, each) for each in people)))

    found = asyncio.run(run())

    assert sorted(found) == [f"A{n:03}" for n in range(1, 9)] + ["order_full"] * 4


def test_one_wallet_pays_no_more_orders_at_once_than_it_holds(
    database_url: str, tmp_path: Path
) -> None:
    if database_url.startswith("sqlite"):
        (tmp_path / "central.sqlite3").write_bytes(migrated_file().read_bytes())
    shared = wish()

    async def one(database: Database) -> str:
        async with database.write() as transaction:
            return str((await ordered(transaction, shared)).charge_id)

    async def run() -> tuple[set[str], int]:
        async with opened(database_url) as database:
            async with database.write() as transaction:
                await settle_in(transaction)
                await put_plan(transaction)
                await come(transaction, **SOMEBODY)
            made = set(await asyncio.gather(*(one(database) for _ in range(8))))
            async with database.read() as transaction:
                return made, await spendable(transaction)

    made, left = asyncio.run(run())

    assert (len(made), left) == (1, 1_150)
