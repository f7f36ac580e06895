"""The configuration check: what an access model cannot mean, one clear line per mistake.

``problems`` needs the model alone and is run whenever one is made; ``site_problems`` also knows
which points the site has and which way they lead, and is run before a model is saved or used.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from config.contract.access import Direction
from config.contract.access_lines import KINDS, Line
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


def problems(model: "AccessModel") -> list[Line]:
    """Return what is wrong with a model by itself."""
    egress = {point.id for point in model.points if point.is_egress}
    return [
        *_repeated(model),
        *_unknown(model),
        *_impossible(model),
        *egress_problems(model, egress),
    ]


def site_problems(model: "AccessModel", points: Iterable[SitePoint]) -> list[Line]:
    """Return what is wrong with a model at a site; ``problems`` has been asked before."""
    at_site = {point.id: point for point in points}
    marked = {point.id for point in model.points if point.is_egress}
    egress = {p.id for p in at_site.values() if p.direction is Direction.OUT} | marked
    found = [
        Line.say("rules_of_no_point", table="points", entry=rules.id, name=rules.id)
        for rules in model.points
        if rules.id not in at_site
    ]
    found += [
        Line.say("no_point", table=table, entry=entry, name=name)
        for table, entry, names in _named_points(model)
        for name in names
        if name not in at_site
    ]
    found += egress_problems(model, egress - marked)
    enforced = {area.id for area in model.areas if area.passback.mode in ENFORCED}
    found += [
        Line.say("unseen_exit", area=rules.from_area, point=rules.id)
        for rules in model.points
        if rules.from_area in enforced and rules.id in at_site and at_site[rules.id].free_egress
    ]
    return found


def warnings(model: "AccessModel", *, today: date) -> list[Line]:
    """Return what an administrator should know, although the model can be used."""
    found = list[Line]()
    if model.calendar is not None:
        years = {year.year: year for year in model.calendar.years}
        found += [
            Line.say("calendar_lacks", calendar=model.calendar.id, year=year)
            for year in sorted({today.year, (today + CALENDAR_WARNING).year})
            if year not in years
        ]
        found += [
            Line.say("calendar_unconfirmed", calendar=model.calendar.id, year=year.year)
            for year in model.calendar.years
            if not year.is_confirmed and year.year >= today.year
        ]
    accessible = {point.id for point in model.points if point.is_accessible}
    found += [
        Line.say("group_not_accessible", group=group.id) for group in model.groups
        if accessible and not accessible.intersection(group.points)
    ]  # fmt: skip
    return found


def egress_problems(model: "AccessModel", egress: set[str]) -> list[Line]:
    """Return every setting that says it could refuse exit at one of these points."""
    found = [
        Line.say(code, point=rules.id)
        for rules in model.points
        if rules.id in egress
        for code in _held_in(rules)
    ]
    for interlock in model.interlocks:
        found += [
            Line.say("exit_interlock", interlock=interlock.id, point=name)
            for name in interlock.points
            if name in egress
        ]
    for code, table, entry, selection in _refusing(model):
        found += [
            Line.say(code, table=table, entry=entry, point=name)
            for name in sorted(model.selected(selection) & egress)
        ]
    return found


def _held_in(rules: PointRules) -> Iterator[str]:
    """Yield what is wrong with rules of an exit, as codes."""
    if rules.credentials:
        yield "exit_credentials"
    if rules.two_person is not None:
        yield "exit_two_person"
    if rules.passback is not None and rules.passback.mode in ENFORCED:
        yield "exit_passback"


def _refusing(model: "AccessModel") -> Iterator[tuple[str, str, str, Selection]]:
    """Yield what would refuse at the points that it names: code, table, entry, points."""
    for profile in model.profiles:
        for permission in profile.permissions:
            if permission.require is not None:
                yield "exit_requires", "profiles", profile.id, permission
    for rule in model.temporary_rules:
        if rule.effect is not TemporaryEffect.PERMIT:
            does_refuse = rule.effect is TemporaryEffect.REFUSE
            code = "exit_refuses" if does_refuse else "exit_requires"
            yield code, "temporary_rules", rule.id, rule
    for level in model.lockdown_levels:
        if level.effect is LockdownEffect.LOCK:
            yield "exit_locks", "lockdown_levels", level.id, level


def _selections(model: "AccessModel") -> Iterator[tuple[str, str, Selection]]:
    for profile in model.profiles:
        for permission in profile.permissions:
            yield "profiles", profile.id, permission
    for rule in model.temporary_rules:
        yield "temporary_rules", rule.id, rule
    for level in model.lockdown_levels:
        yield "lockdown_levels", level.id, level
    for zone in model.fire_zones:
        yield "fire_zones", zone.id, zone


def _named_points(model: "AccessModel") -> Iterator[tuple[str, str, Sequence[str]]]:
    for group in model.groups:
        yield "groups", group.id, group.points
    for interlock in model.interlocks:
        yield "interlocks", interlock.id, interlock.points
    for table, entry, selection in _selections(model):
        yield table, entry, selection.points


class Identified(Protocol):
    """An entry of a table of the model."""

    @property
    def id(self) -> str:
        """Its name, once in its table."""
        ...


def _repeated(model: "AccessModel") -> list[Line]:
    found = list[Line]()
    for table in KINDS:
        entries: Sequence[Identified] = getattr(model, table)
        twice = repeated(entry.id for entry in entries)
        found += [Line.say("twice", table=table, entry=name) for name in twice]
    found += [
        Line.say("priority_twice", priority=priority)
        for priority in repeated(str(level.priority) for level in model.lockdown_levels)
    ]
    return found


def _unknown(model: "AccessModel") -> Iterator[Line]:
    schedules, groups = {s.id for s in model.schedules}, {g.id for g in model.groups}
    areas, profiles = {a.id for a in model.areas}, {p.id for p in model.profiles}
    special = {days.id for days in model.special_days}
    for schedule in model.schedules:
        for entry in schedule.special:
            if entry.special_days not in special:
                yield Line.say("no_special_days", schedule=schedule.id, name=entry.special_days)
    for table, owner, selection in _selections(model):
        for name in selection.groups:
            if name not in groups:
                yield Line.say("no_group", table=table, entry=owner, name=name)
    wanted = [
        *(("profiles", p.id, m.schedule) for p in model.profiles for m in p.permissions),
        *(("points", p.id, c.schedule) for p in model.points for c in p.credentials),
    ]
    for table, owner, wish in wanted:
        if wish is not None and wish not in schedules:
            yield Line.say("no_schedule", table=table, entry=owner, name=wish)
    for point in model.points:
        for area in (point.from_area, point.to_area):
            if area is not None and area not in areas:
                yield Line.say("no_area", point=point.id, name=area)
    for level in model.lockdown_levels:
        for name in level.admits:
            if name not in profiles:
                yield Line.say("no_profile", level=level.id, name=name)


def _impossible(model: "AccessModel") -> Iterator[Line]:
    for point in model.points:
        if point.from_area is not None and point.from_area == point.to_area:
            yield Line.say("leads_into_itself", point=point.id, area=point.to_area)
        if point.is_assembly_point and point.to_area is not None:
            yield Line.say("assembly_leads_inside", point=point.id, area=point.to_area)
        if point.extended_access_time_s is not None and point.extended_access_time_s <= (
            point.access_time_s or 0
        ):
            yield Line.say("extended_time_too_short", point=point.id)
    for profile in model.profiles:
        if any(permission.is_empty for permission in profile.permissions):
            yield Line.say("permission_empty", profile=profile.id)
    for interlock in model.interlocks:
        if repeated(interlock.points):
            yield Line.say("interlock_twice", interlock=interlock.id)
    for rule in model.temporary_rules:
        if rule.is_empty:
            yield Line.say("rule_empty", rule=rule.id)
        if rule.valid_until <= rule.valid_from:
            yield Line.say("rule_over", rule=rule.id)
        if (rule.effect is TemporaryEffect.REQUIRE) != (rule.require is not None):
            yield Line.say("rule_require", rule=rule.id)
