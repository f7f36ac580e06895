"""Lockdown: the strongest active level decides; a fire and the way out stand above it."""

from config.contract.access import DenialReason
from config.contract.access_terms import LockdownEffect
from edge.access.question import Question


def locked_down(question: Question) -> DenialReason | None:
    """Refuse everybody whom the level does not admit."""
    if question.world is None:
        return None
    level = question.world.level(question.point)
    if level is None or level.effect is not LockdownEffect.LOCK:
        return None
    is_admitted = bool((question.person.profiles or frozenset()).intersection(level.admits))
    return None if is_admitted else DenialReason.LOCKDOWN
