"""Who may pass where and when: a pure decision, its reason always said.

The order, the first answer wins:

1. **The way out**, a confirmed **fire**, a lockdown level that opens, and what an operator opens or
   holds open: nobody is asked anything.
2. **What was shown** by itself: nobody, a doubt, a wrong PIN, a code that is not signed.
3. ``RULES``: what refuses. First what an operator has set off, then what holds of the person, then
   what holds of the place, so that the reason is the one that lasts longest.
4. ``DEMANDS``: what asks for more. They come last: nobody is asked for a second credential, or to
   wait for a second person, only to be refused then.

To add a rule: one function from ``Question`` to a reason or None in a module of its own, and its
place in ``RULES``. No rule is asked on the way out: people are never locked in.
"""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from config.contract.access import DenialReason, Direction
from edge.access.attempts import (
    MARGIN_MIN,
    UNKNOWN,
    Attempt,
    CardShown,
    CodeShown,
    ExitRequested,
    FaceShown,
    Likeness,
    PinShown,
    ReleaseRequested,
)
from edge.access.credentials import credential_needed, second_credential_needed, shown_before
from edge.access.degraded import replica_outdated, second_needed_while_degraded
from edge.access.facts import DuressDetected, Fact, RefusalsRepeated
from edge.access.interlock import interlocked
from edge.access.lockdown import locked_down
from edge.access.occupancy import area_full, first_person_needed
from edge.access.parties import companions, escort_needed, second_person_needed
from edge.access.passback import passback, passed_back
from edge.access.permissions import closed_for_now, not_permitted_here, out_of_schedule
from edge.access.question import Demand, Denied, Granted, Override, Person, Point, Question
from edge.access.visitors import code_not_good, visitor
from edge.access.world import World

__all__ = [
    "DEMANDS", "MARGIN_MIN", "RULES", "Attempt", "CardShown", "CodeShown", "Denied",
    "ExitRequested", "FaceShown", "Granted", "Likeness", "Person", "PinShown", "Point", "Question",
    "decide", "whom",
]  # fmt: skip

Rule = Callable[[Question], DenialReason | None]
Asking = Callable[[Question], Demand | None]


def _inactive(question: Question) -> DenialReason | None:
    return None if question.person.is_active else DenialReason.HOLDER_INACTIVE


def _not_yet_valid(question: Question) -> DenialReason | None:
    start = question.person.valid_from
    return DenialReason.NOT_YET_VALID if start is not None and question.now < start else None


def _no_longer_valid(question: Question) -> DenialReason | None:
    ends = [question.person.valid_until]
    if isinstance(question.attempt, CardShown):
        ends.append(question.attempt.valid_until)
    is_over = any(end is not None and question.now >= end for end in ends)
    return DenialReason.NO_LONGER_VALID if is_over else None


RULES: Final[tuple[Rule, ...]] = (
    locked_down,
    _inactive,
    _not_yet_valid,
    _no_longer_valid,
    code_not_good,
    closed_for_now,
    not_permitted_here,
    out_of_schedule,
    replica_outdated,
    first_person_needed,
    passed_back,
    area_full,
    interlocked,
)
DEMANDS: Final[tuple[Asking, ...]] = (
    credential_needed,
    second_credential_needed,
    second_needed_while_degraded,
    escort_needed,
    second_person_needed,
)


def decide(
    attempt: Attempt,
    person: Person | None,
    *,
    point: Point,
    now: datetime,
    rules: Sequence[Rule] = RULES,
    world: World | None = None,
) -> Granted | Denied:
    """Return whether a person may pass. Nothing changes: ``transitions.take`` is told the decision.

    Args:
        attempt: What was shown.
        person: The holder whom ``whom`` names; None when it names nobody, or somebody who is not
            known here any more.
        point: Where.
        now: When, aware UTC.
        rules: Asked in order; the first refusal wins.
        world: The access model and what has happened; None where there is none: then profiles,
            areas, doors and levels are not asked about.
    """
    if person is None and isinstance(attempt, CodeShown) and attempt.code is not None:
        person = visitor(attempt.code)
    question = None if person is None else Question(person, point, now, attempt, world)
    override = _override(attempt, point, world)
    if override is not None:
        return _overridden(question, override, world)
    decision = _decided(attempt, question, rules)
    if world is None:
        return decision
    return dataclasses.replace(
        decision, facts=_facts(attempt, question, decision, point, now, world)
    )


