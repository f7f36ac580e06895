"""A user information transmitter of GB/T 26875.3, to which we are the centre.

Serial, or TCP both ways: ``socket://`` to a transmitter that listens, ``listen://`` for one that
dials in. Every sound message is acknowledged, a damaged one refused, so that it comes again.

Source: GB/T 26875.3-2011, clauses 5 to 8; a heartbeat is practice, not the standard.
"""

import asyncio
import dataclasses
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from drivers.base import (
    DeviceUnreachableError,
    DutyAnswered,
    Observation,
    PointChanged,
    PointCondition,
    ReadingChanged,
)
from drivers.bus import Bus, Priority
from drivers.protocols import FrameError
from drivers.protocols.gbt26875 import (
    COMPONENT_TYPES,
    Command,
    ComponentStatus,
    Damaged,
    Frame,
    FrameDecoder,
    Time,
    UnitType,
    decode_analog,
    decode_system,
    encode,
    encode_unit,
    objects_of,
    reply_to,
)
from drivers.registry import register
from drivers.subscription import Subscription

COMPONENT_BITS: Final = {
    1: PointCondition.FIRE,
    2: PointCondition.FAULT,
    3: PointCondition.DISABLED,
    4: PointCondition.SUPERVISORY,
    5: PointCondition.STARTED,
    6: PointCondition.FEEDBACK,
    7: PointCondition.DELAYED,
    8: PointCondition.POWER_FAULT,
}
"""Figure 7. Bit 0 clear is *test*; many panels never set it, so it hides nothing."""
SYSTEM_BITS: Final = {
    **{bit: condition for bit, condition in COMPONENT_BITS.items() if bit < 8},
    8: PointCondition.MAINS_FAULT,
    9: PointCondition.BATTERY_FAULT,
    10: PointCondition.LINE_FAULT,
    11: PointCondition.MANUAL,
    13: PointCondition.RESET,
}
"""Figure 6."""
TRANSMITTER_BITS: Final = {
    1: PointCondition.FIRE,
    2: PointCondition.FAULT,
    3: PointCondition.MAINS_FAULT,
    4: PointCondition.BATTERY_FAULT,
    5: PointCondition.CENTRE_FAULT,
    6: PointCondition.LINE_FAULT,
}
QUANTITIES: Final = {
    1: ("count", "1", ""),
    2: ("height", "0.01", "m"),
    3: ("temperature", "0.1", "degC"),
    4: ("pressure", "0.1", "MPa"),
    5: ("pressure", "0.1", "kPa"),
    6: ("gas_concentration", "0.1", "%LEL"),
    7: ("time", "1", "s"),
    8: ("voltage", "0.1", "V"),
    9: ("current", "0.1", "A"),
    10: ("flow", "0.1", "L/s"),
    11: ("flow", "0.1", "m3/min"),
    12: ("speed", "1", "m/s"),
}
"""Table 6: quantity, what one step is, unit."""
TRANSMITTER: Final = "transmitter"
STALL_S: Final = 5.0
"""A frame that has not ended by then never will: its length was damaged."""
REMEMBERED_COUNT: Final = 64
DUTY_ANSWERED_BIT: Final = 5
"""Table 9, operations of the transmitter."""


