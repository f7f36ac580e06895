"""What is said about consent and what follows from it."""

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from central.people.schemas import Name, Person
from config.contract.identifiers import Slug

ConsentPurpose = Literal["gate", "canteen"]
Place = Literal["central", "terminal"]
EndReason = Literal["withdrawn", "replaced", "left", "erased"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=100, max_length=20_000)]


class ConsentText(BaseModel):
    """What people are told. Attributes: is_shipped: it came with the program."""

    purpose: ConsentPurpose
    version: int
    zh_cn: str
    en: str
    is_shipped: bool
    made_at: AwareDatetime


class ConsentTextList(BaseModel):
    """Newest first, of each purpose."""

    items: list[ConsentText]


class NewConsentText(BaseModel):
    """The next version of a purpose's text; none is ever changed."""

    model_config = ConfigDict(extra="forbid")

    purpose: ConsentPurpose
    zh_cn: Words
    en: Words


class NewConsent(BaseModel):
    """A person's consent, as it was taken.

    Attributes:
        place: ``central``: kept there and given to the terminals. ``terminal``: on ``nodes`` alone.
        nodes: The terminals where it lies; empty with ``central``.
        method: Signed on paper, or on a screen.
        is_under_14: Then a guardian consents, and is named.
        given_at: When it was signed, if that was earlier; never in the future.
    """

    model_config = ConfigDict(extra="forbid")

    purpose: ConsentPurpose
    text_version: Annotated[int, Field(ge=1)]
    place: Place
    nodes: Annotated[list[Slug], Field(max_length=64)] = []
    method: Literal["paper", "screen"]
    is_under_14: bool
    guardian_name: Name | None = None
    guardian_relation: Annotated[Name, StringConstraints(max_length=100)] | None = None
    given_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        has_guardian = self.guardian_name is not None and self.guardian_relation is not None
        if self.is_under_14 != has_guardian or (self.guardian_name is None) != (
            self.guardian_relation is None
        ):
            raise ValueError("a guardian, with name and relation, for a child under 14 alone")
        if (self.place == "terminal") != bool(self.nodes):
            raise ValueError("name the terminals where it lies, if it lies at terminals alone")
        return self


class Consent(BaseModel):
    """A consent. Attributes: ended_at: None where it stands. taken_by: an operator's name."""

    consent_id: str
    purpose: ConsentPurpose
    text_version: int
    place: Place
    nodes: list[str]
    method: str
    is_under_14: bool
    guardian_name: str | None
    guardian_relation: str | None
    given_at: AwareDatetime
    taken_by: str
    ended_at: AwareDatetime | None
    end_reason: EndReason | None


class ConsentList(BaseModel):
    """Newest first."""

    items: list[Consent]


class Withdrawn(BaseModel):
    """What a withdrawal did. Attributes: deletion_id: None where there was no face to delete."""

    deletion_id: str | None


class TerminalDeletion(BaseModel):
    """One terminal's part of a deletion.

    Attributes:
        confirmed_at: When central had the terminal's proof; None while it is outstanding.
        is_same_terminal: False where another terminal, which took its place, has answered.
    """

    node: str
    confirmed_at: AwareDatetime | None
    is_same_terminal: bool | None


class Deletion(BaseModel):
    """A face that had to go.

    Attributes:
        central_deleted_at: None while a leaver may still return (``leaver_face_days``).
        is_complete: Deleted at central, and every terminal has proved it.
    """

    deletion_id: str
    holder_id: str
    reason: str
    ordered_at: AwareDatetime
    central_deleted_at: AwareDatetime | None
    picture_count: int
    is_complete: bool
    nodes: list[TerminalDeletion]


class DeletionList(BaseModel):
    """Newest first."""

    items: list[Deletion]


class Certificate(BaseModel):
    """A proof of deletion: a document of central, with the terminals' statements in it.

    Attributes:
        document: JSON as it was signed, to the byte.
        signature: Of central's key over it.
        central_key: Public key of central; compare it with the one that you know.
    """

    format: Literal["menshen deletion certificate v1"] = "menshen deletion certificate v1"
    document: str
    signature: str
    central_key: str


class StoredFaces(BaseModel):
    """How many people's faces are stored at this site, and what the law asks for.

    Attributes:
        count: People with a face, at central or at terminals alone.
        level: ``warning`` from 80,000; ``filing`` from 100,000: then the site files with the
            provincial authority within ``filing_working_days``.
        faceless_count: People who pass without a face.
    """

    count: int
    level: Literal["none", "warning", "filing"]
    filing_working_days: int
    faceless_count: int


class PersonRecord(BaseModel):
    """Everything that is held of one person. Secrets and numbers of a face are not in it.

    Attributes:
        faces: That there are templates, of which network, since when, and where they lie.
        cards: By identifier: of a card's number central keeps a verifier alone.
        fires: Fires and drills at whose beginning the person was inside.
        events: Facts that name the person, as they came.
        meals: Charges at tills, newest first, with what they left owing; the newest thousand.
        money: What came to and went from each wallet and the debt, newest first; the same.
        audit: Entries of the audit log about the person, the newest thousand.
    """

    format: Literal["menshen person record v1"] = "menshen person record v1"
    made_at: AwareDatetime
    site: str
    person: Person
    consents: list[Consent]
    faces: list[dict[str, Any]]
    pictures: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    visits_hosted: list[dict[str, Any]]
    roll_calls: list[dict[str, Any]]
    fires: list[dict[str, Any]]
    events: list[dict[str, Any]]
    meals: list[dict[str, Any]]
    money: list[dict[str, Any]]
    deletions: list[Deletion]
    audit: list[dict[str, Any]]
