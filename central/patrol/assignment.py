"""Which scan belongs to which stop of which round. Pure.

It follows from all rounds and scans of a span of time and from nothing else, so scans may come in
any order, days late: what was worked out before is worked out again.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from central.patrol.rounds import PlannedRound, PlannedStop


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan as central holds it.

    Attributes:
        scanned_at: By the terminal, and never later than it was heard of.
        received_at: When central heard of it.
        holder_id: None where nobody was identified.
        is_time_unsure: The terminal was not sure of its clock.
    """

    scan_id: str
    checkpoint: str
    node: str
    reader: str
    holder_id: str | None
    by: str
    is_fallback: bool
    is_time_unsure: bool
    scanned_at: datetime
    received_at: datetime


Assigned = Mapping[tuple[UUID, int], Scan]
"""By round and index of the stop."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    round: PlannedRound
    index: int

    @property
    def key(self) -> tuple[UUID, int]:
        return self.round.round_id, self.index

    @property
    def stop(self) -> PlannedStop:
        return self.round.stops[self.index]

    def takes(self, scan: Scan) -> bool:
        """Return whether the scan can belong here at all."""
        return self.round.opens_at <= scan.scanned_at < self.round.missed_at(self.stop)

    def fit(self, scan: Scan) -> tuple[int, int]:
        """Return how well a scan fits by guard and by time; smaller is better."""
        guards = self.round.guards
        guard = 0 if not guards or scan.holder_id in guards else 1 if scan.holder_id is None else 2
        return guard, _time_fit(self.round, self.stop, scan.scanned_at)

    def distance(self, scan: Scan) -> float:
        """Return how far from the middle of its time, in seconds."""
        middle = self.stop.from_at + (self.stop.until_at - self.stop.from_at) / 2
        return abs((scan.scanned_at - middle).total_seconds())


def _time_fit(planned: PlannedRound, stop: PlannedStop, at: datetime) -> int:
    """Return 0 in time, 1 late, 2 early: an early guard may come again, a late one is there."""
    if at < planned.early_before(stop):
        return 2
    return 1 if at > planned.late_after(stop) else 0


def assign(rounds: Iterable[PlannedRound], scans: Iterable[Scan]) -> Assigned:
    """Give every scan to the stop that it fits best; one that fits none better is a repetition.

    A guard who walks another round past a checkpoint is not a wrong guard there: who is planned
    for any round that could take the scan is never given to one where they are not.
    """
    places = dict[str, list[_Place]]()
    for planned in rounds:
        for index, stop in enumerate(planned.stops):
            places.setdefault(stop.checkpoint, []).append(_Place(planned, index))
    assigned = dict[tuple[UUID, int], Scan]()
    for scan in sorted(scans, key=lambda each: (each.scanned_at, each.scan_id)):
        here = [place for place in places.get(scan.checkpoint, ()) if place.takes(scan)]
        if not here:
            continue
        guard = min(place.fit(scan)[0] for place in here)
        better = [
            place
            for place in here
            if place.fit(scan)[0] == guard
            and (place.key not in assigned or place.fit(scan) < place.fit(assigned[place.key]))
        ]
        if better:
            best = min(better, key=lambda p: (p.fit(scan), p.distance(scan), p.index))
            assigned[best.key] = scan
    return assigned
