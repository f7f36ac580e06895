"""One board on a bus: its frames between Modbus traffic, or in datagrams."""

from typing import Final

from drivers.asking import ask
from drivers.bus import Bus, Priority
from firmware_bridge.frames import (
    DATAGRAM_SIZE_BYTES_MAX,
    AnswerDecoder,
    Frame,
    encode_lines,
)

BITS_PER_CHARACTER: Final = 10
BUFFER_SIZE_BYTES: Final = 384
"""Of a board that does not tell; none has less."""
PACKET_SIZE_BYTES_MAX: Final = 2048
PACKET_SIZE_BYTES_MIN: Final = 256
PACKET_S_MAX: Final = 0.3
"""So long a packet may keep the line from a command for a gate."""
ANSWER_SIZE_BYTES: Final = 384
"""Of anything but a file."""
CHARACTERS_PER_BYTE: Final = 127 / 124 * 4 / 3
"""Base64, and what begins and ends a line."""


class BoardLine:
    """Asks one board on a bus, which others use, too."""

    def __init__(
        self, bus: Bus, *, address: int = 0, timeout_s: float = 0.5, attempt_count: int = 3
    ) -> None:
        """Address a board.

        Args:
            bus: Its port says whether frames go in lines or in datagrams.
            address: 1..247; 0 is alone of its kind on the line.
            timeout_s: Until an answer must have begun; what the line takes comes on top.
            attempt_count: Times to ask before giving up.
        """
        self.bus = bus
        self.is_datagram = bus.port.startswith("udp://")
        self.is_serial = "://" not in bus.port or bus.port.startswith("rfc2217://")
        self.unit_id = f"smp/{address}"
        self._address = 0 if self.is_datagram else address
        self._timeout_s, self._attempt_count = timeout_s, attempt_count

    @property
    def attempt_count(self) -> int:
        """Times to ask: once where the board did not answer last time."""
        return 1 if self.bus.is_silent(self.unit_id) else self._attempt_count

    def packet_size_bytes(self, wanted: int | None) -> int:
        """Return how long a frame may be: by the board's buffer, the line, and whoever waits.

        Args:
            wanted: What the board's buffer takes; None where it is not known.
        """
        bounds = [PACKET_SIZE_BYTES_MAX, wanted or BUFFER_SIZE_BYTES]
        if self.is_datagram:
            bounds.append(DATAGRAM_SIZE_BYTES_MAX)
        if self.is_serial:
            bounds.append(int(PACKET_S_MAX / self._wire_s(1)))
        return max(PACKET_SIZE_BYTES_MIN, min(bounds))

    def _wire_s(self, size_bytes: int) -> float:
        if self.is_datagram:
            return 0.0
        return size_bytes * CHARACTERS_PER_BYTE * BITS_PER_CHARACTER / self.bus.baudrate

    async def ask(
        self,
        request: Frame,
        *,
        priority: Priority = Priority.POLL,
        timeout_s: float | None = None,
        attempt_count: int | None = None,
        answer_size_bytes: int | None = None,
    ) -> Frame:
        """Return the answer to a request, which may be a refusal.

        Args:
            request: Repeated as it is.
            priority: Decides the turn.
            timeout_s: Another than this line's.
            attempt_count: Another than this line's.
            answer_size_bytes: At most; so long may the line take for it.

        Raises:
            DriverError: No answer, or not as it should be.
        """
        raw = bytes(request)
        size_bytes = len(raw) + (answer_size_bytes or ANSWER_SIZE_BYTES)
        return await ask(
            self.bus,
            raw if self.is_datagram else encode_lines(raw, address=self._address),
            lambda: AnswerDecoder(request, address=self._address, is_datagram=self.is_datagram),
            unit_id=self.unit_id,
            timeout_s=round((timeout_s or self._timeout_s) + self._wire_s(size_bytes), 2),
            priority=priority,
            attempt_count=attempt_count or self._attempt_count,
        )
