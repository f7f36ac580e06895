"""Anti-passback: nobody enters from where they are not known to be.

A person whose place is not known (never seen, forgiven, a timed passage too old) may enter from
anywhere. On the way out it is recorded and never enforced.
"""

from datetime import timedelta

from config.contract.access import DenialReason
from config.contract.access_terms import PassbackMode
from edge.access.facts import PassbackDetected
from edge.access.question import Question

_ENFORCED = frozenset({PassbackMode.HARD, PassbackMode.TIMED})


def passed_back(question: Question) -> DenialReason | None:
    """Refuse a passback where it is enforced."""
    found = passback(question)
    return DenialReason.PASSBACK if found is not None and found.is_enforced else None


def passback(question: Question) -> PassbackDetected | None:
    """Return the passback that passing here would be; None when it would be none."""
    person, world = question.person, question.world
    if world is None or person.is_passback_exempt:
        return None
    here = world.model.point(question.point)
    setting = here.passback
    if setting.mode is PassbackMode.OFF:
        return None
    known = world.state.areas.whereabouts(person.holder_id)
    if known is None or known.area == here.rules.from_area:
        return None
    if known.area is not None and not world.model.has_area(known.area):
        return None  # the area is no more, so nobody can leave it
    if setting.forgotten_after_min is not None:
        forgotten_at = known.at + timedelta(minutes=setting.forgotten_after_min)
        if question.now >= forgotten_at:
            return None
    return PassbackDetected(
        holder_id=person.holder_id,
        point=question.point.id,
        known_area=known.area,
        mode=setting.mode,
        is_enforced=setting.mode in _ENFORCED and not here.is_egress,
    )
