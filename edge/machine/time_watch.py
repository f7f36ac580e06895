"""Compares a terminal's clock with the site's time, and says how far it is and where it goes."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from config.contract.machine import ClockStatus
from config.site_time import SiteTime
from edge.clock import NodeClock, system_now
from edge.machine.drift import Compared, Drift
from edge.machine.time_server import TimeServerError, ask

_log = logging.getLogger("edge.machine")

INTERVAL_S: Final = 64.0
"""RFC 4330, section 10: a client asks no more often than each 15 s."""
FIRST_S: Final = 16.0
"""While nobody has answered yet."""
CENTRAL_ERROR_S: Final = 0.6
"""Central's date has whole seconds."""
LIFETIME_S: Final = 3_600.0
"""An answer of longer ago is not what the clock is compared with."""


class TimeWatch:
    """The clock of one terminal, in the loop of whoever calls ``run``."""

    def __init__(
        self,
        clock: NodeClock,
        limits: SiteTime,
        *,
        wall: Callable[[], datetime] = system_now,
        monotonic: Callable[[], float] = time.monotonic,
        on_change: Callable[[], None],
    ) -> None:
        """Watch a clock.

        Args:
            clock: Of the terminal; it is told what the server says.
            limits: Names the server, and what is too far.
            wall: The system's clock, aware UTC.
            monotonic: Seconds.
            on_change: Called when the clock becomes wrong, or right again.
        """
        self._clock, self._limits = clock, limits
        self._wall, self._monotonic, self._on_change = wall, monotonic, on_change
        self._drifts = {"time_server": Drift(), "central": Drift()}
        self._offset: Compared | None = None
        self._complaint = ""
        self._was_wrong = False
        clock.when_stepped(self._stepped)

    async def run(self) -> None:
        """Compare for ever."""
        while True:
            await self.look()
            has_answered = self._limits.address is None or not self._complaint
            await asyncio.sleep(INTERVAL_S if has_answered else FIRST_S)

    async def look(self) -> None:
        """Compare once with whoever answers."""
        if (address := self._limits.address) is not None:
            await self._ask(address)
        at_s, difference = self._clock.compared_with_central_at_s, self._clock.difference
        if difference is not None and at_s is not None:
            compared = Compared(at_s, difference.total_seconds(), CENTRAL_ERROR_S)
            self._drifts["central"].add(compared)
        is_wrong = self.status().is_wrong
        if is_wrong != self._was_wrong:
            self._was_wrong = is_wrong
            _log.warning("the clock %s", "is off" if is_wrong else "is right again")
            self._on_change()

    def status(self) -> ClockStatus:
        """Return what is reported: in tenths, so that a report says nothing new for less."""
        now_s = self._monotonic()
        source, offset_s = "none", None
        if self._offset is not None and now_s - self._offset.at_s < LIFETIME_S:
            source, offset_s = "time_server", self._offset.offset_s
        elif (difference := self._clock.difference) is not None:
            source, offset_s = "central", difference.total_seconds()
            offset_s = 0.0 if abs(offset_s) <= CENTRAL_ERROR_S else offset_s
        drift = self._drifts[source].s_a_day() if source in self._drifts else None
        limits = self._limits
        is_wrong = (
            self._clock.is_contradicted
            or (offset_s is not None and abs(offset_s) > limits.offset_s_max)
            or (drift is not None and abs(drift) > limits.drift_s_a_day_max)
        )
        return ClockStatus(
            source=source,
            offset_s=None if offset_s is None else round(offset_s, 1),
            drift_s_a_day=None if drift is None else round(drift, 1),
            stepped_s=self._clock.stepped_s,
            is_wrong=is_wrong,
        )

    async def _ask(self, address: tuple[str, int]) -> None:
        try:
            measured = await ask(address, wall=self._wall, monotonic=self._monotonic)
        except TimeServerError as error:
            self._complain(f"the time server does not help: {error}")
            return
        if not self._clock.compare_server(measured.offset_s):
            self._complain("the time server contradicts central, and is not believed")
            return
        if self._complaint:
            _log.info("the time server is heard again")
        self._complaint = ""
        self._offset = Compared(self._monotonic(), measured.offset_s, measured.error_s)
        self._drifts["time_server"].add(self._offset)

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            _log.warning("%s", complaint)
        self._complaint = complaint

    def _stepped(self, step_s: float) -> None:
        _log.warning("somebody set the system's clock by %.1f s", step_s)
        for drift in self._drifts.values():
            drift.stepped(step_s)
