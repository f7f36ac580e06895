"""What is said about people."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from config.contract.identifiers import Slug

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$"
    ),
]
Number = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$"
    ),
]

Profiles = Annotated[list[Slug], Field(max_length=32)]
Pin = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{4,8}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPerson(_Asked):
    """A person to add.

    Attributes:
        access_points: None means everywhere; they count where ``profiles`` is None.
        profiles: Of the access model, which add up; the others as in ``HolderRecord``.
    """

    name: Name
    number: Number | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    access_points: list[Slug] | None = None
    is_active: bool = True
    profiles: Profiles | None = None
    needs_escort: bool = False
    may_escort: bool = False
    is_first_person: bool = False
    is_passback_exempt: bool = False
    has_extended_access_time: bool = False

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        begin, end = self.valid_from, self.valid_until
        if begin is not None and end is not None and end <= begin:
            raise ValueError("validity ends before it begins")
        return self


class ChangedPerson(_Asked):
    """What to change of a person; what is absent stays."""

    name: Name | None = None
    number: Number | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    access_points: list[Slug] | None = None
    is_active: bool | None = None
    profiles: Profiles | None = None
    needs_escort: bool | None = None
    may_escort: bool | None = None
    is_first_person: bool | None = None
    is_passback_exempt: bool | None = None
    has_extended_access_time: bool | None = None


class Person(BaseModel):
    """A person. Name and number are whole for those who may see names only.

    Attributes:
        unit: Path of the organisation unit, with slashes.
        has_face: At central, or at terminals alone.
        has_face_consent: Whether a consent to passing by face stands; without one no terminal has
            a face of theirs.
        picture_count: Of the face that gates compare; None where nobody counted, or there is none.
        must_come_again: The face is of another network, and no picture is kept to make it anew.
        profiles: Of the access model; None: ``access_points`` alone says where. The others as in
            ``HolderRecord``.
        has_duress_pin: False for those who may not see names.
    """

    holder_id: str
    name: str
    number: str | None
    unit: str | None
    is_active: bool
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    access_points: list[str] | None
    has_face: bool
    has_face_consent: bool
    picture_count: int | None
    must_come_again: bool
    card_count: int
    profiles: list[str] | None
    has_pin: bool
    has_duress_pin: bool
    needs_escort: bool
    may_escort: bool
    is_first_person: bool
    is_passback_exempt: bool
    has_extended_access_time: bool
    created_at: AwareDatetime


class PersonPage(BaseModel):
    """People in the order in which they were added, newest first."""

    items: list[Person]
    next: str | None


class NewCard(_Asked):
    """A card to give. Attributes: valid_until: of a temporary card; None is for good."""

    number: Number
    valid_until: AwareDatetime | None = None


class NewPin(_Asked):
    """A PIN of 4 to 8 digits. Attributes: duress_pin: opens as well, and alarms silently."""

    pin: Pin
    duress_pin: Pin | None = None


class CardView(BaseModel):
    """A card; its number is known to nobody here."""

    card_id: str
    created_at: AwareDatetime
    valid_until: AwareDatetime | None


class AddedCard(BaseModel):
    """The card that was given."""

    card_id: str


class CardList(BaseModel):
    """A person's cards, oldest first."""

    items: list[CardView]


class PictureVerdict(BaseModel):
    """What became of one photograph.

    Attributes:
        reason: Why it was not used, a stable word; None when it was.
        score: Quality, 0..1, larger is better; None where no face was found.
    """

    name: str
    accepted: bool
    reason: str | None
    score: float | None = None
    detail: str = ""


class Resembled(BaseModel):
    """Whom somebody resembles."""

    holder_id: str
    name: str


class Enrolled(BaseModel):
    """The outcome of an enrolment.

    Attributes:
        picture_count: Pictures that the face is the mean of: with three, a gate refuses the person
            three to four times less often than with one.
        not_compared_count: People whom nobody compared with, as their faces are of another network.
    """

    status: Literal["enrolled", "awaiting_confirmation"]
    pictures: list[PictureVerdict]
    picture_count: int
    not_compared_count: int = 0
    review_id: str | None = None
    resembles: Resembled | None = None


class Review(BaseModel):
    """A look-alike that waits for a second person."""

    review_id: str
    holder_id: str
    name: str
    resembles: Resembled | None
    similarity: float
    requested_by: str
    requested_at: AwareDatetime


class ReviewList(BaseModel):
    """Oldest first."""

    items: list[Review]


class FaceMigration(BaseModel):
    """How far faces are on their way to the site's network.

    Attributes:
        network: Of the site now; None where this central lacks it, as ``detail`` says.
        people_count: With a face of any network.
        current_count: With one of the site's.
        renewable_count: Whose face is being made anew from pictures that are kept.
        must_come_again_count: Whose face must be enrolled again.
        kept_for_nodes_count: Faces of an earlier network that wait until no node needs them.
        nodes_behind: Nodes that compare with an earlier network.
    """

    pipeline: str
    network: str | None
    detail: str
    people_count: int
    current_count: int
    renewable_count: int
    must_come_again_count: int
    kept_for_nodes_count: int
    nodes_behind: list[str]
