"""A roll-call as a pure state: who was inside when it began, who is safe, who is missing.

What is known of somebody is the last mark: a guard's tick or its undoing, or a credential that was
shown at an assembly point. Marks are only added, so guards at several browsers never overwrite each
other, and who marked whom, and when, stays.
"""

import dataclasses
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from config.contract.access import FACE_DOUBTS, DenialReason
from config.contract.events import AccessDenied, AccessGranted, Event

NOBODY_KNOWN: Final = FACE_DOUBTS | {
    DenialReason.UNKNOWN_FACE,
    DenialReason.UNKNOWN_CARD,
    DenialReason.UNKNOWN_CODE,
    DenialReason.PRESENTATION_ATTACK,
    DenialReason.WRONG_PIN,
    DenialReason.RECOGNITION_UNAVAILABLE,
}
"""Refusals that leave open who stood there. After any other the person was there."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody on the list.

    Attributes:
        number: Within the roll-call, from 1.
        holder_id: None for somebody found whom a guard added by name.
        name: As the guard wrote it; empty where ``holder_id`` says who it is.
        area: In which they were when it began; empty for somebody found.
        since: When they entered it, or were found.
        node: The terminal that saw them enter; empty for somebody added by hand.
        is_found: They were not known to be inside when it began.
    """

    number: int
    holder_id: str | None = None
    name: str = ""
    area: str = ""
    since: datetime
    node: str = ""
    is_found: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was said of somebody.

    Attributes:
        number: Of the person in the list.
        at: When it was ticked, or the credential was shown.
        is_safe: False undoes what stood before.
        marked_by: The operator's name of then; empty where a credential was shown.
        access_point: The assembly point; empty where an operator ticked.
    """

    number: int
    at: datetime
    is_safe: bool
    marked_by: str = ""
    access_point: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Somebody, and the last that was said of them; None while nobody said anything."""

    listed: Listed
    mark: Mark | None

    @property
    def is_safe(self) -> bool:
        """Whether they are known to be safe now."""
        return self.mark is not None and self.mark.is_safe


def standings(listed: Iterable[Listed], marks: Iterable[Mark]) -> list[Standing]:
    """Return everybody, who is missing first, then by area, the longest inside first.

    Args:
        listed: In any order.
        marks: In the order in which they were written; of two of one moment the later holds.
    """
    last = dict[int, Mark]()
    for mark in marks:
        known = last.get(mark.number)
        if known is None or mark.at >= known.at:
            last[mark.number] = mark
    found = [Standing(person, last.get(person.number)) for person in listed]
    return sorted(found, key=_place)


def _place(standing: Standing) -> tuple[bool, bool, str, datetime, int]:
    person = standing.listed
    return standing.is_safe, person.is_found, person.area, person.since, person.number


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """A credential shown at an assembly point."""

    holder_id: str
    access_point: str
    at: datetime


def shown_at(
    points: Collection[str], events: Iterable[Event], *, since: datetime, now: datetime
) -> list[Shown]:
    """Return who showed at these points who they are; opened or refused is all one.

    Args:
        points: The assembly points.
        events: As nodes tell them, late ones included.
        since: When the roll-call began: what was shown before says nothing.
        now: Of central; a node's clock that is ahead counts as this.
    """
    found = list[Shown]()
    for event in events:
        data = event.parsed()
        if not isinstance(data, AccessGranted | AccessDenied) or data.holder_id is None:
            continue
        is_nobody = isinstance(data, AccessDenied) and data.reason in NOBODY_KNOWN
        if data.access_point in points and not is_nobody and event.time >= since:
            found.append(Shown(data.holder_id, data.access_point, min(event.time, now)))
    return found
