"""How much people can follow: what figures of the list are held against. Pure.

Rates are for each operator position: a guard who sees to alarms, one of several at the same time.

Sources: ANSI/ISA-18.2-2016 and IEC 62682:2022, "Alarm performance metrics", the table of targets
    (its number differs between editions); EEMUA 191, 3rd edition, for the rate in a steady state
    and the minutes after an upset. They are averages of a month in a process plant: for a security
    room they are a yardstick, not a rule.
"""

import dataclasses
from typing import Final, Literal

Verdict = Literal["good", "bearable", "too_much"]
Name = Literal[
    "rate_hour", "rate_10_min", "peak_10_min", "busy_hours", "flood_share", "top_share",
    "chattering", "standing_long",
]  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """What a figure is held against. Attributes: good, most: Up to and including these."""

    good: float
    most: float

    def verdict(self, value: float) -> Verdict:
        """Return how a figure is."""
        if value <= self.good:
            return "good"
        return "bearable" if value <= self.most else "too_much"


BOUNDS: Final[dict[Name, Bound]] = {
    # "Likely acceptable" about 6 an hour and 1 in ten minutes, "maximum manageable" twice that.
    "rate_hour": Bound(6, 12),
    "rate_10_min": Bound(1, 2),
    "peak_10_min": Bound(10, 10),
    # Hours of more than 30 alarms, and time in a flood: about 1 %.
    "busy_hours": Bound(0.01, 0.01),
    "flood_share": Bound(0.01, 0.01),
    # The ten busiest sources: about 1 % to 5 % of all.
    "top_share": Bound(0.01, 0.05),
    "chattering": Bound(0, 0),
    # ISA-18.2 calls "stale" what stands for more than a day: fewer than five on any day.
    "standing_long": Bound(4, 4),
}
BUSY_HOUR_COUNT: Final = 30
PRIORITY_SHARES: Final[dict[int, float]] = {1: 0.01, 2: 0.05, 3: 0.15, 4: 0.80}
"""About how alarms should be spread over four priorities."""
TOP_COUNTS_FROM: Final = 100
"""Of fewer alarms than these, ten sources are always the most: nothing is said of their share."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted.

    Attributes:
        hours: Counts of whole or begun hours, oldest first.
        peak: The most in any ten minutes.
        flood_share: Of the time, 0..1.
        top: Raised by the ten busiest sources.
        positions: Guards who see to alarms at the same time; at least 1.
    """

    hours: tuple[int, ...]
    peak: int
    flood_share: float
    top: int
    chattering: int
    standing_long: int
    positions: int


def measured(figures: Figures) -> dict[Name, float | None]:
    """Return the figures that have bounds; None where too little was counted to say anything."""
    count, positions = sum(figures.hours), figures.positions
    rate = count / max(1, len(figures.hours)) / positions
    busy = sum(hour > BUSY_HOUR_COUNT * positions for hour in figures.hours)
    return {
        "rate_hour": rate,
        "rate_10_min": rate / 6,
        "peak_10_min": figures.peak / positions,
        "busy_hours": busy / max(1, len(figures.hours)),
        "flood_share": figures.flood_share,
        "top_share": figures.top / count if count >= TOP_COUNTS_FROM else None,
        "chattering": figures.chattering,
        "standing_long": figures.standing_long,
    }
