"""What is said about calls for assistance."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel


class CallView(BaseModel):
    """One call.

    Attributes:
        asked_at: By the terminal's clock.
        waited_s: Until somebody took it, or until now.
        taken_by: The operator's name of then.
    """

    call_id: UUID
    node: str
    access_point: str
    asked_at: AwareDatetime
    waited_s: float
    taken_at: AwareDatetime | None
    taken_by: str | None


class CallList(BaseModel):
    """Calls that nobody has closed, the longest waiting first."""

    items: list[CallView]
