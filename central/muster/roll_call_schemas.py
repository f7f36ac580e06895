"""What is said about roll-calls."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from central.muster.schemas import SilentNode

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Cause = Literal["operator", "fire"]


class NewRollCall(BaseModel):
    """A wish to begin a roll-call. Attributes: reason: shown to operators, and kept."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


class AddedByName(BaseModel):
    """Somebody who stands there and was not on the list, by name."""

    model_config = ConfigDict(extra="forbid")

    name: Text


class KeptArea(BaseModel):
    """An area as it was when the roll-call began.

    Attributes:
        name: By language.
        unnamed_count: People inside without a name; below 0 are people who left unseen.
    """

    area: str
    name: dict[str, str]
    unnamed_count: int


class KeptState(BaseModel):
    """What was known when a roll-call began, besides the people."""

    areas: list[KeptArea]
    silent_nodes: list[SilentNode]


class AreaCount(KeptArea):
    """An area with its counts now. Attributes: count: people known by name."""

    count: int
    missing_count: int


class RollCallPerson(BaseModel):
    """Somebody on the list.

    Attributes:
        number: Within the roll-call.
        name: Whole for those who may see names, else masked; None for somebody removed.
        area: In which they were; empty for somebody found.
        since: When they entered it, or were found.
        node: The terminal that saw it; empty for somebody added by hand.
        marked_at: When somebody last said of them that they are safe, or that they are not.
        marked_by: The operator's name of then; empty where a credential was shown.
        access_point: The assembly point where it was shown; else empty.
    """

    number: int
    holder_id: str | None
    name: str | None
    area: str
    since: AwareDatetime
    node: str
    is_found: bool
    is_safe: bool
    marked_at: AwareDatetime | None
    marked_by: str
    access_point: str


class RollCallLine(BaseModel):
    """A roll-call in the list.

    Attributes:
        started_by: The operator's name of then; empty where a fire began it.
        count: People by name, those found included; None while it goes on.
        missing_count: Who was missing at its end; None while it goes on.
    """

    roll_call_id: UUID
    cause: Cause
    reason: str
    started_at: AwareDatetime
    started_by: str
    ended_at: AwareDatetime | None
    ended_by: str | None
    count: Annotated[int, Field(ge=0)] | None
    missing_count: Annotated[int, Field(ge=0)] | None


class RollCallView(RollCallLine):
    """A whole roll-call; its counts are of now.

    Attributes:
        areas: In the order of the access model.
        silent_nodes: Terminals that were not heard when it began: who came in there is missing.
        people: Who is missing first, by area.
    """

    areas: list[AreaCount]
    silent_nodes: list[SilentNode]
    people: list[RollCallPerson]


class RollCallList(BaseModel):
    """Roll-calls, newest first; one that goes on is the first."""

    items: list[RollCallLine]
