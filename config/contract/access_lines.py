"""The sentences of the configuration check: English here, and a code by which a page words them.

A line is text wherever text is wanted (terminals' logs, the API, the command line); a page in
another language asks for its ``code`` and ``arguments``. To add one: a sentence here, and the words
``access_check.CODE`` in both dictionaries.
"""

import string
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Self

KINDS: Final = MappingProxyType(
    {
        "special_days": "special days", "schedules": "schedule", "groups": "group",
        "profiles": "profile", "areas": "area", "points": "access point",
        "interlocks": "interlock", "temporary_rules": "temporary rule",
        "lockdown_levels": "lockdown level", "fire_zones": "fire zone",
    }
)  # fmt: skip
"""What one entry of a table is called."""

SENTENCES: Final = MappingProxyType(
    {
        # Entries that name each other.
        "twice": "{kind} {entry!r} stands twice",
        "priority_twice": "two lockdown levels have priority {priority}:"
        " which one decides must be said",
        "no_special_days": "schedule {schedule!r} names no special days: {name!r}",
        "no_group": "{kind} {entry!r} names no group: {name!r}",
        "no_schedule": "{kind} {entry!r} names no schedule: {name!r}",
        "no_area": "access point {point!r} names no area: {name!r}",
        "no_profile": "lockdown level {level!r} names no profile: {name!r}",
        "no_point": "{kind} {entry!r} names no access point of the site: {name!r}",
        "rules_of_no_point": "points names no access point of the site: {name!r}",
        # What cannot be.
        "leads_into_itself": "access point {point!r} leads from area {area!r} into itself",
        "assembly_leads_inside": "access point {point!r} is an assembly point and leads into area"
        " {area!r}: people assemble outside",
        "extended_time_too_short": "access point {point!r}:"
        " extended_access_time_s is longer than access_time_s",
        "permission_empty": "profile {profile!r} has a permission that names no access point",
        "interlock_twice": "interlock {interlock!r} names an access point twice",
        "rule_empty": "temporary rule {rule!r} names no access point",
        "rule_over": "temporary rule {rule!r} is over before it begins",
        "rule_require": "temporary rule {rule!r}:"
        " 'require' belongs to the effect require, and only there",
        # No rule refuses exit.
        "exit_credentials": "access point {point!r} is an exit:"
        " nobody is asked for credentials on the way out; remove 'credentials'",
        "exit_two_person": "access point {point!r} is an exit:"
        " nobody waits for a second person on the way out; remove 'two_person'",
        "exit_passback": "access point {point!r} is an exit:"
        " anti-passback is recorded on the way out and never enforced; use 'soft' or 'off'",
        "exit_interlock": "interlock {interlock!r} would hold people in at the exit {point!r}:"
        " leave it out",
        "exit_requires": "{kind} {entry!r} requires credentials at the exit {point!r},"
        " and no rule refuses exit: leave it out",
        "exit_refuses": "{kind} {entry!r} refuses at the exit {point!r},"
        " and no rule refuses exit: leave it out",
        "exit_locks": "{kind} {entry!r} locks at the exit {point!r},"
        " and no rule refuses exit: leave it out",
        "unseen_exit": "area {area!r} enforces anti-passback, but people leave it unseen at"
        " {point!r} (free_egress) and would be refused when they come back:"
        " let a reader see them there, or use soft",
        # Parts that are wrong by themselves.
        "hours_begin": "hours begin at 23:59 at the latest: write 00:00 of the next day",
        "hours_none": "hours from {start} to {end} are none: a whole day is 00:00 to 24:00",
        "holiday_length": "holiday {holiday!r} lasts from {first} to {last}: give 1 to 31 days",
        "makeup_follows": "the make-up workday {day} follows a weekday, mon to sun",
        "other_year": "{day} of the calendar year {year} is in another year",
        "holiday_worked": "{day} is both a holiday and a make-up workday",
        "year_twice": "calendar {calendar!r}: the year {year} stands twice",
        "combination_empty": "a combination of credentials names at least one: face, card, pin, qr",
        "pin_alone": "a PIN alone finds nobody: combine it, such as card and pin",
        "face_only": "every combination wants a face: add one without, such as card and pin"
        " (nobody may be forced to show their face)",
        "passback_minutes": "forgotten_after_min belongs to the passback mode timed,"
        " and only there",
        # Values of the wrong kind; in English they have the validator's own sentence.
        "value_missing": "this is missing",
        "value_small": "at least {limit}",
        "value_large": "at most {limit}",
        "value_few": "too little is given",
        "value_wrong": "this cannot be used",
        # At central.
        "level_is_on": "lockdown level {level!r} is on: end it before it is removed",
        "rule_of_nobody": "temporary rule {rule!r} names nobody of this site: {name!r}",
        "unreadable": "no terminal could read this model: tell the makers of Menshen",
        "read_otherwise": "terminals would read this model as another one",
        # Warnings.
        "calendar_lacks": "calendar {calendar!r} lacks the year {year}:"
        " every day of it counts as its weekday",
        "calendar_unconfirmed": "calendar {calendar!r}: nobody has confirmed the year {year}",
        "group_not_accessible": "group {group!r} has no accessible lane",
        "profile_gone": "{count} people have the profile {name!r}, which the model lacks:"
        " it lets them pass nowhere",
    }
)


class Line(str):
    """One sentence of the check.

    Attributes:
        code: Of ``SENTENCES``.
        arguments: By the places of the sentence. ``table`` and ``entry`` name an entry of the
            model; ``at_table``, ``at_entry`` and ``at_field`` say where a wrong value stands.
    """

    code: str
    arguments: Mapping[str, str]

    @classmethod
    def say(cls, code: str, **arguments: object) -> Self:
        """Return the sentence of a code; KeyError when there is none, or it lacks an argument."""
        values = {name: str(value) for name, value in arguments.items()}
        kind = KINDS.get(values.get("table", ""), "")
        return cls.worded(SENTENCES[code].format(kind=kind, **values), code, values)

    @classmethod
    def worded(cls, text: str, code: str, arguments: Mapping[str, str]) -> Self:
        """Return a line whose English is said otherwise than in ``SENTENCES``."""
        line = cls(text)
        line.code, line.arguments = code, dict(arguments)
        return line

    def at(self, place: str, arguments: Mapping[str, str]) -> Self:
        """Return the line with where it holds. Args: place: in English, ends in a colon."""
        return self.worded(f"{place}{self}", self.code, {**self.arguments, **arguments})


class LinesError(ValueError):
    """A part of the model cannot be used. Attributes: lines: why."""

    def __init__(self, lines: Iterable[Line]) -> None:
        """Refuse with lines."""
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))

    @classmethod
    def say(cls, code: str, **arguments: object) -> Self:
        """Return the error of one sentence."""
        return cls([Line.say(code, **arguments)])


def places_of(sentence: str) -> frozenset[str]:
    """Return the names of the arguments of a sentence."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)
