"""A takeaway window with its reader, its disk and its journal; central is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from config.contract.event_base import EventData
from config.contract.events import Event, PayerIdentified
from config.contract.money import ChargeMode, TillOrder
from config.contract.money_events import ChargeRecorded, ChargeReleased, ChargeVoided
from drivers.base import CredentialKind, CredentialRead
from edge.canteen.counter_top import Receipts
from edge.canteen.screen import (
    ChangeMode,
    Choose,
    Confirm,
    Key,
    NotMe,
    PickOrder,
    TillRefusal,
    TypedNumber,
    VoidLast,
)
from edge.canteen.self_service import CHOOSES_S
from tests.edge.canteen.making import PIN, ZONE, accounts, entry, order, order_code, plan
from tests.edge.canteen.power import Disk, PluggedTill, Power
from tests.edge.canteen.test_till import attempt, plugged, settle, told
from tests.edge.conftest import eventually


@asynccontextmanager
async def window(
    folder: Path, *orders: TillOrder, attended: bool = True
) -> AsyncIterator[PluggedTill]:
    """Yield a till without central that knows orders."""
    settings = {"mode": "orders", "modes": ("fixed",), "readers": ("reader-1",)}
    async with plugged(folder, **settings, attended=attended) as made:
        made.books.says = "silent"
        known = orders or (order(1),)
        await made.keeping.learn(plan=None, accounts=(), orders=known, version=9)
        made.till.refresh()
        yield made


def scan(made: PluggedTill, number: int) -> None:
    """Hold the QR code of an order before the till's reader."""
    made.till.observed(CredentialRead(CredentialKind.QR, order_code(number)))


async def hand_out(made: PluggedTill, number: int = 1) -> None:
    scan(made, number)
    await made.till.do(Confirm())
    await settle(made)


def charges(made: PluggedTill) -> list[ChargeRecorded]:
    return [fact for fact in told(made, ChargeRecorded) if isinstance(fact, ChargeRecorded)]


