"""The node's wall clock, compared with central's at every answer.

A terminal whose clock is wrong (a flat battery, no time server) takes central's time, and says
``unsure`` in its events until it has compared.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from config.contract.events import ClockQuality

DIFFERENCE_MAX: Final = timedelta(seconds=2)
"""Larger differences are the node's error; an HTTP date has whole seconds and travels."""
COMPARISON_LIFETIME_S: Final = 24 * 3600.0
FIRST_COMPARISON_S: Final = 60.0
"""So long after its start a node's clock may wait for central's first answer."""


def system_now() -> datetime:
    """Return the system's wall clock, aware UTC."""
    return datetime.now(UTC)


class NodeClock:
    """The time that this node believes in. For one thread's writes, any thread's reads.

    Attributes:
        difference: Central's time less the system's, as last compared; None before.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime] = system_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Believe the system until central says otherwise."""
        self._wall, self._monotonic = wall, monotonic
        self._anchor: tuple[datetime, float] | None = None
        self._compared_at_s: float | None = None
        self._began_at_s = monotonic()
        self.difference: timedelta | None = None

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        anchor = self._anchor
        if anchor is None:
            return self._wall()
        # From central's time onwards by the monotonic clock: a step of the system's clock, which
        # would be applied on top of the correction, changes nothing.
        at, at_s = anchor
        return at + timedelta(seconds=self._monotonic() - at_s)

    @property
    def quality(self) -> ClockQuality:
        """How far the time can be trusted."""
        compared_at_s = self._compared_at_s
        is_recent = (
            compared_at_s is not None and self._monotonic() - compared_at_s < COMPARISON_LIFETIME_S
        )
        return ClockQuality.SYNCHRONISED if is_recent else ClockQuality.UNSURE

    @property
    def is_awaited(self) -> bool:
        """Whether it was never compared, because the node started a moment ago."""
        has_had_time = self._monotonic() - self._began_at_s >= FIRST_COMPARISON_S
        return self._compared_at_s is None and not has_had_time

    def compare(self, central_at: datetime, *, took_s: float = 0.0) -> timedelta:
        """Take note of central's time, cut to whole seconds; return the difference.

        Args:
            central_at: What central said.
            took_s: How long the question and its answer took: so old it may be.

        Returns:
            Central's time less the system's; a correction is applied beyond ``DIFFERENCE_MAX``,
            and beyond what the way of a slow answer may have taken.
        """
        central_at += timedelta(seconds=0.5)
        self.difference = difference = central_at - self._wall()
        limit = DIFFERENCE_MAX + timedelta(seconds=took_s)
        if abs(difference) <= DIFFERENCE_MAX:
            if took_s < DIFFERENCE_MAX.total_seconds():
                self._anchor = None
        elif abs(difference) > limit and (
            self._anchor is None or abs(central_at - self.now()) > limit
        ):
            self._anchor = (central_at, self._monotonic())
        self._compared_at_s = self._monotonic()
        return difference
