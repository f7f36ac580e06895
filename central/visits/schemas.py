"""What is said about visits."""

from datetime import timedelta
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from central.people.schemas import Name
from config.contract.identifiers import Slug
from config.contract.visitor_code import POINTS_MAX

LENGTH_MAX: Final = timedelta(days=31)
VisitState = Literal["expected", "arrived", "over", "cancelled"]


class NewVisit(BaseModel):
    """An invitation.

    Attributes:
        host_id: Who receives the visitor.
        points: Where the code is good, the home access point first: there it is good with the
            network cut.
        needs_escort: The visitor waits for somebody who may escort.
    """

    model_config = ConfigDict(extra="forbid")

    visitor: Name
    host_id: UUID
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    points: Annotated[list[Slug], Field(min_length=1, max_length=POINTS_MAX)]
    needs_escort: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.valid_until <= self.valid_from:
            raise ValueError("the visit is over before it begins")
        if self.valid_until - self.valid_from > LENGTH_MAX:
            raise ValueError("a visit lasts 31 days at most")
        return self


class Visit(BaseModel):
    """A visit. Names are whole for those who may see names, else masked.

    Attributes:
        host: None where the host was removed.
        arrived_at: When the visitor passed with the code.
        arrived_point: Where.
    """

    visit_id: str
    visitor: str
    host_id: str
    host: str | None
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    points: list[str]
    needs_escort: bool
    state: VisitState
    arrived_at: AwareDatetime | None
    arrived_point: str | None
    created_by: str


class VisitList(BaseModel):
    """Visits by their beginning, latest first."""

    items: list[Visit]


class Arrival(BaseModel):
    """A visitor who passed with the code. Names as in ``Visit``.

    Attributes:
        position: In the order in which central heard of arrivals: ask for those after it.
        host: None where the host was removed.
    """

    position: int
    arrived_at: AwareDatetime
    access_point: str
    visit_id: str
    visitor: str
    host_id: str
    host: str | None


class ArrivalList(BaseModel):
    """Arrivals, oldest first."""

    items: list[Arrival]


class Invitation(Visit):
    """A visit that was just made. Attributes: code: what the visitor's QR code says."""

    code: str
