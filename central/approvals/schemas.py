"""What is said about second persons."""

from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

TOPIC: Final = "approvals"
"""Announced when something begins to wait for a second person, or no longer does."""

ApprovalState = Literal["pending", "approved", "refused", "used", "expired"]


class ApprovalView(BaseModel):
    """A deed that needs a second person.

    Attributes:
        subject: What exactly is asked for; an approval is good for this alone.
        state: ``approved`` is good for one time until ``expires_at``, to who asked.
    """

    approval_id: str
    deed: str
    subject: dict[str, Any]
    state: ApprovalState
    asked_by: str
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    decided_by: str | None
    decided_at: AwareDatetime | None
    is_own: bool


class ApprovalList(BaseModel):
    """Newest first."""

    items: list[ApprovalView]


class CountersignatureView(BaseModel):
    """What one person did alone. Attributes: due_at: until when somebody else has to sign."""

    act_id: str
    act: str
    subject: str
    reason: str
    done_by: str
    done_at: AwareDatetime
    due_at: AwareDatetime
    is_overdue: bool
    is_own: bool
    signed_by: str | None
    signed_at: AwareDatetime | None
    signed_reason: str | None


class Countersign(BaseModel):
    """Somebody signs. Attributes: reason: what they found; for the record."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class CountersignatureList(BaseModel):
    """Those that nobody has signed first, then the latest that somebody did."""

    items: list[CountersignatureView]
