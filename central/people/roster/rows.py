"""Lines of the personnel office's file as what they say of people.

An empty cell says nothing, so what is known stays; ``-`` (or 无, none) clears it. Card numbers
leave here as verifiers: nothing behind this module has them.
"""

import dataclasses
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from central.people.roster.columns import KEY, find_columns, plain
from central.people.roster.tables import Cell, Line, RosterError, tables

NAME_LENGTH_MAX: Final = 200
NUMBER_LENGTH_MAX: Final = 64
UNIT_LENGTH_MAX: Final = 400
CARD_COUNT_MAX: Final = 10
CLEARED: Final = frozenset({"-", "—", "——", "/", "无", "none"})
FOR_EVER: Final = frozenset({"长期", "永久", "无期限", "longterm", "permanent"})
EVERYWHERE: Final = frozenset({"全部", "所有", "all", "everywhere"})
NOWHERE: Final = frozenset({*CLEARED, "禁止", "nowhere"})
STATES: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("在职", "在岗", "正常", "有效", "启用", "是", "active", "yes", "true"), True),
    **dict.fromkeys(
        ("离职", "离岗", "退休", "停用", "禁用", "无效", "注销", "辞职", "调离", "否", "inactive",
         "left", "leaver", "retired", "disabled", "no", "false"),
        False,
    ),
}  # fmt: skip
_DATE: Final = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))"
    r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?E[+]\d+|\d\.\d+E\d+", re.IGNORECASE)
