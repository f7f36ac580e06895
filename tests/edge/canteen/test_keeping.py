"""What is durable before the display may say so, and what a start makes of what was unfinished."""

import asyncio
import dataclasses
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import UUID

import pytest

from config.contract.event_base import EventData
from config.contract.identifiers import new_id
from config.contract.money_events import (
    ChargeReleased,
    ChargeVoided,
    TillClosed,
    charges_digest,
)
from edge.canteen.book import Charge, State
from edge.canteen.keeping import Keeping
from edge.canteen.store import Store
from edge.kept_file import KeptFileError
from tests.edge.canteen.making import NOON, SESSION
from tests.edge.canteen.power import Disk, Power
from tests.edge.canteen.test_link import charge
from tests.edge.conftest import eventually


class Kept:
    """One node's tills' file and journal, over starts."""

    def __init__(self, folder: Path) -> None:
        self.path, self.disk = folder / "canteen.db", Disk(Power())
        self.store: Store
        self.keeping: Keeping

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Keeping]:
        self.store = Store(self.path)
        self.store.open()
        book = self.store.book()
        keeping = self.keeping = Keeping(self.store, book, self.disk, now=lambda: NOON)
        await keeping.recover()
        task = asyncio.create_task(keeping.run())
        try:
            yield keeping
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.store.close()

    @property
    def told(self) -> Sequence[EventData | None]:
        return [event.parsed() for event in self.disk.unsent]

    async def all_told(self) -> None:
        await eventually(lambda: not self.store.untold(self.disk.epoch))


async def pay(keeping: Keeping, paid: Charge) -> bool:
    return await keeping.begin(paid) and await keeping.record(paid)


def test_a_charge_is_in_file_and_journal_before_it_is_paid(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            assert await pay(keeping, charge())

            assert kept.told == [charge().recorded()]
            entry = keeping.book.entry(charge().charge_id)
            assert entry is not None
            assert entry.state is State.RECORDED

    asyncio.run(act())


def test_a_journal_that_refuses_takes_the_charge_back_for_good(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            kept.disk.refuses = 1
            is_paid = await pay(keeping, charge())
            await kept.all_told()
        async with kept.running() as keeping:
            await kept.all_told()

            assert (is_paid, keeping.book.entry(charge().charge_id)) == (False, None)
            assert [type(fact) for fact in kept.told] == [ChargeReleased]

    asyncio.run(act())


def test_what_was_begun_when_the_process_ended_is_let_go(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            await keeping.begin(charge())
        async with kept.running():
            await kept.all_told()

        [released] = kept.told
        assert isinstance(released, ChargeReleased)
        assert released.reason == "interrupted"

    asyncio.run(act())


def test_what_the_file_has_and_the_journal_has_not_is_told_at_the_next_start(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            await pay(keeping, charge(1))
            await kept.all_told()
        kept.disk.lose()
        async with kept.running() as keeping:
            await kept.all_told()

            assert kept.told == [charge(1).recorded()]
            assert keeping.book.offline_fen("till-1") == 1250

    asyncio.run(act())


def test_what_central_has_is_never_told_again(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            await pay(keeping, charge(1))
            keeping.acknowledged(kept.disk.unsent)
            await eventually(lambda: keeping.book.held() == {charge(1).charge_id})
        kept.disk.lose()
        async with kept.running() as keeping:
            await pay(keeping, charge(2))
            await kept.all_told()

        assert kept.told == [charge(2).recorded()]

    asyncio.run(act())


def test_a_session_adds_up_its_own_charges_without_the_void_ones(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            await keeping.open_session(SESSION)
            for number in (1, 2, 3):
                await pay(keeping, charge(number))
            voids = [await keeping.void(charge(2), by="ming") for _ in range(2)]
            await keeping.close_session(SESSION, counted_charges=2, counted_fen=2400, by="ming")
            await kept.all_told()

            assert voids == [True, False]
            assert sum(isinstance(fact, ChargeVoided) for fact in kept.told) == 1
            [close] = [fact for fact in kept.told if isinstance(fact, TillClosed)]
            assert (close.charge_count, close.charge_fen) == (2, 2500)
            assert (close.void_count, close.void_fen, close.counted_fen) == (1, 1250, 2400)
            assert close.charge_ids_sha256 == charges_digest([UUID(int=1), UUID(int=3)])

    asyncio.run(act())


def test_a_till_is_open_once(tmp_path: Path) -> None:
    async def act() -> None:
        async with Kept(tmp_path).running() as keeping:
            again = dataclasses.replace(SESSION, session_id=new_id())

            assert [await keeping.open_session(each) for each in (SESSION, again)] == [True, False]

    asyncio.run(act())


def test_a_file_that_cannot_be_written_sells_nothing(tmp_path: Path) -> None:
    async def act() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as keeping:
            kept.store.close()

            assert not await keeping.begin(charge())
            assert not await keeping.void(charge(), by="")
            assert kept.told == []

    asyncio.run(act())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "canteen.db")
    made.open()
    return made


def test_the_database_itself_lets_no_charge_go_back(store: Store, tmp_path: Path) -> None:
    store.begin(charge(1))
    store.record(charge(1))
    store.held([str(charge(1).charge_id)])

    with pytest.raises(KeptFileError, match="does not go back"):
        store.release(charge(1).charge_id)
    with pytest.raises(KeptFileError, match="only a begun charge"):
        store.record(charge(1))
    with pytest.raises(KeptFileError, match="only a paid charge"):
        store.void(charge(2).charge_id)


def test_a_row_that_is_no_document_is_a_file_that_cannot_be_read(
    store: Store, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "canteen.db")) as other:
        other.execute("UPDATE head SET plan = '{'")
        other.commit()

    with pytest.raises(KeptFileError, match=r"cannot read canteen\.db"):
        store.book()


def test_old_charges_go_once_central_has_them_and_their_session_is_over(store: Store) -> None:
    store.open_session(SESSION)
    for number in (1, 2):
        store.begin(charge(number))
        store.record(charge(number))
    store.held([str(charge(1).charge_id)])
    later = NOON.replace(month=12)
    while_open = store.purge(now=later).charges
    store.close_session(SESSION.session_id, now=NOON)

    forgotten = [store.purge(now=now).charges for now in (NOON, later)]

    assert [while_open, *forgotten] == [[], [], [charge(1).charge_id]]


def test_a_damaged_file_is_set_aside_and_a_newer_one_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "canteen.db"
    path.write_bytes(b"no database" * 1000)
    Store(path).open()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(KeptFileError, match="newer version"):
        Store(path).open()
    assert path.with_name("canteen.db.damaged").exists()
