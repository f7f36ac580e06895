"""The questions of a scan: one harmless request to each address, and what an answer looks like.

Source: as of the codecs, and for the four without a request here: DL/T 645-2007, 7.1.3 (address
request 13H); Pelco-D and VISCA manuals (position inquiry; versions unconfirmed); the locker boards'
``80`` query (version unconfirmed).
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import xor
from typing import Final

from drivers.decoding_modbus import ModbusInterpreter
from drivers.protocols import FrameError, NeedData, osdp
from drivers.protocols import modbus_rtu as rtu

BITS_PER_CHARACTER: Final = 11
DLT645_REPLY_SIZE_BYTES: Final = 18
DLT645_REQUEST: Final = bytes.fromhex("FE FE FE FE 68 AA AA AA AA AA AA 68 13 00 DF 16")
VISCA_SIZE_BYTES_MAX: Final = 16
LOCKER_FRAME_SIZE_BYTES: Final = 5
PELCO_FRAME_SIZE_BYTES: Final = 7


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Who answered. Attributes: text: what it said, in words."""

    address: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """One question.

    Attributes:
        address: Whom it is put to, in words.
        recognise: Returns the answer in all that came since; None while there is none.
        reply_size_bytes: Of a long answer.
    """

    address: str
    request: bytes
    recognise: Callable[[bytes], Answer | None]
    reply_size_bytes: int

    def timeout_s(self, *, baudrate: int, patience_s: float) -> float:
        """Return how long to wait: the bytes' own time, and the device's."""
        size = len(self.request) + self.reply_size_bytes
        return patience_s + size * BITS_PER_CHARACTER / baudrate


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the devices of one protocol are looked for.

    Attributes:
        addresses: That may be asked.
        usual: That are asked if nobody says which.
        baudrates: Usual ones, the likeliest first.
        parities: Likewise.
        patience_s: A device's longest time from request to answer.
        probe: Makes the question to an address; None only listens.
    """

    addresses: range
    usual: range
    baudrates: Sequence[int]
    parities: str
    patience_s: float
    probe: Callable[[int], Probe] | None

    def probes(self, addresses: Sequence[int]) -> Iterator[Probe]:
        """Yield the questions, in the addresses' order."""
        if self.probe is not None:
            yield from (self.probe(address) for address in addresses)


def behind_answer(probe: Probe, data: bytes) -> bytes:
    """Return what stands behind the answer to a question; nothing if there is no answer."""
    ends = (end for end in range(1, len(data) + 1) if probe.recognise(data[:end]) is not None)
    return data[next(ends, len(data)) :]


def modbus_request(unit_id: int, function: int) -> rtu.Request:
    """Return a question for the first item: of coils 1, inputs 2, registers 3, input registers 4.

    Raises:
        KeyError: Another function.
    """
    encode = {
        rtu.READ_COILS: rtu.encode_read_coils,
        rtu.READ_DISCRETE_INPUTS: rtu.encode_read_discrete_inputs,
        rtu.READ_HOLDING_REGISTERS: rtu.encode_read_holding_registers,
        rtu.READ_INPUT_REGISTERS: rtu.encode_read_input_registers,
    }[function]
    return encode(unit_id, address=0, count=1)


def modbus(unit_id: int, function: int = rtu.READ_HOLDING_REGISTERS) -> Probe:
    """Ask a Modbus unit; that it refuses is an answer too."""
    request = modbus_request(unit_id, function)

    def recognise(data: bytes) -> Answer | None:
        decoder = rtu.ReplyDecoder(request)
        decoder.receive_data(data)
        while True:
            try:
                reply = decoder.next_frame()
            except FrameError:
                continue
            if isinstance(reply, NeedData):
                return None
            return Answer(f"unit {unit_id}", modbus_words(request, reply))

    return Probe(f"unit {unit_id}", request.frame, recognise, 7)


def modbus_words(request: rtu.Request, reply: rtu.Reply) -> str:
    """Return what a Modbus unit answered."""
    listener = ModbusInterpreter()
    listener.hear(request.frame, at_s=0.0, is_sent=True)
    function = reply.function | (rtu.EXCEPTION_FLAG if reply.exception_code is not None else 0)
    if reply.exception_code is not None:
        payload = bytes([reply.exception_code])
    else:
        payload = bytes([len(reply.payload)]) + reply.payload
    frame = rtu.encode_frame(reply.unit_id, function, payload)
    return "; ".join(one.text for one in listener.hear(frame, at_s=0.0, is_sent=False))


def _dlt645(_: int) -> Probe:
    return Probe("every meter", DLT645_REQUEST, _dlt645_answer, DLT645_REPLY_SIZE_BYTES + 4)