_CARD: Final = re.compile(r"[0-9A-Za-z:.-]{1,64}")
_BETWEEN: Final = re.compile(r"[,;、，；|\s]+")
_UNIT_BETWEEN: Final = re.compile(r"\s*[/\\>]+\s*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not taken.

    Attributes:
        row: As the spreadsheet counts.
        column: The field it is about.
        code: Why, a stable word that the dictionaries translate. What stood there is not quoted.
    """

    row: int
    column: str
    code: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """What a row says of one person.

    Attributes:
        values: By field: ``name``, ``unit`` (path with slashes), ``valid_from``, ``valid_until``
            (aware UTC), ``is_active``, ``access_points``, ``profiles``. What is absent stays.
        cards: Verifiers of cards to give.
    """

    row: int
    number: str
    values: Mapping[str, Any]
    cards: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A file that was read.

    Attributes:
        rows: In the file's order.
        refusals: One for each row that is not among them.
        numbers: Of all rows, refused ones too: nobody in the file is missing from it.
        ignored: Headings that nobody here reads.
    """

    rows: tuple[RosterRow, ...]
    refusals: tuple[Refusal, ...]
    numbers: frozenset[str]
    ignored: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What reading a row needs to know of the site.

    Attributes:
        zone: Of its dates.
        points: Every name of an access point, as ``plain`` writes it, to its identifier.
        profiles: The same of the access model's profiles.
        verifier: What is kept of a card number.
    """

    zone: ZoneInfo
    points: Mapping[str, str]
    profiles: Mapping[str, str]
    verifier: Callable[[str], str]


class _RowError(Exception):
    def __init__(self, column: str, code: str) -> None:
        super().__init__(code)
        self.column, self.code = column, code


def read_roster(content: bytes, place: Place) -> Roster:
    """Return what a file says of people.

    Raises:
        RosterError: The file as a whole cannot be read; a bad row is a refusal instead.
    """
    for lines in tables(content):
        if found := find_columns(lines):
            columns, below = found
            return _without_twice(
                [_read(line, columns.indices, place) for line in below], columns.ignored
            )
    raise RosterError("no_headings", "one line must name the columns, with 工号 or employee number")


def _read(
    line: Line, indices: Mapping[str, int], place: Place
) -> tuple[str | None, RosterRow | Refusal]:
    """Return the number, where it can be read, and the row or why it is not taken."""
    number: str | None = None
    try:
        cells = {
            field: line.cells[index] if index < len(line.cells) else Cell()
            for field, index in indices.items()
        }
        number = _number(_text(cells.pop(KEY), KEY))
        values, cards = dict[str, Any](), tuple[str, ...]()
        for field, cell in cells.items():
            text = _text(cell, field)
            if not text:
                continue
            if field == "card":
                cards = _cards(text, place)
            else:
                values[field] = READERS[field](text, place)
        begin, end = values.get("valid_from"), values.get("valid_until")
        if begin is not None and end is not None and end <= begin:
            _refuse("valid_until", "ends_before_it_begins")
    except _RowError as error:
        return number, Refusal(line.number, error.column, error.code)
    return number, RosterRow(row=line.number, number=number, values=values, cards=cards)


def _without_twice(
    read: list[tuple[str | None, RosterRow | Refusal]], ignored: tuple[str, ...]
) -> Roster:
    """Refuse all rows that share a number or a card: nobody here knows which one is right."""
    numbers = Counter(number for number, _ in read if number is not None)
    found = [item for _, item in read if isinstance(item, RosterRow)]
    cards = Counter(card for row in found for card in set(row.cards))
    rows = list[RosterRow]()
    refusals = [item for _, item in read if isinstance(item, Refusal)]
    for row in found:
        if numbers[row.number] > 1:
            refusals.append(Refusal(row.row, KEY, "number_twice"))
        elif any(cards[card] > 1 for card in row.cards):
            refusals.append(Refusal(row.row, "card", "card_twice"))
        else:
            rows.append(row)
    return Roster(
        rows=tuple(rows),
        refusals=tuple(sorted(refusals, key=lambda refusal: refusal.row)),
        numbers=frozenset(numbers),
        ignored=ignored,
    )


def _refuse(column: str, code: str) -> NoReturn:
    raise _RowError(column, code)


def _text(cell: Cell, field: str) -> str:
    if cell.flaw == "rounded":
        _refuse(field, "rounded")
    if cell.flaw is not None:
        _refuse(field, cell.flaw)
    return cell.text


def _wide(text: str) -> str:
    """Return text with full-width letters, digits and marks made plain."""
    return unicodedata.normalize("NFKC", text).strip()


def _number(text: str) -> str:
    number = _wide(text)
    if not number:
        _refuse(KEY, "number_missing")
    if _SCIENTIFIC.fullmatch(number):
        _refuse(KEY, "rounded")
    if len(number) > NUMBER_LENGTH_MAX or _CONTROL.search(number):
        _refuse(KEY, "not_understood")
    return number


def _name(text: str, _: Place) -> str:
    name = " ".join(text.split())
    if len(name) > NAME_LENGTH_MAX or _CONTROL.search(name) or text in CLEARED:
        _refuse("name", "not_understood")
    return name


def unit_path(text: str) -> str | None:
    """Return a path of organisation units as it is kept: names between slashes."""
    if text in CLEARED:
        return None
    parts = [" ".join(part.split()) for part in _UNIT_BETWEEN.split(_wide(text)) if part.strip()]
    return "/".join(parts) or None


def _unit(text: str, _: Place) -> str | None:
    path = unit_path(text)
    if path is not None and (len(path) > UNIT_LENGTH_MAX or _CONTROL.search(path)):
        _refuse("unit", "not_understood")
    return path


def _cards(text: str, place: Place) -> tuple[str, ...]:
    if text in CLEARED:
        # Cards are taken away by an operator, never by a file.
        return ()
    numbers = [number for number in _BETWEEN.split(_wide(text)) if number]
    if len(numbers) > CARD_COUNT_MAX:
        _refuse("card", "not_understood")
    for number in numbers:
        if _SCIENTIFIC.fullmatch(number):
            _refuse("card", "rounded")
        if not _CARD.fullmatch(number):
            _refuse("card", "not_understood")
    return tuple(dict.fromkeys(place.verifier(number) for number in numbers))


def _instant(text: str, field: str, place: Place, *, is_end: bool) -> datetime | None:
    text = _wide(text)
    if text in CLEARED or plain(text) in FOR_EVER:
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        _refuse(field, "date_not_understood")
    year, month, day, joined_month, joined_day, hour, minute, second = found.groups()
    try:
        at = datetime(
            int(year), int(month or joined_month), int(day or joined_day), tzinfo=place.zone
        )
        if hour is not None:
            return at.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
        # The last day counts: validity ends when the next one begins.
        return at + timedelta(days=1) if is_end else at
    except (ValueError, OverflowError):
        _refuse(field, "date_not_understood")


def _valid_from(text: str, place: Place) -> datetime | None:
    return _instant(text, "valid_from", place, is_end=False)


def _valid_until(text: str, place: Place) -> datetime | None:
    return _instant(text, "valid_until", place, is_end=True)


def _is_active(text: str, _: Place) -> bool:
    state = STATES.get(plain(text))
    if state is None:
        _refuse("is_active", "state_not_understood")
    return state


def _access_points(text: str, place: Place) -> list[str] | None:
    if plain(text) in EVERYWHERE:
        return None
    if text.casefold() in NOWHERE:
        return []
    points = _identifiers(text, place.points)
    if points is None:
        _refuse("access_points", "point_unknown")
    return points


def _profiles(text: str, place: Place) -> list[str] | None:
    """Return the profiles; None, that access points alone say where."""
    if text.casefold() in CLEARED:
        return None
    profiles = _identifiers(text, place.profiles)
    if profiles is None:
        _refuse("profiles", "profile_unknown")
    return profiles


def _identifiers(text: str, known: Mapping[str, str]) -> list[str] | None:
    """Return what names mean; None where one means nothing."""
    names = [name for name in re.split(r"[,;、，；|\n]+", text) if name.strip()]
    found = {known.get(plain(name)) for name in names}
    return None if None in found else sorted(one for one in found if one is not None)


READERS: Final[Mapping[str, Callable[[str, Place], Any]]] = {
    "name": _name,
    "unit": _unit,
    "valid_from": _valid_from,
    "valid_until": _valid_until,
    "is_active": _is_active,
    "access_points": _access_points,
    "profiles": _profiles,
}
"""How each column but the key and the cards is read."""
