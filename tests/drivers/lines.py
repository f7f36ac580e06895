"""A line in memory for tests of the bus and of drivers: a transport with a scripted far end."""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from drivers.bus import Bus
from drivers.clock import VirtualClock
from drivers.protocols import NeedData
from drivers.protocols.modbus_rtu import Request, RequestDecoder
from drivers.simulators.far_end import FarEnd
from drivers.simulators.modbus_stations import Station
from drivers.simulators.virtual import VirtualLine
from drivers.transport import LineError, Transport

Answer = Callable[[bytes], Iterable[tuple[float, bytes]]]
LIMIT_S = 30.0
"""A test that takes longer has hung, however busy the machine is."""


def nothing(_: bytes) -> list[tuple[float, bytes]]:
    """Answer nothing at all."""
    return []


class LineInMemory:
    """A transport whose far end is a function: what comes back for a request, and how late.

    Attributes:
        sent: Every request and when it was sent, monotonic seconds.
        is_connected: A line that is not loses whoever uses or opens it.
        open_count: Times that it was opened.
    """

    def __init__(self, answer: Answer = nothing) -> None:
        self.answer = answer
        self.sent: list[tuple[float, bytes]] = []
        self.is_connected, self.open_count = True, 0
        self._coming: list[tuple[float, bytes]] = []

    def open(self) -> "LineInMemory":
        """Open it, as the bus does."""
        self.open_count += 1
        self._check()
        self._coming.clear()
        return self

    def arrive(self, data: bytes, *, in_s: float = 0.0) -> None:
        """Let bytes arrive that nobody asked for."""
        self._coming.append((time.monotonic() + in_s, data))

    async def until_sent(self, count: int = 1) -> None:
        """Wait until so many requests were sent."""
        while len(self.sent) < count:  # noqa: ASYNC110 - the bus sends in a thread of its own
            await asyncio.sleep(0.001)

    def wait_until_sent(self, count: int) -> None:
        """Wait until so many requests were sent, and let nothing else run in this thread."""
        deadline_s = time.monotonic() + LIMIT_S
        while len(self.sent) < count and time.monotonic() < deadline_s:
            time.sleep(0.001)

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self._check()
        self.sent.append((time.monotonic(), data))
        for delay_s, piece in self.answer(data):
            self.arrive(piece, in_s=delay_s)

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._check()
            if data := self._arrived():
                return data
            now_s = time.monotonic()
            if now_s >= deadline_s:
                return b""
            due_s = min((at_s for at_s, _ in self._coming), default=deadline_s)
            time.sleep(max(0.0, min(due_s, deadline_s, now_s + 0.01) - now_s))

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        self._check()
        return self._arrived()

    def close(self) -> None:
        """See ``Transport.close``."""

    def _arrived(self) -> bytes:
        now_s = time.monotonic()
        here = sorted(item for item in self._coming if item[0] <= now_s)
        self._coming = [item for item in self._coming if item[0] > now_s]
        return b"".join(data for _, data in here)

    def _check(self) -> None:
        if not self.is_connected:
            raise LineError("the adapter is not plugged in")


@dataclasses.dataclass
class Stations:
    """The answer of simulated stations, for a line in memory.

    Attributes:
        distort: Changes a reply on its way.
        is_mute: Nobody answers.
    """

    stations: Mapping[int, Station]
    distort: Callable[[bytes], bytes] = lambda reply: reply
    is_mute: bool = False

    def __call__(self, data: bytes) -> list[tuple[float, bytes]]:
        """Return what the stations answer."""
        decoder = RequestDecoder()
        decoder.receive_data(data)
        request = decoder.next_frame()
        if isinstance(request, NeedData) or request.unit_id not in self.stations or self.is_mute:
            return []
        return [(0.0, self.distort(self.stations[request.unit_id].reply_to(request)))]


def answers_of(far_end: FarEnd) -> Answer:
    """Return the answers of a simulator; what it says unasked is for the test to let arrive."""
    return lambda data: [(0.0, frame) for frame in far_end.receive_data(data)]


def request_in(frame: bytes) -> Request:
    """Return the request that a frame is."""
    decoder = RequestDecoder()
    decoder.receive_data(frame)
    request = decoder.next_frame()
    assert not isinstance(request, NeedData)
    return request


def with_bus(line: LineInMemory, act: Callable[[Bus], Awaitable[None]]) -> None:
    """Run a test on a bus whose line is in memory; the bus is closed at the end."""

    async def run() -> None:
        bus = Bus("line", baudrate=115_200, opener=line.open)
        try:
            async with asyncio.timeout(LIMIT_S):
                await act(bus)
        finally:
            await bus.close()

    asyncio.run(run())


class LineInSimulatedTime(VirtualLine):
    """A line of 9600 baud whose time is simulated: nothing is early or late by accident.

    Attributes:
        sent: Every request and when it was sent, simulated seconds.
    """

    def __init__(self, answer: Answer, *, baudrate: int = 9600, held_up_s: float = 0.0) -> None:
        """Make one; ``held_up_s`` is how long the bus's thread stands still when bytes came."""
        self.clock = VirtualClock()
        super().__init__(self.clock, answer, baudrate=baudrate)
        self.baudrate, self._held_up_s = baudrate, held_up_s
        self.sent: list[tuple[float, bytes]] = []

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self.sent.append((self.clock.now_s, data))
        super().send(data)

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        if data := super().receive(timeout_s=timeout_s):
            self.clock.sleep(self._held_up_s)
        return data


def with_simulated_time(
    line: LineInSimulatedTime,
    act: Callable[[Bus], Awaitable[None]],
    opener: Callable[[], Transport] | None = None,
) -> None:
    """Run a test on a bus in simulated time, for one exchange after the other."""

    async def run() -> None:
        bus = Bus("memory", baudrate=line.baudrate, opener=opener or line.open, clock=line.clock)
        try:
            async with asyncio.timeout(LIMIT_S):
                await act(bus)
        finally:
            await bus.close()

    asyncio.run(run())