@register("gbt26875")
class Gbt26875:
    """One transmitter; satisfies ``Driver``, ``SpeaksUnasked``, ``DutyCheckable``.

    One request in flight; what the transmitter reports comes at any time. A fire is reported
    although its message says *test*: then TEST stands beside it.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Who talks to whom.

        Attributes:
            address: Ours, as the transmitter knows its centre.
            transmitter: The transmitter's; 0 takes any.
            heartbeat_s_max: Silence beyond it is an absence; 0 is for a transmitter without one.
            timeout_s: Longest wait for the answer to a request.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        address: int = 1
        transmitter: int = 0
        heartbeat_s_max: float = 60.0
        timeout_s: float = 2.0
        attempt_count: int = 3

        def __post_init__(self) -> None:
            for name in ("address", "transmitter"):
                if not 0 <= getattr(self, name) < 2**48:
                    raise ValueError(f"gbt26875: {name} is 0..2^48-1, not {getattr(self, name)}")
            if not 0 <= self.heartbeat_s_max <= 3600:
                raise ValueError(
                    f"gbt26875: heartbeat_s_max is 0..3600, not {self.heartbeat_s_max}"
                )
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"gbt26875: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"gbt26875: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(
        self,
        bus: Bus,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """See ``registry.DriverClass``.

        Args:
            bus: The line.
            settings: Who talks to whom.
            monotonic: The clock that silence is measured with.
            now: Time of day as the site has it, for the time label of what we send.
        """
        self._bus, self._settings, self._monotonic, self._now = bus, settings, monotonic, now
        self._unit_id = f"gbt26875/{settings.transmitter}"
        self._decoder = FrameDecoder()
        self._subscription: Subscription[Frame | Damaged] = bus.subscribe(self._decoder)
        self._transmitter = settings.transmitter
        self._serial = 0
        self._heard_at_s = monotonic()
        self._stalled_at_s: float | None = None
        self._seen: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._known: dict[str, PointChanged] = {}
        self._readings: dict[str, ReadingChanged] = {}
        self._found: list[Observation] = []

    async def start(self) -> None:
        """Ask for the transmitter's own state: whether it is there; what was known is stale."""
        self._known.clear()
        self._readings.clear()
        await self._request(UnitType.READ_TRANSMITTER_STATUS, b"\0")
        self._heard_at_s = self._monotonic()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; also acknowledges, and gives up what never ends.

        Raises:
            DeviceUnreachableError: The line is lost, or nothing was heard for too long.
        """
        self._break_stall()
        self._take()
        silence_s = self._monotonic() - self._heard_at_s
        limit_s = self._settings.heartbeat_s_max
        if limit_s and silence_s > limit_s:
            raise DeviceUnreachableError(f"the transmitter has been silent for {silence_s:.0f} s")
        found, self._found = self._found, []
        return found

    @property
    def heard_at_s(self) -> float:
        """See ``SpeaksUnasked.heard_at_s``."""
        return self._subscription.last_heard_at_s or self._heard_at_s

    async def wait(self, *, timeout_s: float) -> None:
        """See ``SpeaksUnasked.wait``."""
        await self._subscription.wait(timeout_s=timeout_s)

    async def synchronise_time(self) -> None:
        """Tell the transmitter the time of day.

        Raises:
            DriverError: It did not acknowledge.
        """
        await self._request(
            UnitType.SYNCHRONISE_TIME, bytes(self._label()), command=Command.CONTROL
        )

    async def check_duty(self, minutes: int) -> None:
        """Ask whether somebody is on duty; the answer is a ``DutyAnswered``.

        Args:
            minutes: Within which it must come, 1..255.

        Raises:
            DriverError: The transmitter did not acknowledge.
        """
        if not 1 <= minutes <= 255:
            raise ValueError(f"a duty check waits 1..255 minutes, not {minutes}")
        await self._request(UnitType.CHECK_DUTY, bytes([minutes]), command=Command.CONTROL)

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._subscription.close()

    # ---- messages

    async def _request(
        self, unit_type: UnitType, body: bytes, *, command: Command = Command.REQUEST
    ) -> Frame:
        """Return the answer to a request, or the acknowledgement of a control."""
        self._serial = self._serial % 0xFFFF + 1
        request = Frame(
            self._serial,
            self._label(),
            self._settings.address,
            self._transmitter,
            command,
            encode_unit(unit_type, body),
        )
        for _ in range(self._settings.attempt_count):
            await self._bus.send(encode(request), unit_id=self._unit_id)
            if (answer := await self._answer_to(request.serial)) is not None:
                return answer
        raise DeviceUnreachableError(
            f"the transmitter did not answer in {self._settings.timeout_s} s"
            f" ({self._settings.attempt_count} times): no reply"
        )

    async def _answer_to(self, serial: int) -> Frame | None:
        answers = (Command.ACKNOWLEDGE, Command.RESPONSE)
        deadline_s = self._monotonic() + self._settings.timeout_s
        while (left_s := deadline_s - self._monotonic()) > 0:
            await self._subscription.wait(timeout_s=left_s)
            for frame in self._take():
                if frame.serial == serial and frame.command in answers:
                    return frame
            await asyncio.sleep(0)
        return None

    def _take(self) -> list[Frame]:
        """Hear what came: acknowledge it, turn it into observations, return the answers."""
        answers = []
        for frame in self._subscription.take():
            if frame.source == self._settings.address:
                continue  # an adapter's echo of what we said
            if isinstance(frame, Damaged):
                self._send(reply_to(frame, Command.REFUSE, self._label()))
                continue
            if self._settings.transmitter not in (0, frame.source):
                continue
            self._heard_at_s, self._transmitter = self._monotonic(), frame.source
            if frame.command == Command.SEND:
                self._accept(frame)
            elif frame.command == Command.RESPONSE:
                self._observe(frame)
                answers.append(frame)
            elif frame.command in (Command.ACKNOWLEDGE, Command.REFUSE):
                answers.append(frame)
            else:
                self._send(reply_to(frame, Command.REFUSE, self._label()))
        return answers

    def _accept(self, frame: Frame) -> None:
        """Acknowledge what was sent; a repetition is acknowledged again and told once."""
        key = (frame.source, frame.serial)
        is_repeated = self._seen.get(key) == frame.data and bool(frame.data)
        try:
            if not is_repeated:
                self._observe(frame)
        except FrameError:
            self._send(reply_to(frame, Command.REFUSE, self._label()))
            return
        self._seen[key] = frame.data
        while len(self._seen) > REMEMBERED_COUNT:
            self._seen.popitem(last=False)
        self._send(reply_to(frame, Command.ACKNOWLEDGE, self._label()))

    def _send(self, frame: Frame) -> None:
        """Acknowledge or refuse; nobody waits, so that a fire is told before its receipt is."""
        self._bus.post(encode(frame), unit_id=self._unit_id, priority=Priority.FIRE)

    def _label(self) -> Time:
        now = self._now()
        return (now.second, now.minute, now.hour, now.day, now.month, now.year % 100)

    def _break_stall(self) -> None:
        now_s = self._monotonic()
        if not self._decoder.is_waiting:
            self._stalled_at_s = None
        elif self._stalled_at_s is None:
            self._stalled_at_s = now_s
        elif now_s - self._stalled_at_s >= STALL_S:
            self._subscription.expire(self._decoder.expire, now_s=now_s)
            self._stalled_at_s = None

    # ---- what messages say

    def _observe(self, frame: Frame) -> None:
        """Turn an application unit into observations.

        Raises:
            FrameError: It is none.
        """
        if not frame.data:
            return  # a heartbeat
        unit_type, objects = objects_of(frame.data)
        for raw in objects:
            match unit_type:
                case UnitType.COMPONENT_STATUS:
                    self._component(ComponentStatus.decode(raw))
                case UnitType.SYSTEM_STATUS:
                    system_type, address, status = decode_system(raw)
                    conditions = _conditions(status, SYSTEM_BITS, has_test=True)
                    if PointCondition.RESET in conditions:
                        self._reset(f"{system_type}.{address}")
                    self._point(PointChanged(f"{system_type}.{address}", conditions, kind="system"))
                case UnitType.TRANSMITTER_STATUS:
                    conditions = _conditions(raw[0], TRANSMITTER_BITS, has_test=True)
                    self._point(PointChanged(TRANSMITTER, conditions, kind=TRANSMITTER))
                case UnitType.COMPONENT_ANALOG:
                    self._analog(raw)
                case UnitType.TRANSMITTER_OPERATION if raw[0] >> DUTY_ANSWERED_BIT & 1:
                    self._found.append(DutyAnswered(operator=raw[1]))

    def _reset(self, system: str) -> None:
        """The panel was reset: what its parts said is over, and what still stands it says again."""
        for known in list(self._known.values()):
            if known.conditions and known.point.startswith(f"{system}/"):
                self._point(dataclasses.replace(known, conditions=()))

    def _component(self, status: ComponentStatus) -> None:
        system = f"{status.system_type}.{status.system_address}"
        kind = COMPONENT_TYPES.get(status.component_type, f"type {status.component_type}")
        conditions = _conditions(status.status, COMPONENT_BITS, has_test=True)
        point = f"{system}/{status.zone}.{status.number}"
        self._point(PointChanged(point, conditions, status.text, kind))

    def _analog(self, raw: bytes) -> None:
        system_type, address, _, zone, number, quantity, value = decode_analog(raw)
        if quantity not in QUANTITIES:
            return
        name, step, unit = QUANTITIES[quantity]
        place = f"{system_type}.{address}/{zone}.{number}"
        reading = ReadingChanged(f"{name}@{place}", value * Decimal(step), unit)
        if self._readings.get(reading.quantity) != reading:
            self._readings[reading.quantity] = reading
            self._found.append(reading)

    def _point(self, change: PointChanged) -> None:
        if self._known.get(change.point) != change:
            self._known[change.point] = change
            self._found.append(change)


def _conditions(
    status: int, bits: dict[int, PointCondition], *, has_test: bool
) -> tuple[PointCondition, ...]:
    found = [condition for bit, condition in bits.items() if status >> bit & 1]
    # All clear is how simple panels say normal: test stands only beside something else.
    if has_test and found and not status & 1:
        found.append(PointCondition.TEST)
    return tuple(sorted(found))