def _dlt645_answer(data: bytes) -> Answer | None:
    for at in range(len(data) - DLT645_REPLY_SIZE_BYTES + 1):
        frame = data[at : at + DLT645_REPLY_SIZE_BYTES]
        is_reply = frame[0] == frame[7] == 0x68 and frame[8:10] == b"\x93\x06" and frame[-1] == 0x16
        if is_reply and sum(frame[:-2]) & 0xFF == frame[-2]:
            address = frame[1:7][::-1].hex()
            return Answer(address, f"meter {address} says its address")
    return None


def _osdp(address: int) -> Probe:
    request = bytes([osdp.MARK]) + osdp.encode_frame(address, osdp.Command.ID, b"\x00", sequence=0)

    def recognise(data: bytes) -> Answer | None:
        decoder = osdp.Decoder()
        decoder.receive_data(data)
        while True:
            try:
                frame = decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return None
            if frame.is_reply and frame.address == address:
                return Answer(f"reader {address}", osdp.describe(frame).removeprefix("< "))

    return Probe(f"reader {address}", request, recognise, 21)


def _pelco_d(address: int) -> Probe:
    body = bytes([address, 0x00, 0x51, 0x00, 0x00])
    request = b"\xff" + body + bytes([sum(body) & 0xFF])

    def recognise(data: bytes) -> Answer | None:
        for at in range(len(data) - PELCO_FRAME_SIZE_BYTES + 1):
            frame = data[at : at + PELCO_FRAME_SIZE_BYTES]
            is_pan = frame[0] == 0xFF and frame[1] == address and frame[3] == 0x59
            if is_pan and sum(frame[1:6]) & 0xFF == frame[6]:
                pan = int.from_bytes(frame[4:6], "big") / 100
                return Answer(f"head {address}", f"head {address} stands at pan {pan:.2f} degrees")
        return None

    return Probe(f"head {address}", request, recognise, PELCO_FRAME_SIZE_BYTES)


def _visca(address: int) -> Probe:
    request = bytes([0x80 | address, 0x09, 0x06, 0x12, 0xFF])
    begin = bytes([(address + 8) << 4])

    def recognise(data: bytes) -> Answer | None:
        for piece in data.split(b"\xff")[:-1]:
            found = piece.rfind(begin)
            body = piece[found + 1 :] if found >= 0 else b""
            if 2 <= len(body) < VISCA_SIZE_BYTES_MAX and body[0] >> 4 in (5, 6):
                words = "says its position" if body[0] >> 4 == 5 else "refuses to say its position"
                return Answer(f"camera {address}", f"camera {address} {words}")
        return None

    return Probe(f"camera {address}", request, recognise, VISCA_SIZE_BYTES_MAX)


def _locker(board: int) -> Probe:
    body = bytes([0x80, board, 0x01, 0x33])
    request = body + bytes([reduce(xor, body)])

    def recognise(data: bytes) -> Answer | None:
        for at in range(len(data) - LOCKER_FRAME_SIZE_BYTES + 1):
            frame = data[at : at + LOCKER_FRAME_SIZE_BYTES]
            # An adapter that echoes must not be taken for a board.
            if frame[:3] == body[:3] and frame[3] != 0x33 and reduce(xor, frame) == 0:
                return Answer(f"board {board}", f"board {board} says lock 1 is {frame[3]:02X}")
        return None

    return Probe(f"board {board}", request, recognise, LOCKER_FRAME_SIZE_BYTES)


KINDS: Final = {
    "modbus": Kind(
        addresses=range(1, 248),
        usual=range(1, 248),
        baudrates=(9600, 19200, 115200, 38400, 4800, 57600, 2400),
        parities="NEO",
        patience_s=0.1,
        probe=modbus,
    ),
    "dlt645": Kind(
        addresses=range(1, 2),
        usual=range(1, 2),
        baudrates=(2400, 9600, 1200, 4800, 19200),
        parities="EN",
        patience_s=0.6,
        probe=_dlt645,
    ),
    "osdp": Kind(
        addresses=range(127),
        usual=range(127),
        baudrates=(9600, 115200, 38400, 19200, 57600),
        parities="N",
        patience_s=0.2,
        probe=_osdp,
    ),
    "pelco_d": Kind(
        addresses=range(1, 256),
        usual=range(1, 33),
        baudrates=(2400, 9600, 4800),
        parities="N",
        patience_s=0.15,
        probe=_pelco_d,
    ),
    "visca": Kind(
        addresses=range(1, 8),
        usual=range(1, 8),
        baudrates=(9600, 38400, 115200),
        parities="N",
        patience_s=0.2,
        probe=_visca,
    ),
    "kerong": Kind(
        addresses=range(1, 255),
        usual=range(1, 33),
        baudrates=(9600, 19200, 115200),
        parities="N",
        patience_s=0.15,
        probe=_locker,
    ),
    "listen": Kind(
        addresses=range(1, 2),
        usual=range(1, 2),
        baudrates=(9600, 115200, 19200, 4800, 2400, 38400),
        parities="N",
        patience_s=0.0,
        probe=None,
    ),
}
