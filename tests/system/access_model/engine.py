"""The engine under test, told a history and asked for its outcomes."""

import dataclasses
import uuid
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind, DenialReason
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from edge.access import facts as engine_facts
from edge.access.attempts import (
    Attempt,
    CardShown,
    CodeShown,
    ExitRequested,
    FaceShown,
    PinShown,
)
from edge.access.compiled import CompiledModel
from edge.access.decision import decide, whom
from edge.access.degraded import Degraded
from edge.access.happenings import (
    Decided,
    DegradedChanged,
    DoorClosed,
    DoorOpened,
    FireChanged,
    Forgiven,
    Happening,
    Heard,
    LinkChanged,
    LockdownChanged,
    NotPassed,
    Passed,
    PassedWrongWay,
    RefusalsForgiven,
    Ticked,
)
from edge.access.question import Granted, Person, Point
from edge.access.state import State
from edge.access.transitions import take
from edge.access.world import World
from tests.system.access_model import history as h

DOUBTS = {"attack": DenialReason.PRESENTATION_ATTACK, "unsure": DenialReason.LIVENESS_UNSURE}


@dataclasses.dataclass(frozen=True)
class Candidate:
    """Somebody whom a face resembles."""

    key: str
    similarity: float


class Engine:
    """One site, compiled once; ``run`` begins a new history."""

    def __init__(self, site: h.Site) -> None:
        self.site = site
        self._points = {p.id: Point(p.id, p.direction, p.door, p.free_egress) for p in site.places}
        self._degraded = Degraded(site.degraded, frozenset(site.named))  # type: ignore[arg-type]  # one of them
        self._people = {human.id: _person(human) for human in site.people}
        self._model = CompiledModel(site.model, self._points.values(), zone=ZoneInfo(site.zone))

    def run(self, steps: Sequence[h.Step]) -> tuple[list[h.Outcome], h.Ending]:
        """Return what each step led to, and what stands at the end."""
        world = World(self._model, State(node=h.NODE))
        outcomes = [self._step(world, number, step) for number, step in enumerate(steps)]
        areas = [area.id for area in self.site.model.areas]
        ending = h.Ending(
            inside=tuple(
                (area, tuple(sorted(f.holder_id for f in world.state.areas.people(area))))
                for area in areas
            ),
            counts=tuple((area, world.state.areas.count(area)) for area in areas),
            open_doors=tuple(sorted(world.state.open_doors)),
        )
        return outcomes, ending

    def world_after(self, steps: Sequence[h.Step]) -> World:
        """Return what the rules know after a history."""
        world = World(self._model, State(node=h.NODE))
        for number, step in enumerate(steps):
            self._step(world, number, step)
        return world

    def _step(self, world: World, number: int, step: h.Step) -> h.Outcome:
        if isinstance(step, h.Show):
            return self._show(world, number, step)
        return h.Outcome(facts=_told(take(world, self._happening(step))))

    def _show(self, world: World, number: int, step: h.Show) -> h.Outcome:
        point = self._points[step.place]
        attempt = self._attempt(world, step)
        holder_id = whom(attempt, point=point, now=step.at, world=world)
        person = self._people.get(holder_id or "")
        decision = decide(attempt, person, point=point, now=step.at, world=world)
        told = take(world, Decided(_decision_id(number), point, attempt, person, decision, step.at))
        facts = _told((*decision.facts, *told))
        if isinstance(decision, Granted):
            return h.Outcome(
                "granted",
                decision.holder_id,
                companions=decision.companions,
                override=decision.override or "",
                access_time_s=decision.access_time_s,
                facts=facts,
            )
        asks = tuple(sorted(kind.value for kind in decision.asks))
        return h.Outcome(decision.reason.value, decision.holder_id, asks=asks, facts=facts)

    def _attempt(self, world: World, step: h.Show) -> Attempt:
        match step.what:
            case CredentialKind.FACE:
                return _face(step)
            case CredentialKind.CARD:
                return CardShown(step.by)
            case CredentialKind.PIN:
                expected = world.expected(self._points[step.place], now=step.at)
                is_theirs = expected in self._people and expected == step.by
                is_right = is_theirs and step.how != "wrong"
                return PinShown(expected, is_right, is_duress=step.how == "duress")
            case CredentialKind.QR:
                return CodeShown(None if step.code is None else self.site.codes[step.code])
            case CredentialKind.NONE:
                return ExitRequested()

    def _happening(self, step: h.Step) -> Happening:
        match step:
            case h.Pass(at=at, place=place, grant=grant):
                decision_id = None if grant is None else _decision_id(grant)
                return Passed(self._points[place], at, decision_id)
            case h.NotPass(grant=grant):
                return NotPassed(_decision_id(grant))
            case h.WrongWay(at=at, place=place):
                return PassedWrongWay(self._points[place], at)
            case h.MoveDoor(at=at, door=door, is_open=is_open):
                return DoorOpened(door, at) if is_open else DoorClosed(door, at)
            case h.SetLevel(level=level, is_active=is_active):
                return LockdownChanged(level, is_active)
            case h.SetFire(zone=zone, is_active=is_active):
                return FireChanged(zone, is_active)
            case h.Forgive(at=at, who=who):
                return Forgiven(who, at)
            case h.ForgiveRefusals(place=place):
                return RefusalsForgiven(place)
            case h.Tell(facts=facts):
                return Heard(facts)
            case h.SetLink(is_up=is_up):
                return LinkChanged(is_up)
            case h.SetAge(is_old=is_old):
                return DegradedChanged(self._degraded if is_old else None)
            case h.Tick(at=at):
                return Ticked(at)
            case h.Show():
                raise TypeError("a credential is decided about, not only taken")


