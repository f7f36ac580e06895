"""The terms of the access model: profiles, areas, what holds at a point, levels, zones.

Source: names follow the ONVIF Access Rules, Access Control and Door Control Service Specifications
    where they have one (AccessProfile, AccessPoint, Area, AccessTime, ExtendedGrantTime).
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, Field, model_validator

from config.contract.access import CredentialKind
from config.contract.access_lines import LinesError
from config.contract.identifiers import Frozen, Slug
from config.contract.schedules import Name

COMBINATIONS_MAX: Final = 16


class Selection(Frozen):
    """Access points, by themselves and by their groups."""

    points: tuple[Slug, ...] = ()
    groups: tuple[Slug, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named."""
        return not self.points and not self.groups


class CredentialRequirement(Frozen):
    """What has to be shown: any one of the combinations, all of its kinds.

    At least one combination goes without a face: the law lets nobody be forced to show theirs.
    """

    any_of: Annotated[
        tuple[tuple[CredentialKind, ...], ...], Field(min_length=1, max_length=COMBINATIONS_MAX)
    ]

    @model_validator(mode="after")
    def _check(self) -> Self:
        combinations = [set(combination) for combination in self.any_of]
        if any(not kinds or CredentialKind.NONE in kinds for kinds in combinations):
            raise LinesError.say("combination_empty")
        if any(kinds == {CredentialKind.PIN} for kinds in combinations):
            raise LinesError.say("pin_alone")
        if all(CredentialKind.FACE in kinds for kinds in combinations):
            raise LinesError.say("face_only")
        return self


class CredentialRule(Frozen):
    """What an access point asks for. Attributes: schedule: when; None is always."""

    schedule: Slug | None = None
    require: CredentialRequirement


class Permission(Selection):
    """Part of a profile: these points. Attributes: schedule: when; None is always."""

    schedule: Slug | None = None
    require: CredentialRequirement | None = None


class AccessProfile(Frozen):
    """What holders of this profile may do; several profiles add up."""

    id: Slug
    name: Name = Field(default_factory=dict)
    permissions: tuple[Permission, ...] = ()


class PointGroup(Frozen):
    """Access points that are named together."""

    id: Slug
    name: Name = Field(default_factory=dict)
    points: tuple[Slug, ...] = ()


class PassbackMode(StrEnum):
    """What becomes of somebody who enters an area from where they are not known to be."""

    OFF = "off"
    SOFT = "soft"
    """Recorded."""
    HARD = "hard"
    """Refused and recorded, until an operator forgives."""
    TIMED = "timed"
    """As hard, until the last passage is so many minutes old."""


class Passback(Frozen):
    """Anti-passback. Attributes: forgotten_after_min: for ``timed`` alone."""

    mode: PassbackMode = PassbackMode.OFF
    forgotten_after_min: Annotated[int, Field(ge=1, le=10_080)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.mode is PassbackMode.TIMED) != (self.forgotten_after_min is not None):
            raise LinesError.say("passback_minutes")
        return self


class FirstPersonIn(Frozen):
    """An area that stays shut until somebody who may open it has entered it.

    Attributes:
        resets_at_h: Hour of the site's wall clock at which a new day begins, for night shifts.
    """

    resets_at_h: Annotated[int, Field(ge=0, le=23)] = 0


class Area(Frozen):
    """A part of the building that people enter and leave; a person is in one at a time.

    Attributes:
        occupancy_max: More people are not let in; leaving is never held up.
    """

    id: Slug
    name: Name = Field(default_factory=dict)
    occupancy_max: Annotated[int, Field(ge=1)] | None = None
    passback: Passback = Passback()
    first_person_in: FirstPersonIn | None = None


class TwoPersonRule(Frozen):
    """Two different people show their credentials, then both pass."""

    within_s: Annotated[float, Field(ge=5, le=120)] = 30.0


class PointRules(Frozen):
    """What holds at one access point; one that is not listed has no rules of its own.

    Attributes:
        id: Of the site file.
        is_egress: No rule refuses here. Every point of direction ``out`` is one, said or not.
        from_area, to_area: Where the point leads; None is outside.
        credentials: The first rule whose schedule holds decides; none holds: any one of face,
            card and QR code.
        passback: In place of the area's.
        is_escort_free: Here those pass alone who need an escort elsewhere.
        access_time_s: How long the door may be opened after a grant; None is the door's own.
        extended_access_time_s: The same for people who need more time.
        open_time_s_max: A door that stands open longer is an alarm.
        is_accessible: The lane for wheelchairs, prams and luggage.
        is_assembly_point: Who shows a credential here during a roll-call counts as safe; it changes
            no decision.
    """

    id: Slug
    is_egress: bool = False
    from_area: Slug | None = None
    to_area: Slug | None = None
    credentials: tuple[CredentialRule, ...] = ()
    passback: Passback | None = None
    two_person: TwoPersonRule | None = None
    is_escort_free: bool = False
    access_time_s: Annotated[float, Field(gt=0, le=60)] | None = None
    extended_access_time_s: Annotated[float, Field(gt=0, le=180)] | None = None
    open_time_s_max: Annotated[float, Field(ge=1, le=3600)] = 30.0
    is_accessible: bool = False
    is_assembly_point: bool = False


class Interlock(Frozen):
    """Entrances of which one may be opened while the doors of all others are closed."""

    id: Slug
    name: Name = Field(default_factory=dict)
    points: Annotated[tuple[Slug, ...], Field(min_length=2)]


class TemporaryEffect(StrEnum):
    """What a temporary rule does while it lasts."""

    PERMIT = "permit"
    """These people may pass, whatever profiles and schedules say."""
    REFUSE = "refuse"
    """These people may not pass; stronger than ``permit``."""
    REQUIRE = "require"
    """These people show what ``require`` says, besides what is asked for anyhow."""


class TemporaryRule(Selection):
    """A rule that expires by itself. Attributes: holders: whom it concerns; nobody is everybody."""

    id: Slug
    name: Name = Field(default_factory=dict)
    effect: TemporaryEffect
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    holders: tuple[str, ...] = ()
    require: CredentialRequirement | None = None


class LockdownEffect(StrEnum):
    """What a lockdown level does."""

    LOCK = "lock"
    """Only ``admits`` enter, and they by all other rules."""
    OPEN = "open"
    """Everybody passes."""


class LockdownLevel(Selection):
    """A level that an operator sets off. Of the active ones at a point the highest decides.

    A confirmed fire stands above every level. No level holds anybody in.

    Attributes:
        priority: Higher is stronger; no two levels have the same.
        points, groups: None of both is every entrance.
        admits: Profiles that may still enter under ``lock``.
    """

    id: Slug
    name: Name = Field(default_factory=dict)
    priority: Annotated[int, Field(ge=1, le=100)]
    effect: LockdownEffect = LockdownEffect.LOCK
    admits: tuple[Slug, ...] = ()


class FireZone(Selection):
    """Access points that a confirmed fire releases; none named is every one."""

    id: Slug
    name: Name = Field(default_factory=dict)
