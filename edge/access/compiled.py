"""The access model with everything looked up beforehand, so that a decision searches nothing."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind, Direction
from config.contract.access_model import AccessModel
from config.contract.access_terms import (
    AccessProfile,
    Area,
    CredentialRequirement,
    LockdownLevel,
    Passback,
    PointRules,
    TemporaryEffect,
    TemporaryRule,
)
from config.contract.schedules import DayKinds
from edge.access.question import Person, Point
from edge.access.schedule import CompiledSchedule, LocalTime

Combinations = tuple[frozenset[CredentialKind], ...]
NO_PASSBACK: Final = Passback()


@dataclasses.dataclass(frozen=True, slots=True)
class Timed:
    """Combinations that are wanted while a schedule holds.

    Attributes:
        schedule: None is always.
        combinations: None wants nothing in particular.
    """

    schedule: CompiledSchedule | None
    combinations: Combinations | None

    def holds(self, time: LocalTime) -> bool:
        """Return whether this entry holds at a wall-clock time."""
        return self.schedule is None or self.schedule.holds(time)


@dataclasses.dataclass(frozen=True, slots=True)
class Temporary:
    """A temporary rule at a point. Attributes: holders: empty is everybody."""

    rule: TemporaryRule
    holders: frozenset[str]
    combinations: Combinations | None

    def concerns(self, person: Person, now: datetime) -> bool:
        """Return whether the rule lasts, and is about this person."""
        if not self.rule.valid_from <= now < self.rule.valid_until:
            return False
        return not self.holders or person.holder_id in self.holders


@dataclasses.dataclass(frozen=True, slots=True)
class CompiledPoint:
    """One access point and all that concerns it.

    Attributes:
        passback: What holds when somebody passes here, if only to be recorded.
        interlocked: Doors that have to be closed.
        temporary: By what they do.
        levels: Lockdown levels here, the strongest first.
    """

    point: Point
    door: str
    rules: PointRules
    is_egress: bool
    to_area: Area | None
    passback: Passback
    credentials: tuple[Timed, ...]
    interlocked: frozenset[str]
    temporary: dict[TemporaryEffect, tuple[Temporary, ...]]
    levels: tuple[LockdownLevel, ...]
    fire_zones: frozenset[str]


class CompiledModel:
    """The model of one site; what it says of points that the site lacks is left out."""

    def __init__(self, model: AccessModel, points: Iterable[Point], *, zone: ZoneInfo) -> None:
        """Look everything up.

        Args:
            model: Of the site.
            points: All of the site, or of the node; each is known from now on.
            zone: Of the site; schedules are read in it.
        """
        self.model, self._zone = model, zone
        days = DayKinds(model.calendar)
        special = {entry.id: entry for entry in model.special_days}
        self._schedules = {
            schedule.id: CompiledSchedule(schedule, days=days, special=special)
            for schedule in model.schedules
        }
        # None is every point.
        self._temporary = [(rule, model.selected(rule)) for rule in model.temporary_rules]
        self._levels = [
            (level, None if level.is_empty else model.selected(level))
            for level in sorted(model.lockdown_levels, key=lambda each: -each.priority)
        ]
        self._zones = [
            (zone.id, None if zone.is_empty else model.selected(zone)) for zone in model.fire_zones
        ]
        self._places = {point.id: point for point in points}
        self._rules = {rules.id: rules for rules in model.points}
        self._areas = {area.id: area for area in model.areas}
        self._points = {point.id: self._compiled(point) for point in self._places.values()}
        self._ranks = {profile.id: rank for rank, profile in enumerate(model.profiles)}
        self._permissions = {profile.id: self._permitted(profile) for profile in model.profiles}

    def point(self, point: Point) -> CompiledPoint:
        """Return what holds at a point; one that the site file lacks has no rules."""
        found = self._points.get(point.id)
        return self._compiled(point) if found is None else found

    def known(self, point_id: str) -> CompiledPoint | None:
        """Return what holds at a point of the site file."""
        return self._points.get(point_id)

    def at_door(self, door: str) -> list[CompiledPoint]:
        """Return the points through one door."""
        return [point for point in self._points.values() if point.door == door]

    def has_area(self, area: str) -> bool:
        """Return whether an area is still in the model."""
        return area in self._areas

    def local(self, now: datetime) -> LocalTime:
        """Return what the site's wall clock reads."""
        return LocalTime.at(now, self._zone)

    def permissions(self, person: Person, point_id: str) -> list[Timed]:
        """Return what a person's profiles say of a point, in the order of the model."""
        held = [name for name in person.profiles or () if name in self._permissions]
        return [
            permission
            for profile in sorted(held, key=self._ranks.__getitem__)
            for permission in self._permissions[profile].get(point_id, ())
        ]

    def may_ever_pass(self, person: Person, point_id: str) -> bool:
        """Return whether somebody may pass a point at some time, so that their face is searched."""
        here = self._points.get(point_id)
        permits = () if here is None else here.temporary[TemporaryEffect.PERMIT]
        if any(not each.holders or person.holder_id in each.holders for each in permits):
            return True
        if person.access_points is not None and point_id not in person.access_points:
            return False
        return person.profiles is None or bool(self.permissions(person, point_id))

    def _schedule(self, name: str | None) -> CompiledSchedule | None:
        return None if name is None else self._schedules[name]

    def _permitted(self, profile: AccessProfile) -> dict[str, list[Timed]]:
        found = dict[str, list[Timed]]()
        for permission in profile.permissions:
            timed = Timed(self._schedule(permission.schedule), _combinations(permission.require))
            for point_id in self.model.selected(permission):
                found.setdefault(point_id, []).append(timed)
        return found

    def _compiled(self, point: Point) -> CompiledPoint:
        rules = self._rules.get(point.id) or PointRules(id=point.id)
        is_egress = rules.is_egress or point.direction is Direction.OUT
        entered = None if rules.to_area is None else self._areas[rules.to_area]
        left = None if rules.from_area is None else self._areas[rules.from_area]
        area = (left or entered) if is_egress else entered
        own = rules.passback
        return CompiledPoint(
            point=point,
            door=point.door or point.id,
            rules=rules,
            is_egress=is_egress,
            to_area=entered,
            passback=own or (NO_PASSBACK if area is None else area.passback),
            credentials=tuple(
                Timed(self._schedule(each.schedule), _combinations(each.require))
                for each in rules.credentials
            ),
            interlocked=self._interlocked(point),
            temporary={effect: self._temporary_at(point, effect) for effect in TemporaryEffect},
            levels=tuple(
                level for level, where in self._levels if where is None or point.id in where
            ),
            fire_zones=frozenset(
                name for name, where in self._zones if where is None or point.id in where
            ),
        )

    def _temporary_at(self, point: Point, effect: TemporaryEffect) -> tuple[Temporary, ...]:
        return tuple(
            Temporary(rule, frozenset(rule.holders), _combinations(rule.require))
            for rule, where in self._temporary
            if rule.effect is effect and point.id in where
        )

    def _interlocked(self, point: Point) -> frozenset[str]:
        others = {
            name
            for interlock in self.model.interlocks
            if point.id in interlock.points
            for name in interlock.points
        }
        doors = {self._door(name) for name in others}
        return frozenset(doors - {point.door or point.id})

    def _door(self, point_id: str) -> str:
        place = self._places.get(point_id)
        return point_id if place is None else place.door or point_id


def _combinations(require: CredentialRequirement | None) -> Combinations | None:
    return None if require is None else tuple(frozenset(kinds) for kinds in require.any_of)
