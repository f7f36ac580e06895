"""By how much a clock runs away from the site's time, from comparisons of many hours. Pure."""

import dataclasses
import statistics
from typing import Final

DAY_S: Final = 86_400.0
SPAN_S: Final = 3 * DAY_S
"""Older comparisons say nothing of now."""
APART_S: Final = 600.0
"""Of comparisons so close together the surest is kept."""
UNSURE_S_A_DAY: Final = 2.0
"""A drift that may be off by more is not told."""


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One comparison.

    Attributes:
        at_s: Monotonic.
        offset_s: The source's time less the system's.
        error_s: It may be so far off.
    """

    at_s: float
    offset_s: float
    error_s: float


class Drift:
    """Of one clock against one source; any thread may call."""

    def __init__(self) -> None:
        """Begin without a comparison."""
        self._known: tuple[Compared, ...] = ()

    def add(self, compared: Compared) -> None:
        """Take note of a comparison; ones out of order are passed over."""
        known = self._known
        if known and compared.at_s < known[-1].at_s:
            return
        if len(known) > 1 and compared.at_s - known[-2].at_s < APART_S:
            surest = min(known[-1], compared, key=lambda each: each.error_s)
            known = (*known[:-1], surest)
        else:
            known = (*known, compared)
        self._known = tuple(each for each in known if each.at_s >= compared.at_s - SPAN_S)

    def stepped(self, step_s: float) -> None:
        """Take note that the clock was set: what was compared before is put as if it had been."""
        self._known = tuple(
            dataclasses.replace(each, offset_s=each.offset_s - step_s) for each in self._known
        )

    def s_a_day(self) -> float | None:
        """Return the drift, positive where the clock is slow; None while it is not known well.

        The median of slopes between the first half and the second: a comparison over a busy line,
        one of many, moves it little (Theil 1950, Sen 1968).
        """
        known = self._known
        if len(known) < 4:
            return None
        half = len(known) // 2
        pairs = list(zip(known[:half], known[-half:], strict=True))
        span_s = statistics.fmean(late.at_s - early.at_s for early, late in pairs)
        error_s = statistics.median(each.error_s for each in known)
        if span_s <= 0 or error_s / span_s * DAY_S > UNSURE_S_A_DAY:
            return None
        return statistics.median(
            (late.offset_s - early.offset_s) / (late.at_s - early.at_s) * DAY_S
            for early, late in pairs
        )
