"""What is said about operators' commands to nodes."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from config.contract.command_events import CommandRefusal
from config.contract.commands import Ordinary, Wanted


class WantedCommand(BaseModel):
    """A wish to have a node do something. Attributes: reason: shown to operators, and kept."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[Ordinary, Field(discriminator="kind")]
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)
    ] = Field(description="Why; no name of anybody need be in it")


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


class CommandList(BaseModel):
    """Commands, newest first."""

    items: list[CommandView]
