"""Ordered on the diner's page at a real central, collected at a till that is cut off, told late."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from central.database import Transaction
from central.ledger import verify
from config.contract.access import CredentialKind
from config.contract.event_base import EventData
from config.contract.money import OrderState, ReservationAnswer, ReservationWish, TillPage
from config.contract.money_events import ChargeRecorded
from drivers.base import CredentialKind as ReadKind
from drivers.base import CredentialRead
from edge.access.question import Person
from edge.canteen.link import CanteenLink
from edge.canteen.screen import Confirm, TillRefusal, VoidLast
from edge.central_client import CentralUnreachableError
from tests.central.bench import Bench, Node, running_central
from tests.central.canteen.serving import DINING, PATH, in_central, tell, till_page
from tests.central.diner.acting import at, came, statement
from tests.central.orders.acting import ORDERS, diner, order, page, take_orders, work
from tests.central.payments.acting import manager
from tests.edge.canteen.making import Known, entry
from tests.edge.canteen.power import PluggedTill

LEFT_FEN = 1_150
"""Of 20.00, once 8.50 are paid."""


@pytest.fixture
def central(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=DINING) as bench:
        take_orders(bench)
        yield bench


class Wire:
    """From a till to central, signed by its node; it can be cut. Attributes: is_cut: is it."""

    def __init__(self, node: Node) -> None:
        self._node, self.is_cut = node, False

    async def reserve(self, wish: ReservationWish) -> ReservationAnswer:
        raise AssertionError(f"the money of an order is kept already: {wish}")

    async def till_page(self, *, after: int, plan: int) -> TillPage:
        if self.is_cut:
            raise CentralUnreachableError("no route")
        return await asyncio.to_thread(till_page, self._node, after, plan)


class Window:
    """A takeaway window before central: its till, its file and its journal are real."""

    def __init__(self, bench: Bench, folder: Path, holder_id: str, *, number: int = 1) -> None:
        self._bench, self.node = bench, bench.node(f"gate-{number}")
        folder.mkdir()
        till = entry(id=f"till-{number}", mode="orders", name={"en": f"Window {number}"})
        self.plugged = PluggedTill(folder, till, limits={})
        kinds = frozenset({CredentialKind.QR})
        known = Person(holder_id=holder_id, masked_name="王**", kinds=kinds)
        self.plugged.known = Known({holder_id: known})
        self.wire, self._sent = Wire(self.node), 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        made = self.plugged
        made.now = self._bench.clock()
        await made.switch_on()
        made.keeping.book.begin_anew()
        try:
            yield
        finally:
            await made.switch_off()

    async def catch_up(self) -> None:
        """Hear what is new at central."""
        made = self.plugged
        link = CanteenLink(
            self.wire, made.keeping, on_change=made.till.refresh, now=self._bench.clock
        )
        await link.catch_up()

    async def scan(self, code: str) -> None:
        """Hold a code before the reader, and say yes to what is asked."""
        made = self.plugged
        made.now = self._bench.clock()
        made.wait(5.0)
        made.till.refresh()
        made.till.observed(CredentialRead(ReadKind.QR, code))
        await made.till.do(Confirm())
        await made.rest()

    async def restart(self) -> None:
        await self.plugged.switch_off()
        await self.plugged.switch_on()

    async def void(self, charge_id: UUID) -> None:
        await self.plugged.till.do(VoidLast(charge_id=charge_id), by="ming")
        await self.plugged.told()

    @property
    def facts(self) -> list[EventData]:
        """What the journal holds, in its order."""
        found = [event.parsed() for event in self.plugged.disk.unsent]
        return [fact for fact in found if fact is not None]

    def tell_again(self) -> None:
        """Tell central everything, under new sequences each time."""
        facts = self.facts
        tell(self.node, *facts, first=self._sent + 1)
        self._sent += len(facts)


def shown(bench: Bench, holder_id: str) -> list[tuple[str, int, int]]:
    """Return the state of a diner's orders, what they can spend, and what is kept."""
    telephone, _ = came(bench, holder_id)
    held_fen, orders = statement(telephone)["held_fen"], page(telephone)
    return [(each["state"], orders["spendable_fen"], held_fen) for each in orders["orders"]]


def exceptions(bench: Bench) -> list[str]:
    """Return what waits for a person."""
    reply = manager(bench).get(f"{PATH}/exceptions")
    assert reply.status_code == 200, reply.text
    return [each["kind"] for each in reply.json()["items"]]


def is_sound(bench: Bench) -> bool:
    """Return whether all of the ledger holds, worked out anew."""

    async def act(transaction: Transaction) -> Any:  # noqa: ANN401 - a report
        return await verify.verified(transaction)

    return not in_central(bench, act).broken


