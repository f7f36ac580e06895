"""A recording as the far end of a line, for one driver; its time is the recording's own.

A request is answered with what followed it then. Where something failed then, it fails again. The
discipline of a real bus (silence, priorities) is not part of this.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final, TypeVar

from drivers.base import DeviceUnreachableError, ProtocolViolationError
from drivers.bus import Bus, Decoder, Priority
from drivers.protocols import FrameError, NeedData, spaced_hex
from drivers.protocols.jsonl_recording import Bytes, Failed
from drivers.recording import Recording
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


class ReplaySubscription(Subscription[_Frame]):
    """Hears the recording; waiting for a frame lets its time pass."""

    def __init__(self, decoder: Decoder[_Frame], bus: "ReplayBus") -> None:
        super().__init__(decoder, problem=bus.failure_due, on_close=bus.forget)
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
        self._entries = [one for one in recording.entries if isinstance(one, Bytes | Failed)]
        self._asked_at = [
            index
            for index, entry in enumerate(self._entries)
            if isinstance(entry, Bytes) and entry.is_sent
        ]
        self._slack_s = header.poll_s
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
        is_read_back: bool = False,
    ) -> _Reply:
        """See ``Bus.exchange``."""
        self._ask(request)
        sent_at_s, noise = self._now_s, None
        deadline_s = sent_at_s + timeout_s + len(request) * 11 / self.baudrate + 0.02
        while (entry := self._next_heard()) is not None and entry.t <= deadline_s:
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
        elif (problem := self.failure_due()) is not None:
            raise DeviceUnreachableError(problem)

    def post(self, request: bytes, *, unit_id: int | str, priority: Priority) -> None:
        """See ``Bus.post``."""
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
            heard = self._next_heard()
            if heard is None or heard.t > end_s:
                self._now_s = end_s
                self._give_up()
                return
            self._hear_entry(heard)

    def failure_due(self) -> str | None:
        """Return what went wrong at this time when it was recorded; None if nothing did."""
        entry = self._next_entry()
        if isinstance(entry, Failed) and entry.t <= self._now_s + self._slack_s:
            return f"{entry.kind} when it was recorded"
        return None

    def failed(self) -> None:
        """The driver raised an error: the recorded one, if there is one here, is behind us."""
        entry = self._next_entry()
        if isinstance(entry, Failed):
            self._at, self._now_s = self._at + 1, max(self._now_s, entry.t)

    def _next_entry(self) -> Bytes | Failed | None:
        return self._entries[self._at] if self._at < len(self._entries) else None

    def _next_heard(self) -> Bytes | None:
        """Return what is heard next, unless something was asked or failed before it."""
        entry = self._next_entry()
        return entry if isinstance(entry, Bytes) and not entry.is_sent else None

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
        if isinstance(failure := self._next_entry(), Failed):
            raise DeviceUnreachableError(f"{failure.kind} when it was recorded")
        first_at = bisect_left(self._asked_at, self._at)
        asked = [
            (index, entry)
            for index in self._asked_at[first_at : first_at + AHEAD_COUNT_MAX]
            if isinstance(entry := self._entries[index], Bytes)
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
            if (heard := self._next_heard()) is not None:
                self._hear_entry(heard)
            else:
                self._at += 1

    def _give_up(self) -> None:
        """Pass over what the driver neither asks nor fails at any more."""
        entry = self._next_entry()
        if entry is None or self._now_s <= entry.t + SKIP_AFTER_S:
            return
        self._at += 1
        if isinstance(entry, Bytes):
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
