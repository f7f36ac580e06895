"""Which fires a node knows of, what each of them releases here, and what a person closed. Pure.

::

    confirmed --signals gone--> over --each point closed--> kept as closed
       |  release stands          |  release stands
       +--------------------------+---- the same fire told again changes nothing

A release of a real fire stands until a person closes it, point by point; of a drill, until the
drill is over. A point that was closed is released again by another fire, and by the same one when
more of its points signal. Two nodes that know different things of a fire agree on the higher
revision, which its origin alone makes; an end of a drill is made by whoever was told to.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.fire_events import FireConfirmation
from drivers.base import Side
from edge.fire.fire import Fire, fire_of, notice_of
from edge.fire.notice import FireNotice
from edge.fire.signals import Verdict

FIRE_COUNT_MAX: Final = 200
SENT_COUNT_MAX: Final = 32
"""Fires that are told at once; a site has fewer."""
ECHO_S: Final = 10.0
"""So long the end of a fire is told, and whoever was heard to know less of it is told again."""


class FireBook:
    """Of one node. Times are monotonic seconds unless they say otherwise."""

    def __init__(
        self,
        node: str,
        points: Mapping[str, Iterable[str]],
        outputs: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Begin without a fire.

        Args:
            node: This one.
            points: Access points of this node, by zone; see ``place``.
            outputs: Relays of this node, by zone, named as no access point is. They follow the
                zone's points here; where there is none, the fire. Doors are points, too.
        """
        self._node = node
        self._points = {zone: frozenset(names) for zone, names in points.items()}
        self._outputs = {zone: frozenset(names) for zone, names in (outputs or {}).items()}
        self._fires: dict[UUID, Fire] = {}

    @property
    def fires(self) -> Sequence[Fire]:
        """All that are known, the oldest first, those long over and closed included."""
        return tuple(self._fires.values())

    @property
    def zones(self) -> Sequence[str]:
        """All of the site, in the order of its file."""
        return tuple(self._points)

    def place(self, points: Mapping[str, Iterable[str]]) -> None:
        """Take over which points of this node are in which zone."""
        self._points = {zone: frozenset(names) for zone, names in points.items()}

    def standing(self, zone: str) -> list[Fire]:
        """Return the real fires and drills of a zone that are signalled still."""
        return [f for f in self._fires.values() if f.zone == zone and f.is_active]

    def releasing(self, point: str) -> list[Fire]:
        """Return the fires that hold a point open, or a relay closed, now."""
        found = [f for f in self._of(point) if f.releases(point)]
        return found + [
            f
            for f in self._fires.values()
            if point not in self._points.get(f.zone, ())
            if point in self._outputs.get(f.zone, ()) and self._sets_outputs(f)
            if f.closed.get(point, -1) < f.growth
        ]

    def _sets_outputs(self, fire: Fire) -> bool:
        if self._points.get(fire.zone):
            return self.is_open_for_some(fire)
        return fire.is_active and fire.has_release

    def released(self) -> frozenset[str]:
        """Return the points of this node that are to stand open."""
        every = frozenset[str]().union(*self._points.values())
        return frozenset(point for point in every if self.releasing(point))

    def closed_for(self, point: str) -> list[Fire]:
        """Return the fires of which a person closed a point, and that hold another open still."""
        return [
            f
            for f in self._of(point)
            if point in f.closed and not f.releases(point) and self.is_open_for_some(f)
        ]

    def free(self, points: Mapping[Side, Iterable[str]]) -> frozenset[Side]:
        """Return the sides of a gate that are to be free.

        Both are, even one that is no access point or that no zone names: people run either way.
        But not one that a person closed for the very fire that holds the other open.

        Args:
            points: The gate's access points, by side.
        """
        every = [point for names in points.values() for point in names]
        holding = {f.fire_id for point in every for f in self.releasing(point)}
        if not holding:
            return frozenset()
        shut = {p for p in every if any(f.fire_id in holding for f in self.closed_for(p))}
        return frozenset(
            side
            for side in Side
            if not (names := list(points.get(side, ())))
            or any(self.releasing(p) for p in names)
            or not shut.intersection(names)
        )

    def is_open_for_some(self, fire: Fire) -> bool:
        """Return whether a fire still holds any point of this node open."""
        return any(fire.releases(point) for point in self._points.get(fire.zone, ()))

    # ---- what this node's panels signal

    def signalled(
        self, zone: str, verdict: Verdict, *, fire_id: UUID, frame_at_s: float, now: datetime
    ) -> tuple[Fire, bool]:
        """Take a confirmed fire; returns it and whether it is a new one.

        Args:
            zone: Where.
            verdict: What the panels say.
            fire_id: For a new one.
            frame_at_s: When the frame came that made it so.
            now: Wall clock.
        """
        points = {(p.device, p.point) for p in verdict.points}
        fire = self.own(zone, is_loss=False)
        if fire is None:
            fire = self._fires[fire_id] = Fire(
                fire_id=fire_id,
                zone=zone,
                origin=self._node,
                confirmed_by=verdict.confirmed_by,
                since=now,
                frame_at_s=frame_at_s,
                growth=len(points),
                is_own=True,
                points=points,
            )
            self._bound()
            return fire, True
        new = points - fire.points
        if new or not fire.is_evident:
            fire.points |= new
            fire.growth += len(new)
            fire.revision += 1
            fire.is_evident = True
        return fire, False

    def lost(
        self, zone: str, *, fire_id: UUID, is_local: bool, now_s: float, now: datetime
    ) -> Fire | None:
        """Begin the release of a zone that is not heard; None where it has begun."""
        if self.own(zone, is_loss=True) is not None:
            return None
        fire = self._fires[fire_id] = Fire(
            fire_id=fire_id,
            zone=zone,
            origin=self._node,
            confirmed_by=FireConfirmation.LOSS,
            since=now,
            frame_at_s=now_s,
            is_own=True,
            is_local=is_local,
        )
        self._bound()
        return fire

    def own(self, zone: str, *, is_loss: bool) -> Fire | None:
        """Return the fire of a zone that this node tells of and that is not over."""
        return next(
            (
                f
                for f in self._fires.values()
                if f.is_own and f.is_active and not f.is_drill and f.zone == zone
                if (f.confirmed_by is FireConfirmation.LOSS) is is_loss
            ),
            None,
        )

    def over(self, fire: Fire, *, now_s: float) -> None:
        """Nothing signals a fire any more, or a drill was ended; what it released stays open."""
        fire.is_active = False
        fire.revision += 1
        fire.echo_from_s = now_s

    def set_current(self, fire: Fire, *, is_current: bool) -> bool:
        """Note whether what signals an own fire is heard; returns whether that is news."""
        if fire.is_current is is_current:
            return False
        fire.is_current = is_current
        fire.revision += 1
        return True

    # ---- drills

    def begin_drill(
        self,
        zone: str,
        *,
        drill_id: UUID,
        until_s: float,
        has_release: bool,
        now_s: float,
        now: datetime,
    ) -> Fire | None:
        """Begin a drill; None where it is known."""
        if drill_id in self._fires:
            return None
        fire = self._fires[drill_id] = Fire(
            fire_id=drill_id,
            zone=zone,
            origin=self._node,
            confirmed_by=FireConfirmation.DRILL,
            since=now,
            frame_at_s=now_s,
            is_drill=True,
            has_release=has_release,
            is_own=True,
            until_s=until_s,
        )
        self._bound()
        return fire

    def drill(self, drill_id: UUID) -> Fire | None:
        """Return a drill that is not over."""
        fire = self._fires.get(drill_id)
        return fire if fire is not None and fire.is_drill and fire.is_active else None

    def drills_over(self, now_s: float) -> list[Fire]:
        """Return the drills whose time is over and that are not; see ``over``."""
        return [
            f
            for f in self._fires.values()
            if f.is_active and f.until_s is not None and now_s >= f.until_s
        ]

    # ---- what other nodes tell

    def hear(self, notice: FireNotice, *, now_s: float) -> bool:
        """Take what another node tells; returns whether it is news here."""
        known = self._fires.get(notice.fire_id)
        if known is None:
            self._fires[notice.fire_id] = fire_of(notice, now_s, is_own=notice.origin == self._node)
            self._bound()
            return True
        if notice.revision < known.revision:
            known.echo_from_s = now_s
            return False
        if notice.revision == known.revision:
            # After a restart of this node, what it knew is no longer sure until it is told again.
            is_sure = notice.is_current and not known.is_own and not known.is_current
            known.is_current |= is_sure
            return is_sure
        if known.is_own and not known.is_drill:
            # Nobody but this node says what its own panel signals.
            known.revision = notice.revision + 1
            return True
        known.revision = notice.revision
        known.growth = max(known.growth, notice.growth)
        known.is_active, known.is_current = notice.is_active, notice.is_current
        return True

    def notices(self, *, now_s: float) -> list[FireNotice]:
        """Return what the others are to be told, each time anew.

        Fires that are over and of which nothing stands open here are told to who knows less only.
        """
        told = [
            f
            for f in self._fires.values()
            if not f.is_local
            and (f.is_active or self.is_open_for_some(f) or _is_to_be_echoed(f, now_s))
        ]
        return [notice_of(f, now_s) for f in told[-SENT_COUNT_MAX:]]

    # ---- a person closes

    def is_signalled(self, point: str, *, silent: frozenset[str]) -> bool:
        """Return whether a real fire is signalled at a point now, so that it may not be closed.

        Args:
            point: Of this node.
            silent: Nodes that are not heard: what they told last is no reason any more.
        """
        return any(
            f.is_active and f.is_current and f.origin not in silent
            for f in self.releasing(point)
            # A panel that is not heard is no fire, and a drill is none.
            if f.confirmed_by not in (FireConfirmation.LOSS, FireConfirmation.DRILL)
        )

    def close(self, point: str) -> list[Fire]:
        """Close a point for every fire that holds it open; returns them."""
        closed = self.releasing(point)
        for fire in closed:
            fire.closed[point] = fire.growth
        return closed

    # ---- over a restart

    def restore(self, fire: Fire) -> None:
        """Go on with a fire of before this start."""
        self._fires[fire.fire_id] = fire

    # ---- inside

    def _of(self, point: str) -> list[Fire]:
        return [f for f in self._fires.values() if point in self._points.get(f.zone, ())]

    def _bound(self) -> None:
        """Forget the oldest that are over and closed; a fire that holds anything open stays."""
        for fire in list(self._fires.values()):
            if len(self._fires) <= FIRE_COUNT_MAX:
                return
            if not fire.is_active and not self.is_open_for_some(fire):
                del self._fires[fire.fire_id]


def _is_to_be_echoed(fire: Fire, now_s: float) -> bool:
    at_s = fire.echo_from_s
    return at_s is not None and now_s - at_s <= ECHO_S
