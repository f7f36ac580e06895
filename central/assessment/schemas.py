"""The impact assessment as data. What ends in ``words`` is in the language that was asked for."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from central.consent.schemas import ConsentPurpose

Language = Literal["zh-CN", "en"]


class DataClassLine(BaseModel):
    """One class of data.

    Attributes:
        name: Stable word, as in ``GET /retention``.
        places: ``central``, or the terminals where it lies.
        kept_h: Hours; None where no timer ends it.
        setting: Where the site file says so; empty where it has no say.
        roles: Who may see it through central's pages and API; empty where nobody may.
    """

    name: str
    words: str
    places: list[str]
    kept_h: float | None
    kept_words: str
    setting: str
    roles: list[str]
    is_overdue: bool


class PermissionLine(BaseModel):
    """One permission of a role."""

    name: str
    words: str


class RoleLine(BaseModel):
    """One role and all that it may."""

    name: str
    words: str
    permissions: list[PermissionLine]


class NetworkLine(BaseModel):
    """One network of the catalogue.

    Attributes:
        is_used: By this site's pipeline, or to tell a living face at one of its points.
        refused_one_picture: Share of enrolled people's pictures refused, one picture enrolled,
            where one stranger in 1,000 passes a gallery of 1,000; None where it is no recogniser.
        refused_three_pictures: The same, three pictures enrolled.
    """

    name: str
    role: str
    role_words: str
    origin: str
    licence: str
    sha256: str
    is_used: bool
    refused_one_picture: float | None
    refused_three_pictures: float | None
    remark: str | None
    remark_words: str | None


class PointLine(BaseModel):
    """What is demanded of a face at one access point.

    Attributes:
        people: Searched there.
        accept: Similarity from which on face alone passes.
        step_up: Similarity from which on a card or PIN is asked for.
        strangers_per_try: Bound for one try of a stranger.
        refused: Share of enrolled people's pictures below ``accept``, as measured.
        basis: ``site`` where a self-test of this site's own people moved the thresholds.
    """

    access_point: str
    people: int
    accept: float
    step_up: float
    strangers_per_try: float
    refused: float
    basis: Literal["prior", "site"]
    basis_words: str
    holds: bool


class SelfTestLine(BaseModel):
    """The newest self-test of the gallery."""

    finished_at: AwareDatetime
    people_count: int
    comparison_count: int
    pair_count: int


class RecognitionPart(BaseModel):
    """How faces are compared. Attributes: measured_on: the pictures of the error rates."""

    pipeline: str
    strangers: float
    measured_on: str
    networks: list[NetworkLine]
    points: list[PointLine]
    self_test: SelfTestLine | None


class PeoplePart(BaseModel):
    """How many people. Attributes: level: what the law asks for, as in ``GET /stored-faces``."""

    with_face: int
    without_face: int
    level: Literal["none", "warning", "filing"]


class ConsentLine(BaseModel):
    """Consent for one purpose: how many stand, and what people are told now.

    Attributes:
        central_count: Consents that stand, to storage at central and every terminal.
        terminal_count: Consents that stand, to named terminals alone.
        text: The newest version, in the language of the document.
        is_shipped: It came with the program.
    """

    purpose: ConsentPurpose
    purpose_words: str
    central_count: int
    terminal_count: int
    text_version: int
    text_made_at: AwareDatetime
    text: str
    is_shipped: bool


class TerminalLine(BaseModel):
    """A terminal and the faces on it.

    Attributes:
        has_joined: It has keys that central knows.
        alone_count: People whose template lies at terminals alone, and at this one.
        gallery_size: Faces it compares, as it last said; None where it has said nothing.
    """

    node: str
    has_joined: bool
    last_seen_at: AwareDatetime | None
    alone_count: int
    gallery_size: int | None


class TemplatesPart(BaseModel):
    """Where templates lie.

    Attributes:
        central_count: People with a template at central.
        keys: The site's ``policy.terminal_keys``.
        keeps_pictures: The site's ``policy.keep_enrolment_pictures``.
    """

    central_count: int
    keys: Literal["sealed", "release"]
    keys_words: str
    keeps_pictures: bool
    pictures_words: str
    terminals: list[TerminalLine]


class MeasureLine(BaseModel):
    """What protects people. Attributes: clauses: lines of ``docs/mlps.md`` that name its tests."""

    name: str
    words: str
    clauses: list[str]


class Assessment(BaseModel):
    """The whole document. Attributes: uncovered: what others must answer for."""

    made_at: AwareDatetime
    language: Language
    site: str
    site_name: str
    time_zone: str
    purposes: list[str]
    data: list[DataClassLine]
    roles: list[RoleLine]
    recognition: RecognitionPart
    people: PeoplePart
    consents: list[ConsentLine]
    templates: TemplatesPart
    measures: list[MeasureLine]
    uncovered: list[str]