def _decision_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def _face(step: h.Show) -> FaceShown:
    key = step.by or ""
    match step.how:
        case "stranger":
            return FaceShown([Candidate(key, 0.1)], 0.5, step_up=0.4)
        case "weak":
            return FaceShown([Candidate(key, 0.45)], 0.5, step_up=0.4)
        case "twin":
            return FaceShown([Candidate("another", 0.91), Candidate(key, 0.905)], 0.5)
        case how:
            return FaceShown([Candidate(key, 0.9)], 0.5, step_up=0.4, doubt=DOUBTS.get(how))


def _person(human: h.Human) -> Person:
    return Person(
        holder_id=human.id,
        is_active=human.is_active,
        valid_from=human.valid_from,
        valid_until=human.valid_until,
        access_points=None if human.access_points is None else frozenset(human.access_points),
        confusable_with=frozenset({"another"}) if human.has_twin else frozenset(),
        profiles=None if human.profiles is None else frozenset(human.profiles),
        kinds=None if human.kinds is None else frozenset(human.kinds),
        needs_escort=human.needs_escort,
        may_escort=human.may_escort,
        is_first_person=human.is_first_person,
        is_passback_exempt=human.is_passback_exempt,
        has_extended_access_time=human.is_slow,
    )


def _told(facts: Sequence[engine_facts.Fact]) -> tuple[h.Told, ...]:
    return tuple(sorted((_fact(fact) for fact in facts), key=repr))


def _fact(fact: engine_facts.Fact) -> h.Told:
    match fact:
        case AreaFact():
            return ("area", fact.holder_id, fact.area, fact.is_forgiven, fact.is_first_person)
        case UnnamedCount():
            return ("unnamed", fact.area, fact.count)
        case AreasForgiven():
            return ("all forgiven",)
        case CodeUsed():
            return ("code used", fact.nonce)
        case engine_facts.TailgatingDetected():
            return ("TailgatingDetected", fact.point, fact.decision_id.int)
        case engine_facts.UnauthorisedPassage() | engine_facts.WrongWayPassage():
            return (type(fact).__name__, fact.point)
        case _:
            return (type(fact).__name__, *dataclasses.astuple(fact))
