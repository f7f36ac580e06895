"""One fire or drill as a node knows it, and as it is told to the other nodes. Pure."""

import dataclasses
from datetime import datetime
from uuid import UUID

from config.contract.fire_events import FireConfirmation, FirePoint
from edge.fire.notice import AGE_MS_MAX, FireNotice


@dataclasses.dataclass(slots=True, kw_only=True)
class Fire:
    """One fire or drill.

    Attributes:
        frame_at_s: When the panel's frame came, on this node's monotonic clock; of a fire heard
            over the link, as the notice's age told.
        is_own: This node's panel signals it.
        is_local: Not told to others: this node alone cannot hear the zone's panels.
        points: That signalled, for its origin alone.
        until_s: When a drill ends, monotonic.
        is_evident: The origin has seen its signals in this process; after a restart it has not.
    """

    fire_id: UUID
    zone: str
    origin: str
    confirmed_by: FireConfirmation
    since: datetime
    frame_at_s: float
    revision: int = 1
    growth: int = 0
    is_active: bool = True
    is_current: bool = True
    is_drill: bool = False
    has_release: bool = True
    is_own: bool = False
    is_local: bool = False
    points: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    until_s: float | None = None
    is_evident: bool = True
    closed: dict[str, int] = dataclasses.field(default_factory=dict)
    echo_from_s: float | None = None

    def releases(self, point: str) -> bool:
        """Return whether it holds a point of its zone open now."""
        if not self.has_release or (self.is_drill and not self.is_active):
            return False
        return self.closed.get(point, -1) < self.growth

    @property
    def fire_points(self) -> tuple[FirePoint, ...]:
        """Its points, for an event."""
        return tuple(FirePoint(device=d, point=p) for d, p in sorted(self.points))


def notice_of(fire: Fire, now_s: float) -> FireNotice:
    """Return what the other nodes are told, as old as it is now."""
    left_s = None if fire.until_s is None else max(0.0, fire.until_s - now_s)
    return FireNotice(
        fire_id=fire.fire_id,
        zone=fire.zone,
        origin=fire.origin,
        confirmed_by=fire.confirmed_by,
        revision=fire.revision,
        growth=fire.growth,
        is_active=fire.is_active,
        is_current=fire.is_current,
        is_drill=fire.is_drill,
        has_release=fire.has_release,
        age_ms=min(AGE_MS_MAX, max(0, round((now_s - fire.frame_at_s) * 1000))),
        left_ms=None if left_s is None else min(AGE_MS_MAX, round(left_s * 1000)),
        since=fire.since,
    )


def fire_of(notice: FireNotice, now_s: float, *, is_own: bool) -> Fire:
    """Return a fire that was not known. Args: is_own: this node told of it, before it forgot."""
    return Fire(
        fire_id=notice.fire_id,
        zone=notice.zone,
        origin=notice.origin,
        confirmed_by=notice.confirmed_by,
        since=notice.since,
        frame_at_s=now_s - notice.age_ms / 1000,
        revision=notice.revision,
        growth=notice.growth,
        is_active=notice.is_active,
        # What this node itself said before it lost its memory, nobody hears now.
        is_current=notice.is_current and not is_own,
        is_drill=notice.is_drill,
        has_release=notice.has_release,
        is_own=is_own,
        is_evident=not is_own,
        until_s=None if notice.left_ms is None else now_s + notice.left_ms / 1000,
    )
