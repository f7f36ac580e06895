"""What is said about events."""

from pydantic import AwareDatetime, BaseModel

from config.contract.events import Event


class StoredEvent(BaseModel):
    """One event as central holds it.

    Attributes:
        position: In the order of commits, from 1, without gaps.
        holder_name: Whole for those who may see names, else masked; None for nobody known.
    """

    position: int
    received_at: AwareDatetime
    node: str
    event: Event
    holder_name: str | None


class EventPage(BaseModel):
    """Events after a position. Attributes: next: to ask for more, or None at the end."""

    items: list[StoredEvent]
    next: int | None


class ConflictView(BaseModel):
    """An event whose key was taken."""

    received_at: AwareDatetime
    node: str
    event: Event


class ConflictList(BaseModel):
    """The newest conflicts first."""

    items: list[ConflictView]
