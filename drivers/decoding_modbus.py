"""Modbus RTU as heard on a line: requests and replies told apart, paired, and put into words.

Who listens to a line does not know who speaks, and a reply does not say what it answers: the
request before it does. A check sum decides whether bytes are a frame, so a frame is found wherever
it begins.

Source: MODBUS Application Protocol Specification, V1.1b3, sections 6 and 7.
"""

import dataclasses
from typing import Final

from drivers.meaning import Meaning
from drivers.modbus_device import EXCEPTION_NAMES
from drivers.protocols import modbus_rtu as rtu
from drivers.protocols import spaced_hex

FRAME_SIZE_BYTES_MIN: Final = 4
BROADCAST: Final = 0
_ITEMS: Final = {
    rtu.READ_COILS: "coils",
    rtu.READ_DISCRETE_INPUTS: "discrete inputs",
    rtu.READ_HOLDING_REGISTERS: "holding registers",
    rtu.READ_INPUT_REGISTERS: "input registers",
    rtu.WRITE_SINGLE_COIL: "coil",
    rtu.WRITE_SINGLE_REGISTER: "holding register",
    rtu.WRITE_MULTIPLE_COILS: "coils",
    rtu.WRITE_MULTIPLE_REGISTERS: "holding registers",
}
_READS: Final = (1, 2, 3, 4)
_SINGLE_WRITES: Final = (rtu.WRITE_SINGLE_COIL, rtu.WRITE_SINGLE_REGISTER)
_MULTIPLE_WRITES: Final = (rtu.WRITE_MULTIPLE_COILS, rtu.WRITE_MULTIPLE_REGISTERS)


@dataclasses.dataclass(frozen=True, slots=True)
class _Pending:
    request: rtu.Request
    at_s: float


