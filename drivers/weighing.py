"""What drivers of scales share: a weight counts when it was said twice, and while it is fresh."""

from typing import Final

from drivers.base import DeviceUnreachableError, WeightChanged

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