def whom(attempt: Attempt, *, point: Point, now: datetime, world: World | None) -> str | None:
    """Return who is to be looked up for ``decide``.

    A face that fits the one who has just shown another credential here is theirs, whoever else it
    resembles.
    """
    if world is not None and isinstance(attempt, FaceShown):
        expected = world.expected(point, now=now)
        if expected is not None and attempt.proves(expected):
            return expected
    return attempt.asked_about


def _override(attempt: Attempt, point: Point, world: World | None) -> Override | None:
    if point.direction is Direction.OUT or isinstance(attempt, ExitRequested):
        return Override.EGRESS
    if isinstance(attempt, ReleaseRequested):
        return Override.OPERATOR
    if world is None:
        return None
    if world.model.point(point).is_egress:
        return Override.EGRESS
    if world.is_on_fire(point):
        return Override.FIRE
    if world.is_held_open(point):
        return Override.HELD_OPEN
    return Override.LOCKDOWN_OPEN if world.is_open_to_all(point) else None


def _overridden(question: Question | None, override: Override, world: World | None) -> Granted:
    holder_id = None if question is None else question.person.holder_id
    if world is None:
        return Granted(holder_id)
    if question is None:
        return Granted(holder_id, override=override)
    facts = _duress(question)
    if override is Override.EGRESS and (found := passback(question)) is not None:
        facts.append(found)
    return Granted(
        holder_id,
        access_time_s=_access_time_s(question),
        override=override,
        facts=tuple(facts),
    )


def _decided(
    attempt: Attempt, question: Question | None, rules: Sequence[Rule]
) -> Granted | Denied:
    refusal = attempt.refusal
    if question is not None and _is_settled(question):
        refusal = None
    if refusal is not None:
        # Somebody who may not pass here was not searched for; the reason is said all the same.
        if question is not None and (why := _first_refusal(question, rules)) is not None:
            return Denied(why, question.person.holder_id)
        is_named = question is not None and isinstance(attempt, PinShown)
        return Denied(refusal, question.person.holder_id if question and is_named else None)
    if question is None:
        return Denied(UNKNOWN[attempt.kind])
    if (why := _first_refusal(question, rules)) is not None:
        return Denied(why, question.person.holder_id)
    is_face_alone = isinstance(attempt, FaceShown) and not shown_before(question)
    if is_face_alone and question.person.confusable_with:
        return Denied(DenialReason.DOUBTFUL_FACE)
    for asking in DEMANDS:
        if (demand := asking(question)) is not None:
            return Denied(demand.reason, question.person.holder_id, asks=demand.asks)
    return Granted(
        question.person.holder_id,
        companions=tuple(each.holder_id for each in companions(question)),
        access_time_s=_access_time_s(question),
    )


def _is_settled(question: Question) -> bool:
    """Return whether a face is the one of somebody whom another credential has named."""
    attempt = question.attempt
    if not isinstance(attempt, FaceShown) or not shown_before(question):
        return False
    return attempt.proves(question.person.holder_id)


def _first_refusal(question: Question, rules: Sequence[Rule]) -> DenialReason | None:
    return next((why for rule in rules if (why := rule(question)) is not None), None)


def _access_time_s(question: Question) -> float | None:
    if question.world is None:
        return None
    rules = question.world.model.point(question.point).rules
    needs_more = question.person.has_extended_access_time or any(
        each.has_extended_access_time for each in companions(question)
    )
    if needs_more and rules.extended_access_time_s is not None:
        return rules.extended_access_time_s
    return rules.access_time_s


def _facts(
    attempt: Attempt,
    question: Question | None,
    decision: Granted | Denied,
    point: Point,
    now: datetime,
    world: World,
) -> tuple[Fact, ...]:
    found = list[Fact]()
    if question is not None:
        found += _duress(question)
        is_told = isinstance(decision, Granted) or decision.reason is DenialReason.PASSBACK
        if is_told and (passed := passback(question)) is not None:
            found.append(passed)
    if isinstance(decision, Denied) and not decision.is_step_up:
        count = world.state.refusal_count(point.id, now) + 1
        if count == world.model.model.refusals_max:
            found.append(RefusalsRepeated(point.id, count))
    return tuple(found)


def _duress(question: Question) -> list[Fact]:
    attempt = question.attempt
    if not isinstance(attempt, PinShown) or not attempt.is_right or not attempt.is_duress:
        return []
    return [DuressDetected(question.person.holder_id, question.point.id)]
