"""What a file would change of the people who are known. Nobody is ever deleted."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from central.people.roster.rows import Refusal, Roster, RosterRow

Kind = Literal["new", "changed", "leaver"]
MISSING_SHARE_MAX: Final = 0.1
"""More people missing than this is rather half a file than a wave of departures."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person with a personnel number.

    Attributes:
        cards: Verifiers of their cards.
        in_roster: Whether a file of the personnel office had them.
    """

    holder_id: str
    number: str
    name: str
    unit: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    is_active: bool
    access_points: tuple[str, ...] | None
    profiles: tuple[str, ...] | None
    cards: frozenset[str]
    in_roster: bool

    def value(self, field: str) -> Any:  # noqa: ANN401 - of the field's type
        """Return the value of a field as a row would say it."""
        value = getattr(self, field)
        return list(value) if isinstance(value, tuple) else value

    def may_pass(self, now: datetime) -> bool:
        """Return whether they have not left, or not yet."""
        return stays(is_active=self.is_active, valid_until=self.valid_until, now=now)


@dataclasses.dataclass(frozen=True, slots=True)
class Existing:
    """Who is known. Attributes: people: by number. card_owners: holder by verifier, of all."""

    people: Mapping[str, Known]
    card_owners: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """What changes when anything does that a comparison looks at."""
        digest = hashlib.sha256()
        for known in sorted(self.people.values(), key=lambda known: known.holder_id):
            digest.update(_json({**dataclasses.asdict(known), "cards": sorted(known.cards)}))
        digest.update(_json(sorted(self.card_owners.items())))
        return digest.hexdigest()


@dataclasses.dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after. Of cards there is only how many: ``field`` is ``cards``."""

    field: str
    before: Any
    after: Any


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one person.

    Attributes:
        kind: A leaver is who might pass until now and may not any more.
        holder_id: None for somebody new.
        values: What to write, by field.
        cards: Verifiers of cards to give.
    """

    row: int
    kind: Kind
    number: str
    name: str
    holder_id: str | None
    values: Mapping[str, Any]
    cards: tuple[str, ...]
    fields: tuple[FieldChange, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a file would change.

    Attributes:
        changes: In the file's order.
        refusals: Of reading and of comparing, by row.
        unchanged: Holder ids of people of whom the file says what is known.
        left_already: Rows of unknown people who have left: they are not added.
        missing: People whom an earlier file had and this one has not, who might still pass.
        roster_count: People whom an earlier file had and who might still pass.
    """

    changes: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    unchanged: tuple[str, ...]
    left_already: tuple[int, ...]
    missing: tuple[Known, ...]
    roster_count: int

    @property
    def is_missing_unlikely(self) -> bool:
        """Whether so many are missing that the file is probably not the whole one."""
        return len(self.missing) > MISSING_SHARE_MAX * self.roster_count


def stays(*, is_active: bool, valid_until: datetime | None, now: datetime) -> bool:
    """Return whether somebody has not left: switched on, and the end is not reached."""
    return is_active and (valid_until is None or valid_until > now)


def compare(existing: Existing, roster: Roster, *, now: datetime) -> Comparison:
    """Return what a file would change; changes nothing."""
    changes, unchanged, left = list[Change](), list[str](), list[int]()
    refusals = list(roster.refusals)
    for row in roster.rows:
        known = existing.people.get(row.number)
        outcome = _compared(row, known, existing, now)
        if isinstance(outcome, Change):
            changes.append(outcome)
        elif isinstance(outcome, Refusal):
            refusals.append(outcome)
        elif known is None:
            left.append(row.row)
        else:
            unchanged.append(known.holder_id)
    listed = [k for k in existing.people.values() if k.in_roster and k.may_pass(now)]
    return Comparison(
        changes=tuple(changes),
        refusals=tuple(sorted(refusals, key=lambda refusal: refusal.row)),
        unchanged=tuple(unchanged),
        left_already=tuple(left),
        missing=tuple(known for known in listed if known.number not in roster.numbers),
        roster_count=len(listed),
    )


def _compared(
    row: RosterRow, known: Known | None, existing: Existing, now: datetime
) -> Change | Refusal | None:
    """Return what becomes of a row; None where nothing does."""
    holder_id = None if known is None else known.holder_id
    owners = {existing.card_owners.get(card) for card in row.cards} - {None, holder_id}
    if owners:
        return Refusal(row.row, "card", "card_taken")
    if known is None:
        return _added(row, now)
    values = {field: to for field, to in row.values.items() if to != known.value(field)}
    begin = values.get("valid_from", known.valid_from)
    end = values.get("valid_until", known.valid_until)
    if begin is not None and end is not None and end <= begin:
        return Refusal(row.row, "valid_until", "ends_before_it_begins")
    cards = tuple(card for card in row.cards if card not in known.cards)
    if not values and not cards:
        return None
    is_active = values.get("is_active", known.is_active)
    is_leaving = known.may_pass(now) and not stays(is_active=is_active, valid_until=end, now=now)
    fields = [FieldChange(field, known.value(field), to) for field, to in values.items()]
    if cards:
        fields.append(FieldChange("cards", len(known.cards), len(known.cards) + len(cards)))
    return Change(
        row=row.row,
        kind="leaver" if is_leaving else "changed",
        number=row.number,
        name=values.get("name", known.name),
        holder_id=known.holder_id,
        values=values,
        cards=cards,
        fields=tuple(fields),
    )


def _added(row: RosterRow, now: datetime) -> Change | Refusal | None:
    values = row.values
    is_active = values.get("is_active", True)
    if not stays(is_active=is_active, valid_until=values.get("valid_until"), now=now):
        return None
    if "name" not in values:
        return Refusal(row.row, "name", "name_missing")
    fields = [FieldChange(field, None, to) for field, to in values.items() if to is not None]
    if row.cards:
        fields.append(FieldChange("cards", 0, len(row.cards)))
    return Change(
        row=row.row,
        kind="new",
        number=row.number,
        name=values["name"],
        holder_id=None,
        values=values,
        cards=row.cards,
        fields=tuple(fields),
    )


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
