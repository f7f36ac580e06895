"""What drivers of scales share: a weight counts when it was said twice, and while it is fresh."""

from drivers.base import DeviceUnreachableError, WeightChanged


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
        """Take what the scale says; returns the change, if it is one that was said twice."""
        self._heard_at_s = now_s
        is_confirmed, self._last = weight == self._last, weight
        if not is_confirmed or weight == self._told:
            return []
        self._told = weight
        return [weight]

    def check(self, *, now_s: float) -> None:
        """Complain when nothing was said for too long.

        Raises:
            DeviceUnreachableError: Nothing was; what was said before is stale.
        """
        silence_s = now_s - self._heard_at_s
        if silence_s > self._silence_s:
            self._last = self._told = None
            raise DeviceUnreachableError(f"the scale has been silent for {silence_s:.1f} s")
