"""What a history is made of: a site, its people, and what happens there, step by step."""

import dataclasses
from datetime import datetime
from typing import Literal

from config.contract.access import CredentialKind, Direction
from config.contract.access_model import AccessModel
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.visitor_code import VisitorCode

NODE = "n1"
"""The node whose access points these are."""

How = Literal["sure", "twin", "weak", "stranger", "attack", "unsure", "right", "duress", "wrong"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Human:
    """Somebody enrolled. Attributes: kinds: what they could show; None is not known."""

    id: str
    is_active: bool = True
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    access_points: tuple[str, ...] | None = None
    profiles: tuple[str, ...] | None = None
    kinds: tuple[CredentialKind, ...] | None = None
    has_twin: bool = False
    needs_escort: bool = False
    may_escort: bool = False
    is_first_person: bool = False
    is_passback_exempt: bool = False
    is_slow: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """An access point of the site file."""

    id: str
    direction: Direction
    door: str
    free_egress: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """What a history happens at.

    Attributes:
        zone: IANA name.
        degraded: What holds while the replica is too old; of ``named`` profiles, perhaps.
    """

    model: AccessModel
    places: tuple[Place, ...]
    people: tuple[Human, ...]
    codes: tuple[VisitorCode, ...]
    zone: str
    degraded: str = "continue"
    named: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Show:
    """Somebody shows something.

    Attributes:
        by: Whose face, card or PIN it is; None is nobody's.
        code: Which of the site's codes; None is a forged one.
    """

    at: datetime
    place: str
    what: CredentialKind
    by: str | None = None
    how: How = "sure"
    code: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Pass:
    """The gate counts a passage. Attributes: grant: the step that granted it, if any did."""

    at: datetime
    place: str
    grant: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class NotPass:
    """Nobody passes on a grant. Attributes: grant: the step."""

    at: datetime
    grant: int


@dataclasses.dataclass(frozen=True, slots=True)
class WrongWay:
    """The gate counts a passage the other way."""

    at: datetime
    place: str


@dataclasses.dataclass(frozen=True, slots=True)
class MoveDoor:
    """A door opens or closes."""

    at: datetime
    door: str
    is_open: bool


@dataclasses.dataclass(frozen=True, slots=True)
class SetLevel:
    """A lockdown level is set off or ended."""

    at: datetime
    level: str
    is_active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class SetFire:
    """A fire is confirmed or over."""

    at: datetime
    zone: str
    is_active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Forgive:
    """An operator forgives where somebody is, or everybody."""

    at: datetime
    who: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class ForgiveRefusals:
    """An operator forgives the refusals at a point."""

    at: datetime
    place: str


@dataclasses.dataclass(frozen=True, slots=True)
class Tell:
    """Other nodes tell, perhaps late."""

    at: datetime
    facts: tuple[AreaFact | UnnamedCount | AreasForgiven | CodeUsed, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SetLink:
    """The site link comes or goes."""

    at: datetime
    is_up: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Tick:
    """Time passes."""

    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class SetAge:
    """What the terminal knows became too old, or is current again."""

    at: datetime
    is_old: bool


Step = (
    Show | Pass | NotPass | WrongWay | MoveDoor | SetLevel | SetFire | Forgive | ForgiveRefusals
    | Tell | SetLink | SetAge | Tick
)  # fmt: skip

Told = tuple[object, ...]
"""A fact as both models write it: its name and what it says."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What a step leads to.

    Attributes:
        verdict: ``granted`` or the reason; empty where nothing was decided.
        facts: Sorted.
    """

    verdict: str = ""
    holder: str | None = None
    companions: tuple[str, ...] = ()
    override: str = ""
    access_time_s: float | None = None
    asks: tuple[str, ...] = ()
    facts: tuple[Told, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """What stands at the end: people in each area by name, all counted, and doors open."""

    inside: tuple[tuple[str, tuple[str, ...]], ...]
    counts: tuple[tuple[str, int], ...]
    open_doors: tuple[str, ...]
