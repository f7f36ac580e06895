"""What drivers of scales share: a weight counts when it was said twice, and while it is fresh."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from drivers.base import DeviceUnreachableError, Observation, WeightChanged
from drivers.bus import Bus, Decoder

_Weight = TypeVar("_Weight")

MOVING: Final = WeightChanged(None, is_stable=False)


class Weighing:
    """Turns what a scale says into changes. Times are monotonic seconds."""

    def __init__(self, *, silence_s: float, now_s: float) -> None:
        self._silence_s, self._heard_at_s = silence_s, now_s
        self._last: WeightChanged | None = None
        self._told: WeightChanged | None = None

    def forget(self, *, now_s: float) -> None:
        """Take what was said as stale."""
        self._last = self._told = None
        self._heard_at_s = now_s

    def said(self, weight: WeightChanged, *, now_s: float) -> list[WeightChanged]:
        """Take what the scale says; returns the change, if there is one.

        A weight that differs from the one before is told as one that moves, without a number, at
        once: what was stable a moment ago is not what lies there now.
        """
        self._heard_at_s = now_s
        is_first, is_confirmed = self._last is None, weight == self._last
        self._last = weight
        if is_first:
            return []
        told = weight if is_confirmed else MOVING
        if told == self._told:
            return []
        self._told = told
        return [told]

    def check(self, *, now_s: float) -> None:
        """Complain when nothing was said for too long.

        Raises:
            DeviceUnreachableError: Nothing was; what was said before is stale.
        """
        silence_s = now_s - self._heard_at_s
        if silence_s > self._silence_s:
            self._last = self._told = None
            raise DeviceUnreachableError(f"the scale has been silent for {silence_s:.1f} s")


class HeardScale(Generic[_Weight]):
    """A scale that talks by itself: what it says, and that it says nothing."""

    def __init__(
        self,
        bus: Bus,
        decoder: Decoder[_Weight],
        change_of: Callable[[_Weight], WeightChanged],
        *,
        unit_id: str,
        silence_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        """Hear a scale.

        Args:
            bus: Its line.
            decoder: Used by the bus's thread alone.
            change_of: What a frame of it says.
            unit_id: Its name on the line.
            silence_s: One that says nothing for so long is absent.
            monotonic: The clock.
        """
        self._bus, self._change_of, self._unit_id = bus, change_of, unit_id
        self._silence_s, self._monotonic = silence_s, monotonic
        self._weighing = Weighing(silence_s=silence_s, now_s=monotonic())
        self._found: list[Observation] = []
        self._subscription = bus.subscribe(decoder)

    async def start(self) -> None:
        """Wait for a weight; what was known is stale.

        Raises:
            DeviceUnreachableError: None comes, or the line is not there.
        """
        self._weighing.forget(now_s=self._monotonic())
        await self._bus.send(b"", unit_id=self._unit_id)
        self._subscription.take()
        self._found = []
        deadline_s = self._monotonic() + self._silence_s
        is_heard = False
        # Until two were said, so that the first poll knows something.
        while not self._found and self._monotonic() < deadline_s:
            is_heard = bool(await self.hear(until_s=deadline_s)) or is_heard
        if not is_heard:
            raise DeviceUnreachableError(
                f"no reply: the scale said no weight in {self._silence_s} s"
            )

    def poll(self) -> list[Observation]:
        """Return what changed; see ``Driver.poll``."""
        self.take()
        if not self._found:
            self._weighing.check(now_s=self._monotonic())
        found, self._found = self._found, []
        return found

    async def hear(self, *, until_s: float) -> list[_Weight]:
        """Return what is said next, nothing when the time is over; a poll reports it, too."""
        await self._subscription.wait(timeout_s=max(0.0, until_s - self._monotonic()))
        return self.take()

    def take(self) -> list[_Weight]:
        """Return what was said; a poll reports it, too."""
        weights = self._subscription.take()
        for weight in weights:
            self._found += self._weighing.said(self._change_of(weight), now_s=self._monotonic())
        return weights

    def close(self) -> None:
        """Hear no more; idempotent."""
        self._subscription.close()
