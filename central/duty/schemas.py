"""What is said about guards' desks."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from central.people.schemas import Number, Pin

Change = Literal["opened", "taken_over", "locked", "left"]


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
            ``alarm_act`` the act, of ``lockdown`` on or off, of ``handover`` written or taken.
        who: The operator's name of then; empty where nobody did it.
        about: Access point, device, level, node; of ``duty`` who was on duty before.
        words: A reason or a note, as it was written.
        outcome: Of a command, as the node answered.
    """

    at: AwareDatetime
    kind: Literal["duty", "command", "lockdown", "handover", "alarm", "alarm_act"]
    what: str
    who: str = ""
    about: str = ""
    words: str = ""
    outcome: str = ""
    alarm_kind: str = ""
    alarm_id: str | None = None


class ShiftLog(BaseModel):
    """What happened in a shift, oldest first. Attributes: has_more: some had to be left out."""

    since: AwareDatetime
    until: AwareDatetime
    items: list[ShiftEntry]
    has_more: bool
