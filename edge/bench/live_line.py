"""A line in the technician's hands: opened once to see that it is there, then listened to."""

import asyncio
import contextlib
import dataclasses
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from drivers.base import DriverError, Observation
from drivers.bus import Bus, Tap
from drivers.driving import drive
from drivers.protocols import NEED_DATA, NeedData
from drivers.registry import create
from drivers.transport import LineError, open_transport


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A port and how it is set."""

    port: str
    baudrate: int = 9600
    parity: str = "N"
    stopbits: int = 1

    def check(self) -> None:
        """See that it can be opened now.

        Raises:
            ValueError: It cannot; one line that says what to do.
        """
        if self.port.startswith(("http://", "https://")):
            raise ValueError(f"{self.port} is no line: nothing is to be heard there but answers")
        settings = dataclasses.asdict(self)
        try:
            open_transport(settings.pop("port"), **settings).close()
        except LineError as error:
            raise ValueError(str(error)) from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What happens on a line while it is listened to.

    Attributes:
        tap: Shown every byte, in the bus's thread.
        tell: Told what a driver reports and which errors it raises.
        tick: Called after each poll or pause with what is wrong with the line, or None.
        is_over: Asked before each.
        poll_s: The pause.
    """

    tap: Tap
    tell: Callable[[Observation | DriverError], None]
    tick: Callable[[str | None], None]
    is_over: Callable[[], bool]
    poll_s: float

    async def run(self, line: Line, driver: str, settings: Mapping[str, Any]) -> None:
        """Listen, or run a driver if one is named, until it is over.

        Raises:
            ValueError: No such driver, or a setting is wrong.
        """
        fields = dataclasses.asdict(line)
        bus = Bus(fields.pop("port"), **fields)
        bus.tap(self.tap)

        async def pause() -> None:
            self.tick(bus.problem if not driver or bus.units else None)
            await asyncio.sleep(self.poll_s)

        try:
            if driver:
                await drive(
                    create(driver, bus, settings),
                    tell=self.tell,
                    is_over=self.is_over,
                    pause=pause,
                )
            else:
                bus.subscribe(_Deaf())
                with contextlib.suppress(DriverError):  # the bus says itself what is wrong
                    await bus.send(b"", unit_id="listener")
                while not self.is_over():
                    await pause()
        finally:
            await bus.close()


class _Deaf:
    """Finds no frames: the bus shows the bytes to who taps it."""

    def receive_data(self, data: bytes) -> None:
        """See ``Decoder.receive_data``."""

    def next_frame(self) -> NeedData:
        """See ``Decoder.next_frame``."""
        return NEED_DATA


@contextlib.contextmanager
def ended_by_signal() -> Iterator[threading.Event]:
    """Yield what Ctrl-C sets, so that what was found is kept and said; a second one kills."""
    ended = threading.Event()

    previous: dict[int, Any] = {}

    def end(number: int, _: object) -> None:
        ended.set()
        signal.signal(number, previous[number])

    try:
        for caught in (signal.SIGINT, signal.SIGTERM):
            previous[caught] = signal.signal(caught, end)
    except ValueError:  # another thread than the main one gets no signals
        yield ended
        return
    try:
        yield ended
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
