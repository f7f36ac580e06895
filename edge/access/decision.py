"""Who may pass where and when: a pure decision, its reason always said.

To add a rule (a schedule, an access profile, anti-passback): one function from ``Question`` to a
reason or None, and its place in ``RULES``. The first refusal wins. No rule is asked on the way out:
people are never locked in.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from config.contract.access import DenialReason, Direction

MARGIN_MIN: Final = 0.02
"""Similarity by which the best candidate must lead the second, where the network's own margin is
not given. Below it two enrolled people resemble the picture nearly equally, and a card decides."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a decision needs to know of a credential holder; validity is aware UTC.

    Attributes:
        masked_name: For the kiosk alone; no rule looks at it.
        access_points: Where the person may pass; None means everywhere.
        confusable_with: People whom face alone cannot tell from this one, such as a twin.
    """

    holder_id: str
    is_active: bool = True
    masked_name: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    access_points: frozenset[str] | None = None
    confusable_with: frozenset[str] = frozenset()


class Likeness(Protocol):
    """An enrolled person whom a face resembles; ``models.face.types.Candidate`` is one."""

    @property
    def key(self) -> str:
        """The holder's identifier."""
        ...

    @property
    def similarity(self) -> float:
        """Larger when more alike."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class FaceShown:
    """A face and the enrolled people it resembles.

    Attributes:
        candidates: Best first, each person once.
        threshold: The similarity demanded, on the same scale.
        step_up: From here to the threshold somebody may be who it seems, and a card decides; None
            asks nobody.
        margin_min: By which the best candidate must lead the second.
        doubt: What presentation attack detection has against a living face; None if nothing.
        elsewhere: Whom the face resembles who may not pass here; gives a reason, opens nothing.
    """

    candidates: Sequence[Likeness]
    threshold: float
    step_up: float | None = None
    margin_min: float = MARGIN_MIN
    doubt: DenialReason | None = None
    elsewhere: Likeness | None = None

    @property
    def margin(self) -> float | None:
        """Lead of the best candidate over the second; None with fewer than two."""
        if len(self.candidates) < 2:
            return None
        return self.candidates[0].similarity - self.candidates[1].similarity

    @property
    def refusal(self) -> DenialReason | None:
        """Why the picture shows nobody in particular, or None when it does."""
        lowest = self.threshold if self.step_up is None else min(self.step_up, self.threshold)
        if not self.candidates or self.candidates[0].similarity < lowest:
            return DenialReason.UNKNOWN_FACE
        if self.doubt is DenialReason.PRESENTATION_ATTACK:
            return self.doubt
        if self.candidates[0].similarity < self.threshold:
            return DenialReason.WEAK_FACE
        if self.margin is not None and self.margin < self.margin_min:
            return DenialReason.DOUBTFUL_FACE
        return self.doubt

    @property
    def holder_id(self) -> str | None:
        """Whom the picture shows."""
        return None if self.refusal else self.candidates[0].key

    @property
    def asked_about(self) -> str | None:
        """Who is looked up: whom the picture shows, or the one who is known elsewhere."""
        if self.refusal is DenialReason.UNKNOWN_FACE and self.elsewhere is not None:
            return self.elsewhere.key
        return self.holder_id


@dataclasses.dataclass(frozen=True, slots=True)
class CardShown:
    """A card. Attributes: holder_id: whose it is, or None when nobody here has it."""

    holder_id: str | None

    @property
    def asked_about(self) -> str | None:
        """Who is looked up."""
        return self.holder_id

    @property
    def refusal(self) -> DenialReason | None:
        """Why the card is nobody's, or None when it is somebody's."""
        return DenialReason.UNKNOWN_CARD if self.holder_id is None else None


Attempt = FaceShown | CardShown


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """The access point, as rules see it."""

    id: str
    direction: Direction


@dataclasses.dataclass(frozen=True, slots=True)
class Granted:
    """The person may pass; ``holder_id`` is None for somebody unknown on the way out."""

    holder_id: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Denied:
    """The person may not pass; ``holder_id`` is None while nobody knows who it is."""

    reason: DenialReason
    holder_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What a rule is asked. Attributes: now: aware UTC."""

    person: Person
    point: Point
    now: datetime


Rule = Callable[[Question], DenialReason | None]


def _inactive(question: Question) -> DenialReason | None:
    return None if question.person.is_active else DenialReason.HOLDER_INACTIVE


def _not_yet_valid(question: Question) -> DenialReason | None:
    start = question.person.valid_from
    return DenialReason.NOT_YET_VALID if start is not None and question.now < start else None


def _no_longer_valid(question: Question) -> DenialReason | None:
    end = question.person.valid_until
    return DenialReason.NO_LONGER_VALID if end is not None and question.now >= end else None


def _not_permitted_here(question: Question) -> DenialReason | None:
    allowed = question.person.access_points
    is_allowed = allowed is None or question.point.id in allowed
    return None if is_allowed else DenialReason.NOT_PERMITTED_HERE


RULES: Final[tuple[Rule, ...]] = (_inactive, _not_yet_valid, _no_longer_valid, _not_permitted_here)


def decide(
    attempt: Attempt,
    person: Person | None,
    *,
    point: Point,
    now: datetime,
    rules: Sequence[Rule] = RULES,
) -> Granted | Denied:
    """Return whether a person may pass.

    Args:
        attempt: What was shown.
        person: The holder whom ``attempt.asked_about`` names; None when it names nobody, or
            somebody who is not known here any more.
        point: Where.
        now: When, aware UTC.
        rules: Asked in order; the first refusal wins.
    """
    if point.direction is Direction.OUT:
        return Granted(None if person is None else person.holder_id)
    question = None if person is None else Question(person, point, now)
    if (refusal := attempt.refusal) is not None:
        # Somebody who may not pass here was not searched for; the reason is said all the same.
        if question is not None and (why := _first_refusal(question, rules)) is not None:
            return Denied(why, question.person.holder_id)
        return Denied(refusal)
    if question is None:
        is_face = isinstance(attempt, FaceShown)
        return Denied(DenialReason.UNKNOWN_FACE if is_face else DenialReason.UNKNOWN_CARD)
    if (why := _first_refusal(question, rules)) is not None:
        return Denied(why, question.person.holder_id)
    if isinstance(attempt, FaceShown) and question.person.confusable_with:
        return Denied(DenialReason.DOUBTFUL_FACE)
    return Granted(question.person.holder_id)


def _first_refusal(question: Question, rules: Sequence[Rule]) -> DenialReason | None:
    return next((why for rule in rules if (why := rule(question)) is not None), None)
