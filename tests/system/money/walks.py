"""Who goes up to the canteen lane of a history, and what its gate does: both are outside of it."""

import asyncio
import contextlib
import dataclasses
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tests.system.money.place import HOLDERS, LANE, LANE_FEN
from tests.system.money.players import Player
from tests.system.money.reference import Shown, Walk
from tests.system.money.wire import DiedError, Document, Handler, RefusedError

TURNS_BACK: Final = 0.15
TOGETHER: Final = 0.15
"""Two people who show their cards at once."""
GATE_SILENT: Final = 0.04
GATE_SHUT: Final = 0.02
TAILGATED: Final = 0.03
FIRE: Final = 0.02
STEP_S: Final = 0.02
KILLED: Final = 0.04
"""So often the lane is killed just as its gate has counted somebody."""
MOMENT_S: Final = 0.012


@dataclasses.dataclass(slots=True)
class _Person:
    """Somebody before the lane.

    Attributes:
        is_counted: By a lane that lived.
        is_late: But a slow machine did so when their time was over, for the next one's.
    """

    holder_id: str
    turns_back: bool = False
    with_fire: bool = False
    count: int = 1
    has_passed: bool = False
    is_counted: bool = False
    is_late: bool = False


class Walks:
    """One lane, as it is seen from outside."""

    def __init__(
        self,
        carry: Handler,
        ask_lane: Callable[..., Awaitable[Document | None]],
        shown: Shown,
        faults: Counter[str],
        chance: random.Random,
        *,
        is_rough: Callable[[], bool],
    ) -> None:
        """Begin with nobody there.

        Args:
            carry: To central.
            ask_lane: Asks the lane for something; None where it was killed before it answered.
            shown: Learns who passed, and what the lane's list of charges then says.
            faults: Counts what is broken.
            chance: What people and gates do.
            is_rough: Whether anything may be killed now.
        """
        self._carry, self._ask_lane, self._shown = carry, ask_lane, shown
        self._faults, self._chance, self._is_rough = faults, chance, is_rough
        self.player: Player | None = None
        self._here = dict[str, _Person]()
        self._walking = list[asyncio.Task[None]]()

    async def hear(self, what: str, body: Document) -> Document | None:
        """Answer what the lane asks of its gate, and carry the rest to central."""
        if what != "gate":
            return await self._carry(what, body)
        return await self._gate(body["holder_id"])

    async def go_up(self) -> None:
        """Let one person go up, or two, who pass or do not."""
        chance = self._chance
        holders = chance.sample(HOLDERS, 2 if chance.random() < TOGETHER else 1)
        self._faults["lane_two_at_once"] += len(holders) == 2
        is_alone = len(holders) == 1
        people = [
            _Person(
                each,
                turns_back=chance.random() < TURNS_BACK,
                with_fire=is_alone and chance.random() < FIRE,
                count=2 if is_alone and chance.random() < TAILGATED else 1,
            )
            for each in holders
        ]
        await self._go(people)

    async def turn_back(self, holder_id: str) -> None:
        """Let somebody show a card and not pass."""
        await self._go([_Person(holder_id, turns_back=True)])

    async def _go(self, people: Sequence[_Person]) -> None:
        self._here = {each.holder_id: each for each in people}
        before = set(self._shown.receipts)
        answer = await self._ask_lane("go_up", holders=[each.holder_id for each in people])
        # Whoever still walks finds a lane that has begun again and has granted nobody yet.
        walking, self._walking = self._walking, []
        await asyncio.gather(*walking)
        if any(each.with_fire for each in people):
            await self._ask_lane("fire", is_on=False)
        fresh = [r for key, r in self._shown.receipts.items() if key not in before]
        mine = [r for r in fresh if r.till == LANE]
        # Somebody whom a slow machine counted after their time is counted for the next one.
        if any(each.is_late for each in people):
            for each in people:
                each.is_late = True
        if answer is not None and not answer["is_over"]:
            self._shown.wrong.append(f"{LANE}: a meal is pending for ever of one of {people}")
        for each in people:
            self._note(each, answer, [r.charge_id for r in mine if r.holder_id == each.holder_id])

    def _note(self, person: _Person, answer: Document | None, charges: Sequence[str]) -> None:
        refused = "" if answer is None else answer["refused"][person.holder_id]
        has_paid = bool(charges)
        is_sure = answer is not None and not person.is_late and not person.with_fire
        if answer is None and person.has_passed:
            self._faults["lane_killed_" + ("and_paid" if has_paid else "and_unpaid")] += 1
        elif person.has_passed:
            self._faults["lane_passed_late" if person.is_late else "lane_passed"] += 1
        elif answer is not None:
            self._faults[f"lane_refused_{refused}" if refused else "lane_turned_back"] += 1
        self._shown.walks.append(
            Walk(
                holder_id=person.holder_id,
                amount_fen=LANE_FEN,
                has_passed=person.has_passed,
                must_pay=is_sure and person.is_counted,
                may_pay=not person.with_fire and (person.has_passed or person.is_late),
                charges=tuple(charges),
            )
        )

    async def _gate(self, holder_id: str) -> Document:
        """Open, or not, or open and say nothing; whoever stands there passes or turns back."""
        person, chance = self._here[holder_id], self._chance.random()
        if chance < GATE_SHUT:
            self._faults["lane_gate_shut"] += 1
            return {"is_taken": False}
        if not person.turns_back:
            self._walking.append(asyncio.create_task(self._walk(person)))
        if chance < GATE_SHUT + GATE_SILENT:
            self._faults["lane_gate_silent"] += 1
            raise RefusedError("no answer")
        return {"is_taken": True}

    async def _walk(self, person: _Person) -> None:
        await asyncio.sleep(self._chance.uniform(0, STEP_S))
        if self.player is None:
            raise ValueError("there is no lane")
        with contextlib.suppress(DiedError):
            if person.with_fire:
                self._faults["lane_fire"] += 1
                await self.player.ask("fire", is_on=True)
            person.has_passed = True
            self._faults["lane_tailgated"] += person.count == 2
            if self._is_rough() and self._chance.random() < KILLED:
                moment_s = self._chance.uniform(0, MOMENT_S)
                asyncio.get_running_loop().call_later(moment_s, self.player.kill)
            counted = await self.player.ask("count", holder_id=person.holder_id, count=person.count)
            person.is_counted, person.is_late = True, counted["is_late"]
        person.has_passed = True
