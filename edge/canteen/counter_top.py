"""The customer display and the receipt printer of a till: they follow its screen, nobody waits.

A charge never waits for its receipt, and a till never for its display. What cannot be printed for
a minute is not printed any more: the diner has gone, and finds the charge on the statement.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.money import ChargeLine
from config.site import Site
from config.site_canteen import TillEntry
from drivers.base import (
    CommandRejectedError,
    Driver,
    DriverError,
    LineDisplay,
    Receipt,
    ReceiptPrinter,
)
from edge.canteen.board import TillBoard
from edge.canteen.screen import TillScreen
from edge.canteen.slip import display_text, receipt
from edge.devices import DeviceTask

_log = logging.getLogger("edge.canteen")

KEPT_S: Final = 60.0
RETRY_S: Final = 3.0
KEPT_COUNT_MAX: Final = 20


class CustomerDisplay:
    """Shows a till's screen in two lines."""

    def __init__(
        self, till: str, board: TillBoard, display: LineDisplay, device: DeviceTask
    ) -> None:
        """Follow a till.

        Args:
            till: Its id.
            board: Of all screens.
            display: The driver.
            device: Its task.
        """
        self._till, self._board, self._display, self._device = till, board, display, device

    async def run(self) -> None:
        """Show for ever; what the display misses while it is lost it shows when it is back."""
        revision, shown = -1, None
        while True:
            screen = await self._board.after(self._till, revision)
            revision = screen.revision
            text = display_text(screen, can_show=self._display.can_show)
            if text == shown:
                continue
            shown = text
            try:
                await self._device.call(partial(self._display.show, text))
            except DriverError:
                continue  # the device's task has said so, and its driver shows the text later


class Receipts:
    """Which receipts a till's screens ask for. Pure."""

    def __init__(self, *, merchant: str, zone: ZoneInfo) -> None:
        """Know nothing: what stands on the first screen was printed before."""
        self._merchant, self._zone = merchant, zone
        self._seen: dict[UUID, bool] | None = None
        self._lines: tuple[ChargeLine, ...] = ()

    def wanted(self, screen: TillScreen) -> list[Receipt]:
        """Return what is new on a screen, oldest first: charges, and charges taken back."""
        now = {charge.charge_id: charge.is_void for charge in screen.last}
        before, self._seen = self._seen, now
        # The screen that says paid has forgotten what the meal was made of.
        lines = self._lines = screen.lines or self._lines
        if before is None:
            return []
        return [
            receipt(charge, screen, lines, merchant=self._merchant, zone=self._zone)
            for charge in reversed(screen.last)
            if before.get(charge.charge_id) is not charge.is_void
            and (charge.charge_id in before or not charge.is_void)
        ]


class ReceiptDesk:
    """Prints what a till sold."""

    def __init__(
        self,
        till: str,
        board: TillBoard,
        receipts: Receipts,
        printer: ReceiptPrinter,
        device: DeviceTask,
        *,
        retry_s: float = RETRY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Follow a till.

        Args:
            till: Its id.
            board: Of all screens.
            receipts: What is printed.
            printer: The driver.
            device: Its task.
            retry_s: A printer that cannot print now is asked again after it.
            monotonic: The clock.
        """
        self._till, self._board, self._receipts = till, board, receipts
        self._printer, self._device = printer, device
        self._retry_s, self._monotonic = retry_s, monotonic
        self._waiting = deque[tuple[float, Receipt]](maxlen=KEPT_COUNT_MAX)
        self._is_wanted = asyncio.Event()

    async def run(self) -> None:
        """Print for ever; one that may be on the paper is not printed a second time."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._print())

    async def _listen(self) -> None:
        revision = -1
        while True:
            screen = await self._board.after(self._till, revision)
            revision = screen.revision
            now_s = self._monotonic()
            self._waiting.extend((now_s, wanted) for wanted in self._receipts.wanted(screen))
            if self._waiting:
                self._is_wanted.set()

    async def _print(self) -> None:
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            while self._waiting:
                wanted_at_s, wanted = self._waiting[0]
                if self._monotonic() - wanted_at_s > KEPT_S:
                    self._waiting.popleft()
                    _log.warning("till %s: a receipt was not printed", self._till)
                    continue
                try:
                    await self._device.call(partial(self._printer.print_receipt, wanted))
                except CommandRejectedError:
                    await asyncio.sleep(self._retry_s)
                    continue
                except DriverError as error:
                    _log.warning("till %s: %s", self._till, error)
                if self._waiting and self._waiting[0][1] is wanted:
                    self._waiting.popleft()


def fit_counter_tops(
    site: Site,
    board: TillBoard,
    drivers: Mapping[str, Driver],
    devices: Mapping[str, DeviceTask],
    *,
    zone: ZoneInfo,
) -> dict[str, Callable[[], Awaitable[None]]]:
    """Return the tasks of all displays and printers at tills, by a name for the log."""
    tasks = dict[str, Callable[[], Awaitable[None]]]()
    merchants = {m.id: m.name.get("zh-CN", m.id) for m in site.merchant}
    for till in site.till:
        tasks |= _tasks_of(till, board, drivers, devices, merchants, zone)
    return tasks


def _tasks_of(
    till: TillEntry,
    board: TillBoard,
    drivers: Mapping[str, Driver],
    devices: Mapping[str, DeviceTask],
    merchants: Mapping[str, str],
    zone: ZoneInfo,
) -> dict[str, Callable[[], Awaitable[None]]]:
    tasks = dict[str, Callable[[], Awaitable[None]]]()
    if till.display is not None:
        display = drivers[till.display]
        if isinstance(display, LineDisplay):
            shown = CustomerDisplay(till.id, board, display, devices[till.display])
            tasks[f"customer display of till {till.id}"] = shown.run
    if till.printer is not None:
        printer = drivers[till.printer]
        if isinstance(printer, ReceiptPrinter):
            receipts = Receipts(merchant=merchants.get(till.merchant, ""), zone=zone)
            desk = ReceiptDesk(till.id, board, receipts, printer, devices[till.printer])
            tasks[f"receipts of till {till.id}"] = desk.run
    return tasks
