"""What the rules know: the model as compiled, and the state."""

import dataclasses
from datetime import datetime

from config.contract.access_terms import LockdownEffect, LockdownLevel
from edge.access.compiled import CompiledModel
from edge.access.question import Point
from edge.access.state import State, is_within


@dataclasses.dataclass(slots=True)
class World:
    """Given to ``decide`` and ``take``. Replace ``model`` whenever central's document changes."""

    model: CompiledModel
    state: State

    def level(self, point: Point) -> LockdownLevel | None:
        """Return the lockdown level that decides at a point now; None when none does."""
        active = self.state.lockdowns
        if not active:
            return None
        levels = self.model.point(point).levels
        return next((level for level in levels if level.id in active), None)

    def is_on_fire(self, point: Point) -> bool:
        """Return whether a confirmed fire releases a point.

        A zone that the model does not have releases every point: better too many than too few.
        """
        fires = self.state.fires
        if point.id in self.state.released:
            return True
        if not fires:
            return False
        known = {zone.id for zone in self.model.model.fire_zones}
        return bool(fires & self.model.point(point).fire_zones) or not fires <= known

    def is_open_to_all(self, point: Point) -> bool:
        """Return whether nobody is asked anything at a point now, egress apart."""
        level = self.level(point)
        is_opened = level is not None and level.effect is LockdownEffect.OPEN
        return self.is_on_fire(point) or is_opened or self.is_held_open(point)

    def is_held_open(self, point: Point) -> bool:
        """Return whether an operator holds a point open now; a level that locks it goes first."""
        return point.id in self.state.held and not self.is_locked(point)

    def is_locked(self, point: Point) -> bool:
        """Return whether a lockdown level locks an entrance now; no level locks a way out."""
        level = self.level(point)
        if level is None or level.effect is not LockdownEffect.LOCK or self.is_on_fire(point):
            return False
        return not self.model.point(point).is_egress

    def expected(self, point: Point, *, now: datetime) -> str | None:
        """Return who has shown a first credential at a point last: whose PIN is typed next."""
        within_s = self.model.model.combine_within_s
        proofs = self.state.proofs.get(point.id, {})
        fresh = [
            (proof.at, holder_id)
            for holder_id, proof in proofs.items()
            if is_within(proof.at, now, within_s)
        ]
        return max(fresh)[1] if fresh else None
