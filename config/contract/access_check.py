"""The configuration check: what an access model cannot mean, one clear line per mistake.

``problems`` needs the model alone and is run whenever one is made; ``site_problems`` also knows
which points the site has and which way they lead, and is run before a model is saved or used.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from config.contract.access import Direction
from config.contract.access_terms import (
    LockdownEffect,
    PassbackMode,
    PointRules,
    Selection,
    TemporaryEffect,
)
from config.contract.schedules import repeated

if TYPE_CHECKING:
    from config.contract.access_model import AccessModel

ENFORCED: Final = frozenset({PassbackMode.HARD, PassbackMode.TIMED})
CALENDAR_WARNING: Final = timedelta(days=45)
"""A year that the calendar lacks is warned about from so long before it begins."""


class SitePoint(Protocol):
    """The part of ``config.site.AccessPointEntry`` that is needed here."""

    @property
    def id(self) -> str:
        """Of the access point."""
        ...

    @property
    def direction(self) -> Direction:
        """Which way it leads."""
        ...

    @property
    def free_egress(self) -> bool:
        """Whether people leave here unseen."""
        ...


def problems(model: "AccessModel") -> list[str]:
    """Return what is wrong with a model by itself."""
    egress = {point.id for point in model.points if point.is_egress}
    return [
        *_repeated(model),
        *_unknown(model),
        *_impossible(model),
        *egress_problems(model, egress),
    ]


def site_problems(model: "AccessModel", points: Iterable[SitePoint]) -> list[str]:
    """Return what is wrong with a model at a site; ``problems`` has been asked before."""
    at_site = {point.id: point for point in points}
    marked = {point.id for point in model.points if point.is_egress}
    egress = {p.id for p in at_site.values() if p.direction is Direction.OUT} | marked
    found = [
        f"{place} names no access point of the site: {name!r}"
        for place, names in _named_points(model)
        for name in names
        if name not in at_site
    ]
    found += egress_problems(model, egress - marked)
    enforced = {area.id for area in model.areas if area.passback.mode in ENFORCED}
    found += [
        f"area {rules.from_area!r} enforces anti-passback, but people leave it unseen at"
        f" {rules.id!r} (free_egress) and would be refused when they come back:"
        " let a reader see them there, or use soft"
        for rules in model.points
        if rules.from_area in enforced and rules.id in at_site and at_site[rules.id].free_egress
    ]
    return found


def warnings(model: "AccessModel", *, today: date) -> list[str]:
    """Return what an administrator should know, although the model can be used."""
    found = []
    if model.calendar is not None:
        years = {year.year: year for year in model.calendar.years}
        found += [
            f"calendar {model.calendar.id!r} lacks the year {year}:"
            " every day of it counts as its weekday"
            for year in sorted({today.year, (today + CALENDAR_WARNING).year})
            if year not in years
        ]
        found += [
            f"calendar {model.calendar.id!r}: nobody has confirmed the year {year.year}"
            for year in model.calendar.years
            if not year.is_confirmed and year.year >= today.year
        ]
    accessible = {point.id for point in model.points if point.is_accessible}
    found += [
        f"group {group.id!r} has no accessible lane" for group in model.groups
        if accessible and not accessible.intersection(group.points)
    ]  # fmt: skip
    return found


def egress_problems(model: "AccessModel", egress: set[str]) -> list[str]:
    """Return every setting that says it could refuse exit at one of these points."""
    found = []
    for rules in model.points:
        if rules.id in egress:
            found += [f"access point {rules.id!r} is an exit: {why}" for why in _held_in(rules)]
    for interlock in model.interlocks:
        found += [
            f"interlock {interlock.id!r} would hold people in at the exit {name!r}: leave it out"
            for name in interlock.points
            if name in egress
        ]
    for place, selection, what in _refusing(model):
        found += [
            f"{place} {what} at the exit {name!r}, and no rule refuses exit: leave it out"
            for name in sorted(model.selected(selection) & egress)
        ]
    return found


def _held_in(rules: PointRules) -> Iterator[str]:
    if rules.credentials:
        yield "nobody is asked for credentials on the way out; remove 'credentials'"
    if rules.two_person is not None:
        yield "nobody waits for a second person on the way out; remove 'two_person'"
    if rules.passback is not None and rules.passback.mode in ENFORCED:
        yield "anti-passback is recorded on the way out and never enforced; use 'soft' or 'off'"


def _refusing(model: "AccessModel") -> Iterator[tuple[str, Selection, str]]:
    """Yield what would refuse at the points that it names."""
    for profile in model.profiles:
        for permission in profile.permissions:
            if permission.require is not None:
                yield f"profile {profile.id!r}", permission, "requires credentials"
    for rule in model.temporary_rules:
        if rule.effect is not TemporaryEffect.PERMIT:
            does = "refuses" if rule.effect is TemporaryEffect.REFUSE else "requires credentials"
            yield f"temporary rule {rule.id!r}", rule, does
    for level in model.lockdown_levels:
        if level.effect is LockdownEffect.LOCK:
            yield f"lockdown level {level.id!r}", level, "locks"


def _selections(model: "AccessModel") -> Iterator[tuple[str, Selection]]:
    for profile in model.profiles:
        for permission in profile.permissions:
            yield f"profile {profile.id!r}", permission
    for rule in model.temporary_rules:
        yield f"temporary rule {rule.id!r}", rule
    for level in model.lockdown_levels:
        yield f"lockdown level {level.id!r}", level
    for zone in model.fire_zones:
        yield f"fire zone {zone.id!r}", zone


def _named_points(model: "AccessModel") -> Iterator[tuple[str, Sequence[str]]]:
    for rules in model.points:
        yield "points", [rules.id]
    for group in model.groups:
        yield f"group {group.id!r}", group.points
    for interlock in model.interlocks:
        yield f"interlock {interlock.id!r}", interlock.points
    for place, selection in _selections(model):
        yield place, selection.points


class Identified(Protocol):
    """An entry of a table of the model."""

    @property
    def id(self) -> str:
        """Its name, once in its table."""
        ...


def _repeated(model: "AccessModel") -> list[str]:
    tables: dict[str, Sequence[Identified]] = {
        "special_days": model.special_days, "schedule": model.schedules, "group": model.groups,
        "profile": model.profiles, "area": model.areas, "point": model.points,
        "interlock": model.interlocks, "temporary rule": model.temporary_rules,
        "lockdown level": model.lockdown_levels, "fire zone": model.fire_zones,
    }  # fmt: skip
    found = [
        f"{table} {name!r} stands twice"
        for table, entries in tables.items()
        for name in repeated(entry.id for entry in entries)
    ]
    found += [
        f"two lockdown levels have priority {priority}: which one decides must be said"
        for priority in repeated(str(level.priority) for level in model.lockdown_levels)
    ]
    return found


def _unknown(model: "AccessModel") -> Iterator[str]:
    schedules, groups = {s.id for s in model.schedules}, {g.id for g in model.groups}
    areas, profiles = {a.id for a in model.areas}, {p.id for p in model.profiles}
    special = {days.id for days in model.special_days}
    for schedule in model.schedules:
        for entry in schedule.special:
            if entry.special_days not in special:
                yield f"schedule {schedule.id!r} names no special days: {entry.special_days!r}"
    for place, selection in _selections(model):
        yield from (f"{place} names no group: {g!r}" for g in selection.groups if g not in groups)
    wanted = [
        *((f"profile {p.id!r}", m.schedule) for p in model.profiles for m in p.permissions),
        *((f"access point {p.id!r}", c.schedule) for p in model.points for c in p.credentials),
    ]
    for place, name in wanted:
        if name is not None and name not in schedules:
            yield f"{place} names no schedule: {name!r}"
    for point in model.points:
        for area in (point.from_area, point.to_area):
            if area is not None and area not in areas:
                yield f"access point {point.id!r} names no area: {area!r}"
    for level in model.lockdown_levels:
        for name in level.admits:
            if name not in profiles:
                yield f"lockdown level {level.id!r} names no profile: {name!r}"


def _impossible(model: "AccessModel") -> Iterator[str]:
    for point in model.points:
        if point.from_area is not None and point.from_area == point.to_area:
            yield f"access point {point.id!r} leads from area {point.to_area!r} into itself"
        if point.extended_access_time_s is not None and point.extended_access_time_s <= (
            point.access_time_s or 0
        ):
            yield f"access point {point.id!r}: extended_access_time_s is longer than access_time_s"
    for profile in model.profiles:
        if any(permission.is_empty for permission in profile.permissions):
            yield f"profile {profile.id!r} has a permission that names no access point"
    for interlock in model.interlocks:
        if repeated(interlock.points):
            yield f"interlock {interlock.id!r} names an access point twice"
    for rule in model.temporary_rules:
        place = f"temporary rule {rule.id!r}"
        if rule.is_empty:
            yield f"{place} names no access point"
        if rule.valid_until <= rule.valid_from:
            yield f"{place} is over before it begins"
        if (rule.effect is TemporaryEffect.REQUIRE) != (rule.require is not None):
            yield f"{place}: 'require' belongs to the effect require, and only there"
