"""What is said about operators' commands to nodes."""

from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from config.contract.command_events import CommandRefusal
from config.contract.commands import HoldOpen, OpenOnce, Ordinary, Secure, Wanted
from config.contract.identifiers import Slug

Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$"),
    Field(description="Why; no name of anybody need be in it"),
]


class WantedCommand(BaseModel):
    """A wish to have a node do something. Attributes: reason: shown to operators, and kept."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[Ordinary, Field(discriminator="kind")]
    reason: Why


class WantedAreaCommand(BaseModel):
    """A wish to have all ways into and out of an area do the same; see ``WantedCommand``.

    Attributes:
        deed: As the command of one access point is called.
        until: For ``hold_open`` alone.
        points: Of the area's, those that it is for; none are all of them.
    """

    model_config = ConfigDict(extra="forbid")

    deed: Literal["open_once", "hold_open", "secure"]
    until: AwareDatetime | None = None
    points: Annotated[tuple[Slug, ...], Field(max_length=500)] = ()
    reason: Why

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.deed == "hold_open") != (self.until is not None):
            raise ValueError("hold_open needs an end, and nothing else has one")
        return self

    def at(self, access_point: str) -> OpenOnce | HoldOpen | Secure:
        """Return what one access point is to do."""
        if self.until is not None:
            return HoldOpen(access_point=access_point, until=self.until)
        kind = OpenOnce if self.deed == "open_once" else Secure
        return kind(access_point=access_point)


class CommandState(StrEnum):
    """What has become of a command, as far as central knows."""

    WAITING = "waiting"
    """The node has not fetched it yet."""
    TOLD = "told"
    """The node has it and has not answered yet."""
    DONE = "done"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"
    """The node began it, and nobody knows whether it took effect: look."""
    NOT_DELIVERED = "not_delivered"
    """Its time is over and the node never fetched it: it was not carried out."""
    NO_ANSWER = "no_answer"
    """Its time is over; the node fetched it and has not answered: nobody knows. An answer may come
    yet."""


class CommandView(BaseModel):
    """One command.

    Attributes:
        asked_by: The operator's name of then.
        told_at: When the node fetched it first.
        answered_at: By the node's clock.
        action_id: Of all commands that were one act, such as one to a whole area.
    """

    command_id: UUID
    node: str
    what: Wanted
    reason: str
    asked_by: str
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    told_at: AwareDatetime | None
    answered_at: AwareDatetime | None
    state: CommandState
    refusal: CommandRefusal | None
    action_id: UUID | None = None


class CommandList(BaseModel):
    """Commands, newest first."""

    items: list[CommandView]


class AreaCommands(BaseModel):
    """What was asked of an area's access points, each by a command of its own.

    Attributes:
        action_id: ``GET /commands?action=`` tells what becomes of all of them.
        missing: Points of the access model that the site file does not have: nobody told them.
    """

    action_id: UUID
    items: list[CommandView]
    missing: list[str]
