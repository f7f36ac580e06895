"""Modbus TCP framing, both roles: the same requests and replies, with a transaction in front.

A driver speaks Modbus RTU to its bus; here a frame loses its check sum and gains the MBAP header,
and back. The transaction identifier makes a late reply harmless.

Source: MODBUS Messaging on TCP/IP Implementation Guide, V1.0b, section 3.1.3 (MBAP header).
"""

import dataclasses
import struct
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

HEADER: Final = struct.Struct(">HHHB")
"""Transaction identifier, protocol identifier (0), length of what follows it, unit identifier."""
LENGTH_MAX: Final = 254
"""Unit identifier and a PDU of at most 253 bytes."""
PORT: Final = 502


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One request or reply. Attributes: pdu: function code and data."""

    transaction_id: int
    unit_id: int
    pdu: bytes


def encode(frame: Frame) -> bytes:
    """Return a frame's bytes."""
    header = HEADER.pack(frame.transaction_id, 0, len(frame.pdu) + 1, frame.unit_id)
    return header + frame.pdu


class FrameDecoder:
    """Cuts a stream into frames; a wrong header is thrown away byte by byte."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the connection; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[: -4 * (LENGTH_MAX + HEADER.size)]

    def next_frame(self) -> Frame | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        junk = bytearray()
        while len(self._buffer) >= HEADER.size:
            transaction_id, protocol_id, length, unit_id = HEADER.unpack_from(self._buffer)
            if protocol_id == 0 and 2 <= length <= LENGTH_MAX:
                break
            junk += self._buffer[:1]
            del self._buffer[:1]
        if junk:
            raise FrameError(f"no Modbus TCP frame: {spaced_hex(bytes(junk[:64]))}")
        if len(self._buffer) < HEADER.size or len(self._buffer) < HEADER.size - 1 + length:
            return NEED_DATA
        end = HEADER.size - 1 + length
        pdu = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return Frame(transaction_id, unit_id, pdu)
