"""A building in which people show credentials and pass, its clock set by hand."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.access_model import parse_access_model
from config.contract.areas import AreaFact
from config.contract.visitor_code import VisitorCode
from edge.access.attempts import Attempt, CardShown, CodeShown, FaceShown, PinShown
from edge.access.compiled import CompiledModel
from edge.access.decision import decide, whom
from edge.access.facts import Fact
from edge.access.happenings import Decided, Happening, Passed
from edge.access.question import Denied, Granted, Person, Point
from edge.access.state import State
from edge.access.transitions import take
from edge.access.world import World
from tests.edge.conftest import NOW

IN, OUT = Direction.IN, Direction.OUT
POINTS = {
    "front": Point("front", IN, "front-door"),
    "exit": Point("exit", OUT, "front-door"),
    "side": Point("side", IN),
    "lab": Point("lab", IN, "lab-door"),
    "lab-exit": Point("lab-exit", OUT, "lab-door"),
    "free-exit": Point("free-exit", OUT, "free-door", free_egress=True),
}
LEADS: list[dict[str, Any]] = [
    {"id": "front", "to_area": "hall"},
    {"id": "exit", "from_area": "hall"},
    {"id": "side", "to_area": "hall"},
    {"id": "lab", "from_area": "hall", "to_area": "lab"},
    {"id": "lab-exit", "from_area": "lab", "to_area": "hall"},
    {"id": "free-exit", "from_area": "hall"},
]
VISITOR = VisitorCode(
    holder_id=UUID(int=7),
    nonce="00112233aabbccdd",
    valid_from=NOW - timedelta(hours=1),
    valid_until=NOW + timedelta(hours=1),
    points=("front", "side"),
)


@dataclasses.dataclass(frozen=True)
class Candidate:
    key: str
    similarity: float


class Building:
    """Everybody named is known; see ``person`` for more about one."""

    def __init__(
        self, document: Mapping[str, Any] | None = None, *people: Person, now: datetime = NOW
    ) -> None:
        self.now = now
        model = parse_access_model(dict(document or {}))
        compiled = CompiledModel(model, POINTS.values(), zone=ZoneInfo("Asia/Shanghai"))
        self.world = World(compiled, State(node="n1"))
        names = ("anna", "ben", "cleo")
        self.people = {name: Person(holder_id=name) for name in names}
        self.people |= {person.holder_id: person for person in people}
        self._count = 0

    @property
    def last_id(self) -> UUID:
        """Of the last decision."""
        return UUID(int=self._count)

    def wait(self, seconds: float) -> "Building":
        self.now += timedelta(seconds=seconds)
        return self

    def show(self, attempt: Attempt, at: str = "front") -> Granted | Denied:
        """Decide, and tell the state so."""
        point, self._count = POINTS[at], self._count + 1
        holder_id = whom(attempt, point=point, now=self.now, world=self.world)
        person = self.people.get(holder_id or "")
        decision = decide(attempt, person, point=point, now=self.now, world=self.world)
        self.take(Decided(self.last_id, point, attempt, person, decision, self.now))
        return decision

    def take(self, happening: Happening) -> tuple[Fact, ...]:
        return take(self.world, happening)

    def card(self, who: str | None, at: str = "front") -> Granted | Denied:
        return self.show(CardShown(who), at)

    def face(self, who: str, at: str = "front") -> Granted | Denied:
        return self.show(FaceShown([Candidate(who, 0.9)], 0.5), at)

    def pin(self, who: str, at: str = "front", *, is_duress: bool = False) -> Granted | Denied:
        return self.show(PinShown(who, is_right=True, is_duress=is_duress), at)

    def code(self, code: VisitorCode | None = VISITOR, at: str = "front") -> Granted | Denied:
        return self.show(CodeShown(code), at)

    def passed(self, at: str = "front", *, count: int = 1) -> tuple[Fact, ...]:
        """The gate counts people on the last decision."""
        return self.take(Passed(POINTS[at], self.now, self.last_id, count))

    def enter(self, who: str, at: str = "front") -> tuple[Fact, ...]:
        """Show a card and pass, which is wanted to work."""
        decision = self.card(who, at)
        assert isinstance(decision, Granted), decision
        return self.passed(at)

    def is_in(self, who: str) -> str | None:
        """Return the area somebody is known to be in; None is outside."""
        known = self.world.state.areas.whereabouts(who)
        assert known is not None
        return known.area


def denied(
    reason: DenialReason,
    who: str | None = "anna",
    *asks: CredentialKind,
    facts: tuple[Fact, ...] = (),
) -> Denied:
    return Denied(reason, who, asks=frozenset(asks), facts=facts)


def area_fact(who: str = "anna", area: str | None = "hall", *, after_s: float = 0.0,
              node: str = "n2", sequence: int = 1, is_first_person: bool = False,
              is_forgiven: bool = False) -> AreaFact:  # fmt: skip
    return AreaFact(
        holder_id=who,
        area=area,
        at=NOW + timedelta(seconds=after_s),
        node=node,
        sequence=sequence,
        is_first_person=is_first_person,
        is_forgiven=is_forgiven,
    )