class ModbusInterpreter:
    """Listens to Modbus RTU; see ``meaning.Interpreter``."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._noise = bytearray()
        self._pending: _Pending | None = None
        self._is_sent: bool | None = None

    def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
        """See ``Interpreter.hear``."""
        meanings = list[Meaning]()
        if is_sent != self._is_sent:
            # Half a frame does not go on in the other direction.
            meanings += self._take(at_s, is_over=True)
            self._is_sent = is_sent
        self._buffer += data
        return meanings + self._take(at_s, is_over=False)

    def flush(self, *, at_s: float) -> list[Meaning]:
        """See ``Interpreter.flush``."""
        return self._take(at_s, is_over=True)

    def _take(self, at_s: float, *, is_over: bool) -> list[Meaning]:
        meanings = list[Meaning]()
        while self._buffer:
            size, may_grow = self._frame_size(is_over=is_over)
            if size:
                frame = bytes(self._buffer[:size])
                del self._buffer[:size]
                meanings += [*self._end_noise(at_s), *self._meanings(frame, at_s)]
            elif may_grow and not is_over:
                return meanings
            else:
                self._noise.append(self._buffer.pop(0))
        # Between two frames that have come noise is over; at the end it may still go on.
        if is_over or len(self._noise) > rtu.FRAME_SIZE_BYTES_MAX:
            meanings += self._end_noise(at_s)
        return meanings

    def _frame_size(self, *, is_over: bool) -> tuple[int, bool]:
        """Return the size of the frame that begins the buffer, 0 for none; and if it may grow."""
        available = len(self._buffer)
        sizes = self._sizes()
        # A maker's own function has a length that nobody knows; its frame ends with the silence.
        may_grow = available < FRAME_SIZE_BYTES_MIN or (
            not sizes and not self._noise and available <= rtu.FRAME_SIZE_BYTES_MAX
        )
        for size in sizes:
            if size <= available and rtu.has_sound_crc(bytes(self._buffer[:size])):
                return size, False
            may_grow = may_grow or available < size
        whole = bytes(self._buffer)
        if is_over and FRAME_SIZE_BYTES_MIN <= available <= rtu.FRAME_SIZE_BYTES_MAX:
            return (available if rtu.has_sound_crc(whole) else 0), False
        return 0, may_grow

    def _sizes(self) -> list[int]:
        """Return how long a frame that begins like this can be, the likeliest first."""
        if len(self._buffer) < 3:
            return []
        function, third = self._buffer[1], self._buffer[2]
        if function & rtu.EXCEPTION_FLAG:
            return [rtu.EXCEPTION_SIZE_BYTES]
        reply_size = 5 + third if function in _READS else rtu.ECHO_SIZE_BYTES
        if function in _READS:
            return [reply_size, 8] if self._pending is not None else [8, reply_size]
        if function in _SINGLE_WRITES:
            return [rtu.ECHO_SIZE_BYTES]
        if function in _MULTIPLE_WRITES:
            return [rtu.ECHO_SIZE_BYTES, *([9 + self._buffer[6]] if len(self._buffer) > 6 else [9])]
        return []

    def _end_noise(self, at_s: float) -> list[Meaning]:
        noise = bytes(self._noise)
        self._noise.clear()
        return [Meaning(at_s, self._is_sent, noise, "noise", is_noise=True)] if noise else []

    def _meanings(self, frame: bytes, at_s: float) -> list[Meaning]:
        pending = self._pending
        if pending is not None and self._is_sent is not True and _answers(frame, pending.request):
            self._pending = None
            latency_s = at_s - pending.at_s
            text = _reply_text(frame, pending.request)
            return [Meaning(at_s, self._is_sent, frame, text, latency_s=latency_s)]
        if self._is_sent is False or not _is_request(frame):
            text = f"unit {frame[0]}: a reply that nobody asked for: {_unasked_text(frame)}"
            return [Meaning(at_s, self._is_sent, frame, text)]
        silent = [] if pending is None else [_silence(pending, at_s)]
        request = rtu.Request(frame[0], frame[1], frame[2:-2], frame)
        self._pending = None if frame[0] == BROADCAST else _Pending(request, at_s)
        return [*silent, Meaning(at_s, self._is_sent, frame, _request_text(request))]


def _silence(pending: _Pending, at_s: float) -> Meaning:
    return Meaning(at_s, None, b"", f"unit {pending.request.unit_id} did not answer")


def _is_request(frame: bytes) -> bool:
    function = frame[1]
    if function in _MULTIPLE_WRITES:
        return len(frame) > rtu.ECHO_SIZE_BYTES
    if function in (*_READS, *_SINGLE_WRITES):
        return len(frame) == rtu.ECHO_SIZE_BYTES
    return not function & rtu.EXCEPTION_FLAG


def _answers(frame: bytes, request: rtu.Request) -> bool:
    if frame[0] != request.unit_id or frame[1] & ~rtu.EXCEPTION_FLAG != request.function:
        return False
    if frame[1] & rtu.EXCEPTION_FLAG:
        return True
    match request.function:
        case rtu.READ_COILS | rtu.READ_DISCRETE_INPUTS:
            size = -(-request.count_or_value // 8)
        case rtu.READ_HOLDING_REGISTERS | rtu.READ_INPUT_REGISTERS:
            size = 2 * request.count_or_value
        case function if function in _ITEMS:
            return frame[2:6] == request.payload[:4]
        case _:
            return True
    return frame[2] == size and len(frame) == size + 5


def _span(request: rtu.Request) -> str:
    first, count = request.address, request.count_or_value
    is_one = request.function in _SINGLE_WRITES or count == 1
    return f"{_ITEMS[request.function]} {first}" + ("" if is_one else f"..{first + count - 1}")


def _request_text(request: rtu.Request) -> str:
    who = "everybody" if request.unit_id == BROADCAST else f"unit {request.unit_id}"
    if request.function not in _ITEMS:
        return f"{who}: function {request.function}, {spaced_hex(request.payload)}"
    if request.function in _READS:
        return f"{who}: read {_span(request)}"
    return f"{who}: write {_span(request)} = {_written_text(request)}"


def _written_text(request: rtu.Request) -> str:
    match request.function:
        case rtu.WRITE_SINGLE_COIL:
            value = request.count_or_value
            return {0xFF00: "on", 0: "off"}.get(value, f"{value:04X}")
        case rtu.WRITE_SINGLE_REGISTER:
            return str(request.count_or_value)
        case rtu.WRITE_MULTIPLE_COILS:
            return _bits_text(request.payload[5:], request.count_or_value)
    return _registers_text(request.payload[5:])


def _reply_text(frame: bytes, request: rtu.Request) -> str:
    who = f"unit {request.unit_id}"
    if frame[1] & rtu.EXCEPTION_FLAG:
        name = EXCEPTION_NAMES.get(frame[2], "unknown exception")
        return f"{who} refuses: {name} ({frame[2]})"
    if request.function not in _ITEMS:
        return f"{who} answers function {request.function}, {spaced_hex(frame[2:-2])}"
    if request.function not in _READS:
        return f"{who} confirms {_span(request)}"
    is_bits = request.function in (rtu.READ_COILS, rtu.READ_DISCRETE_INPUTS)
    data = frame[3:-2]
    values = _bits_text(data, request.count_or_value) if is_bits else _registers_text(data)
    return f"{who}: {_span(request)} = {values}"


def _unasked_text(frame: bytes) -> str:
    if frame[1] & rtu.EXCEPTION_FLAG:
        name = EXCEPTION_NAMES.get(frame[2], "unknown exception")
        return f"refuses function {frame[1] & ~rtu.EXCEPTION_FLAG}: {name} ({frame[2]})"
    return f"function {frame[1]}, {spaced_hex(frame[2:-2])}"


def _bits_text(data: bytes, count: int) -> str:
    number = int.from_bytes(data, "little")
    return " ".join(str(number >> index & 1) for index in range(min(count, 8 * len(data))))


def _registers_text(data: bytes) -> str:
    return " ".join(str(int.from_bytes(data[i : i + 2], "big")) for i in range(0, len(data), 2))
