"""What a new access model would change: entries, and where whom it lets pass. Pure."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from central.access.repository import ProfiledPerson
from central.access.schemas import ChangedEntry
from config.contract.access_check import Identified
from config.contract.access_model import AccessModel

TABLES: Final = (
    "profiles", "schedules", "groups", "points", "areas", "special_days", "interlocks",
    "temporary_rules", "lockdown_levels", "fire_zones",
)  # fmt: skip
SETTINGS: Final = ("calendar", "combine_within_s", "escort_within_s", "refusals_max")
Reach = Mapping[str, frozenset[str]]
"""By access point, when and with what it may be passed, as text that is compared only."""


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of people with the same profiles; access points in order."""

    gains: tuple[str, ...]
    loses: tuple[str, ...]
    at_other_times: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing changes."""
        return not (self.gains or self.loses or self.at_other_times)


def changed_entries(before: AccessModel, after: AccessModel) -> list[ChangedEntry]:
    """Return what of a model is added, changed and removed."""
    found = list[ChangedEntry]()
    for table in TABLES:
        old, new = _by_id(getattr(before, table)), _by_id(getattr(after, table))
        for name in dict.fromkeys([*old, *new]):
            if name not in old:
                found.append(ChangedEntry(table=table, id=name, change="added"))
            elif name not in new:
                found.append(ChangedEntry(table=table, id=name, change="removed"))
            elif old[name] != new[name]:
                found.append(ChangedEntry(table=table, id=name, change="changed"))
    found += [
        ChangedEntry(table="settings", id=name, change="changed")
        for name in SETTINGS
        if getattr(before, name) != getattr(after, name)
    ]
    return found


def effects(
    before: AccessModel, after: AccessModel, people: Iterable[ProfiledPerson]
) -> list[tuple[ProfiledPerson, Effect]]:
    """Return those for whom access points or their times change, in the order given."""
    known = dict[frozenset[str], Effect]()
    found = list[tuple[ProfiledPerson, Effect]]()
    for person in people:
        profiles = frozenset(person.profiles)
        if profiles not in known:
            known[profiles] = _effect(_reach(before, profiles), _reach(after, profiles))
        if not known[profiles].is_none:
            found.append((person, known[profiles]))
    return found


def _effect(before: Reach, after: Reach) -> Effect:
    return Effect(
        gains=tuple(sorted(after.keys() - before.keys())),
        loses=tuple(sorted(before.keys() - after.keys())),
        at_other_times=tuple(
            sorted(point for point in before.keys() & after.keys() if before[point] != after[point])
        ),
    )


def _reach(model: AccessModel, profiles: frozenset[str]) -> Reach:
    schedules = {s.id: s.model_dump_json(exclude={"id", "name"}) for s in model.schedules}
    ways = dict[str, set[str]]()
    for profile in model.profiles:
        if profile.id not in profiles:
            continue
        for permission in profile.permissions:
            when = "" if permission.schedule is None else schedules[permission.schedule]
            require = permission.require
            way = when + ("" if require is None else require.model_dump_json())
            for point in model.selected(permission):
                ways.setdefault(point, set()).add(way)
    return {point: frozenset(found) for point, found in ways.items()}


def _by_id(entries: Sequence[Identified]) -> dict[str, Identified]:
    return {entry.id: entry for entry in entries}
