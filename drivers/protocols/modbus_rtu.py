"""Modbus RTU, both roles: requests and replies as frames. pymodbus makes the bytes.

A reply is decoded from its request: unit, function, length and echoed values are known before the
first byte arrives, so no length field of the far end decides how much is read, and a sound frame
that answers another request is refused here.

Source: MODBUS Application Protocol Specification, V1.1b3, section 6 (functions) and 7 (exceptions);
MODBUS over Serial Line Specification and Implementation Guide, V1.02, section 2.5.1 (RTU framing).
"""

import dataclasses
import struct
from collections.abc import Sequence
from typing import Final

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

READ_COILS, READ_DISCRETE_INPUTS, READ_HOLDING_REGISTERS, READ_INPUT_REGISTERS = 1, 2, 3, 4
WRITE_SINGLE_COIL, WRITE_SINGLE_REGISTER = 5, 6
WRITE_MULTIPLE_COILS, WRITE_MULTIPLE_REGISTERS = 15, 16
USER_DEFINED: Final = frozenset({0x42})
"""Functions that makers added (65..72 are theirs), as far as our drivers use them; no data."""
EXCEPTION_FLAG: Final = 0x80
FRAME_SIZE_BYTES_MAX: Final = 256
EXCEPTION_SIZE_BYTES: Final = 5
CRC_SIZE_BYTES: Final = 2
ECHO_SIZE_BYTES: Final = 8
"""Of a write and of its acknowledgement."""
REQUEST_SIZE_BYTES_MIN: Final = 4
_BIT_READS = (READ_COILS, READ_DISCRETE_INPUTS)
_REGISTER_READS = (READ_HOLDING_REGISTERS, READ_INPUT_REGISTERS)
_framer = FramerRTU(DecodePDU(False))


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        frame: All bytes, check sum included.
        payload: The bytes between function code and check sum.
    """

    unit_id: int
    function: int
    payload: bytes
    frame: bytes

    @property
    def address(self) -> int:
        """First address, as on the wire (from 0)."""
        return int.from_bytes(self.payload[0:2], "big")

    @property
    def count_or_value(self) -> int:
        """Number of items, or for a single write the value."""
        return int.from_bytes(self.payload[2:4], "big")

    @property
    def written(self) -> tuple[int, ...]:
        """Registers of a multiple write."""
        return struct.unpack(f">{self.count_or_value}H", self.payload[5:])


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request, checked against it.

    Attributes:
        payload: Data bytes of a read; the echo of a write.
        exception_code: Set when the device refuses; then there is no payload.
    """

    unit_id: int
    function: int
    payload: bytes
    exception_code: int | None = None

    @property
    def registers(self) -> tuple[int, ...]:
        """Registers of a read, 0..65535 each."""
        return struct.unpack(f">{len(self.payload) // 2}H", self.payload)

    def bit(self, index: int) -> bool:
        """Return one bit of a read, from 0."""
        return bool(self.payload[index // 8] >> (index % 8) & 1)


def _request(unit_id: int, pdu: ModbusPDU) -> Request:
    return _framed(unit_id, pdu.function_code, pdu.encode())


def _framed(unit_id: int, function: int, payload: bytes) -> Request:
    if not 1 <= unit_id <= 247:
        raise ValueError(f"a unit id is 1..247, not {unit_id}")
    return Request(unit_id, function, payload, encode_frame(unit_id, function, payload))


def encode_frame(unit_id: int, function: int, payload: bytes) -> bytes:
    """Return a whole frame with its check sum."""
    return _framer.encode(bytes([function]) + payload, unit_id, 0)


def encode_read_coils(unit_id: int, *, address: int, count: int) -> Request:
    """Function 1; address from 0, count 1..2000."""
    return _request(unit_id, ReadCoilsRequest(address=address, count=count))


def encode_read_discrete_inputs(unit_id: int, *, address: int, count: int) -> Request:
    """Function 2; address from 0, count 1..2000."""
    return _request(unit_id, ReadDiscreteInputsRequest(address=address, count=count))


def encode_read_holding_registers(unit_id: int, *, address: int, count: int) -> Request:
    """Function 3; address from 0, count 1..125."""
    return _request(unit_id, ReadHoldingRegistersRequest(address=address, count=count))


def encode_read_input_registers(unit_id: int, *, address: int, count: int) -> Request:
    """Function 4; address from 0, count 1..125."""
    return _request(unit_id, ReadInputRegistersRequest(address=address, count=count))


def encode_write_coil(unit_id: int, *, address: int, value: int) -> Request:
    """Function 5; FF00 is on and 0000 off, but some boards give other values a meaning."""
    return _framed(unit_id, WRITE_SINGLE_COIL, struct.pack(">HH", address, value))


def encode_write_register(unit_id: int, *, address: int, value: int) -> Request:
    """Function 6; value 0..65535."""
    return _request(unit_id, WriteSingleRegisterRequest(address=address, registers=[value]))


def encode_user_defined(unit_id: int, *, function: int) -> Request:
    """A function of ``USER_DEFINED`` without data, which is answered by its echo."""
    if function not in USER_DEFINED:
        raise ValueError(f"function {function:#x} is none that is known here")
    return _framed(unit_id, function, b"")


def encode_write_registers(unit_id: int, *, address: int, values: Sequence[int]) -> Request:
    """Function 16; values 0..65535 each, 1..123 of them."""
    return _request(unit_id, WriteMultipleRegistersRequest(address=address, registers=list(values)))


class ReplyDecoder:
    """Finds the reply to one request; what stands before it is thrown away."""

    def __init__(self, request: Request) -> None:
        self._buffer = bytearray()
        self._unit_id, self._function = request.unit_id, request.function
        data_size, self._is_read = _data_size(request), False
        head = bytes([request.unit_id, request.function])
        self._refusal = bytes([request.unit_id, request.function | EXCEPTION_FLAG])
        if data_size is None:
            self._begin = head + request.payload[:4]
            self._size = len(self._begin) + CRC_SIZE_BYTES
        else:
            self._is_read = True
            self._begin, self._size = head + bytes([data_size]), len(head) + 1 + data_size + 2

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[: -2 * FRAME_SIZE_BYTES_MAX]

    def next_frame(self) -> Reply | NeedData:
        """Return the reply, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        self._throw_away(self._next_begin(0), "not the answer")
        is_refusal = self._buffer.startswith(self._refusal)
        size = EXCEPTION_SIZE_BYTES if is_refusal else self._size
        if len(self._buffer) < size:
            return NEED_DATA
        frame = bytes(self._buffer[:size])
        if not has_sound_crc(frame):
            self._throw_away(self._next_begin(1), "wrong CRC")
        del self._buffer[:size]
        if is_refusal:
            return Reply(self._unit_id, self._function, b"", exception_code=frame[2])
        return Reply(self._unit_id, self._function, frame[3 if self._is_read else 2 : -2])

    def _next_begin(self, start: int) -> int:
        """Return where, from ``start`` on, the reply may begin; the end if nowhere."""
        for index in range(start, len(self._buffer)):
            here = bytes(self._buffer[index : index + len(self._begin)])
            if self._begin.startswith(here) or here.startswith(self._refusal):
                return index
        return len(self._buffer)

    def _throw_away(self, count: int, why: str) -> None:
        if count:
            junk = bytes(self._buffer[:count])
            del self._buffer[:count]
            raise FrameError(f"{why} of unit {self._unit_id}: {spaced_hex(junk[:64])}")


def _data_size(request: Request) -> int | None:
    """Return how many data bytes the reply has; None where it echoes the request."""
    if request.function in _BIT_READS:
        return -(-request.count_or_value // 8)
    return 2 * request.count_or_value if request.function in _REGISTER_READS else None


def has_sound_crc(frame: bytes) -> bool:
    """Return whether a frame, check sum included, is what was sent."""
    return FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))


class RequestDecoder:
    """The server's side: takes bytes until a request is complete; noise is passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; what cannot fit any more is dropped from the front."""
        self._buffer += data
        del self._buffer[: -2 * FRAME_SIZE_BYTES_MAX]

    def next_frame(self) -> Request | NeedData:
        """Return the next request with a sound check sum, or ``NEED_DATA``."""
        while len(self._buffer) >= REQUEST_SIZE_BYTES_MIN:
            size = self._frame_size()
            if size is None or len(self._buffer) < size:
                return NEED_DATA
            frame = bytes(self._buffer[:size])
            if size and has_sound_crc(frame):
                del self._buffer[:size]
                return Request(frame[0], frame[1], frame[2:-2], frame)
            del self._buffer[:1]
        return NEED_DATA

    def _frame_size(self) -> int | None:
        """Return the size of the frame that would begin here; 0 for none, None for not yet."""
        function = self._buffer[1]
        if READ_COILS <= function <= WRITE_SINGLE_REGISTER:
            return 8
        if function in USER_DEFINED:
            return REQUEST_SIZE_BYTES_MIN
        if function not in (WRITE_MULTIPLE_COILS, WRITE_MULTIPLE_REGISTERS):
            return 0
        return 9 + self._buffer[6] if len(self._buffer) > 6 else None


def encode_reply(request: Request, data: bytes) -> bytes:
    """Return the server's reply: data of a read, or the echo of a write."""
    if request.function in (*_BIT_READS, *_REGISTER_READS):
        return encode_frame(request.unit_id, request.function, bytes([len(data)]) + data)
    return encode_frame(request.unit_id, request.function, request.payload[:4])


def encode_exception(request: Request, exception_code: int) -> bytes:
    """Return the server's refusal."""
    return encode_frame(request.unit_id, request.function | EXCEPTION_FLAG, bytes([exception_code]))


def encode_registers(values: Sequence[int]) -> bytes:
    """Return registers as they stand in a reply."""
    return struct.pack(f">{len(values)}H", *values)


def encode_bits(values: Sequence[bool]) -> bytes:
    """Return bits as they stand in a reply: the first is the lowest bit of the first byte."""
    number = sum(1 << index for index, value in enumerate(values) if value)
    return number.to_bytes(-(-len(values) // 8), "little")
