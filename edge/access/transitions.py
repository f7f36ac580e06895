"""What happens at access points, and what it makes of the state: ``take`` is the only writer.

Presence in an area moves when somebody has *passed*, never when they were granted.
"""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from config.contract.access import CredentialKind, DenialReason
from config.contract.areas import CodeUsed
from config.contract.visitor_code import VisitorCode
from edge.access import told
from edge.access.attempts import CodeShown
from edge.access.facts import (
    DoorForcedOpen,
    DoorOpenTooLong,
    DoorSecured,
    Fact,
    TailgatingDetected,
    UnauthorisedPassage,
    VisitorArrived,
    WrongWayPassage,
)
from edge.access.happenings import (
    Decided,
    DegradedChanged,
    DoorClosed,
    DoorOpened,
    FireChanged,
    FireReleasesChanged,
    Forgiven,
    Happening,
    Heard,
    HoldsChanged,
    LinkChanged,
    LockdownChanged,
    NotPassed,
    Passed,
    PassedWrongWay,
    RefusalsForgiven,
    Ticked,
)
from edge.access.moves import count_unnamed, move, next_sequence
from edge.access.question import Denied, Granted, Person
from edge.access.state import (
    REFUSAL_WINDOW,
    OpenDoor,
    OpenGrant,
    PassedLast,
    Proof,
    State,
    Traveller,
    Waiting,
)
from edge.access.visitors import visitor
from edge.access.world import World

TAILGATING_S: Final = 5.0
"""Whoever passes so soon after another, without a grant, went through behind them."""
OPEN_TIME_S_MAX: Final = 30.0
"""Of a door at which no point is known."""


def take(world: World, happening: Happening) -> tuple[Fact, ...]:
    """Bring the state up to date and return what is to be recorded and told to other nodes.

    Facts of a decision are in the decision; they are not returned again.
    """
    handler: Callable[[World, Any], Iterable[Fact]] = _HANDLERS[type(happening)]
    return tuple(handler(world, happening))


# ---- deciding


def _take_decided(world: World, happening: Decided) -> list[Fact]:
    match happening.decision:
        case Granted() as granted:
            _take_granted(world, happening, granted)
        case Denied(holder_id=str() as holder_id) as denied if denied.is_step_up:
            _take_step_up(world, happening, denied, holder_id)
        case Denied() as denied if not denied.is_step_up:
            recent = (
                at
                for at in world.state.refusals.get(happening.point.id, ())
                if happening.at - at < REFUSAL_WINDOW
            )
            world.state.refusals[happening.point.id] = (*recent, happening.at)
    return []


def _take_step_up(world: World, happening: Decided, denied: Denied, holder_id: str) -> None:
    state, point = world.state, happening.point.id
    proof = _proof(world, happening, holder_id)
    match denied.reason:
        case DenialReason.CREDENTIAL_NEEDED | DenialReason.TOO_MANY_REFUSALS:
            state.proofs.setdefault(point, {})[holder_id] = proof
        case DenialReason.ESCORT_NEEDED:
            _wait(state.escorted.setdefault(point, {}), happening, holder_id, proof.code)
        case DenialReason.AWAITING_SECOND_PERSON:
            _wait(state.second.setdefault(point, {}), happening, holder_id, proof.code)
        case _:
            pass  # a doubt about a face is settled by a card, and the lane keeps that


def _proof(world: World, happening: Decided, holder_id: str) -> Proof:
    """Return what somebody has shown by now, with the one-time code that it was granted on."""
    before = world.state.proof(
        happening.point.id,
        holder_id,
        now=happening.at,
        within_s=world.model.model.combine_within_s,
    )
    kinds = frozenset[CredentialKind]() if before is None else before.kinds
    code = None if before is None else before.code
    attempt = happening.attempt
    if isinstance(attempt, CodeShown) and attempt.code is not None and attempt.code.is_one_time:
        code = attempt.code
    return Proof(kinds | {attempt.kind}, happening.at, code)


