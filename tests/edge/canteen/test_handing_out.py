"""An order is handed out once, and what did not come about was never there."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.access import CredentialKind
from config.contract.money import ChargeMode, TillPage
from config.contract.money_events import ChargeRecorded, ChargeVoided
from edge.canteen import store as store_module
from edge.canteen.book import Charge, Entry, State
from edge.canteen.keeping import Keeping
from edge.canteen.order_rows import KEPT
from edge.canteen.store import Store
from edge.kept_file import KeptFileError
from tests.edge.canteen.making import NOON, SESSION, accounts, order
from tests.edge.canteen.power import Disk, Power
from tests.edge.canteen.test_keeping import Kept
from tests.edge.canteen.test_link import Central, linked
from tests.edge.conftest import eventually


def handed_out(number: int = 1, till: str = "till-1") -> Charge:
    """Return an order as a till hands it out."""
    of = order(number)
    return Charge(
        charge_id=of.charge_id,
        session_id=SESSION.session_id,
        till=till,
        merchant=of.merchant,
        holder_id=of.holder_id,
        amount_fen=of.amount_fen,
        mode=ChargeMode.ORDERS,
        period=of.period,
        day=of.day,
        at=NOON,
        lines=of.lines,
        credential=CredentialKind.QR,
        is_reserved=True,
        order=of.number,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "canteen.db")
    made.open()
    yield made
    made.close()


def state_of(entry: Entry | None) -> State | None:
    return None if entry is None else entry.state


def test_an_order_is_in_file_and_journal_before_it_is_handed_out(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            assert await keeping.hand_out(handed_out())
            assert kept.told == [handed_out().recorded()]
        async with kept.running() as keeping:
            again = [await keeping.hand_out(handed_out(till=till)) for till in ("till-1", "till-2")]

            assert again == [False, False]
            assert state_of(keeping.book.entry(order().charge_id)) is State.RECORDED
            assert len(kept.told) == 1

    asyncio.run(act())


def test_two_tills_of_a_node_that_hand_out_one_order_at_once_do_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            done = await asyncio.gather(
                *(keeping.hand_out(handed_out(till=till)) for till in ("till-1", "till-2"))
            )
            await kept.all_told()

            assert sorted(done) == [False, True]
            assert len(kept.told) == 1
            assert caplog.messages == []

    asyncio.run(act())


def test_a_journal_that_refuses_lets_go_of_nothing_and_the_order_is_handed_out_later(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            kept.disk.refuses = 1
            first = await keeping.hand_out(handed_out())
            await kept.all_told()
        async with kept.running() as keeping:
            await kept.all_told()
            before = list(kept.told)
            second = await keeping.hand_out(handed_out())

            assert (first, before, second) == (False, [], True)
            assert kept.told == [handed_out().recorded()]

    asyncio.run(act())


def test_what_was_refused_once_and_handed_out_then_is_told_again_like_anything(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            kept.disk.refuses = 1
            await keeping.hand_out(handed_out(1))
            await keeping.hand_out(handed_out(1))
            await kept.all_told()
            kept.disk.lose()
            await keeping.hand_out(handed_out(2))
            await kept.all_told()

            told = [fact.charge_id for fact in kept.told if isinstance(fact, ChargeRecorded)]
            assert sorted(told) == [order(number).charge_id for number in (1, 2)]

    asyncio.run(act())


class StubbornStore(Store):
    """Refuses to put an order back, the first time."""

    refuses = 1

    def put_back(self, charge: Charge) -> None:
        if self.refuses:
            self.refuses -= 1
            raise KeptFileError("the disk is full")
        super().put_back(charge)


def test_a_disk_that_refuses_to_put_an_order_back_is_asked_until_it_does(tmp_path: Path) -> None:
    async def act() -> None:
        store, disk = StubbornStore(tmp_path / "canteen.db"), Disk(Power())
        store.open()
        keeping = Keeping(store, store.book(), disk, now=lambda: NOON)
        disk.refuses = 1
        first = await keeping.hand_out(handed_out())
        while_refused = keeping.is_able
        task = asyncio.create_task(keeping.run())
        await eventually(lambda: keeping.is_able)
        second = await keeping.hand_out(handed_out())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        store.close()

        assert (first, while_refused, second) == (False, False, True)
        assert [event.parsed() for event in disk.unsent] == [handed_out().recorded()]

    asyncio.run(act())


def test_an_order_in_the_file_alone_is_told_at_the_next_start(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            await keeping.hand_out(handed_out())
            await kept.all_told()
        kept.disk.lose()
        async with kept.running():
            await kept.all_told()

            assert kept.told == [handed_out().recorded()]

    asyncio.run(act())


def test_an_order_that_was_handed_out_is_taken_back_like_any_charge(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            await keeping.hand_out(handed_out())
            assert await keeping.void(handed_out(), by="ming")
            await kept.all_told()

            assert [type(fact) for fact in kept.told] == [ChargeRecorded, ChargeVoided]
            assert not await keeping.hand_out(handed_out())

    asyncio.run(act())


def test_what_was_told_is_not_put_back_and_another_tills_is_not_either(store: Store) -> None:
    store.hand_out(handed_out())
    store.put_back(handed_out(till="till-2"))
    of_another = store.book().entry(order().charge_id)
    store.put_back(handed_out())
    undone = store.book().entry(order().charge_id)

    assert (state_of(of_another), undone) == (State.RECORDED, None)
    store.hand_out(handed_out())
    with pytest.raises(KeptFileError):
        store.hand_out(handed_out(till="till-2"))


def test_what_waits_is_without_limits_since_its_money_is_kept(tmp_path: Path) -> None:
    async def act() -> None:
        async with Kept(tmp_path).running() as keeping:
            await keeping.hand_out(handed_out())

            spending = keeping.book.spending(
                "anna", till="till-1", merchant="canteen", meal="", day=NOON.date()
            )

            assert (spending.unheard_fen, spending.offline_fen, spending.today_fen) == (0, 0, 400)

    asyncio.run(act())


class WithOrders(Central):
    """A central that tells of orders, too."""

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        page = await super().till_page(after=after, plan=plan)
        told = [each for each in (order(1), order(2)) if each.version > after]
        return page.model_copy(update={"orders": told, "version": 2})


def test_orders_come_with_the_accounts_and_are_known_after_a_restart(tmp_path: Path) -> None:
    async def act() -> None:
        async with linked(tmp_path, WithOrders(accounts=accounts(anna=1))) as (link, book):
            await link.catch_up()
            known = sorted(book.orders.all)
        store = Store(tmp_path / "canteen.db")
        store.open()
        kept = store.book()
        store.close()

        assert known == sorted(kept.orders.all) == [order(n).charge_id for n in (1, 2)]
        assert kept.version == 2

    asyncio.run(act())


def test_a_central_that_was_restored_tells_all_orders_anew(store: Store) -> None:
    store.learn(plan=None, accounts=(), orders=[order(1)], version=9)
    store.learn(plan=None, accounts=(), orders=[order(2)], version=1, is_anew=True)
    book = store.book()
    before = list(book.orders.all)
    book.begin_anew()

    assert (before, list(book.orders.all)) == ([order(2).charge_id], [])


def test_orders_are_forgotten_once_their_day_is_long_over(store: Store) -> None:
    store.learn(plan=None, accounts=(), orders=[order(1)], version=1)

    forgotten = [
        list(store.purge(now=NOON + KEPT + timedelta(days=days)).orders) for days in (0, 1)
    ]

    assert forgotten == [[], [order(1).charge_id]]
    assert store.book().orders.all == {}


def test_orders_are_forgotten_in_memory_with_the_file(tmp_path: Path) -> None:
    async def act() -> None:
        old = order(1, day=(NOON - KEPT).date() - timedelta(days=1))
        async with Kept(tmp_path).running() as keeping:
            await eventually(lambda: keeping.is_able)
            await keeping.learn(plan=None, accounts=(), orders=[old, order(2)], version=1)
        async with Kept(tmp_path).running() as keeping:
            await eventually(lambda: list(keeping.book.orders.all) == [order(2).charge_id])

    asyncio.run(act())


def test_a_file_of_before_orders_asks_for_everything_anew(tmp_path: Path) -> None:
    folder, path = Path(store_module.__file__).parent, tmp_path / "canteen.db"
    with sqlite3.connect(path) as old:
        for step in (1, 2):
            old.executescript((folder / f"canteen_schema_v{step}.sql").read_text("utf-8"))
        old.execute("INSERT INTO head VALUES (7, '{\"version\": 3}')")
    old.close()

    store = Store(path)
    store.open()

    assert (store.book().version, store.book().plan.version) == (0, 3)
    store.close()
