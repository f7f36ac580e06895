"""A user information transmitter, as ``drivers.gbt26875`` hears it.

Source: as the driver's; repetition as clause 7 has it: after at most 10 s, three times.
"""

import dataclasses
import random
from collections import deque
from typing import Any, ClassVar, Final

from drivers.protocols import FrameError, NeedData
from drivers.protocols.gbt26875 import (
    FIRE_BIT,
    NORMAL_BIT,
    Command,
    ComponentStatus,
    Damaged,
    Frame,
    FrameDecoder,
    Time,
    UnitType,
    encode,
    encode_analog,
    encode_system,
    encode_unit,
    objects_of,
    reply_to,
)
from drivers.simulators.far_end import FarEnd

REPEAT_AFTER_S, REPEAT_COUNT, HEARTBEAT_S = 1.5, 3, 20.0
STANDING: Final[Time] = (0, 0, 12, 23, 11, 26)
"""The transmitter's clock stands: its label is for people."""
FIRE_ALARM_SYSTEM, CALL_POINT, SMOKE_DETECTOR, TEMPERATURE = 1, 23, 40, 3
FAULT_BIT: Final = 2
MAINS_FAULT_BIT: Final = 3
DUTY_ANSWERED: Final = 0b10_0000


class Simulator(FarEnd):
    """One transmitter with a fire alarm system behind it.

    Attributes:
        sent: Serials that were acknowledged.
        given_up: Messages that nobody acknowledged.
    """

    KIND = "fire_panel"
    TRANSPORTS = ("serial", "tcp", "dial")
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "fire": {"zone": 10, "number": 2, "text": "A区1层走廊", "on": True, "is_test": False},
        "fault": {"zone": 10, "number": 2, "text": "A区1层走廊", "on": True},
        "call_point": {"zone": 10, "number": 90, "on": True},
        "system": {"bits": 1 << FIRE_BIT},
        "mains": {"on": True},
        "temperature": {"zone": 10, "number": 2, "degrees": 21.5},
        "answer_duty": {},
    }
    STIMULI = (
        ("fire", {}, "PointChanged"),
        ("fire", {"on": False}, "PointChanged"),
        ("mains", {}, "PointChanged"),
        ("temperature", {"degrees": 57.5}, "ReadingChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: of the transmitter. centre: the driver's."""

        address: int = 889
        centre: int = 1

    def __init__(self, settings: Settings) -> None:
        self._settings, self._decoder = settings, FrameDecoder()
        self._serial = 0
        self._waiting: deque[Frame] = deque()
        self._tries, self._since_s, self._quiet_s = 0, 0.0, 0.0
        self._conditions: dict[tuple[int, int], int] = {}
        self.status = 1 << NORMAL_BIT
        self.sent: list[int] = []
        self.given_up = self.duty_minutes = 0
        self.time: Time = STANDING

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        replies: list[bytes] = []
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return replies
            if isinstance(frame, Damaged):
                replies.append(encode(reply_to(frame, Command.REFUSE, self.time)))
            elif (reply := self._hear(frame)) is not None:
                replies.append(encode(reply))

    def _hear(self, frame: Frame) -> Frame | None:
        if frame.destination not in (0, self._settings.address):
            return None
        if frame.command == Command.ACKNOWLEDGE:
            if self._waiting and self._waiting[0].serial == frame.serial:
                self.sent.append(self._waiting.popleft().serial)
                self._tries = 0
            return None
        if frame.command == Command.REFUSE:
            self._since_s = REPEAT_AFTER_S  # again, at once
            return None
        reply = self._reply_to(frame)
        return None if reply is None else dataclasses.replace(reply, source=self._settings.address)

    def _reply_to(self, frame: Frame) -> Frame | None:
        try:
            unit_type, (body, *_) = objects_of(frame.data)
        except FrameError:
            return reply_to(frame, Command.REFUSE, self.time)
        if frame.command == Command.REQUEST and unit_type == UnitType.READ_TRANSMITTER_STATUS:
            unit = encode_unit(UnitType.TRANSMITTER_STATUS, bytes([self.status, *self.time]))
            return reply_to(frame, Command.RESPONSE, self.time, unit)
        if frame.command == Command.CONTROL:
            if unit_type == UnitType.SYNCHRONISE_TIME and len(body) == len(self.time):
                self.time = (body[0], body[1], body[2], body[3], body[4], body[5])
            elif unit_type == UnitType.CHECK_DUTY and body:
                self.duty_minutes = body[0]
            return reply_to(frame, Command.ACKNOWLEDGE, self.time)
        return reply_to(frame, Command.REFUSE, self.time)

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: says what waits, repeats it, and beats when all is quiet."""
        self._since_s += dt_s
        self._quiet_s += dt_s
        if self._waiting and (self._tries == 0 or self._since_s >= REPEAT_AFTER_S):
            if self._tries > REPEAT_COUNT:
                self._waiting.popleft()
                self.given_up, self._tries = self.given_up + 1, 0
                return []
            self._tries, self._since_s, self._quiet_s = self._tries + 1, 0.0, 0.0
            return [encode(self._waiting[0])]
        if self._quiet_s >= HEARTBEAT_S:
            self._quiet_s = 0.0
            self._send(b"")
        return []

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "points": {f"{z}.{n}": status for (z, n), status in self._conditions.items()},
            "status": self.status,
            "acknowledged": len(self.sent),
            "given_up": self.given_up,
            "duty_minutes": self.duty_minutes,
            "time": list(self.time),
        }

    def do_fire(self, zone: int, number: int, text: str, *, on: bool, is_test: bool) -> None:
        """Let a smoke detector report; with ``is_test`` its message does not say *normal*."""
        status = (not is_test) << NORMAL_BIT | on << FIRE_BIT
        self._component(zone, number, status, text)

    def do_fault(self, zone: int, number: int, text: str, *, on: bool) -> None:
        """Let a smoke detector report a fault, or its end."""
        self._component(zone, number, 1 << NORMAL_BIT | on << FAULT_BIT, text)

    def do_call_point(self, zone: int, number: int, *, on: bool) -> None:
        """Let a manual call point report that it was broken, or mended."""
        self._component(zone, number, 1 << NORMAL_BIT | on << FIRE_BIT, "", CALL_POINT)

    def do_system(self, bits: int) -> None:
        """Let the alarm system report its own state, as figure 6 numbers its bits; 0 is normal."""
        status = encode_system(FIRE_ALARM_SYSTEM, 1, 1 << NORMAL_BIT | bits, self.time)
        self._send(encode_unit(UnitType.SYSTEM_STATUS, status))

    def do_mains(self, *, on: bool) -> None:
        """Cut the transmitter's mains, or give it back."""
        self.status = 1 << NORMAL_BIT | on << MAINS_FAULT_BIT
        self._send(encode_unit(UnitType.TRANSMITTER_STATUS, bytes([self.status, *self.time])))

    def do_temperature(self, zone: int, number: int, degrees: float) -> None:
        """Let a detector report a temperature."""
        steps = round(degrees * 10)
        place = (FIRE_ALARM_SYSTEM, 1, SMOKE_DETECTOR, zone, number, TEMPERATURE, steps)
        self._send(encode_unit(UnitType.COMPONENT_ANALOG, encode_analog(place, self.time)))

    def do_answer_duty(self) -> None:
        """Press the button that answers a duty check."""
        unit = bytes([DUTY_ANSWERED, 1, *self.time])
        self._send(encode_unit(UnitType.TRANSMITTER_OPERATION, unit))
        self.duty_minutes = 0

    def _component(
        self, zone: int, number: int, status: int, text: str, kind: int = SMOKE_DETECTOR
    ) -> None:
        self._conditions[zone, number] = status
        part = ComponentStatus(FIRE_ALARM_SYSTEM, 1, kind, zone, number, status, text)
        self._send(encode_unit(UnitType.COMPONENT_STATUS, part.encode(self.time)))

    def _send(self, data: bytes) -> None:
        self._serial = (self._serial + 1) % 0x10000
        settings = self._settings
        frame = Frame(
            self._serial, self.time, settings.address, settings.centre, Command.SEND, data
        )
        self._waiting.append(frame)


def recovered_share(*, count: int = 3000, corrupted: float = 0.1, seed: int = 1) -> float:
    """Return the share of good frames that are found among damaged ones, in pieces of 7 bytes.

    Args:
        count: Frames in the stream; their texts are full of start and end bytes.
        corrupted: Share of which one byte is changed.
        seed: Of everything random.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    stream, good = bytearray(), []
    for serial in range(count):
        text = "".join(dice.choice("@#烟感A1") for _ in range(8))
        part = ComponentStatus(FIRE_ALARM_SYSTEM, 1, SMOKE_DETECTOR, 0x4040, serial, 2, text)
        data = encode_unit(UnitType.COMPONENT_STATUS, part.encode(STANDING))
        frame = Frame(serial, STANDING, 0x2323, 0x4040, Command.SEND, data)
        raw = bytearray(encode(frame))
        if dice.random() < corrupted:
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        else:
            good.append(frame)
        stream += raw
    decoder, found = FrameDecoder(), set[Frame]()
    pieces = [bytes(stream[begin : begin + 7]) for begin in range(0, len(stream), 7)]
    for piece in [*pieces, *[b""] * count]:
        if not piece:
            decoder.expire()
        decoder.receive_data(piece)
        found |= _frames(decoder)
    return sum(frame in found for frame in good) / len(good)


def _frames(decoder: FrameDecoder) -> set[Frame]:
    found = set[Frame]()
    while True:
        try:
            frame = decoder.next_frame()
        except FrameError:
            continue
        if isinstance(frame, NeedData):
            return found
        if isinstance(frame, Frame):
            found.add(frame)
