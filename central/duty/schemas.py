"""What is said about guards' desks."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from central.people.schemas import Number, Pin

Change = Literal["opened", "taken_over", "locked", "left"]
ShiftEntryKind = Literal[
    "duty", "command", "lockdown", "handover", "alarm", "alarm_act", "round", "note"
]


class DeskView(BaseModel):
    """A desk.

    Attributes:
        on_duty: Masked name of who is on duty, or was last.
        is_locked: Nobody is signed in: it shows and does nothing.
    """

    desk_id: str
    on_duty: str
    since: AwareDatetime
    is_locked: bool
    expires_at: AwareDatetime


class CardSignIn(BaseModel):
    """A guard's card and PIN, as at terminals."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[Number, Field(repr=False)]
    pin: Annotated[Pin, Field(repr=False)]


class ShiftEntry(BaseModel):
    """One line of the shift log.

    Attributes:
        what: Of ``duty`` the change, of ``command`` its kind, of ``alarm`` its kind, of
            ``alarm_act`` the act, of ``lockdown`` on or off, of ``handover`` written or taken, of
            ``round`` ``complete``, ``incomplete`` or ``walking``.
        who: The operator's name of then; empty where nobody did it.
        about: Access point, device, level, node, route; of ``duty`` who was on duty before.
        words: A reason or a note, as it was written.
        outcome: Of a command what became of it, as ``CommandState`` says it.
        action_id: Of all commands that were one act, such as one to a whole area.
        done, count: Of a round, how many of its stops somebody was at.
    """

    at: AwareDatetime
    kind: ShiftEntryKind
    what: str
    who: str = ""
    about: str = ""
    words: str = ""
    outcome: str = ""
    alarm_kind: str = ""
    alarm_id: str | None = None
    action_id: str | None = None
    done: int | None = None
    count: int | None = None


class WantedNote(BaseModel):
    """Something that a guard writes down."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class ShiftLog(BaseModel):
    """What happened in a shift, oldest first. Attributes: has_more: some had to be left out."""

    since: AwareDatetime
    until: AwareDatetime
    items: list[ShiftEntry]
    has_more: bool
