"""Who stands before a till, or what has to be asked to know it. Pure: it never guesses.

A face that is far above all others is somebody. A small lead, two people before the camera, or
people whom faces cannot tell apart: it is asked which of them pays. A doubt about life, or a face
that is good enough for a gate and not for money: a PIN proves it.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.access import CredentialKind, DenialReason
from edge.access.attempts import CodeShown, FaceShown
from edge.access.question import Person
from edge.canteen.codes import OneTimeCode
from edge.canteen.screen import TillRefusal

CHOICES_MAX: Final = 2
BESIDE: Final = 0.6
"""A face of at least this part of the nearest one's width stands beside it, not in the queue."""
People = Callable[[str], Person | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Diner:
    """Somebody who may pay.

    Attributes:
        credential: By which they are known.
        needs_pin: What was shown is not enough for money.
        is_challenged: A living face did what it was asked to.
        code: That they showed, where it pays once.
    """

    holder_id: str
    credential: CredentialKind
    needs_pin: bool = False
    is_challenged: bool = False
    code: OneTimeCode | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What was seen. Attributes: diners: one is somebody, more are to be chosen from.

    Attributes:
        diners: One is somebody, more are to be chosen from.
        is_doubtful: Even one of them has to be chosen: somebody else stands there, too.
        refusal: Nobody, and why.
        order: The one that is meant, by the key of its charge; None is none in particular.
    """

    diners: tuple[Diner, ...] = ()
    is_doubtful: bool = False
    refusal: TillRefusal | None = None
    order: UUID | None = None


_NOBODY: Final = {
    DenialReason.UNKNOWN_FACE: TillRefusal.UNKNOWN_FACE,
    DenialReason.PRESENTATION_ATTACK: TillRefusal.PRESENTATION_ATTACK,
}


def by_face(
    shown: FaceShown, people: People, *, is_beside: bool, is_challenged: bool = False
) -> Found:
    """Return who a face is.

    Args:
        shown: With the till's own threshold.
        people: Looks up somebody.
        is_beside: Another face is as near.
        is_challenged: The till asks for a challenge, and it was met.
    """
    refusal = shown.refusal
    if refusal in _NOBODY:
        return Found(refusal=_NOBODY[refusal])
    best = shown.candidates[0].key
    person = people(best)
    if person is None:
        return Found(refusal=TillRefusal.UNKNOWN_FACE)
    needs_pin = shown.doubt is not None or refusal is DenialReason.WEAK_FACE
    keys = [best]
    lowest = shown.threshold if shown.step_up is None else min(shown.step_up, shown.threshold)
    others = [c.key for c in shown.candidates[1:] if c.similarity >= lowest]
    if refusal is DenialReason.DOUBTFUL_FACE or (shown.margin or 1.0) < shown.margin_min:
        keys += [key for key in others if people(key) is not None]
    keys += [key for key in sorted(person.confusable_with) if people(key) is not None]
    chosen = tuple(dict.fromkeys(keys))[:CHOICES_MAX]
    found = tuple(
        Diner(
            key,
            CredentialKind.FACE,
            needs_pin=needs_pin,
            is_challenged=is_challenged and not needs_pin,
        )
        for key in chosen
    )
    return Found(found, is_doubtful=is_beside or len(found) > 1)


def by_code(
    shown: CodeShown,
    person: Person | None,
    *,
    places: set[str],
    is_used: Callable[[str], bool],
    now: datetime,
) -> Found:
    """Return whose code was scanned, if it pays here and now.

    Args:
        shown: Its signature fits, or it is none.
        person: Whom it names.
        places: Names of this till: a code that opens a gate does not pay.
        is_used: Whether a one-time code, by its nonce, pays no more.
        now: Aware.
    """
    code = shown.code
    if code is None or person is None or not places.intersection(code.points):
        return Found(refusal=TillRefusal.UNKNOWN_CODE)
    if not code.valid_from <= now < code.valid_until or code.nonce in person.cancelled_codes:
        return Found(refusal=TillRefusal.UNKNOWN_CODE)
    once = OneTimeCode(nonce=code.nonce, until=code.valid_until) if code.is_one_time else None
    if once is not None and is_used(once.nonce):
        return Found(refusal=TillRefusal.UNKNOWN_CODE)
    return Found((Diner(str(code.holder_id), CredentialKind.QR, code=once),))


def stands_beside(widths: Sequence[float]) -> bool:
    """Return whether two people stand before the camera. Args: widths: of faces, pixels."""
    nearest = sorted(widths, reverse=True)
    return len(nearest) > 1 and nearest[1] >= BESIDE * nearest[0]
