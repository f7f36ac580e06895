"""The one world in which all lanes of a node decide, and what becomes of what happens in it.

Deciding and telling the state of it is one step: no other lane decides in between, so an area never
takes one person too many. Nothing here waits, for a disk or for anybody.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.events import EventData
from config.contract.nodes import ForgivenRecord
from edge.access.attempts import Attempt, PinShown
from edge.access.decision import decide, whom
from edge.access.facts import Fact, TailgatingDetected, UnauthorisedPassage, WrongWayPassage
from edge.access.happenings import (
    Decided,
    Forgiven,
    Happening,
    Heard,
    LockdownChanged,
    RefusalsForgiven,
    Ticked,
)
from edge.access.memory import Applied, Recalled, Remembered
from edge.access.pin_tries import PinTries
from edge.access.question import Decision, Person, Point
from edge.access.records import recorded
from edge.access.rulebook import RuleBook
from edge.access.state import State
from edge.access.transitions import take
from edge.access.world import World

_log = logging.getLogger("edge.access")

TICK_S: Final = 1.0
_PASSAGE_ALARMS: Final = (TailgatingDetected, UnauthorisedPassage, WrongWayPassage)
_REMEMBERED: Final = (AreaFact, UnnamedCount, AreasForgiven, CodeUsed)


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class Keeper(Protocol):
    """The part of the memory that is needed here."""

    def keep(
        self, facts: Sequence[Remembered], *, sequence: int, applied: Applied | None = None
    ) -> None:
        """See ``Memory.keep``."""
        ...


class People(Protocol):
    """The part of the replica that is needed here."""

    def person(self, holder_id: str) -> Person | None:
        """Return a person by identifier."""
        ...

    def pin_shown(self, pin: str, *, holder_id: str | None) -> PinShown:
        """Return what a typed PIN is, if it should be somebody's."""
        ...


class Doorkeeper:
    """Shared by the lanes of one node. All of it belongs to the event loop's thread."""

    def __init__(
        self,
        *,
        node: str,
        rules: RuleBook,
        people: People,
        recorder: Recorder,
        memory: Keeper,
        recalled: Recalled,
        now: Callable[[], datetime],
        tick_s: float = TICK_S,
    ) -> None:
        """Begin with what was known when the process ended.

        Args:
            node: This node, for the facts that it tells.
            rules: Of the site; see ``follow``.
            people: Who may be asked about.
            recorder: Notes facts.
            memory: Keeps what must survive a restart.
            recalled: From it.
            now: Wall clock, aware UTC.
            tick_s: Between two looks at what has run out.
        """
        self._rules, self._people, self._now = rules, people, now
        self._recorder, self._memory, self._tick_s = recorder, memory, tick_s
        self._applied = recalled.applied
        self._tries = PinTries()
        self._has_happened = asyncio.Event()
        self._when_shared: list[Callable[[], None]] = []
        self._world = World(rules.compiled, State(node=node, sequence=recalled.sequence))
        take(self._world, Heard(recalled.facts))
        self.follow()

    @property
    def world(self) -> World:
        """To be read; ``take`` alone changes it."""
        return self._world

    @property
    def shared(self) -> Sequence[Remembered]:
        """Everything that other nodes must hear to know of areas and codes what is known here."""
        state = self._world.state
        return [*state.areas.facts(), *state.used_codes.values()]

    def when_shared(self, call: Callable[[], None]) -> None:
        """Call this whenever ``shared`` or the lockdowns changed; it must be quick."""
        self._when_shared.append(call)

    def decide(
        self, attempt: Attempt, *, point: Point, decision_id: UUID, now: datetime
    ) -> tuple[Decision, Person | None]:
        """Decide, record what else was found, and return the decision and whom it is about.

        Whoever is granted is expected to pass from now on: tell ``NotPassed`` where they cannot.
        """
        holder_id = whom(attempt, point=point, now=now, world=self._world)
        person = None if holder_id is None else self._people.person(holder_id)
        decision = decide(attempt, person, point=point, now=now, world=self._world)
        self._record(decision.facts, now)
        self.take(Decided(decision_id, point, attempt, person, decision, now))
        return decision, person

    def pin_shown(self, pin: str, *, point: Point, now: datetime) -> PinShown:
        """Return what a typed PIN is: of whoever has shown another credential just before.

        A person's PIN is not looked at any more after as many wrong ones as refusals are allowed:
        a card that was found must not be tried with one PIN after the other.
        """
        holder_id = self._world.expected(point, now=now)
        shown = self._people.pin_shown(pin, holder_id=holder_id)
        limit = self._world.model.model.refusals_max
        return self._tries.judged(shown, limit=limit, now=now)

    def take(self, happening: Happening, *, is_released: bool = False) -> None:
        """Bring the state up to date and record what follows.

        Args:
            happening: What happened.
            is_released: The gate stands open for everybody by itself, for fire: whoever passes is
                counted and no alarm.
        """
        found = take(self._world, happening)
        if is_released:
            found = tuple(fact for fact in found if not isinstance(fact, _PASSAGE_ALARMS))
        self._record(found, self._now())
        heard = happening.facts if isinstance(happening, Heard) else ()
        told = [*heard, *(fact for fact in found if isinstance(fact, _REMEMBERED))]
        if told:
            self._memory.keep(told, sequence=self._world.state.sequence)
        if told or isinstance(happening, LockdownChanged):
            for call in self._when_shared:
                call()
        self._has_happened.set()

    def follow(self) -> None:
        """Take over rules, lockdowns and what operators forgave; call when any of it changed."""
        if self._world.model is not self._rules.compiled:
            self._world.model = self._rules.compiled
        active = self._world.state.lockdowns
        for level in sorted(self._rules.lockdowns ^ active):
            self.take(LockdownChanged(level, is_active=level not in active))
        for record in self._rules.forgiven:
            if self._is_new(record):
                self._forgive(record)

    async def run(self) -> None:
        """Notice for ever what runs out."""
        while True:
            await self._has_happened.wait()
            # Cleared first: what happens while the clock runs makes another round.
            self._has_happened.clear()
            while not self._world.state.is_at_rest:
                await asyncio.sleep(self._tick_s)
                self.tick()

    def tick(self) -> None:
        """Notice what has run out by now."""
        now = self._now()
        self._record(take(self._world, Ticked(now)), now)

    def _is_new(self, record: ForgivenRecord) -> bool:
        at = self._applied.at
        return record.number > self._applied.number or (at is not None and record.at > at)

    def _forgive(self, record: ForgivenRecord) -> None:
        if record.access_point is not None:
            self.take(RefusalsForgiven(record.access_point))
            self._tries.forgive()
        if record.holder_id is not None or record.access_point is None:
            self.take(Forgiven(record.holder_id, record.at))
        at = self._applied.at
        self._applied = Applied(record.number, record.at if at is None else max(at, record.at))
        # After the facts: were the process to end between them, it would be forgiven once more.
        self._memory.keep((), sequence=self._world.state.sequence, applied=self._applied)

    def _record(self, found: Sequence[Fact], now: datetime) -> None:
        for fact in found:
            data, subject = recorded(fact)
            self._recorder.note(data, subject=subject, now=now)
