"""Where and when: profiles, schedules, temporary rules."""

from config.contract.access import DenialReason
from config.contract.access_terms import TemporaryEffect
from edge.access.compiled import Timed
from edge.access.question import Question


def closed_for_now(question: Question) -> DenialReason | None:
    """Refuse whom a temporary rule refuses."""
    is_refused = _is_concerned(question, TemporaryEffect.REFUSE)
    return DenialReason.CLOSED_FOR_NOW if is_refused else None


def not_permitted_here(question: Question) -> DenialReason | None:
    """Refuse who has no permission for the point at any time."""
    if _is_concerned(question, TemporaryEffect.PERMIT):
        return None
    person, world = question.person, question.world
    is_allowed = person.access_points is None or question.point.id in person.access_points
    if is_allowed and world is not None and person.profiles is not None:
        is_allowed = bool(world.model.permissions(person, question.point.id))
    return None if is_allowed else DenialReason.NOT_PERMITTED_HERE


def out_of_schedule(question: Question) -> DenialReason | None:
    """Refuse who has a permission, though not now."""
    if question.world is None or question.person.profiles is None:
        return None
    if _is_concerned(question, TemporaryEffect.PERMIT) or permissions_now(question):
        return None
    return DenialReason.OUT_OF_SCHEDULE


def permissions_now(question: Question) -> list[Timed]:
    """Return what the person's profiles permit at the point at this time."""
    if question.world is None:
        return []
    model = question.world.model
    time = model.local(question.now)
    return [p for p in model.permissions(question.person, question.point.id) if p.holds(time)]


def _is_concerned(question: Question, effect: TemporaryEffect) -> bool:
    if question.world is None:
        return False
    rules = question.world.model.point(question.point).temporary[effect]
    return any(rule.concerns(question.person, question.now) for rule in rules)
