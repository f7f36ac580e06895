"""What a conformance run tells a device to do: one command of each capability."""

from collections.abc import Awaitable, Callable
from typing import Final

from drivers.base import (
    Display,
    DoorControl,
    Driver,
    OutputBoard,
    PanTiltZoom,
    PassageGate,
    Receipt,
    ReceiptPrinter,
    ReceiptText,
    Side,
    TareableScale,
)

RECEIPT: Final = Receipt((ReceiptText("门神 Menshen", is_large=True), ReceiptText("0.00")), qr="0")


def commands_of(driver: Driver) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return what a driver can be told to do, by its name in a report."""
    commands: dict[str, Callable[[], Awaitable[object]]] = {}
    if isinstance(driver, PassageGate):
        commands["one person is let in"] = lambda: driver.access(Side.IN)
        commands["one person is let out"] = lambda: driver.access(Side.OUT)
    if isinstance(driver, OutputBoard):
        commands["a relay is pulsed"] = lambda: driver.pulse_output(0, duration_s=0.5)
    if isinstance(driver, DoorControl):
        commands["a door is opened"] = lambda: driver.access_door(0)
    if isinstance(driver, Display):
        commands["a text is shown"] = lambda: driver.show("8")
    if isinstance(driver, TareableScale):
        commands["what lies there is tared"] = driver.tare
        commands["the tare is cleared"] = driver.clear_tare
    if isinstance(driver, ReceiptPrinter):
        commands["a receipt is printed"] = lambda: driver.print_receipt(RECEIPT)
    if isinstance(driver, PanTiltZoom):
        commands["the head moves and stops"] = lambda: _move(driver)
    return commands


async def _move(driver: PanTiltZoom) -> None:
    await driver.move(pan=0.3, tilt=0.0, zoom=0.0, duration_s=0.3)
    await driver.stop()
