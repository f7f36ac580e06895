"""Money moves once, all or nothing, and never below a floor; on both databases."""

import asyncio
import contextlib
import dataclasses
from datetime import timedelta
from uuid import uuid4

import pytest

from central.database import Database, Transaction
from central.ledger import accounts
from central.ledger.errors import ConflictError, OrderError, ReversalError, ShortError
from central.ledger.repository import (
    Balance,
    Outcome,
    Resolved,
    Status,
    balances,
    entries,
    hold,
    next_expiry,
    of_group,
    post,
    release,
    release_expired,
    settle,
    settle_all,
    touched,
)
from central.ledger.verify import verified
from config.contract.money import MoneyUnit
from tests.central.ledger.ledgering import (
    CANTEEN,
    CASH,
    COUNTER,
    DEBT,
    LATER,
    NOW,
    SUBSIDY,
    Ledger,
    meal,
    of,
    opened,
    order,
    top_up,
    with_cash,
)
from tests.central.postgresql import together


def test_what_one_account_gives_another_gets(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> list[int]:
        await post(transaction, [top_up(1_000), meal(300)], now=NOW)
        found = await balances(transaction, [CASH, CANTEEN, COUNTER])
        return [found[name].posted_fen for name in (CASH, CANTEEN, COUNTER)]

    assert ledger.undone(act) == [700, 300, -1_000]


def test_an_account_that_was_never_used_holds_nothing(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> dict[str, Balance]:
        return await balances(transaction, [CASH])

    assert ledger.undone(act) == {CASH: Balance(0, 0, 0)}


def test_the_same_order_twice_moves_money_once(ledger: Ledger) -> None:
    twice = top_up(1_000)

    async def act(transaction: Transaction) -> tuple[list[Outcome], list[Outcome]]:
        first = await post(transaction, [twice, twice], now=NOW)
        return first, await post(transaction, [twice], now=LATER)

    first, again = ledger.undone(act)
    assert [outcome.status for outcome in (*first, *again)] == [
        Status.POSTED,
        Status.ALREADY,
        Status.ALREADY,
    ]
    assert {outcome.sequence for outcome in (*first, *again)} == {1}


@pytest.mark.parametrize(
    "other", [{"amount_fen": 1}, {"credit": SUBSIDY}, {"detail": {"till": "2"}}, {"group": uuid4()}]
)
def test_the_same_key_for_something_else_is_refused(
    ledger: Ledger, other: dict[str, object]
) -> None:
    kept = top_up(1_000)

    async def act(transaction: Transaction) -> tuple[int, int, int]:
        await post(transaction, [kept], now=NOW)
        with pytest.raises(ConflictError):
            await post(transaction, [dataclasses.replace(kept, **other)], now=NOW)  # type: ignore[arg-type]
        return await of(transaction, CASH)

    assert ledger.undone(act) == (1_000, 0, 1_000)


def test_a_wallet_that_is_short_lets_nothing_of_the_call_happen(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> ShortError:
        await with_cash(transaction, 500)
        with pytest.raises(ShortError) as short:
            await post(transaction, [meal(400), meal(200)], now=NOW)
        assert await of(transaction, CASH) == (500, 0, 500)
        return short.value

    short = ledger.undone(act)
    assert (short.account, short.available_fen, short.wanted_fen) == (CASH, 100, 200)


def test_what_was_not_covered_is_a_debt_and_the_merchant_gets_all(ledger: Ledger) -> None:
    charge = uuid4()
    parts = [
        order(CASH, CANTEEN, 200, group=charge, transfer_id=accounts.part_id(charge, "cash")),
        order(DEBT, CANTEEN, 700, group=charge, transfer_id=accounts.part_id(charge, "debt")),
    ]

    async def act(transaction: Transaction) -> list[int]:
        await with_cash(transaction, 200)
        await post(transaction, parts, now=NOW)
        found = await balances(transaction, [CASH, DEBT, CANTEEN])
        return [found[name].posted_fen for name in (CASH, DEBT, CANTEEN)]

    assert ledger.undone(act) == [0, -700, 900]


def test_what_is_held_is_there_and_nobody_else_can_have_it(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> tuple[int, int, int]:
        await with_cash(transaction, 1_000)
        await hold(transaction, [meal(800, group=uuid4())], expires_at=LATER, now=NOW)
        with pytest.raises(ShortError):
            await post(transaction, [meal(300)], now=NOW)
        assert await of(transaction, CANTEEN) == (0, 0, 0)
        return await of(transaction, CASH)

    assert ledger.undone(act) == (1_000, 800, 200)


def test_what_is_held_is_posted_once(ledger: Ledger) -> None:
    charge = uuid4()

    async def act(transaction: Transaction) -> list[Resolved]:
        await with_cash(transaction, 1_000)
        await hold(transaction, [meal(800, group=charge)], expires_at=LATER, now=NOW)
        results = [await settle(transaction, charge, now=NOW) for _ in range(2)]
        results.append(await release(transaction, charge, now=NOW))
        assert await of(transaction, CASH) == (200, 0, 200)
        assert await of(transaction, CANTEEN) == (800, 0, 800)
        return results

    assert ledger.undone(act) == [
        Resolved("settled", is_new=True),
        Resolved("settled", is_new=False),
        Resolved("settled", is_new=False),
    ]


def test_what_is_let_go_can_be_spent_and_is_not_posted_afterwards(ledger: Ledger) -> None:
    charge, held = uuid4(), meal(800)
    held = dataclasses.replace(held, group=charge)

    async def act(transaction: Transaction) -> list[object]:
        await with_cash(transaction, 1_000)
        await hold(transaction, [held], expires_at=LATER, now=NOW)
        results: list[object] = [await release(transaction, charge, now=NOW)]
        results.append(await settle(transaction, charge, now=NOW))
        again = await hold(transaction, [held], expires_at=LATER, now=NOW)
        assert await of(transaction, CASH) == (1_000, 0, 1_000)
        return [*results, again[0].status]

    assert ledger.undone(act) == [
        Resolved("released", is_new=True),
        Resolved("released", is_new=False),
        Status.RELEASED,
    ]


def test_a_group_that_held_nothing_settles_nothing(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> Resolved:
        return await settle(transaction, uuid4(), now=NOW)

    assert ledger.undone(act) == Resolved("nothing", is_new=False)


def test_a_hold_that_comes_again_is_the_same_whatever_its_expiry(ledger: Ledger) -> None:
    held = meal(800, group=uuid4())

    async def act(transaction: Transaction) -> list[Status]:
        await with_cash(transaction, 1_000)
        first = await hold(transaction, [held], expires_at=LATER, now=NOW)
        later = LATER + timedelta(minutes=1)
        second = await hold(transaction, [held], expires_at=later, now=NOW)
        await settle(transaction, held.group or uuid4(), now=NOW)
        third = await hold(transaction, [held], expires_at=later, now=NOW)
        return [outcome.status for outcome in (*first, *second, *third)]

    assert ledger.undone(act) == [Status.HELD, Status.ALREADY, Status.SETTLED]


def test_what_is_held_too_long_is_let_go(ledger: Ledger) -> None:
    soon, late = meal(100, group=uuid4()), meal(200, group=uuid4())

    async def act(transaction: Transaction) -> tuple[list[int], tuple[int, int, int]]:
        await with_cash(transaction, 1_000)
        await hold(transaction, [soon], expires_at=LATER, now=NOW)
        await hold(transaction, [late], expires_at=LATER + timedelta(seconds=1), now=NOW)
        early = await release_expired(transaction, now=NOW)
        assert await next_expiry(transaction) == LATER
        due = [await release_expired(transaction, now=LATER) for _ in range(2)]
        groups = [await of_group(transaction, each.group or uuid4()) for each in (soon, late)]
        assert [len(each) for each in groups] == [2, 1]
        return [early, *due], await of(transaction, CASH)

    assert ledger.undone(act) == ([0, 1, 0], (1_000, 200, 800))


def test_money_goes_back_in_parts_and_never_more_than_came(ledger: Ledger) -> None:
    paid = meal(500)

    async def act(transaction: Transaction) -> tuple[int, int, int]:
        await with_cash(transaction, 1_000)
        await post(transaction, [paid], now=NOW)
        back = [order(CANTEEN, CASH, 300, reverses=paid.transfer_id) for _ in range(2)]
        await post(transaction, back[:1], now=NOW)
        with pytest.raises(ReversalError):
            await post(transaction, back[1:], now=NOW)
        return await of(transaction, CASH)

    assert ledger.undone(act) == (800, 0, 800)


def test_only_what_moved_to_an_account_goes_back_from_it(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> None:
        put = await with_cash(transaction, 1_000)
        with pytest.raises(ReversalError):
            await post(transaction, [order(CANTEEN, CASH, 10, reverses=put)], now=NOW)
        with pytest.raises(ReversalError):
            await post(transaction, [order(CANTEEN, CASH, 10, reverses=uuid4())], now=NOW)

    ledger.undone(act)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_fen": 0},
        {"amount_fen": -1},
        {"amount_fen": True},
        {"amount_fen": 1.5},
        {"credit": COUNTER},
        {"credit": "points/person/anna"},
        {"credit": "nobody/anna"},
        {"credit": "merchant/"},
        {"unit": MoneyUnit.POINTS},
        {"reason": ""},
        {"reason": "half \ud83d"},
        {"detail": {"item": "half \ud83d"}},
        {"happened_at": NOW.replace(tzinfo=None)},
    ],
)
def test_an_order_that_cannot_be_is_refused(ledger: Ledger, wrong: dict[str, object]) -> None:
    wish = dataclasses.replace(order(COUNTER, CASH, 10), **wrong)  # type: ignore[arg-type]

    async def act(transaction: Transaction) -> None:
        with pytest.raises(OrderError):
            await post(transaction, [wish], now=NOW)

    ledger.undone(act)


def test_points_are_a_unit_of_their_own(ledger: Ledger) -> None:
    mine, theirs = accounts.points("anna"), accounts.points_source("recycling")

    async def act(transaction: Transaction) -> tuple[int, int, int]:
        await post(transaction, [order(theirs, mine, 50, unit=MoneyUnit.POINTS)], now=NOW)
        with pytest.raises(ShortError):
            await post(transaction, [order(mine, theirs, 51, unit=MoneyUnit.POINTS)], now=NOW)
        return await of(transaction, mine)

    assert ledger.undone(act) == (50, 0, 50)


def test_entries_tell_how_a_balance_came_about(ledger: Ledger) -> None:
    charge = uuid4()

    async def act(transaction: Transaction) -> list[list[int]]:
        await post(transaction, [top_up(1_000), meal(300)], now=NOW)
        await hold(transaction, [meal(200, group=charge)], expires_at=LATER, now=NOW)
        await settle(transaction, charge, now=LATER)
        pages = [
            await entries(transaction, CASH, 0, 2),
            await entries(transaction, CASH, 2, 2),
            await entries(transaction, CASH, is_newest_first=True, limit=1),
            await entries(transaction, CASH, before=2),
        ]
        return [[each.change_fen(CASH) for each in page] for page in pages]

    assert ledger.undone(act) == [[1_000, -300], [-200], [-200], [1_000]]


def test_who_asks_what_changed_hears_of_each_account_once(ledger: Ledger) -> None:
    async def act(transaction: Transaction) -> list[tuple[dict[str, int], int]]:
        await post(transaction, [top_up(1_000), meal(300)], now=NOW)
        return [await touched(transaction, after=after) for after in (0, 1, 2)]

    assert ledger.undone(act) == [
        ({COUNTER: 1, CASH: 2, CANTEEN: 2}, 2),
        ({CASH: 2, CANTEEN: 2}, 2),
        ({}, 2),
    ]


def test_fifty_tills_spend_one_wallet_and_it_never_goes_below_nothing(database_url: str) -> None:
    async def spend(database: Database) -> bool:
        async with database.write() as transaction:
            try:
                await post(transaction, [meal(300, group=uuid4())], now=NOW)
            except ShortError:
                return False
        return True

    async def act() -> tuple[int, tuple[int, int, int]]:
        is_one = database_url.startswith("sqlite")
        async with contextlib.AsyncExitStack() as stack:
            replicas = [
                await stack.enter_async_context(opened(database_url)) for _ in range(2 - is_one)
            ]
            async with replicas[0].write() as transaction:
                await with_cash(transaction, 5_000)
            tills = (spend(replicas[till % len(replicas)]) for till in range(50))
            paid = sum(await together(tills))
            async with replicas[0].read() as transaction:
                assert (await verified(transaction)).ok
                return paid, await of(transaction, CASH)

    assert asyncio.run(act()) == (16, (200, 0, 200))


def test_what_many_groups_hold_is_settled_together_and_each_is_answered(ledger: Ledger) -> None:
    kept, gone, none = uuid4(), uuid4(), uuid4()

    async def act(transaction: Transaction) -> tuple[list[tuple[str, bool]], tuple[int, int, int]]:
        await with_cash(transaction, 1_000)
        for group in (kept, gone):
            await hold(transaction, [meal(300, group=group)], expires_at=LATER, now=NOW)
        await release(transaction, gone, now=NOW)
        groups = dict.fromkeys((kept, gone, none), NOW)
        first = await settle_all(transaction, groups, now=NOW)
        again = await settle_all(transaction, groups, now=NOW)
        assert list(first) == list(groups)
        said = [(str(each.state), each.is_new) for each in [*first.values(), again[kept]]]
        return said, await of(transaction, CASH)

    assert ledger.undone(act) == (
        [("settled", True), ("released", False), ("nothing", False), ("settled", False)],
        (700, 0, 700),
    )