def _wait(
    waiting: dict[str, Waiting], happening: Decided, holder_id: str, code: VisitorCode | None
) -> None:
    waiting.pop(holder_id, None)  # so that who comes again goes to the end
    person = _person(happening)
    waiting[holder_id] = Waiting(
        holder_id,
        happening.at,
        is_first_person=person is not None and person.is_first_person,
        has_extended_access_time=person is not None and person.has_extended_access_time,
        may_escort=person is not None and person.may_escort,
        code=code,
    )


def _take_granted(world: World, happening: Decided, granted: Granted) -> None:
    state, point, person = world.state, happening.point, _person(happening)
    here = world.model.point(point)
    second, escorted = state.second.get(point.id, {}), state.escorted.get(point.id, {})
    is_asked, holder_id = granted.override is None, granted.holder_id
    code = None if holder_id is None else _proof(world, happening, holder_id).code
    party = [
        Traveller(
            holder_id,
            is_first_person=person is not None and person.is_first_person,
            code=code if is_asked else None,
        )
    ]
    is_escort = person is not None and person.may_escort
    for waited in (second.get(c) or escorted.get(c) for c in granted.companions):
        if waited is not None:
            party.append(Traveller(waited.holder_id, waited.is_first_person, waited.code))
            is_escort |= waited.may_escort
    for traveller in party:
        for waiting in (second, escorted, state.proofs.get(point.id, {})):
            waiting.pop(traveller.holder_id or "", None)
    if is_asked and is_escort:
        state.escorts[point.id] = happening.at
    state.grants[happening.decision_id] = OpenGrant(
        happening.decision_id,
        point.id,
        here.door,
        here.rules.to_area,
        tuple(party),
        happening.at,
    )


def _person(happening: Decided) -> Person | None:
    attempt = happening.attempt
    if happening.person is None and isinstance(attempt, CodeShown) and attempt.code is not None:
        return visitor(attempt.code)
    return happening.person


# ---- passing


def _take_passed(world: World, happening: Passed) -> list[Fact]:
    found, unnamed = list[Fact](), 0
    for _ in range(happening.count):
        grant = _grant_of(world, happening)
        if grant is None:
            unnamed += 1
        else:
            found += _pass_on(world, happening, grant)
    if unnamed:
        found += _take_unnamed(world, happening, unnamed)
    return found


def _grant_of(world: World, happening: Passed) -> OpenGrant | None:
    state = world.state
    if happening.decision_id is not None:
        return state.open_grant(happening.decision_id, happening.at)
    if not world.model.point(happening.point).is_egress:
        return None
    # A door that lets everybody out is not commanded, so its passages name no decision.
    grants = state.open_grants(happening.at)
    here = (grant for grant in grants if grant.point == happening.point.id)
    return min(here, key=lambda grant: grant.at, default=None)


def _pass_on(world: World, happening: Passed, grant: OpenGrant) -> list[Fact]:
    state, here = world.state, world.model.point(happening.point)
    traveller, *others = grant.people
    if others:
        state.grants[grant.decision_id] = dataclasses.replace(grant, people=tuple(others))
    else:
        del state.grants[grant.decision_id]
    state.passed_last[happening.point.id] = PassedLast(grant.decision_id, happening.at)
    found = list[Fact]()
    if traveller.holder_id is None:
        found += count_unnamed(state, here, 1, happening.at)
    else:
        found += move(state, here, traveller, happening.at)
    if (code := traveller.code) is not None:
        used = CodeUsed(
            at=happening.at,
            node=state.node,
            sequence=next_sequence(state),
            nonce=code.nonce,
            valid_until=code.valid_until,
        )
        state.used_codes[code.nonce] = used
        found += [used, VisitorArrived(str(code.holder_id), happening.point.id)]
    return found