def test_an_order_is_handed_out_by_its_code_and_told_under_its_own_key(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            scan(made, 1)
            await settle(made)
            asked = made.screen
            await made.till.do(Confirm())
            await settle(made)

            assert asked.question is not None
            assert (asked.question.kind, asked.masked_name, asked.amount_fen) == (
                "hand_out",
                "A**a",
                400,
            )
            assert asked.order is not None
            assert (asked.order.number, asked.lines) == ("A001", order(1).lines)
            assert (made.screen.phase, made.screen.last[0].order) == ("collected", "A001")
            [charge] = charges(made)
            assert (charge.charge_id, charge.mode) == (order(1).charge_id, ChargeMode.ORDERS)
            assert made.screen.link.limit_left_fen == plan().limits.offline_till_fen

    asyncio.run(act())


def test_the_second_time_it_says_when_and_where_also_after_a_restart(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            await hand_out(made)
            at = made.now
            await made.switch_off()
            await made.switch_on()
            made.wait(600)
            scan(made, 1)
            await settle(made)

            refused = made.screen
            assert refused.order is not None
            assert refused.refusal is TillRefusal.ORDER_COLLECTED
            assert (refused.order.collected_at, refused.order.till) == (at, "till-1")
            # A restart may tell the same fact once more, under the same key.
            assert len({each.charge_id for each in charges(made)}) == 1

    asyncio.run(act())


@pytest.mark.parametrize("steps", range(5))
def test_whenever_the_power_goes_an_order_is_handed_out_once_and_its_money_stays_kept(
    tmp_path: Path, steps: int
) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            scan(made, 1)
            await settle(made)
            made.power.steps_left = steps
            await made.till.do(Confirm())
            await settle(made)
            made.power.steps_left = None
            await made.told()
            await hand_out(made)
            await made.told()

            made.uplink(is_acknowledged=True)
            assert list(made.books.posted) == [order(1).charge_id]
            assert made.books.released == set()

    asyncio.run(act())


def test_a_journal_that_refuses_leaves_the_order_where_it_was(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            await made.told()
            made.disk.refuses = 1
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            await made.till.do(Confirm())
            await settle(made)
            await made.told()
            refused = (made.screen.phase, made.screen.refusal)
            nothing = made.disk.unsent == [] or charges(made) == []
            await hand_out(made)

            assert refused == ("refused", TillRefusal.NOT_RECORDED)
            assert (nothing, made.screen.phase, len(charges(made))) == (True, "collected", 1)
            assert [told(made, kind) for kind in (ChargeReleased, PayerIdentified)] == [[], []]

    asyncio.run(act())


def test_a_face_that_collected_is_told_with_what_it_rests_on(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            made.till.show_face(attempt(("anna", 0.8)))
            await settle(made)
            await made.till.do(Confirm())
            await settle(made)
            await made.told()

            [seen] = told(made, PayerIdentified)
            assert isinstance(seen, PayerIdentified)
            assert (seen.charge_id, seen.confirmed) == (order(1).charge_id, "yes")

    asyncio.run(act())


def test_what_was_handed_out_is_void_like_any_charge_and_is_cancelled_then(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            await hand_out(made)
            await settle(made, 5.0)
            done = await made.till.do(VoidLast(charge_id=order(1).charge_id), by="ming")
            scan(made, 1)
            await settle(made)
            await made.told()

            assert (done, made.screen.refusal) == (True, TillRefusal.ORDER_CANCELLED)
            assert len(told(made, ChargeVoided)) == 1

    asyncio.run(act())


def test_an_order_that_central_took_back_meanwhile_is_told_all_the_same(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            await hand_out(made)
            cancelled = order(1, state="cancelled", version=10)
            await made.keeping.learn(plan=None, accounts=(), orders=[cancelled], version=10)
            made.uplink(is_acknowledged=True)

            assert list(made.books.posted) == [order(1).charge_id]
            assert made.screen.last[0].is_void is False

    asyncio.run(act())


def test_a_number_is_typed_found_and_proved_by_whoever_ordered(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path, order(1), order(2, "boris")) as made:
            all_of_them = [each.number for each in made.screen.waiting]
            await made.till.do(Key(key="2"))
            found = [each.number for each in made.screen.waiting]
            await made.till.do(Confirm())
            picked = made.screen.order
            made.till.present_card("2")
            await settle(made)
            await made.till.do(Confirm())
            await settle(made)
            await settle(made, 5.0)

            assert [all_of_them, found] == [["A001", "A002"], ["A002"]]
            assert picked is not None
            assert (picked.number, picked.masked_name) == ("A002", "B***s")
            assert [charge.holder_id for charge in charges(made)] == ["boris"]
            assert [each.number for each in made.screen.waiting] == ["A001"]
            assert (made.screen.phase, made.screen.waiting_count) == ("collecting", 1)

    asyncio.run(act())


def test_a_pick_up_number_and_a_pin_collect_where_nobody_attends(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path, attended=False) as made:
            await made.till.do(TypedNumber(number="001"))
            asked = made.screen.question
            for key in PIN:
                await made.till.do(Key(key=key))
            await made.till.do(Confirm())
            await settle(made)

            assert asked is not None
            assert (asked.kind, made.screen.phase) == ("pin", "collected")

    asyncio.run(act())


def test_an_order_is_touched_in_the_list_and_one_of_several_is_chosen(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path, order(1), order(2)) as made:
            await made.till.do(PickOrder(order=order(2).charge_id))
            picked = made.screen.order
            await made.till.do(Key(key="clear"))
            made.till.present_card("1")
            await settle(made)
            question = made.screen.question
            await made.till.do(Choose(number=2))
            chosen = made.screen.order

            assert [o.number for o in (picked, chosen) if o is not None] == ["A002", "A002"]
            assert question is not None
            assert [each.number for each in question.orders] == ["A001", "A002"]

    asyncio.run(act())


def test_other_modes_say_that_an_order_waits_and_change_nothing(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            await made.keeping.learn(plan=None, accounts=accounts(anna=5000), version=10)
            await made.till.do(ChangeMode(mode=ChargeMode.FIXED))
            made.till.present_card("1")
            await settle(made)

            assert (made.screen.phase, made.screen.has_orders) == ("paid", ("A001",))
            assert (made.screen.waiting, made.screen.order) == ((), None)
            assert [charge.amount_fen for charge in charges(made)] == [1250]

    asyncio.run(act())


def test_the_slip_is_printed_with_number_and_dishes_and_not_for_a_refusal(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path) as made:
            desk = Receipts(merchant="", zone=ZONE)
            desk.wanted(made.screen)
            scan(made, 1)
            desk.wanted(made.screen)
            await made.till.do(Confirm())
            await settle(made)
            printed = desk.wanted(made.screen)
            await settle(made, 5.0)
            scan(made, 1)
            await settle(made)

            assert [[line.text for line in each.lines][1:3] for each in printed] == [
                ["取餐凭证", "A001"]
            ]
            assert "米饭 ×2" in [line.text for line in printed[0].lines]
            assert desk.wanted(made.screen) == []

    asyncio.run(act())


def test_an_unknown_order_is_said(tmp_path: Path) -> None:
    async def act() -> None:
        async with window(tmp_path, order(1, charge_id=UUID(int=5))) as made:
            scan(made, 7)
            await settle(made)

            assert made.screen.refusal is TillRefusal.ORDER_UNKNOWN

    asyncio.run(act())


class SlowDisk(Disk):
    """Has what it is told, and says so later."""

    def __init__(self) -> None:
        super().__init__(Power())
        self.says_so = asyncio.Event()

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> Event:
        event = await super().append(data, subject=subject, now=now)
        if isinstance(data, ChargeRecorded):
            await self.says_so.wait()
        return event


@pytest.mark.parametrize(("mode", "phase"), [("orders", "collected"), ("fixed", "paid")])
def test_a_till_that_fails_while_the_journal_writes_says_what_the_journal_has(
    tmp_path: Path, mode: str, phase: str
) -> None:
    async def act() -> None:
        made, disk = PluggedTill(tmp_path, entry(mode=mode), limits={}), SlowDisk()
        made.disk = disk
        await made.switch_on()
        await made.keeping.learn(plan=None, accounts=(), orders=(order(1),), version=9)
        made.till.present_card("1")
        await made.till.do(Confirm())
        await eventually(lambda: bool(charges(made)))
        failing = asyncio.create_task(made.fail())
        await asyncio.sleep(0.01)
        disk.says_so.set()
        await failing
        await eventually(lambda: made.screen.phase not in ("asking", "working"))
        shown = (made.screen.phase, made.screen.refusal)
        await made.told()
        await made.switch_off()

        assert shown == (phase, None)
        assert told(made, ChargeReleased) == []

    asyncio.run(act())


def test_what_waited_to_be_let_go_when_a_till_failed_is_let_go(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path) as made:
            failing = asyncio.create_task(made.fail())
            await asyncio.sleep(0)
            made.till.present_card("1")
            await made.till.do(NotMe())
            made.till.present_card("2")
            await failing

            await eventually(lambda: len(told(made, ChargeReleased)) == 2)

    asyncio.run(act())


def test_an_order_that_was_touched_and_left_where_nobody_attends_bars_nobody(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        async with window(tmp_path, order(1), order(2, "boris"), attended=False) as made:
            await made.till.do(PickOrder(order=order(2).charge_id))
            await settle(made, CHOOSES_S)
            made.till.present_card("1")
            await settle(made)

            assert [charge.holder_id for charge in charges(made)] == ["anna"]

    asyncio.run(act())
