"""What is said about events."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from config.contract.events import Event


class StoredEvent(BaseModel):
    """One event as central holds it.

    Attributes:
        position: In the order of commits, from 1, without gaps.
        event: Without the people who were considered, but for those who may see them.
        holder_name: Whole for those who may see names, else masked; None for nobody known.
    """

    position: int
    received_at: AwareDatetime
    node: str
    event: Event
    holder_name: str | None


class CandidateView(BaseModel):
    """Somebody enrolled who was considered in a decision.

    Attributes:
        name: Whole for those who may see names, else masked; None for somebody removed.
    """

    holder_id: str
    name: str | None
    similarity: float


class CandidateList(BaseModel):
    """Who was considered, best first."""

    items: list[CandidateView]


class EventPage(BaseModel):
    """Events that are looked for. Attributes: next, next_at: of the next page; None at the end."""

    items: list[StoredEvent]
    next: int | None
    next_at: AwareDatetime | None = None


class EventsAfter(BaseModel):
    """What is wanted of the events after a position, oldest first.

    Attributes:
        next: `after` of the next request; it moves on even where nothing was wanted.
        has_more: More events stand after `next` already: ask at once.
        forgotten: How many events before `next` retention had taken before they were asked for.
        epoch: Of the store; after a restore it is another one, and positions begin anew.
    """

    items: list[StoredEvent]
    next: int
    has_more: bool
    forgotten: int
    epoch: UUID


class ConflictView(BaseModel):
    """An event whose key was taken."""

    received_at: AwareDatetime
    node: str
    event: Event


class ConflictList(BaseModel):
    """The newest conflicts first."""

    items: list[ConflictView]