def _take_unnamed(world: World, happening: Passed, count: int) -> list[Fact]:
    state, here = world.state, world.model.point(happening.point)
    found = count_unnamed(state, here, count, happening.at)
    last = state.passed_last.get(happening.point.id)
    # Granted before this process began, or too long ago: nobody knows who it was.
    is_named = happening.decision_id not in (None, None if last is None else last.decision_id)
    if is_named or here.is_egress or world.is_open_to_all(happening.point):
        return found
    if last is not None and happening.at - last.at <= timedelta(seconds=TAILGATING_S):
        return [*found, TailgatingDetected(happening.point.id, last.decision_id, count)]
    return [*found, UnauthorisedPassage(happening.point.id, count)]


def _take_not_passed(world: World, happening: NotPassed) -> list[Fact]:
    world.state.grants.pop(happening.decision_id, None)
    return []


def _take_wrong_way(world: World, happening: PassedWrongWay) -> list[Fact]:
    here = world.model.point(happening.point)
    found = count_unnamed(world.state, here, -1, happening.at)
    if world.is_open_to_all(happening.point):
        return found
    return [*found, WrongWayPassage(happening.point.id)]


# ---- doors


def _take_opened(world: World, happening: DoorOpened) -> list[Fact]:
    state = world.state
    if happening.door in state.open_doors:
        return []
    is_expected = (
        happening.is_found
        or any(
            place.point.free_egress or world.is_open_to_all(place.point)
            for place in world.model.at_door(happening.door)
        )
        or any(grant.door == happening.door for grant in state.open_grants(happening.at))
    )
    state.open_doors[happening.door] = OpenDoor(happening.at, is_forced=not is_expected)
    return [] if is_expected else [DoorForcedOpen(happening.door)]


def _take_closed(world: World, happening: DoorClosed) -> list[Fact]:
    door = world.state.open_doors.pop(happening.door, None)
    is_alarmed = door is not None and (door.is_forced or door.is_told)
    return [DoorSecured(happening.door)] if is_alarmed else []


def _take_ticked(world: World, happening: Ticked) -> list[Fact]:
    found = list[Fact]()
    for name, door in list(world.state.open_doors.items()):
        places = world.model.at_door(name)
        limit_s = max((p.rules.open_time_s_max for p in places), default=OPEN_TIME_S_MAX)
        is_held_open = any(world.is_open_to_all(place.point) for place in places)
        is_long = happening.at - door.since > timedelta(seconds=limit_s)
        if is_long and not door.is_told and not is_held_open:
            world.state.open_doors[name] = dataclasses.replace(door, is_told=True)
            found.append(DoorOpenTooLong(name))
    _forget(world.state, happening.at)
    return found


def _forget(state: State, now: datetime) -> None:
    """Let go of what no rule looks at any more."""
    open_ids = {grant.decision_id for grant in state.open_grants(now)}
    state.grants = {key: grant for key, grant in state.grants.items() if key in open_ids}
    state.used_codes = {k: code for k, code in state.used_codes.items() if now < code.valid_until}
    state.refusals = {
        point: kept
        for point, times in state.refusals.items()
        if (kept := tuple(at for at in times if now - at < REFUSAL_WINDOW))
    }
    for waiting in (state.proofs, state.second, state.escorted):
        for by_holder in waiting.values():
            for holder_id in [k for k, w in by_holder.items() if now - w.at > REFUSAL_WINDOW]:
                del by_holder[holder_id]


_HANDLERS: Final[dict[type[Happening], Callable[[World, Any], Iterable[Fact]]]] = {
    Decided: _take_decided,
    Passed: _take_passed,
    NotPassed: _take_not_passed,
    PassedWrongWay: _take_wrong_way,
    Forgiven: told.take_forgiven,
    RefusalsForgiven: told.take_refusals_forgiven,
    DoorOpened: _take_opened,
    DoorClosed: _take_closed,
    LockdownChanged: told.take_lockdown,
    FireChanged: told.take_fire,
    FireReleasesChanged: told.take_fire_releases,
    HoldsChanged: told.take_holds,
    DegradedChanged: told.take_degraded,
    Heard: told.take_heard,
    LinkChanged: told.take_link,
    Ticked: _take_ticked,
}
