"""The door controller that ``drivers.uhppote`` talks to.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.uhppote import (
    DOOR_COUNT,
    GET_DOOR,
    GET_EVENT,
    GET_STATUS,
    GET_TIME,
    LAST_EVENT,
    OPEN_DOOR,
    SET_DOOR,
    SET_TIME,
    DoorMode,
    DoorSetUp,
    Event,
    Packet,
    PacketDecoder,
    decode_time,
    encode,
    encode_event,
    encode_time,
)
from drivers.simulators.far_end import FarEnd

CARD, SWIPE_PASS, SWIPE_DENIED = 1, 1, 6
OPEN_S, OPEN_DELAY_S = 3.0, 3
NO_EVENT = Event(0, 0, is_granted=False, door=0, direction=0, card=0, time=None, reason=0)
BEGINNING = datetime(2026, 11, 23, 8, 0, 0)  # noqa: DTZ001 - the controller's own clock


class Simulator(FarEnd):
    """One controller with four doors and its list of events; its clock begins at eight."""

    KIND = "controller"
    TRANSPORTS = ("udp",)
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "swipe": {"card": 8165538, "door": 1, "granted": True},
        "door": {"door": 1, "on": True},
    }
    STIMULI = (
        ("swipe", {}, "AccessReported"),
        ("door", {"door": 2}, "DoorMonitorChanged"),
        ("door", {"door": 2, "on": False}, "DoorMonitorChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: serial: number of the controller."""

        serial: int = 405419896

    def __init__(self, settings: Settings) -> None:
        self._serial, self._decoder = settings.serial, PacketDecoder()
        self.events: list[Event] = []
        self.open_doors = [False] * DOOR_COUNT
        self.doors = [
            DoorSetUp(d + 1, DoorMode.CONTROLLED, OPEN_DELAY_S) for d in range(DOOR_COUNT)
        ]
        self._open_s = [0.0] * DOOR_COUNT
        self.opened_count, self._clock = 0, BEGINNING

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        try:
            packet = self._decoder.next_frame()
        except FrameError:
            return []
        if isinstance(packet, NeedData) or packet.serial not in (0, self._serial):
            return []
        answers: dict[int, Callable[[bytes], bytes]] = {
            GET_STATUS: lambda _: self._status(),
            GET_EVENT: self._event,
            OPEN_DOOR: self._open,
            SET_DOOR: self._set_door,
            GET_DOOR: lambda body: self._door(body[0]),
            SET_TIME: self._set_time,
            GET_TIME: lambda _: encode_time(self._now()),
        }
        if packet.operation not in answers:
            return []
        body = answers[packet.operation](packet.body)
        return [encode(Packet(packet.operation, self._serial, body))]

    def _now(self) -> datetime:
        return self._clock.replace(microsecond=0)

    def _status(self) -> bytes:
        now = self._now()
        newest = self.events[-1] if self.events else NO_EVENT
        clock = bytes.fromhex(now.strftime("%H%M%S"))
        date = bytes.fromhex(now.strftime("%y%m%d"))
        body = encode_event(newest) + bytes(self.open_doors) + bytes(DOOR_COUNT) + b"\0" + clock
        return body + bytes(11) + date

    def _event(self, body: bytes) -> bytes:
        index = int.from_bytes(body[:4], "little")
        index = len(self.events) if index == LAST_EVENT else index
        is_known = 1 <= index <= len(self.events)
        return encode_event(self.events[index - 1] if is_known else NO_EVENT)

    def _open(self, body: bytes) -> bytes:
        door = body[0] - 1
        if not 0 <= door < DOOR_COUNT:
            return b"\0"
        self.opened_count += 1
        self.open_doors[door], self._open_s[door] = True, OPEN_S
        return b"\1"

    def _door(self, number: int) -> bytes:
        return self.doors[number - 1].to_bytes() if 1 <= number <= DOOR_COUNT else bytes(3)

    def _set_door(self, body: bytes) -> bytes:
        number, mode, delay_s = body[:3]
        if not 1 <= number <= DOOR_COUNT or mode not in set(DoorMode):
            return bytes(3)
        self.doors[number - 1] = DoorSetUp(number, mode, delay_s)
        self.open_doors[number - 1] = mode == DoorMode.NORMALLY_OPEN
        return self._door(number)

    def _set_time(self, body: bytes) -> bytes:
        try:
            self._clock = decode_time(body[:7]) or self._clock
        except FrameError:
            return bytes(7)
        return encode_time(self._clock)

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: a door that was opened by a command falls shut."""
        self._clock += timedelta(seconds=dt_s)
        for door, left_s in enumerate(self._open_s):
            if 0 < left_s <= dt_s and self.doors[door].mode != DoorMode.NORMALLY_OPEN:
                self.open_doors[door] = False
            self._open_s[door] = max(0.0, left_s - dt_s)
        return []

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "open_doors": list(self.open_doors),
            "modes": [DoorMode(door.mode).name.lower() for door in self.doors],
            "event_count": len(self.events),
            "opened_count": self.opened_count,
        }

    def do_swipe(self, card: int, door: int, *, granted: bool) -> None:
        """Show a card at a door, 1..4."""
        self._check(door)
        reason = SWIPE_PASS if granted else SWIPE_DENIED
        self.events.append(
            Event(len(self.events) + 1, CARD, granted, door, 1, card, self._now(), reason)
        )

    def do_door(self, door: int, *, on: bool) -> None:
        """Open a door by hand, 1..4, or shut it."""
        self._check(door)
        self.open_doors[door - 1] = on

    def _check(self, door: int) -> None:
        if not 1 <= door <= DOOR_COUNT:
            raise ValueError(f"door is 1..{DOOR_COUNT}, not {door}")
