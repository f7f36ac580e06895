"""What is said about the access rules."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from config.contract.access import CredentialKind
from config.contract.access_lines import Line
from config.contract.access_model import AccessModel
from config.contract.identifiers import Slug
from config.contract.schedules import Calendar

Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$"
    ),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Finding(BaseModel):
    """A line of the check, for who words it in another language.

    Attributes:
        code: Of the sentence, such as ``exit_credentials``.
        arguments: What the sentence names, such as ``point``; ``table`` and ``entry`` are an entry
            of the model; ``at_table``, ``at_entry`` and ``at_field`` where a wrong value stands.
        text: In English.
    """

    code: str
    arguments: dict[str, str]
    text: str

    @classmethod
    def of(cls, lines: Sequence[Line]) -> list[Self]:
        """Return lines as they are sent."""
        return [
            cls(code=line.code, arguments=dict(line.arguments), text=str(line)) for line in lines
        ]


class AccessModelView(BaseModel):
    """The access model in force; of a site that has none, what a first one starts from.

    Attributes:
        version: Counts changes; 0 where the site has no model yet and everybody may pass.
        changed_by: The operator's name of then; None before the first change.
        problems: What is wrong with it at the site as it is installed now, a line each.
        warnings: What an administrator should know, a line each.
        found_problems, found_warnings: The same lines with their codes.
        shipped_calendar: The calendar of this version of Menshen, where the model's is another.
    """

    version: int
    model: AccessModel
    changed_by: str | None
    changed_at: AwareDatetime | None
    problems: list[str]
    warnings: list[str]
    found_problems: list[Finding]
    found_warnings: list[Finding]
    shipped_calendar: Calendar | None


class WantedAccessModel(_Asked):
    """A whole model to put in force, or to look at first.

    Attributes:
        made_from: The version that it was made from.
        model: As ``config.contract.access_model.AccessModel``; its ``version`` is central's.
    """

    made_from: Annotated[int, Field(ge=0, le=2**31 - 2)]
    model: dict[str, Any]


class ChangedEntry(BaseModel):
    """Something of the model that would change.

    Attributes:
        table: ``profiles``, ``points`` and so on; ``settings`` for what has no table.
        id: Of the entry; of a setting its name.
    """

    table: str
    id: str
    change: Literal["added", "changed", "removed"]


class PersonEffect(BaseModel):
    """Somebody who could pass elsewhere or at other times. Attributes: name: see ``Person``."""

    holder_id: str
    name: str
    gains: list[str]
    loses: list[str]
    at_other_times: list[str]


class CheckedAccessModel(BaseModel):
    """What would become of a model if it were put in force now.

    Attributes:
        is_outdated: The model was made from another version than the one in force.
        problems: Why it would be refused, a line each; nothing else is worked out then.
        found_problems, found_warnings: The same lines with their codes.
        people: Those with profiles whose access points change, by name; at most 200.
        people_count: How many they are.
    """

    version: int
    is_outdated: bool
    problems: list[str]
    warnings: list[str]
    found_problems: list[Finding]
    found_warnings: list[Finding]
    changes: list[ChangedEntry]
    people: list[PersonEffect]
    people_count: int


class VersionView(BaseModel):
    """A version that was in force from ``changed_at`` on."""

    version: int
    changed_by: str
    changed_at: AwareDatetime


class VersionList(BaseModel):
    """Newest first."""

    items: list[VersionView]


class KeptAccessModel(VersionView):
    """A version with what it said."""

    model: AccessModel


class WantedLockdown(_Asked):
    """Why a level is set off; for the record."""

    reason: Reason


class LockdownView(BaseModel):
    """A level that is or was on."""

    level: str
    since: AwareDatetime
    set_by: str
    reason: str
    ended_at: AwareDatetime | None
    ended_by: str | None


class LockdownList(BaseModel):
    """Those that are on, oldest first, and the latest that are over, newest first."""

    active: list[LockdownView]
    ended: list[LockdownView]


class PassTime(BaseModel):
    """From showing a credential to the open gate. Attributes: count: passages measured."""

    credential: CredentialKind
    count: int
    p50_ms: float | None
    p95_ms: float | None


class PassTimes(BaseModel):
    """How long people wait, by what they show.

    Attributes:
        items: Of every kind of credential, whether it was used or not.
        people_count: Who may pass at all.
        faceless_count: Of them, without a face enrolled.
    """

    items: list[PassTime]
    people_count: int
    faceless_count: int


class WantedForgiveness(_Asked):
    """What to forgive: exactly one of the three.

    Attributes:
        holder_id: Whose place is forgotten.
        access_point: Where refusals are forgotten.
        everybody: Everybody's place is forgotten.
    """

    holder_id: UUID | None = None
    access_point: Slug | None = None
    everybody: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if [self.holder_id is not None, self.access_point is not None, self.everybody].count(
            True
        ) != 1:
            raise ValueError("forgive one person, one access point, or everybody")
        return self


class ForgivenView(BaseModel):
    """What was forgiven. Attributes: number: counts such acts."""

    number: int
    at: AwareDatetime
