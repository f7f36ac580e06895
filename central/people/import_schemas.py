"""What is said about the personnel office's file and organisation units."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from central.people.schemas import Name, Number, Profiles
from config.contract.identifiers import Slug


class FieldChangeView(BaseModel):
    """One value before and after; of ``cards`` only how many."""

    field: str
    before: Any
    after: Any


class ChangeView(BaseModel):
    """What becomes of one person. Attributes: holder_id: None for somebody new."""

    row: int
    kind: Literal["new", "changed", "leaver"]
    number: str
    name: str
    holder_id: str | None
    fields: list[FieldChangeView]


class RefusalView(BaseModel):
    """A row that is not taken. Attributes: code: why, a stable word."""

    row: int
    column: str
    code: str


class MissingView(BaseModel):
    """Whom an earlier file had, and this one has not."""

    holder_id: str
    number: str
    name: str


class ImportCounts(BaseModel):
    """How many of each. Attributes: left_already: people nobody knew, and who have left."""

    new: int
    changed: int
    leavers: int
    unchanged: int
    left_already: int
    missing: int
    refused: int


class ImportPreview(BaseModel):
    """What a file would change; nothing has been.

    Attributes:
        token: Of the people it was compared with: to apply, they must still be the same.
        is_missing_unlikely: So many are missing that the file is probably not the whole one.
        ignored_columns: Headings that nobody here reads.
    """

    import_id: str
    token: str
    expires_at: AwareDatetime
    counts: ImportCounts
    changes: list[ChangeView]
    refusals: list[RefusalView]
    missing: list[MissingView]
    is_missing_unlikely: bool
    ignored_columns: list[str]


class ApplyImport(BaseModel):
    """A wish to do what a preview says.

    Attributes:
        leavers_missing: Switch off who is missing from the file, too.
        missing_confirmed: Even where that is more than a tenth.
    """

    model_config = ConfigDict(extra="forbid")

    token: str
    leavers_missing: bool = False
    missing_confirmed: bool = False


class ImportResult(BaseModel):
    """What was done. Attributes: switched_off: people missing from the file."""

    new: int
    changed: int
    leavers: int
    switched_off: int
    cards: int


class PutPerson(BaseModel):
    """What another system says of a person by their number; what is absent stays.

    Attributes:
        unit: Path of the organisation unit, with slashes; units are added as needed.
        cards: Numbers of cards to give; none is ever taken away.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    unit: str | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    access_points: list[Slug] | None = None
    profiles: Profiles | None = None
    is_active: bool | None = None
    cards: list[Number] | None = None


class PersonPreview(BaseModel):
    """What a wish would change of the person with a number; nothing has been.

    Attributes:
        kind: ``unchanged`` where all of it is known.
        fields: Each value before and after; of cards only how many.
    """

    kind: Literal["new", "changed", "leaver", "unchanged"]
    holder_id: str | None
    fields: list[FieldChangeView]


class UnitView(BaseModel):
    """An organisation unit. Attributes: people_count: in it, without those of units below."""

    unit_id: str
    parent_id: str | None
    name: str
    path: str
    people_count: int


class UnitList(BaseModel):
    """All units, each after the one above it."""

    items: list[UnitView]