def test_an_order_is_collected_offline_told_late_and_posted_once(
    central: Bench, tmp_path: Path
) -> None:
    holder_id, telephone = diner(central)
    made = order(telephone)
    window = Window(central, tmp_path / "edge", holder_id)

    async def act() -> list[object]:
        async with window.open():
            await window.catch_up()
            window.wire.is_cut = True
            at(central, hour=17)
            await window.scan(made["code"])
            seen: list[object] = [window.plugged.screen.phase]
            await window.restart()
            await window.scan(made["code"])
            seen.append(window.plugged.screen.refusal)
            before = shown(central, holder_id)
            window.tell_again()
            window.tell_again()
            window.wire.is_cut = False
            await window.catch_up()
            [known] = window.plugged.keeping.book.orders.all.values()
            return [*seen, before, known.state, known.till_name, known.collected_at is not None]

    assert asyncio.run(act()) == [
        "collected",
        TillRefusal.ORDER_COLLECTED,
        [("waiting", LEFT_FEN, 850)],
        OrderState.COLLECTED,
        {},
        True,
    ]
    keys = {str(fact.charge_id) for fact in window.facts if isinstance(fact, ChargeRecorded)}
    assert keys == {made["charge_id"]}
    assert shown(central, holder_id) == [("collected", LEFT_FEN, 0)]
    assert (exceptions(central), is_sound(central)) == ([], True)


def test_an_order_that_was_cancelled_meanwhile_and_handed_out_is_charged_late_and_seen(
    central: Bench, tmp_path: Path
) -> None:
    holder_id, telephone = diner(central)
    made = order(telephone)
    window = Window(central, tmp_path / "edge", holder_id)

    async def act() -> str:
        async with window.open():
            await window.catch_up()
            assert telephone.delete(f"{ORDERS}/{made['charge_id']}").status_code == 204
            at(central, hour=17)
            await window.scan(made["code"])
            return window.plugged.screen.phase

    assert asyncio.run(act()) == "collected"
    assert shown(central, holder_id) == [("cancelled", 2_000, 0)]
    window.tell_again()
    assert shown(central, holder_id) == [("collected", LEFT_FEN, 0)]
    assert is_sound(central)


def test_what_nobody_came_for_is_charged_and_given_out_all_the_same_and_charged_no_more(
    central: Bench, tmp_path: Path
) -> None:
    holder_id, telephone = diner(central)
    made = order(telephone)
    window = Window(central, tmp_path / "edge", holder_id)

    async def act() -> tuple[object, ...]:
        async with window.open():
            at(central, hour=20)
            work(central)
            await window.catch_up()
            unclaimed = shown(central, holder_id)
            await window.scan(made["code"])
            return unclaimed, window.plugged.screen.phase

    assert asyncio.run(act()) == ([("unclaimed", LEFT_FEN, 0)], "collected")
    window.tell_again()
    assert shown(central, holder_id) == [("collected", LEFT_FEN, 0)]
    assert (exceptions(central), is_sound(central)) == ([], True)


def test_what_nobody_pays_for_any_more_is_not_handed_out_also_by_who_has_not_heard_of_it(
    central: Bench, tmp_path: Path
) -> None:
    take_orders(central, unclaimed="release", grace_min=60)
    holder_id, telephone = diner(central)
    made = order(telephone)
    window = Window(central, tmp_path / "edge", holder_id)

    async def act() -> list[object]:
        async with window.open():
            await window.catch_up()
            at(central, hour=20)
            await window.scan(made["code"])
            return [window.plugged.screen.phase, window.plugged.screen.refusal]

    assert asyncio.run(act()) == ["refused", TillRefusal.ORDER_OVER]
    assert not any(isinstance(fact, ChargeRecorded) for fact in window.facts)


def test_two_windows_that_are_cut_off_give_one_order_out_and_it_is_paid_once_and_seen(
    central: Bench, tmp_path: Path
) -> None:
    holder_id, telephone = diner(central)
    made = order(telephone)
    windows = [Window(central, tmp_path / f"edge-{n}", holder_id, number=n) for n in (1, 2)]

    async def act(window: Window) -> str:
        async with window.open():
            await window.catch_up()
            await window.scan(made["code"])
            return window.plugged.screen.phase

    at(central, hour=17)
    assert [asyncio.run(act(window)) for window in windows] == ["collected", "collected"]
    for window in windows:
        window.tell_again()

    assert shown(central, holder_id) == [("collected", LEFT_FEN, 0)]
    assert (exceptions(central), is_sound(central)) == (["content_differs"], True)


def test_what_the_window_takes_back_goes_back_once(central: Bench, tmp_path: Path) -> None:
    holder_id, telephone = diner(central)
    made = order(telephone)
    window = Window(central, tmp_path / "edge", holder_id)

    async def act() -> None:
        async with window.open():
            await window.catch_up()
            at(central, hour=17)
            await window.scan(made["code"])
            await window.void(UUID(made["charge_id"]))

    asyncio.run(act())
    window.tell_again()
    window.tell_again()

    assert shown(central, holder_id) == [("cancelled", 2_000, 0)]
    assert (exceptions(central), is_sound(central)) == ([], True)
