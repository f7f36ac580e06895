"""What is said about the office."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from central.office.planned import Line
from config.contract.identifiers import Sha256
from config.contract.schedules import Name

LINES_SHOWN_MAX = 500


class Preview(BaseModel):
    """What a wish would come to; nothing is changed.

    Attributes:
        lines: At most ``LINES_SHOWN_MAX``, those first that would not be done.
        done_count: Lines that would be done.
        refused_count: Lines that would not.
        fingerprint: To send with the wish: then exactly this is done.
        problem: Why nothing would be done at all; empty otherwise.
        needs_second_person: Somebody else approves it first.
        people: Names by identifier, masked for whoever may not see them.
    """

    kind: str
    lines: list[Line]
    done_count: int
    refused_count: int
    amount_fen: int
    fingerprint: str
    problem: str
    warning: str
    needs_second_person: bool
    people: dict[str, str]


class DeedView(BaseModel):
    """What somebody did. Attributes: wish: as it was asked for, identifiers alone."""

    deed_id: str
    kind: str
    wish: dict[str, Any]
    amount_fen: int
    line_count: int
    merchant: str | None
    holder_id: str | None
    charge_id: str | None
    reverses: str | None
    reversed_by: str | None
    done_by_name: str
    done_at: AwareDatetime
    approved_by: str | None
    is_new: bool = False


class DeedList(BaseModel):
    """The newest first."""

    items: list[DeedView]
    people: dict[str, str]


class FoundPerson(BaseModel):
    """Somebody whom words find. Attributes: name: masked for whoever may not see names."""

    holder_id: str
    name: str
    number: str | None
    is_active: bool


class FoundPeople(BaseModel):
    """By personnel number."""

    items: list[FoundPerson]


class LotView(BaseModel):
    """What is left of a subsidy."""

    left_fen: int
    lapses_on: date | None


class EntryView(BaseModel):
    """A line of a statement.

    Attributes:
        wallet: ``subsidy``, ``cash`` or ``debt``.
        reason: A word of whoever moved it.
        other: The account on the other side.
        change_fen: Above zero came in.
        group: The charge or the deed.
        is_back: It moved something back.
        by_face: The charge rests on a decision about a face; see ``charges/{id}/decision``.
    """

    sequence: int
    at: AwareDatetime
    wallet: str
    reason: str
    other: str
    change_fen: int
    group: str | None
    is_back: bool
    by_face: bool = False


class BlockedView(BaseModel):
    """Why somebody cannot pay."""

    reason: str
    note: str
    set_by: str
    set_at: AwareDatetime


class AccountView(BaseModel):
    """What somebody holds, and how it came so; what is on its way is held.

    Attributes:
        blocked: None where they can pay.
    """

    holder_id: str
    name: str
    number: str | None
    is_active: bool
    subsidy_fen: int
    cash_fen: int
    owed_fen: int
    held_fen: int
    blocked: BlockedView | None
    lots: list[LotView]
    entries: list[EntryView]


class UnitView(BaseModel):
    """An organisation unit with an account. Attributes: balance_fen: below zero is owed."""

    unit_id: str
    path: str
    balance_fen: int


class UnitList(BaseModel):
    """By path."""

    items: list[UnitView]


class StatementLine(BaseModel):
    """A transfer of a unit's account."""

    sequence: int
    at: AwareDatetime
    reason: str
    other: str
    change_fen: int
    deed_id: str | None
    purpose: str = ""
    people: int | None = None


class ConfirmationView(BaseModel):
    """Who confirmed for a side. Attributes: is_current: the statement is still as it was then."""

    side: Literal["canteen", "unit"]
    name: str
    at: AwareDatetime
    closing_fen: int
    is_current: bool


class UnitStatement(BaseModel):
    """A month of a unit's account, by when central booked it: a month that is over never changes.

    Attributes:
        sha256: Of the lines and both balances: what a confirmation is about.
        is_over: Only then it can be confirmed.
    """

    unit_id: str
    path: str
    month: str
    opening_fen: int
    closing_fen: int
    lines: list[StatementLine]
    sha256: str
    is_over: bool
    confirmations: list[ConfirmationView]


class Confirm(BaseModel):
    """One side confirms a statement.

    Attributes:
        side: The unit's side is confirmed by somebody else than the canteen's.
        name: Who answers for this side: for a unit, whoever it sent.
        sha256: Of the statement that they have seen.
    """

    model_config = ConfigDict(extra="forbid")

    side: Literal["canteen", "unit"]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    sha256: Sha256


class Named(BaseModel):
    """Something of the site file or of the plan, as people call it."""

    id: str
    name: Name


class Setting(BaseModel):
    """What the office's pages name. Attributes: today: by the site's wall clock."""

    today: date
    merchants: list[Named]
    tills: list[Named]
    groups: list[str]
    periods: list[Named]
    dishes: list[Named]
