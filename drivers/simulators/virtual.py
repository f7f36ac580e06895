"""A line in memory whose time is simulated: a million exchanges in minutes, and always the same."""

import heapq
from collections.abc import Callable, Iterable

from drivers.clock import VirtualClock
from drivers.simulators.far_end import FarEnd
from drivers.simulators.line import BITS_PER_CHARACTER, Faults

Answer = Callable[[bytes], Iterable[tuple[float, bytes]]]


class VirtualLine:
    """A ``drivers.transport.Transport`` for a bus with the same clock."""

    def __init__(self, clock: VirtualClock, answer: Answer, *, baudrate: int = 9600) -> None:
        """Make one.

        Args:
            clock: The bus's.
            answer: What comes back for the bytes of one request: seconds after it, and bytes.
            baudrate: Bytes take their time.
        """
        self._clock, self._answer = clock, answer
        self._character_s = BITS_PER_CHARACTER / baudrate
        self._coming: list[tuple[float, int, bytes]] = []
        self._order = 0

    def open(self) -> "VirtualLine":
        """Return itself, as a bus's ``opener``."""
        return self

    def arrive(self, data: bytes, *, in_s: float = 0.0) -> None:
        """Let bytes arrive."""
        self._order += 1
        heapq.heappush(self._coming, (self._clock.now_s + in_s, self._order, data))

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self._clock.now_s += len(data) * self._character_s
        for delay_s, piece in self._answer(data):
            self.arrive(piece, in_s=delay_s + len(piece) * self._character_s)

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        deadline_s = self._clock.now_s + timeout_s
        if not self._coming or self._coming[0][0] > deadline_s:
            self._clock.now_s = deadline_s
            return b""
        self._clock.now_s = max(self._clock.now_s, self._coming[0][0])
        return self.discard_input()

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        arrived = bytearray()
        while self._coming and self._coming[0][0] <= self._clock.now_s:
            arrived += heapq.heappop(self._coming)[2]
        return bytes(arrived)

    def close(self) -> None:
        """See ``Transport.close``."""


def answers(far_end: FarEnd, faults: Faults, clock: VirtualClock | None = None) -> Answer:
    """Return the answers of a simulator with the line's faults.

    Args:
        far_end: The simulator.
        faults: Of the line.
        clock: The line's; before each request the simulator lets the time since the last one pass.
    """
    passed_s = 0.0 if clock is None else clock.now_s

    def answer(data: bytes) -> list[tuple[float, bytes]]:
        nonlocal passed_s
        if clock is not None:
            far_end.step(clock.now_s - passed_s)
            passed_s = clock.now_s
        return [
            piece
            for frame in far_end.receive_data(data)
            for piece in faults.apply(frame, faults.foreign_frame(far_end, frame))
        ]

    return answer
