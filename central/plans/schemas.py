"""What is said about floor plans."""

from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from config.contract.identifiers import Frozen, Slug

SubjectKind = Literal["access_point", "device", "camera", "checkpoint", "fire_zone"]
SCHEMATIC: Final = "schematic"
"""The plan that central draws itself; no uploaded one is named so."""
PLACE_COUNT_MAX: Final = 2_000
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
PlanName = dict[Literal["zh-CN", "en"], Label]


class Place(Frozen):
    """Where something stands.

    Attributes:
        kind, id: Of the site file.
        x, y: From the left and from the top, as parts of the drawing: 0..1.
        angle: Degrees clockwise: of a gate, the way in; of a camera, where it looks. 0 is upwards.
    """

    kind: SubjectKind
    id: Slug
    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]
    angle: Annotated[float, Field(ge=0, lt=360)] = 0.0


class Subject(BaseModel):
    """Something that can be placed.

    Attributes:
        name: By language, where the site file gives one.
        node: Whose it is; None of what belongs to the whole site.
        device: What moves there; the camera itself of a camera.
        access_points: That it is, shows or releases.
    """

    kind: SubjectKind
    id: str
    name: dict[str, str]
    node: str | None = None
    device: str | None = None
    access_points: tuple[str, ...] = ()


class PlanView(BaseModel):
    """One plan.

    Attributes:
        version: Counts its changes; 0 of the schematic.
        floor: Order of the plans; 0 is the ground floor.
        drawing: Hash of the drawing; None of an empty sheet.
        width, height: Of the drawing, in its own units.
        places: Also of what the site file no longer has.
        is_schematic: Central drew it, because the site has uploaded none.
    """

    id: str
    version: int
    name: dict[str, str]
    floor: int
    drawing: str | None
    width: float
    height: float
    places: tuple[Place, ...]
    is_schematic: bool = False
    changed_by: str = ""
    changed_at: AwareDatetime | None = None


class PlanList(BaseModel):
    """All plans, lowest floor first, and what can be placed on them."""

    items: list[PlanView]
    subjects: list[Subject]


class WantedPlan(BaseModel):
    """A plan as it is to be.

    Attributes:
        name: By language; in one at least.
        svg: The drawing as a file has it; None leaves the drawing as it is.
        version: Of the plan that was changed, 0 for a new one; another one in force refuses.
    """

    model_config = ConfigDict(extra="forbid")

    name: PlanName = Field(min_length=1)
    floor: Annotated[int, Field(ge=-20, le=200)] = 0
    svg: str | None = None
    version: Annotated[int, Field(ge=0)]


class WantedPlaces(BaseModel):
    """Where everything stands, all of it; see ``WantedPlan`` for ``version``."""

    model_config = ConfigDict(extra="forbid")

    places: Annotated[tuple[Place, ...], Field(max_length=PLACE_COUNT_MAX)]
    version: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len({(place.kind, place.id) for place in self.places}) < len(self.places):
            raise ValueError("each thing stands in one place of a plan")
        return self


class WantedVersion(BaseModel):
    """An earlier version that is to be in force again; see ``WantedPlan`` for ``version``."""

    model_config = ConfigDict(extra="forbid")

    restore: Annotated[int, Field(ge=1)]
    version: Annotated[int, Field(ge=0)]


class KeptPlan(PlanView):
    """A plan after a change. Attributes: left_out: of the uploaded drawing, and how often."""

    left_out: dict[str, int] = Field(default_factory=dict)


class PlanVersion(BaseModel):
    """A version that is or was in force."""

    version: int
    drawing: str | None
    place_count: int
    is_removed: bool
    changed_by: str
    changed_at: AwareDatetime


class PlanVersions(BaseModel):
    """The latest versions of a plan, newest first."""

    items: list[PlanVersion]
