"""What becomes of orders: handed out, told late, nobody came, whoever ordered has left."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from central.canteen import accounts, orders, repository, till_page
from central.canteen.orders import Tills
from central.canteen.reservations import reserve
from central.canteen.state import Charge
from central.database import Transaction
from central.ledger.repository import release_expired
from central.orders.placing import HELD_AFTER, cancel
from central.orders.repository import next_due
from central.orders.service import Orders, left_here, nobody_came
from central.tables import people
from config.contract.money import OrderState, ReservationWish
from config.site_canteen import MerchantEntry
from tests.central.canteen.dining import (
    NODE,
    NOW,
    Money,
    come,
    hear,
    in_canteen,
    money,
    problems,
    released,
    settle_in,
    void,
)
from tests.central.ledger.ledgering import opened
from tests.central.migrated import migrated_file
from tests.central.orders.ordering import (
    CLOSES,
    DUE,
    OPENS,
    ZONE,
    collected,
    order_of,
    ordered,
    plan_of,
    put_plan,
)

HANDED_OUT = OPENS + timedelta(minutes=5)
LATE = DUE + timedelta(hours=2)
NAMES: dict[str, dict[orders.Language, str]] = {"till-1": {"en": "Window"}}
PAID = Money(cash_fen=1_150, merchant_fen=850)
Step = Callable[[Transaction, Any], Awaitable[None]]


async def hand_out(transaction: Transaction, row: Any, **more: Any) -> None:  # noqa: ANN401 - a row
    await hear(transaction, collected(row, **more), at=HANDED_OUT, now=LATE)


async def end(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
    await nobody_came(transaction, row.charge_id, now=DUE)


async def take_back(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
    await cancel(transaction, row.charge_id, holder_id=row.holder_id, now=NOW)


async def expire(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
    await release_expired(transaction, now=row.due_at + HELD_AFTER, limit=10)


def came_to(
    url: str,
    *steps: Step,
    **of_plan: Any,  # noqa: ANN401 - of a plan
) -> tuple[str, Money, list[str], Charge | None]:
    """Return what an order of 8.50 of Anna, who has 20.00, comes to; and its charge."""

    async def act(transaction: Transaction) -> tuple[str, Money, list[str], Charge | None]:
        await come(transaction, cash_fen=2_000)
        await put_plan(transaction, plan_of(**of_plan))
        row = await ordered(transaction)
        for step in steps:
            await step(transaction, row)
        charges = await repository.charges(transaction, [row.charge_id])
        return (
            (await order_of(transaction, row.charge_id)).state,
            await money(transaction),
            await problems(transaction),
            charges.get(row.charge_id),
        )

    return in_canteen(url, act)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One database: what is asked here is the same on both."""
    return f"sqlite:///{tmp_path / 'central.sqlite3'}"


@pytest.mark.parametrize(
    ("steps", "state", "after"),
    [
        ((hand_out,), "collected", PAID),
        ((hand_out, hand_out), "collected", PAID),
        ((end,), "unclaimed", PAID),
        ((end, end), "unclaimed", PAID),
        ((end, hand_out), "collected", PAID),
        ((end, hand_out, hand_out, end), "collected", PAID),
        ((hand_out, end), "collected", PAID),
        ((take_back,), "cancelled", Money(cash_fen=2_000)),
        ((take_back, end), "cancelled", Money(cash_fen=2_000)),
        ((take_back, hand_out), "collected", PAID),
        ((expire, hand_out), "collected", PAID),
        ((expire, end, hand_out), "collected", PAID),
    ],
)
def test_order_is_paid_once_whatever_comes_first(
    database_url: str, steps: tuple[Step, ...], state: str, after: Money
) -> None:
    assert came_to(database_url, *steps)[:3] == (state, after, [])


@pytest.mark.parametrize(
    ("steps", "state", "after"),
    [
        ((end,), "unclaimed", Money(cash_fen=2_000)),
        ((end, hand_out), "collected", PAID),
        ((hand_out, end), "collected", PAID),
    ],
)
def test_where_the_plan_lets_go_nobody_pays_who_did_not_come(
    url: str, steps: tuple[Step, ...], state: str, after: Money
) -> None:
    assert came_to(url, *steps, unclaimed="release")[:3] == (state, after, [])


