"""The display and the printer at a till: they follow its screen, and it waits for neither."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from config.contract.money import ChargeLine
from config.site import Site, SiteError
from drivers.base import Observation
from drivers.bus import Bus
from drivers.escpos_printer import EscposPrinter
from drivers.pole_display import PoleDisplay
from drivers.simulators import escpos_printer as printer_simulator
from drivers.simulators import pole_display as display_simulator
from drivers.simulators.far_end import FarEnd
from drivers.toledo_continuous import ToledoContinuous
from edge.canteen.board import TillBoard
from edge.canteen.counter_top import KEPT_S, CustomerDisplay, ReceiptDesk, Receipts
from edge.canteen.fitting import check_device
from edge.canteen.screen import LastCharge
from edge.devices import DeviceTask
from tests.drivers.heard import ClockOfATest
from tests.drivers.lines import LineInMemory, answers_of, with_bus
from tests.edge.canteen.making import NOON, ZONE, entry
from tests.edge.canteen.test_slip import screen
from tests.edge.conftest import eventually

FIRST, SECOND = (
    LastCharge(
        charge_id=UUID(int=number),
        at=NOON + timedelta(minutes=number),
        amount_fen=100 * number,
        masked_name="张*",
    )
    for number in (1, 2)
)


class Nobody:
    """Hears of a device and does nothing."""

    def observed(self, observation: Observation) -> None:
        pass

    def lost(self, detail: str) -> None:
        pass

    def returned(self, absence_s: float) -> None:
        pass


def receipts() -> Receipts:
    """Return what a till of the canteen prints."""
    return Receipts(merchant="第一食堂", zone=ZONE)


def titles(found: Receipts, *last: LastCharge) -> list[str]:
    """Return the titles and sums of what a screen has to be printed."""
    wanted = found.wanted(screen("idle", last=last))
    return [f"{r.lines[1].text} {r.lines[-3].right}" for r in wanted]


def test_what_stood_on_the_first_screen_was_printed_before() -> None:
    assert titles(receipts(), FIRST) == []


def test_every_charge_is_printed_once_oldest_first_although_screens_were_missed() -> None:
    found = receipts()
    titles(found)

    assert titles(found, SECOND, FIRST) == ["消费凭证 ￥1.00", "消费凭证 ￥2.00"]
    assert titles(found, SECOND, FIRST) == []


def test_a_charge_that_is_taken_back_is_printed_as_such_once() -> None:
    found = receipts()
    titles(found)
    titles(found, FIRST)
    void = FIRST.model_copy(update={"is_void": True})

    assert titles(found, void) == ["撤销凭证 ￥-1.00"]
    assert titles(found, void) == []


def test_the_meal_that_stood_on_the_till_is_on_the_receipt_of_its_charge() -> None:
    found, line = receipts(), ChargeLine(item="pork", weight_g=20, amount_fen=100)
    found.wanted(screen("asking", last=(), lines=(line,)))

    (printed,) = found.wanted(screen("paid", last=(FIRST,)))

    assert "红烧肉 20 克" in [text.text for text in printed.lines]


Act = Callable[[Bus, LineInMemory], Awaitable[asyncio.Task[None]]]


def with_device(simulator: FarEnd, act: Act) -> None:
    """Run a test with a simulated device; the task that it returns is ended."""
    line = LineInMemory(answers_of(simulator))

    async def run(bus: Bus) -> None:
        task = await act(bus, line)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with_bus(line, run)


def test_a_display_shows_what_the_till_shows() -> None:
    simulator = display_simulator.Simulator(display_simulator.Simulator.Settings(chinese=True))
    board = TillBoard()

    async def act(bus: Bus, line: LineInMemory) -> asyncio.Task[None]:
        driver = PoleDisplay(bus, PoleDisplay.Settings(chinese=True))
        shown = CustomerDisplay("till-1", board, driver, DeviceTask("d", driver, Nobody()))
        board.show(screen("confirming", revision=1))
        task = asyncio.create_task(shown.run())
        await eventually(lambda: simulator.lines[0] == "应付 12.50 元")
        board.show(screen("paid", revision=2))
        await eventually(lambda: simulator.lines == ["已付 12.50 元", "谢谢 张*"])
        return task

    with_device(simulator, act)


def desk(bus: Bus, board: TillBoard, now_s: Callable[[], float] = lambda: 0.0) -> ReceiptDesk:
    """Return a desk that has seen an empty till, and asks its printer again at once."""
    driver = EscposPrinter(bus, EscposPrinter.Settings(print_s=1.0, timeout_s=0.2))
    found = receipts()
    found.wanted(screen("idle", last=()))
    device = DeviceTask("printer", driver, Nobody())
    return ReceiptDesk("till-1", board, found, driver, device, retry_s=0.01, monotonic=now_s)


def open_printer() -> printer_simulator.Simulator:
    """Return a simulated printer whose cover is open."""
    simulator = printer_simulator.Simulator(printer_simulator.Simulator.Settings())
    simulator.act("open_cover", {})
    return simulator


def test_a_receipt_waits_for_a_printer_that_can_print() -> None:
    simulator, board = open_printer(), TillBoard()

    async def act(bus: Bus, line: LineInMemory) -> asyncio.Task[None]:
        board.show(screen("paid", last=(FIRST,), revision=2))
        task = asyncio.create_task(desk(bus, board).run())
        await line.until_sent(6)
        assert simulator.receipt_count == 0
        simulator.act("open_cover", {"on": False})
        await eventually(lambda: simulator.receipt_count == 1)
        return task

    with_device(simulator, act)


def test_a_receipt_that_nobody_waits_for_any_more_is_not_printed() -> None:
    simulator, board, clock = open_printer(), TillBoard(), ClockOfATest(0.0)

    async def act(bus: Bus, line: LineInMemory) -> asyncio.Task[None]:
        board.show(screen("paid", last=(FIRST,), revision=2))
        task = asyncio.create_task(desk(bus, board, clock).run())
        await line.until_sent(6)
        clock.now_s = KEPT_S + 1
        simulator.act("open_cover", {"on": False})
        board.show(screen("paid", last=(SECOND, FIRST), revision=3))
        await eventually(lambda: any("￥2.00" in text for text in simulator.paper))
        return task

    with_device(simulator, act)
    assert not any("￥1.00" in text for text in simulator.paper)


@pytest.mark.parametrize(
    ("part", "wanted"), [("printer", "receipt printer"), ("display", "customer display")]
)
def test_a_device_that_is_not_what_its_till_names_it_is_refused(part: str, wanted: str) -> None:
    site = Site.model_validate(
        {
            "site": {"id": "demo", "name": {"en": "Demo"}},
            "node": [{"id": "gate-1"}],
            "bus": [{"id": "line", "node": "gate-1", "port": "socket://127.0.0.1:1"}],
            "device": [{"id": "scale-1", "driver": "toledo_continuous", "bus": "line"}],
            "merchant": [{"id": "canteen"}],
            "till": [entry(**{part: "scale-1"}).model_dump(exclude_unset=True)],
        }
    )
    driver = ToledoContinuous(Bus("none"), ToledoContinuous.Settings())

    with pytest.raises(SiteError, match=f"till 'till-1' needs a {wanted}; device 'scale-1'"):
        check_device(site.device[0], driver, site)
