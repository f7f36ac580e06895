"""A recording as a test: the driver runs again, and the far end says what it said then.

Time is the recording's own and costs none. A request is answered with what followed it; one that
was not made then is a difference, and so is one that is not made now, and every observation or
error that is another. The discipline of a real bus (silence, priorities) is not part of this.
"""

import asyncio
import dataclasses
import difflib
import inspect
import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from drivers.base import (
    DeviceUnreachableError,
    Driver,
    DriverError,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus, Decoder, Priority
from drivers.driving import drive
from drivers.protocols import FrameError, NeedData, spaced_hex
from drivers.protocols.jsonl_recording import Bytes, Entry, Failed, Observed
from drivers.recorder import observation_fields
from drivers.recording import Recording, load
from drivers.redaction import REDACTED
from drivers.registry import driver_class, make_settings
from drivers.subscription import Subscription
from drivers.transport import LineError, Transport

AHEAD_COUNT_MAX: Final = 8
"""A request that was made so many requests later is taken to be that one."""
ABSENCE_S: Final = 2.0
"""Where so long nothing was asked, the line was lost, as far as the driver can tell."""
SKIP_AFTER_S: Final = 5.0
"""What was asked then and is not asked now for so long will not be."""
DIFFERENCE_COUNT_MAX: Final = 50

_Reply = TypeVar("_Reply")
_Frame = TypeVar("_Frame")


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay showed.

    Attributes:
        differences: None is what a test wants.
        reported: What the driver reported now, a line each.
        exchange_count: Requests that were made then and now.
    """

    differences: tuple[str, ...]
    reported: tuple[str, ...]
    exchange_count: int


class ReplaySubscription(Subscription[_Frame]):
    """Hears the recording; waiting for a frame lets its time pass."""

    def __init__(self, decoder: Decoder[_Frame], bus: "ReplayBus") -> None:
        super().__init__(decoder, problem=lambda: None, on_close=bus.forget)
        self._bus = bus
        self._is_new = False

    def hear(self, data: bytes, *, now_s: float) -> None:
        """See ``Subscription.hear``."""
        heard_before_s = self.last_heard_at_s
        super().hear(data, now_s=now_s)
        self._is_new = self._is_new or self.last_heard_at_s != heard_before_s

    def take(self) -> list[_Frame]:
        """See ``Subscription.take``."""
        self._is_new = False
        return super().take()

    async def wait(self, *, timeout_s: float) -> None:
        """See ``Subscription.wait``."""
        await self._bus.advance(timeout_s, until=lambda: self._is_new)


class ReplayBus(Bus):
    """A line whose far end is a recording; for one driver.

    Attributes:
        differences: Between what is asked and what was.
        exchange_count: Requests that agree.
        is_past_end: The driver asked for more than was recorded.
    """

    def __init__(self, recording: Recording) -> None:
        header = recording.header
        super().__init__(
            header.port or str(recording.path),
            baudrate=header.baud,
            parity=header.parity,
            stopbits=header.stopbits,
            opener=_nothing_to_open,
        )
        self._entries = [entry for entry in recording.entries if isinstance(entry, Bytes)]
        self._asked_at = [index for index, entry in enumerate(self._entries) if entry.is_sent]
        self._end_s = recording.duration_s
        self._at = 0
        self._now_s = 0.0
        self._heard: list[Subscription[Any]] = []
        self.differences: list[str] = []
        self.exchange_count = 0
        self.is_past_end = False

    def monotonic(self) -> float:
        """Return the recording's time: a driver's clock."""
        return self._now_s

    @property
    def is_over(self) -> bool:
        """Whether all that was recorded has been said."""
        return self.is_past_end or (self._at >= len(self._entries) and self._now_s >= self._end_s)

    async def exchange(
        self,
        request: bytes,
        decoder: Decoder[_Reply],
        *,
        unit_id: int | str,
        timeout_s: float,
        priority: Priority = Priority.POLL,
    ) -> _Reply:
        """See ``Bus.exchange``."""
        self._ask(request)
        sent_at_s, noise = self._now_s, None
        deadline_s = sent_at_s + timeout_s + len(request) * 11 / self.baudrate + 0.02
        while (entry := self._next_entry()) and not entry.is_sent and entry.t <= deadline_s:
            self._hear_entry(entry)
            decoder.receive_data(entry.data)
            frame, noise = _next_reply(decoder, noise)
            if not isinstance(frame, NeedData):
                self._silent_units.discard(unit_id)
                return frame
        self._now_s = max(self._now_s, sent_at_s + timeout_s)
        if noise is not None:
            raise ProtocolViolationError(str(noise)) from noise
        self._silent_units.add(unit_id)
        raise DeviceUnreachableError(f"unit {unit_id}: no reply was recorded in {timeout_s} s")

    async def send(
        self, request: bytes, *, unit_id: int | str, priority: Priority = Priority.COMMAND
    ) -> None:
        """See ``Bus.send``."""
        if request:
            self._ask(request)

    def subscribe(self, decoder: Decoder[_Frame]) -> Subscription[_Frame]:
        """See ``Bus.subscribe``."""
        subscription = ReplaySubscription(decoder, self)
        self._heard.append(subscription)
        return subscription

    def forget(self, subscription: Subscription[Any]) -> None:
        """Let somebody hear no more."""
        self._heard = [one for one in self._heard if one is not subscription]

    async def advance(self, duration_s: float, *, until: Callable[[], bool] | None = None) -> None:
        """Let time pass; what comes unasked in it is heard.

        Args:
            duration_s: So much, if nothing else ends it.
            until: Asked after every piece that was heard.
        """
        end_s = self._now_s + duration_s
        while until is None or not until():
            entry = self._next_entry()
            if entry is None or entry.t > end_s or entry.is_sent:
                self._now_s = end_s
                self._give_up_asking(entry)
                return
            self._hear_entry(entry)

    def _next_entry(self) -> Bytes | None:
        return self._entries[self._at] if self._at < len(self._entries) else None

    def _hear_entry(self, entry: Bytes) -> None:
        self._at += 1
        self._now_s = max(self._now_s, entry.t)
        for subscription in self._heard:
            subscription.hear(entry.data, now_s=self._now_s)

    def _ask(self, request: bytes) -> None:
        """Find the request in what was recorded next.

        Raises:
            DeviceUnreachableError: It was not made then.
        """
        first_at = bisect_left(self._asked_at, self._at)
        asked = [
            (index, self._entries[index])
            for index in self._asked_at[first_at : first_at + AHEAD_COUNT_MAX]
        ]
        if not asked:
            self.is_past_end = True
            raise DeviceUnreachableError("the recording is over")
        if asked[0][1].t - self._now_s > ABSENCE_S:
            raise DeviceUnreachableError("nothing was asked then: the line was lost")
        skipped = list[Bytes]()
        for index, entry in asked:
            if entry.data == request:
                self._go_to(index)
                for one in skipped:
                    self._differ(f"{one.t:.3f} s: not asked any more: {spaced_hex(one.data)}")
                self.exchange_count += 1
                self._at, self._now_s = index + 1, max(self._now_s, entry.t)
                return
            skipped.append(entry)
        first = asked[0][1]
        self._differ(
            f"{self._now_s:.3f} s: asked {spaced_hex(request)}; recorded: {spaced_hex(first.data)}"
        )
        raise DeviceUnreachableError("this was not asked when it was recorded")

    def _go_to(self, index: int) -> None:
        """Hear what came before a request."""
        while self._at < index:
            entry = self._entries[self._at]
            if entry.is_sent:
                self._at += 1
            else:
                self._hear_entry(entry)

    def _give_up_asking(self, entry: Bytes | None) -> None:
        if entry is not None and entry.is_sent and self._now_s > entry.t + SKIP_AFTER_S:
            self._at += 1
            self._differ(f"{entry.t:.3f} s: not asked any more: {spaced_hex(entry.data)}")

    def _differ(self, what: str) -> None:
        if len(self.differences) < DIFFERENCE_COUNT_MAX:
            self.differences.append(what)


def _nothing_to_open() -> Transport:
    raise LineError("a recording is no line")


def _next_reply(
    decoder: Decoder[_Reply], noise: FrameError | None
) -> tuple[_Reply | NeedData, FrameError | None]:
    while True:
        try:
            return decoder.next_frame(), noise
        except FrameError as error:
            noise = error


def replay(
    recording: Recording, *, driver: str = "", settings: Mapping[str, Any] | None = None
) -> Outcome:
    """Run a driver on a recording.

    Args:
        recording: Of a line that its driver asked, or listened to.
        driver: Another one than the recording names.
        settings: Added to the recording's, or instead of them.

    Raises:
        ValueError: No such driver or setting, one that cannot be replayed, or none is named.
    """
    name = driver or recording.header.driver
    if not name:
        raise ValueError(f"{recording.path} names no driver: give one with --driver")
    if recording.path.suffix == ".osdpcap" or name == "osdp_reader":
        raise ValueError(
            "an OSDP recording is not replayed to a driver: numbers of its secure channel are drawn"
            " anew each time; without --driver its frames are checked"
        )
    is_same = name == recording.header.driver
    given = {**(recording.header.settings if is_same else {}), **(settings or {})}
    if missing := [key for key, value in given.items() if value == REDACTED]:
        raise ValueError(f"{', '.join(missing)} was taken out of the recording: give --set")
    bus = ReplayBus(recording)
    reported = list[str]()

    def tell(what: Observation | DriverError) -> None:
        if not bus.is_past_end:
            reported.append(_text_of(what))

    asyncio.run(
        drive(
            _made(name, bus, given),
            tell=tell,
            is_over=lambda: bus.is_over,
            pause=lambda: bus.advance(recording.header.poll_s),
        )
    )
    differences = list(bus.differences)
    if is_same and not bus.differences:
        differences += _compared([_text(entry) for entry in recording.entries], reported)
    return Outcome(tuple(differences), tuple(reported), bus.exchange_count)


def assert_replays(path: Path) -> None:
    """Assert, for pytest, that a recording's driver asks and reports what it did then.

    Raises:
        AssertionError: It does not; the differences, a line each.
        ValueError: It is no sound recording.
    """
    differences = replay(load(path)).differences
    if differences:
        raise AssertionError("\n".join([f"{path.name} does not replay:", *differences]))


def _made(name: str, bus: ReplayBus, given: Mapping[str, Any]) -> Driver:
    """Return a driver whose clock is the recording's, if it takes one."""
    found: Any = driver_class(name)
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}
    settings = make_settings(name, found.Settings, values)
    clock = (
        {"monotonic": bus.monotonic} if "monotonic" in inspect.signature(found).parameters else {}
    )
    driver: Driver = found(bus, settings, **clock)
    return driver


def _text_of(what: Observation | DriverError) -> str:
    if isinstance(what, DriverError):
        return type(what).__name__
    return f"{type(what).__name__} {_sorted_json(observation_fields(what))}"


def _text(entry: Entry) -> str:
    match entry:
        case Observed():
            return f"{entry.kind} {_sorted_json(entry.fields)}"
        case Failed():
            return entry.kind
    return ""


def _sorted_json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, ensure_ascii=False)


def _compared(then: list[str], now: list[str]) -> list[str]:
    lines = difflib.unified_diff(
        _once([line for line in then if line]), _once(now), lineterm="", n=0
    )
    words = {"-": "not reported any more: ", "+": "reported now: "}
    return [
        words[line[0]] + line[1:]
        for line in lines
        if line[0] in words and not line.startswith(("---", "+++"))
    ][:DIFFERENCE_COUNT_MAX]


def _once(lines: list[str]) -> list[str]:
    """Return lines without repeated errors: how often one comes is a matter of milliseconds."""
    return [
        line for at, line in enumerate(lines) if at == 0 or line != lines[at - 1] or " " in line
    ]
