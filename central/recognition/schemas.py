"""What is said about recognition."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from config.contract.identifiers import Frozen
from models.face.operating_point import Advice

Verdict = Literal["alike", "same_person", "not_confusable"]
Origin = Literal["self_test", "enrolment", "operator"]
State = Literal["wanted", "running", "done", "failed"]
Failure = Literal["interrupted", "templates_unreadable"]


class Stray(Frozen):
    """An enrolment picture unlike its person's other ones.

    Attributes:
        picture: Counted from 1, in the order of enrolment.
        similarity: To the mean of the others.
    """

    holder_id: str
    picture: int
    similarity: float


class SelfTestResult(Frozen):
    """What a self-test found, as it is kept.

    Attributes:
        counts: Comparisons at or above each of ``models.face.calibration.LEVELS``.
        pair_count: Pairs of people too alike to be told apart by face alone.
        is_complete: False where there were too many of them to be kept: the gallery is at fault.
        strays: The least alike first, at most ``self_test.STRAYS_MAX``.
        uncheckable_count: People with fewer than two kept pictures, which cannot disagree.
    """

    people_count: int
    comparison_count: int
    counts: tuple[int, ...]
    design_effects: tuple[float, ...]
    pair_count: int
    is_complete: bool
    strays: tuple[Stray, ...]
    uncheckable_count: int


class StrayView(BaseModel):
    """A stray picture, with the name of its person."""

    holder_id: str
    name: str
    picture: int
    similarity: float


class SelfTestView(BaseModel):
    """A self-test; the figures are those of one that is done.

    Attributes:
        progress: 0..1, of one that runs.
        failure: Why it ended without a result, a stable word.
        is_of_this_network: False where the site has changed its network since.
    """

    state: State
    wanted_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    duration_s: float | None
    progress: float
    failure: Failure | None
    is_of_this_network: bool
    people_count: int | None = None
    comparison_count: int | None = None
    pair_count: int | None = None
    is_complete: bool | None = None
    uncheckable_count: int | None = None
    strays: list[StrayView] = []


class TargetView(BaseModel):
    """What the site bears. Attributes: refused_limit: share up to which the target is held."""

    strangers: float
    step_up_strangers: float
    tries: int
    refused_limit: float


class DemandView(BaseModel):
    """The thresholds of one gallery and what they cost; see ``OperatingPoint``.

    Attributes:
        people: Searched.
        strangers_per_try: Bound of one try of a stranger.
        refused: Share of enrolled people's single pictures below ``accept``.
        refused_outright: Share below ``step_up``; for the rest a card is asked for.
    """

    people: int
    accept: float
    step_up: float
    margin: float
    strangers_per_try: float
    refused: float
    refused_outright: float
    factor: float
    holds: bool
    is_extrapolated: bool
    basis: Literal["prior", "site"]
    advice: list[Advice]
    reason: str


class PointView(BaseModel):
    """One access point with a camera."""

    access_point: str
    demand: DemandView


class RecognitionView(BaseModel):
    """How well the site recognises now.

    Attributes:
        network_name: In the catalogue.
        measured_on: The data of the network's own error rates.
        gallery_size: People with a template of this network.
        not_comparable_count: People whose template another network made: not recognised by face.
        whole: As if one access point searched everybody.
        holds: Whether every access point with a camera holds the target; where there is none,
            whether the whole gallery would.
        last: The newest self-test with a result.
        attempt: One that waits, runs or failed after it.
        next_at: When the next one is due; None while there are not two people to compare.
        open_pair_count: Pairs that nobody has answered yet.
    """

    pipeline: str
    network: str
    network_name: str
    measured_on: str
    target: TargetView
    gallery_size: int
    not_comparable_count: int
    whole: DemandView
    points: list[PointView]
    holds: bool
    last: SelfTestView | None
    attempt: SelfTestView | None
    next_at: AwareDatetime | None
    open_pair_count: int


class PairPerson(BaseModel):
    """One of two people too alike."""

    holder_id: str
    name: str


class PairView(BaseModel):
    """Two people whom face alone does not tell apart, unless somebody says that it does.

    Attributes:
        similarity: When it was last measured; None for a pair given by hand.
        verdict: None until somebody has answered; a card is asked for meanwhile.
        superfluous: Of the same person twice: whose record to remove.
    """

    one: PairPerson
    other: PairPerson
    similarity: float | None
    origin: Origin
    found_at: AwareDatetime
    verdict: Verdict | None
    decided_by: str | None
    decided_at: AwareDatetime | None
    superfluous: str | None


class PairList(BaseModel):
    """Open ones first, then the most alike. Attributes: count: of all, listed or not."""

    items: list[PairView]
    count: int


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPair(_Asked):
    """Two people who are known to be alike, such as twins."""

    one: str
    other: str


class Decision(_Asked):
    """What two people are."""

    verdict: Verdict
