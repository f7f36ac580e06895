"""The node's wall clock, compared with central's at every answer and with the site's time server.

A terminal whose clock is wrong (a flat battery, no time server) takes the site's time, and says
``unsure`` in its events until it has compared. Once it has, it goes on by the monotonic clock when
somebody sets the system's: no timer, meal or code jumps. Central proves who it is and a time server
does not, so who contradicts central is not believed.
"""

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from config.contract.events import ClockQuality

DIFFERENCE_MAX: Final = timedelta(seconds=2)
"""Larger differences are the node's error; an HTTP date has whole seconds and travels."""
SERVER_DIFFERENCE_MAX: Final = timedelta(seconds=0.5)
"""The same for a time server, whose answer's way is measured."""
COMPARISON_LIFETIME_S: Final = 24 * 3600.0
FIRST_COMPARISON_S: Final = 60.0
"""So long after its start a node's clock may wait for central's first answer."""
STEP_S: Final = 1.0
"""A smaller difference between both clocks is no step: time services turn a clock as gently."""
SLEW: Final = 5e-4
"""How fast Linux turns a clock (``adjtimex``, 500 ppm), beside which its steps are told."""
READ_S_MAX: Final = 0.05
"""Both clocks must be read within it to be compared with each other."""
CONTRADICTION_S: Final = 5.0
DRIFT_MAX: Final = 1e-4
"""Of a monotonic clock: 100 ppm, as bad as quartz gets."""


def system_now() -> datetime:
    """Return the system's wall clock, aware UTC."""
    return datetime.now(UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class _Moment:
    """What both clocks said at once, or should have. Attributes: at_s: monotonic."""

    at: datetime
    at_s: float

    def later(self, at_s: float) -> datetime:
        return self.at + timedelta(seconds=at_s - self.at_s)


class NodeClock:
    """The time that this node believes in. For one thread's writes, any thread's reads.

    Attributes:
        difference: Central's time less the system's, as last compared; None before.
        compared_with_central_at_s: When that was, monotonic.
        stepped_s: By how much the system's clock was last set while this ran; None where it was
            not.
        is_contradicted: The time server, when last heard, said another time than central.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime] = system_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Believe the system until central says otherwise."""
        self._wall, self._monotonic = wall, monotonic
        self._anchor: _Moment | None = None
        self._last: _Moment | None = None
        self._central: _Moment | None = None
        self._compared_at_s: float | None = None
        self._server_at_s: float | None = None
        self._when_stepped: list[Callable[[float], None]] = []
        self._began_at_s = monotonic()
        self.difference: timedelta | None = None
        self.compared_with_central_at_s: float | None = None
        self.stepped_s: float | None = None
        self.is_contradicted = False

    def when_stepped(self, call: Callable[[float], None]) -> None:
        """Call this, in any thread, with the seconds by which the system's clock was set."""
        self._when_stepped.append(call)

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        wall, at_s = self._read()
        anchor = self._anchor
        # From the site's time onwards by the monotonic clock: a step of the system's clock, which
        # would be applied on top of the correction, changes nothing.
        return wall if anchor is None else anchor.later(at_s)

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
        wall, at_s = self._read()
        self.difference = difference = central_at - wall
        limit = DIFFERENCE_MAX + timedelta(seconds=took_s)
        is_quick = took_s < DIFFERENCE_MAX.total_seconds()
        if self._has_server(at_s) and abs(central_at - self.now()) <= limit:
            pass  # The time server knows it better, and central agrees.
        elif abs(difference) <= DIFFERENCE_MAX:
            if is_quick:
                self._anchor = None
        elif abs(difference) > limit and (
            self._anchor is None or abs(central_at - self.now()) > limit
        ):
            self._anchor = _Moment(central_at, at_s)
        if is_quick:
            self._central = _Moment(central_at, at_s)
        self._compared_at_s = self.compared_with_central_at_s = at_s
        return difference

    def compare_server(self, offset_s: float) -> bool:
        """Take note of a time server's time.

        Args:
            offset_s: Its time less the system's.

        Returns:
            Whether it is believed: central said no other time.
        """
        wall, at_s = self._read()
        server_at = wall + timedelta(seconds=offset_s)
        central = self._central
        self.is_contradicted = False
        if central is not None:
            allowed_s = CONTRADICTION_S + (at_s - central.at_s) * DRIFT_MAX
            apart = server_at - central.later(at_s)
            self.is_contradicted = abs(apart.total_seconds()) > allowed_s
        if self.is_contradicted:
            self._server_at_s = None
            return False
        is_near = abs(offset_s) <= SERVER_DIFFERENCE_MAX.total_seconds()
        self._anchor = None if is_near else _Moment(server_at, at_s)
        self._compared_at_s = self._server_at_s = at_s
        return True

    def _has_server(self, at_s: float) -> bool:
        return self._server_at_s is not None and at_s - self._server_at_s < COMPARISON_LIFETIME_S

    def _read(self) -> tuple[datetime, float]:
        """Return both clocks, and see whether the system's was set."""
        before_s = self._monotonic()
        wall = self._wall()
        at_s = self._monotonic()
        if at_s - before_s <= READ_S_MAX:
            last, self._last = self._last, _Moment(wall, at_s)
            if last is not None:
                self._look_for_step(last, wall, at_s)
        return wall, at_s

    def _look_for_step(self, last: _Moment, wall: datetime, at_s: float) -> None:
        step_s = (wall - last.later(at_s)).total_seconds()
        if abs(step_s) < STEP_S + abs(at_s - last.at_s) * SLEW:
            return
        self.stepped_s = round(step_s, 3)
        if self.difference is not None:
            self.difference -= timedelta(seconds=step_s)
        if self._anchor is None and self.quality is ClockQuality.SYNCHRONISED:
            self._anchor = _Moment(last.later(at_s), at_s)
        for call in self._when_stepped:
            call(step_s)
