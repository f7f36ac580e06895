"""People who pass together: two persons, and an escort with those who need one."""

from config.contract.access import DenialReason
from edge.access.question import Demand, Question
from edge.access.state import Waiting, is_within, still_waiting


def escort_needed(question: Question) -> Demand | None:
    """Ask one who needs an escort to wait for it, unless it was let through just before."""
    world = question.world
    if world is None or not _is_escorted(question):
        return None
    passed_at = world.state.escorts.get(question.point.id)
    within_s = world.model.model.escort_within_s
    if passed_at is not None and is_within(passed_at, question.now, within_s):
        return None
    return Demand(DenialReason.ESCORT_NEEDED)


def second_person_needed(question: Question) -> Demand | None:
    """Ask for a second person. One who is escorted passes with the escort and is none."""
    if question.world is None or _is_escorted(question):
        return None
    if question.world.model.point(question.point).rules.two_person is None or _second(question):
        return None
    return Demand(DenialReason.AWAITING_SECOND_PERSON)


def companions(question: Question) -> list[Waiting]:
    """Return who passes along if this person is let through."""
    world = question.world
    if world is None or _is_escorted(question):
        return []
    escorted = (
        still_waiting(
            world.state.escorted.get(question.point.id, {}).values(),
            now=question.now,
            within_s=world.model.model.escort_within_s,
            other_than=question.person.holder_id,
        )
        if question.person.may_escort
        else []
    )
    taken = world.state.is_code_taken
    return [
        each
        for each in [*_second(question), *escorted]
        if each.code is None or not taken(each.code.nonce, question.now)
    ]


def _is_escorted(question: Question) -> bool:
    world = question.world
    if world is None or not question.person.needs_escort:
        return False
    return not world.model.point(question.point).rules.is_escort_free


def _second(question: Question) -> list[Waiting]:
    """Return the other person of two, the one who has waited longest."""
    world = question.world
    rule = None if world is None else world.model.point(question.point).rules.two_person
    if world is None or rule is None:
        return []
    waiting = world.state.second.get(question.point.id, {}).values()
    return still_waiting(
        waiting, now=question.now, within_s=rule.within_s, other_than=question.person.holder_id
    )[:1]
