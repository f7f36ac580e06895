"""The world of a node's access points as it is now: told by ``transitions``, read by rules."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from config.contract.access import CredentialKind
from config.contract.areas import CodeUsed
from config.contract.visitor_code import VisitorCode
from edge.access.areas import Areas

if TYPE_CHECKING:
    from edge.access.degraded import Degraded

GRANT_AGE_MAX: Final = timedelta(seconds=90)
"""A grant of which nobody has heard for so long lets nobody through any more."""
REFUSAL_WINDOW: Final = timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class Traveller:
    """Somebody who was let through.

    Attributes:
        holder_id: None is nobody known.
        code: The one-time code that it was granted on; it is used once this person passes.
    """

    holder_id: str | None
    is_first_person: bool = False
    code: VisitorCode | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class OpenGrant:
    """People who were let through and have not passed yet, in the order in which they will."""

    decision_id: UUID
    point: str
    door: str
    to_area: str | None
    people: tuple[Traveller, ...]
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who may pass once another person has shown a credential."""

    holder_id: str
    at: datetime
    is_first_person: bool = False
    has_extended_access_time: bool = False
    may_escort: bool = False
    code: VisitorCode | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """Credentials that somebody has shown at a point.

    Attributes:
        at: Of the last one.
        code: The one-time code among them.
    """

    kinds: frozenset[CredentialKind]
    at: datetime
    code: VisitorCode | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class PassedLast:
    """The last passage on a grant at a point."""

    decision_id: UUID
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class OpenDoor:
    """A door that is not closed. Attributes: is_forced, is_told: alarmed for the one or other."""

    since: datetime
    is_forced: bool = False
    is_told: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class State:
    """Everything that the rules know of what has happened.

    Attributes:
        node: This node, for the facts that it tells others.
        sequence: Of the last such fact; continues over restarts.
        refusals: When, by point; never older than the window.
        proofs: By point and holder.
        second: Who waits for a second person, by point and holder; the longest waiting first.
        escorted: Who waits for an escort, likewise.
        escorts: The last one with the right to escort who was let through, by point.
        degraded: The rule that holds while what is known here is too old; None while it is not.
        released: Points that a fire holds open, as ``edge.fire`` knows zones.
        held: Points that an operator holds open.
        is_link_up: Whether used codes are shared with the other nodes now.
    """

    node: str
    sequence: int = 0
    areas: Areas = dataclasses.field(default_factory=Areas)
    grants: dict[UUID, OpenGrant] = dataclasses.field(default_factory=dict)
    passed_last: dict[str, PassedLast] = dataclasses.field(default_factory=dict)
    refusals: dict[str, tuple[datetime, ...]] = dataclasses.field(default_factory=dict)
    proofs: dict[str, dict[str, Proof]] = dataclasses.field(default_factory=dict)
    second: dict[str, dict[str, Waiting]] = dataclasses.field(default_factory=dict)
    escorted: dict[str, dict[str, Waiting]] = dataclasses.field(default_factory=dict)
    escorts: dict[str, datetime] = dataclasses.field(default_factory=dict)
    open_doors: dict[str, OpenDoor] = dataclasses.field(default_factory=dict)
    used_codes: dict[str, CodeUsed] = dataclasses.field(default_factory=dict)
    is_link_up: bool = False
    lockdowns: frozenset[str] = frozenset()
    fires: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    degraded: "Degraded | None" = None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs out and nobody is waited for; used codes can wait."""
        waiting = (self.proofs, self.second, self.escorted)
        is_awaited = any(people for by_point in waiting for people in by_point.values())
        return not (self.grants or self.refusals or self.open_doors or is_awaited)

    def open_grants(self, now: datetime) -> Iterator[OpenGrant]:
        """Return the grants on which somebody may still pass."""
        return (grant for grant in self.grants.values() if now - grant.at < GRANT_AGE_MAX)

    def open_grant(self, decision_id: UUID, now: datetime) -> OpenGrant | None:
        """Return one grant, if somebody may still pass on it."""
        grant = self.grants.get(decision_id)
        return grant if grant is not None and now - grant.at < GRANT_AGE_MAX else None

    def refusal_count(self, point: str, now: datetime) -> int:
        """Return how many were refused at a point in the last five minutes."""
        return sum(now - at < REFUSAL_WINDOW for at in self.refusals.get(point, ()))

    def proof(self, point: str, holder_id: str, *, now: datetime, within_s: float) -> Proof | None:
        """Return what somebody has shown at a point just before."""
        proof = self.proofs.get(point, {}).get(holder_id)
        return proof if proof is not None and is_within(proof.at, now, within_s) else None

    def is_code_taken(self, nonce: str, now: datetime) -> bool:
        """Return whether a one-time code was used, or somebody is on their way in on it."""
        return nonce in self.used_codes or any(
            traveller.code is not None and traveller.code.nonce == nonce
            for grant in self.open_grants(now)
            for traveller in grant.people
        )


def is_within(at: datetime, now: datetime, within_s: float) -> bool:
    """Return whether something happened so recently; exactly as long ago is still so."""
    return now - at <= timedelta(seconds=within_s)


def still_waiting(
    waiting: Iterable[Waiting], *, now: datetime, within_s: float, other_than: str
) -> list[Waiting]:
    """Return those who wait still, the longest waiting first, without one."""
    return [w for w in waiting if w.holder_id != other_than and is_within(w.at, now, within_s)]
