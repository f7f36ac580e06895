"""What the rules are asked about, and what they answer."""

import dataclasses
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from config.contract.access import STEP_UP_REASONS, CredentialKind, DenialReason, Direction
from edge.access.facts import Fact

if TYPE_CHECKING:
    from edge.access.attempts import Attempt
    from edge.access.world import World


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a decision needs to know of a credential holder; validity is aware UTC.

    Attributes:
        masked_name: For the kiosk alone; no rule looks at it.
        access_points: Where the person may pass; None means everywhere.
        confusable_with: People whom face alone cannot tell from this one, such as a twin.
        profiles: Access profiles; None: ``access_points`` alone says where.
        kinds: What the person could show; None is not known.
        cancelled_codes: Nonces of codes that open nothing any more.
        needs_escort, may_escort, is_first_person, is_passback_exempt, has_extended_access_time:
            See ``config.contract.nodes.HolderRecord``.
    """

    holder_id: str
    is_active: bool = True
    masked_name: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    access_points: frozenset[str] | None = None
    confusable_with: frozenset[str] = frozenset()
    profiles: frozenset[str] | None = None
    kinds: frozenset[CredentialKind] | None = None
    needs_escort: bool = False
    may_escort: bool = False
    is_first_person: bool = False
    is_passback_exempt: bool = False
    has_extended_access_time: bool = False
    cancelled_codes: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """The access point, as rules see it.

    Attributes:
        door: What opens there; two points share one. Empty is a door of its own.
        free_egress: People leave here unseen, so its door may open without a grant.
    """

    id: str
    direction: Direction
    door: str = ""
    free_egress: bool = False


class Override(StrEnum):
    """Why nobody was asked for anything."""

    EGRESS = "egress"
    FIRE = "fire"
    LOCKDOWN_OPEN = "lockdown_open"
    HELD_OPEN = "held_open"
    """An operator holds the point open."""
    OPERATOR = "operator"
    """An operator lets one person through."""


@dataclasses.dataclass(frozen=True, slots=True)
class Granted:
    """The person may pass; ``holder_id`` is None for somebody unknown whom no rule asks.

    Attributes:
        companions: Who passes along: a second person, or those whom this one escorts.
        access_time_s: How long the door may be opened; None is the door's own time.
        override: Why no rule was asked; None when all were, or without an access model.
        facts: To be recorded besides.
    """

    holder_id: str | None
    companions: tuple[str, ...] = ()
    access_time_s: float | None = None
    override: Override | None = None
    facts: tuple[Fact, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Denied:
    """The person may not pass; ``holder_id`` is None while nobody knows who it is.

    Attributes:
        asks: What else may be shown, if the reason asks for a credential.
        facts: To be recorded besides.
    """

    reason: DenialReason
    holder_id: str | None = None
    asks: frozenset[CredentialKind] = frozenset()
    facts: tuple[Fact, ...] = ()

    @property
    def is_step_up(self) -> bool:
        """Whether something is asked for rather than refused."""
        return self.reason in STEP_UP_REASONS


Decision = Granted | Denied


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What a rule is asked.

    Attributes:
        now: Aware UTC.
        attempt: What was shown; None only in tests of single rules.
        world: The access model and what has happened; None where the site has none.
    """

    person: Person
    point: Point
    now: datetime
    attempt: "Attempt | None" = None
    world: "World | None" = None


@dataclasses.dataclass(frozen=True, slots=True)
class Demand:
    """A rule's answer that asks for more. Attributes: asks: any of these kinds."""

    reason: DenialReason
    asks: frozenset[CredentialKind] = frozenset()