def test_nobody_is_taken_for_absent_before_the_grace_is_over(url: str) -> None:
    async def early(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        await nobody_came(transaction, row.charge_id, now=DUE - timedelta(microseconds=1))

    state, after, _, _ = came_to(url, early)

    assert (state, after.merchant_fen) == ("waiting", 0)


def test_unclaimed_charge_is_of_its_window_and_of_no_till(url: str) -> None:
    charge = came_to(url, end)[3]

    assert charge is not None
    assert (charge.charged_at, charge.period, charge.mode) == (OPENS, "dinner", "orders")
    assert (charge.till, charge.session_id, charge.cash_fen) == (None, None, 850)


def test_collection_that_is_told_late_belongs_to_the_session_of_its_till(url: str) -> None:
    charge = came_to(url, end, hand_out)[3]

    assert charge is not None
    assert (charge.node, charge.till) == (NODE, "till-1")
    assert charge.session_id == str(UUID(int=7))
    assert (charge.charged_at, charge.amount_fen) == (HANDED_OUT, 850)


def test_second_window_that_hands_the_same_order_out_is_a_line_and_no_money(url: str) -> None:
    async def elsewhere(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        await hand_out(transaction, row, till="till-2", session_id=uuid4())

    state, after, lines, _ = came_to(url, hand_out, elsewhere)

    assert (state, after, lines) == ("collected", PAID, ["content_differs"])


def test_late_collection_of_another_amount_is_a_line_and_changes_nothing(url: str) -> None:
    async def other(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        await hand_out(transaction, row, amount_fen=900)

    state, after, lines, _ = came_to(url, end, other)

    assert (state, after, lines) == ("unclaimed", PAID, ["content_differs"])


def test_void_of_an_order_gives_its_money_back_and_ends_it(url: str) -> None:
    async def back(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        await hear(transaction, void(collected(row)), at=HANDED_OUT, now=LATE)

    for steps in ((hand_out, back), (back, hand_out), (back, end, hand_out)):
        state, after, lines, _ = came_to(f"{url}-{len(steps)}{steps[0].__name__}", *steps)
        assert (state, after, lines) == ("cancelled", Money(cash_fen=2_000), [])


def test_till_that_does_not_come_to_it_lets_nothing_go(url: str) -> None:
    async def not_me(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        await hear(transaction, released(collected(row)))

    async def poor(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        assert (await accounts.spendable_fen(transaction, ["anna"]))["anna"] == 1_150

    state, after, lines, _ = came_to(url, not_me, poor, hand_out)

    assert (state, after, lines) == ("collected", PAID, [])


async def asks(transaction: Transaction, row: Any, amount_fen: int = 850) -> str:  # noqa: ANN401 - a row
    wish = ReservationWish(
        charge_id=UUID(row.charge_id),
        till="till-1",
        holder_id="anna",
        amount_fen=amount_fen,
        at=NOW,
    )
    answer = await reserve(transaction, wish, node="counter-1", zone=ZONE, now=NOW)
    return answer.outcome


@pytest.mark.parametrize(
    ("step", "outcome"), [(None, "reserved"), (take_back, "settled"), (end, "settled")]
)
def test_till_that_asks_for_an_orders_money_is_told_whether_it_is_kept(
    url: str, step: Step | None, outcome: str
) -> None:
    async def act(transaction: Transaction) -> str:
        await come(transaction, cash_fen=2_000)
        await put_plan(transaction)
        row = await ordered(transaction)
        if step is not None:
            await step(transaction, row)
        return await asks(transaction, row)

    assert in_canteen(url, act) == outcome


def test_person_who_left_gets_the_money_of_open_orders_back(url: str) -> None:
    async def leave(transaction: Transaction, row: Any) -> None:  # noqa: ANN401 - a row
        await left_here(transaction, row.holder_id, now=NOW)
        assert (await order_of(transaction, row.charge_id)).state == "waiting"
        await transaction.execute(update(people).values(is_active=False))
        await left_here(transaction, row.holder_id, now=NOW)

    assert came_to(url, leave)[:2] == ("cancelled", Money(cash_fen=2_000))


def test_merchant_that_is_gone_from_the_site_file_is_not_paid(url: str) -> None:
    async def gone(transaction: Transaction, _row: Any) -> None:  # noqa: ANN401 - a row
        await repository.keep_places(transaction, [MerchantEntry(id="shop")], [])

    assert came_to(url, gone, end)[:3] == ("unclaimed", Money(cash_fen=2_000), [])


def test_tills_hear_of_people_and_orders_in_one_sequence(url: str) -> None:
    async def act(transaction: Transaction) -> list[Any]:
        await come(transaction, cash_fen=2_000)
        await put_plan(transaction)
        await accounts.touch(transaction, ["anna"], now=NOW)
        row = await ordered(transaction)
        first = await till_page.changed(transaction, after=0, tills=Tills(["canteen"]), now=NOW)
        other = await till_page.changed(transaction, after=0, tills=Tills(["shop"]), now=NOW)
        await hand_out(transaction, row)
        await accounts.touch(transaction, ["anna"], now=NOW)
        second = await till_page.changed(
            transaction, after=first.version, tills=Tills(["canteen"], NAMES), now=LATE
        )
        ahead = await till_page.changed(transaction, after=99, tills=Tills(["canteen"]), now=LATE)
        week = await till_page.changed(
            transaction, after=0, tills=Tills(["canteen"]), now=CLOSES + timedelta(days=7)
        )
        return [first, other, second, ahead, week]

    first, other, second, ahead, week = in_canteen(url, act)

    assert [(order.number, order.state, order.till) for order in first.orders] == [
        ("A001", "waiting", "")
    ]
    assert (first.version, first.has_more, len(first.accounts)) == (2, False, 1)
    assert (other.orders, other.version) == ([], 2)
    (told,) = second.orders
    assert (told.state, told.collected_at, told.till) == ("collected", HANDED_OUT, "till-1")
    assert told.till_name == {"en": "Window"}
    assert [account.holder_id for account in second.accounts] == ["anna"]
    assert (len(ahead.orders), ahead.version) == (1, second.version)
    assert week.orders == []


def test_page_that_is_full_tells_the_rest_next_time(url: str) -> None:
    async def act(transaction: Transaction) -> list[list[str]]:
        await put_plan(transaction)
        await come(transaction, cash_fen=2_000)
        row = await ordered(transaction)
        await accounts.touch(
            transaction, [f"p-{n:03}" for n in range(accounts.PAGE_LENGTH + 1)], now=NOW
        )
        await orders.put(transaction, {row.charge_id: OrderState.CANCELLED}, now=NOW)
        pages, after, has_more = list[list[str]](), 0, True
        while has_more:
            page = await till_page.changed(
                transaction, after=after, tills=Tills(["canteen"]), now=NOW
            )
            pages.append([f"{len(page.accounts)}", *(order.state for order in page.orders)])
            after, has_more = page.version, page.has_more
        return pages

    assert in_canteen(url, act) == [["300"], ["1", "cancelled"]]


def test_two_replicas_end_an_order_once(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        (tmp_path / "central.sqlite3").write_bytes(migrated_file().read_bytes())

    async def run() -> tuple[Money, list[str]]:
        async with opened(database_url) as database:
            async with database.write() as transaction:
                await settle_in(transaction)
                await put_plan(transaction)
                await come(transaction, cash_fen=2_000)
                row = await ordered(transaction)
            replicas = [Orders(database, now=lambda: DUE) for _ in range(2)]
            await asyncio.gather(*(each.work() for each in replicas))
            async with database.read() as transaction:
                rows = await orders.of(transaction, [row.charge_id])
                return await money(transaction), [each.state for each in rows.values()]

    assert asyncio.run(run()) == (PAID, ["unclaimed"])


def test_central_knows_until_when_whoever_ordered_is_waited_for(url: str) -> None:
    async def act(transaction: Transaction) -> list[datetime | None]:
        await put_plan(transaction)
        await come(transaction, cash_fen=2_000)
        row = await ordered(transaction)
        waiting = [await next_due(transaction, now=now) for now in (NOW, DUE)]
        leaving = update(people).where(people.c.holder_id == row.holder_id)
        await transaction.execute(leaving.values(valid_until=OPENS))
        return [*waiting, await next_due(transaction, now=NOW)]

    assert in_canteen(url, act) == [DUE, None, OPENS]
