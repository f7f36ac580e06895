"""The access model: who may pass where, when and with what, as one versioned document.

Central edits it, every node gets the whole of it; what belongs to one person stands in
``nodes.HolderRecord``. An empty model changes nothing: everybody known may pass everywhere.

**No rule refuses exit on an egress point.** The engine never asks one there; a setting that says
otherwise is refused here (``access_check``), so that nobody relies on it.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from config.contract.access_check import problems
from config.contract.access_lines import KINDS, Line, LinesError
from config.contract.access_terms import (
    AccessProfile,
    Area,
    FireZone,
    Interlock,
    LockdownLevel,
    PointGroup,
    PointRules,
    Selection,
    TemporaryRule,
)
from config.contract.identifiers import Frozen
from config.contract.schedules import Calendar, Schedule, SpecialDays


class AccessModelError(Exception):
    """The access model cannot be used; the message has one line per mistake.

    Attributes:
        lines: The same, with codes.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        """Refuse with a line per mistake."""
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class AccessModel(Frozen):
    """The whole document.

    Attributes:
        version: Counts central's changes; 0 is the empty model of a site that has none.
        combine_within_s: How long a credential waits for the next one of its combination.
        escort_within_s: How long one who needs an escort waits for it, or follows it.
        refusals_max: So many refusals at one point in five minutes alarm and ask for a second
            credential (GB 50396-2007: after five at most).
    """

    version: Annotated[int, Field(ge=0)] = 0
    calendar: Calendar | None = None
    special_days: tuple[SpecialDays, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    groups: tuple[PointGroup, ...] = ()
    profiles: tuple[AccessProfile, ...] = ()
    areas: tuple[Area, ...] = ()
    points: tuple[PointRules, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    temporary_rules: tuple[TemporaryRule, ...] = ()
    lockdown_levels: tuple[LockdownLevel, ...] = ()
    fire_zones: tuple[FireZone, ...] = ()
    combine_within_s: Annotated[float, Field(ge=5, le=60)] = 20.0
    escort_within_s: Annotated[float, Field(ge=5, le=120)] = 30.0
    refusals_max: Annotated[int, Field(ge=1, le=5)] = 5

    @model_validator(mode="after")
    def _check(self) -> Self:
        if found := problems(self):
            raise LinesError(found)
        return self

    def selected(self, selection: Selection) -> frozenset[str]:
        """Return the points that are named, those of named groups included."""
        members = {group.id: group.points for group in self.groups}
        return frozenset(selection.points).union(
            *(members.get(group, ()) for group in selection.groups)
        )


def parse_access_model(document: dict[str, Any]) -> AccessModel:
    """Read a model from TOML or JSON data.

    Raises:
        AccessModelError: It is none; one line per mistake, with its place.
    """
    try:
        return AccessModel.model_validate(document)
    except ValidationError as error:
        lines = [line for mistake in error.errors() for line in _lines(mistake, document)]
        raise AccessModelError(lines) from error


def _lines(mistake: ErrorDetails, document: object) -> Iterator[Line]:
    """Yield what a mistake says, with its place."""
    location = mistake["loc"]
    place, arguments = _place(location, document), _place_arguments(location, document)
    context = mistake.get("ctx", {})
    if isinstance(refused := context.get("error"), LinesError):
        yield from (line.at(place, arguments) for line in refused.lines)
        return
    code, limit = VALUE_CODES.get(mistake["type"], ("value_wrong", ""))
    found = {"limit": str(context[limit])} if limit else {}
    yield Line.worded(mistake["msg"], code, found).at(place, arguments)


VALUE_CODES: Final = {
    "missing": ("value_missing", ""),
    "greater_than_equal": ("value_small", "ge"),
    "greater_than": ("value_small", "gt"),
    "less_than_equal": ("value_large", "le"),
    "less_than": ("value_large", "lt"),
    "too_short": ("value_few", ""),
}
"""What validators find, by their own names: our code, and where the limit stands."""


def _place_arguments(location: tuple[int | str, ...], document: object) -> dict[str, str]:
    """Return table, entry and field of a mistake, as far as it has them."""
    found = dict[str, str]()
    match location:
        case (str(table), int(index), *_) if table in KINDS:
            entries = document.get(table) if isinstance(document, dict) else None
            entry = entries[index] if isinstance(entries, list | tuple) else None
            found = {"at_table": table}
            if isinstance(entry, dict) and "id" in entry:
                found["at_entry"] = str(entry["id"])
    if fields := [step for step in location[2 if found else 0 :] if isinstance(step, str)]:
        found["at_field"] = fields[-1]
    return found


def _place(location: tuple[int | str, ...], document: object) -> str:
    """Return where a mistake is, entries by their id where they have one."""
    words, value = list[str](), document
    for step in location:
        try:
            value = value[step]  # type: ignore[index]  # whatever the document holds
        except (KeyError, IndexError, TypeError):
            value = None
        is_named = isinstance(step, int) and isinstance(value, dict) and "id" in value
        words.append(repr(value["id"]) if is_named and isinstance(value, dict) else str(step))
    return f"{'.'.join(words)}: " if words else ""
