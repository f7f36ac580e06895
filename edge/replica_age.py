"""How old the replica is: since central last confirmed that it is current, not since it changed.

Pure: times are arguments. Within one run of the process the monotonic clock counts, so a wall clock
that is set back, or forward, changes nothing. Over a restart the wall clock says how long the node
was off, and never makes the replica younger than it was known to be.
"""

import dataclasses
from datetime import datetime, timedelta


@dataclasses.dataclass(frozen=True, slots=True)
class KeptAge:
    """What outlives the process. Attributes: age_s: at ``at``, by the node's clock of then."""

    age_s: float
    at: datetime


class ReplicaAge:
    """Of one node's replica."""

    def __init__(self, kept: KeptAge | None, *, now: datetime, now_s: float) -> None:
        """Begin with what was kept; a replica of which nothing was kept counts from now.

        Args:
            kept: By the process before.
            now: Wall clock, aware UTC.
            now_s: Monotonic.
        """
        off = timedelta(0) if kept is None else max(timedelta(0), now - kept.at)
        self._age_s = (0.0 if kept is None else kept.age_s) + off.total_seconds()
        self._since_s = now_s

    def confirm(self, *, now_s: float) -> None:
        """Central says that the version here is its own."""
        self._age_s, self._since_s = 0.0, now_s

    def age_s(self, *, now_s: float) -> float:
        """Return the age in seconds."""
        return self._age_s + max(0.0, now_s - self._since_s)

    def kept(self, *, now: datetime, now_s: float) -> KeptAge:
        """Return what to keep now."""
        return KeptAge(self.age_s(now_s=now_s), now)
