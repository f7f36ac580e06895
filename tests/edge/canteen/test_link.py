"""Central, as tills hear it: in time, too late, or not at all."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest

from config.contract.access import CredentialKind
from config.contract.money import (
    CanteenPlan,
    ChargeMode,
    ReservationAnswer,
    ReservationWish,
    TillAccount,
    TillPage,
)
from edge.canteen.book import Book, Charge, Entry, State
from edge.canteen.keeping import Keeping
from edge.canteen.link import ROUNDS_MAX, CanteenLink
from edge.canteen.store import Store
from edge.central_client import CentralRefusedError, CentralUnreachableError
from tests.edge.canteen.making import NOON, SESSION, accounts, plan
from tests.edge.canteen.power import Disk, Power
from tests.edge.conftest import eventually

RESERVED = ReservationAnswer(outcome="reserved")


@dataclasses.dataclass
class Central:
    """A central that is there, slow, gone or too old."""

    state: Literal["there", "slow", "gone", "old"] = "there"
    plan: CanteenPlan = dataclasses.field(default_factory=plan)
    accounts: list[TillAccount] = dataclasses.field(default_factory=list)
    page_length: int = 100
    wishes: list[ReservationWish] = dataclasses.field(default_factory=list)
    answered_count: int = 0
    answered: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    async def reserve(self, wish: ReservationWish) -> ReservationAnswer:
        self._check()
        self.wishes.append(wish)
        if self.state == "slow":
            await self.answered.wait()
        self.answered_count += 1
        return RESERVED

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        self._check()
        news = [account for account in self.accounts if account.version > after]
        page = news[: self.page_length]
        newest = max((account.version for account in self.accounts), default=0)
        return TillPage(
            plan=None if plan == self.plan.version else self.plan,
            accounts=page,
            version=page[-1].version if len(news) > len(page) else newest,
            has_more=len(news) > len(page),
        )

    def _check(self) -> None:
        if self.state == "gone":
            raise CentralUnreachableError("no route")
        if self.state == "old":
            raise CentralRefusedError(404, "not_found")


def charge(number: int = 1) -> Charge:
    return Charge(
        charge_id=UUID(int=number),
        session_id=SESSION.session_id,
        till="till-1",
        merchant="canteen",
        holder_id="anna",
        amount_fen=1250,
        mode=ChargeMode.FIXED,
        day=NOON.date(),
        at=NOON,
        credential=CredentialKind.CARD,
    )


@asynccontextmanager
async def linked(
    folder: Path, central: Central, *entries: Entry, answer_s_max: float = 5.0
) -> AsyncIterator[tuple[CanteenLink, Book]]:
    store = Store(folder / "canteen.db")
    store.open()
    book = Book(CanteenPlan(version=0), (), entries)
    keeping = Keeping(store, book, Disk(Power()), now=lambda: NOON)
    link = CanteenLink(
        central, keeping, on_change=lambda: None, now=lambda: NOON, answer_s_max=answer_s_max
    )
    try:
        yield link, book
    finally:
        await link.close()
        store.close()


def test_a_till_asks_under_the_key_of_the_charge(tmp_path: Path) -> None:
    async def act() -> None:
        central = Central()
        async with linked(tmp_path, central) as (link, _):
            await link.catch_up()

            answer = await link.reserve(charge())

            assert answer == RESERVED
            assert [wish.charge_id for wish in central.wishes] == [charge().charge_id]

    asyncio.run(act())


def test_an_answer_that_is_late_is_not_waited_for_and_goes_on_all_the_same(tmp_path: Path) -> None:
    async def act() -> None:
        central = Central()
        async with linked(tmp_path, central, answer_s_max=0.02) as (link, _):
            await link.catch_up()
            central.state = "slow"
            answers = [await link.reserve(charge(number)) for number in range(1, 7)]
            asked = len(central.wishes)
            central.answered.set()
            central.state = "there"
            await eventually(lambda: central.answered_count == asked)

            assert (answers, asked) == ([None] * 6, 4)
            assert await link.reserve(charge(9)) == RESERVED

    asyncio.run(act())


@pytest.mark.parametrize("state", ["gone", "old"])
def test_a_central_that_cannot_be_asked_is_offline_until_it_is_back(
    tmp_path: Path, state: Literal["gone", "old"]
) -> None:
    async def act() -> None:
        central = Central()
        async with linked(tmp_path, central) as (link, _):
            await link.catch_up()
            was_online = link.is_online
            central.state = state
            answer = await link.reserve(charge())
            is_online = link.is_online
            central.state = "there"
            await link.catch_up()

            assert (was_online, answer, is_online, link.is_online) == (True, None, False, True)

    asyncio.run(act())


def test_accounts_come_page_by_page_and_are_known_after_a_restart(tmp_path: Path) -> None:
    async def act() -> None:
        people = [TillAccount(holder_id=f"p{n}", spendable_fen=n, version=n) for n in range(1, 6)]
        central = Central(accounts=people, page_length=2)
        async with linked(tmp_path, central) as (link, _):
            await link.catch_up()
        store = Store(tmp_path / "canteen.db")
        store.open()
        book = store.book()
        store.close()

        assert sorted(book.accounts) == ["p1", "p2", "p3", "p4", "p5"]
        assert (book.version, book.plan) == (5, central.plan)

    asyncio.run(act())


def test_a_central_that_was_restored_is_asked_for_everything_again(tmp_path: Path) -> None:
    async def act() -> None:
        central = Central(accounts=[*accounts(anna=1), *accounts(gone=1)])
        central.accounts[1] = central.accounts[1].model_copy(update={"version": 9})
        async with linked(tmp_path, central) as (link, book):
            await link.catch_up()
            central.accounts = accounts(anna=777)
            await link.catch_up()

            assert {key: a.spendable_fen for key, a in book.accounts.items()} == {"anna": 777}

    asyncio.run(act())


def test_a_balance_is_with_a_charge_only_if_central_had_it_before_it_was_asked(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        held, sent = (
            Entry(charge(1), State.RECORDED, is_held=True),
            Entry(charge(2), State.RECORDED),
        )
        central = Central(accounts=accounts(anna=5000))
        async with linked(tmp_path, central, held, sent) as (link, book):
            before = book.offline_fen("till-1")
            await link.catch_up()

            assert (before, book.offline_fen("till-1")) == (2500, 1250)

    asyncio.run(act())


def test_a_balance_that_central_has_not_told_yet_is_taken_to_be_without_the_charge(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        held = Entry(charge(1), State.RECORDED, is_held=True)
        central = Central(accounts=accounts(boris=5000))
        async with linked(tmp_path, central, held) as (link, book):
            seen = []
            for _ in range(ROUNDS_MAX):
                seen.append(book.offline_fen("till-1"))
                await link.catch_up()

            assert (set(seen), book.offline_fen("till-1")) == ({1250}, 0)

    asyncio.run(act())
