"""From a decision to people who have passed: the gate is told, and counts.

The rules expect whoever was let through until the gate has counted them, or nobody passes in time.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Protocol
from uuid import UUID

from config.contract.access import CredentialKind, DenialReason, Direction, DoorCommandOutcome
from config.contract.events import (
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    DoorCommandAnswered,
    EventData,
)
from config.site import AccessPointEntry
from drivers.base import CommandReceipt, CommandRejectedError, DriverError, GateMode, Side
from edge.access import happenings
from edge.access.passage import NotPassed, Passage, Passed
from edge.access.question import Point
from edge.access.screen import Screen
from edge.access.surroundings import Gate, Surroundings

_log = logging.getLogger("edge.access")


class Payer(Protocol):
    """Who takes money for a passage; ``edge.canteen.lane.CanteenLane``. It is told of each end."""

    async def hold(
        self, decision_id: UUID, holder_id: str, credential: CredentialKind
    ) -> DenialReason | None:
        """Keep the price before the gate opens; returns why it must not open."""
        ...

    def passed(self, decision_id: UUID) -> None:
        """Somebody passed on a decision."""
        ...

    def over(self, decision_id: UUID) -> None:
        """Nobody passes on a decision any more; after ``passed`` it means nothing."""
        ...


class Crossing:
    """One lane's gate. All of it belongs to the event loop's thread.

    Attributes:
        is_released: Whether the gate stands open for everybody by itself, for fire.
        payer: Of a canteen lane.
    """

    def __init__(
        self, entry: AccessPointEntry, gate: Gate, around: Surroundings, screen: Screen
    ) -> None:
        """Begin with nobody under way."""
        self._entry, self._gate, self._around, self._screen = entry, gate, around, screen
        self._point = point_of(entry)
        self._side = Side.IN if entry.direction is Direction.IN else Side.OUT
        self._passages = {side: Passage(timeout_s=entry.passage_timeout_s) for side in Side}
        self._tick_later: asyncio.TimerHandle | None = None
        self.is_released = False
        self.payer: Payer | None = None

    async def open(
        self,
        granted: AccessGranted,
        *,
        people_count: int,
        masked_name: str,
        decided_at_s: float,
        access_time_s: float | None = None,
    ) -> DoorCommandOutcome:
        """Let people through, show what came of it and return it.

        Args:
            granted: The decision.
            people_count: How many pass on it.
            masked_name: Of whom the screen greets.
            decided_at_s: Monotonic.
            access_time_s: How long each of them has; None is the gate's own time.
        """
        if self._entry.free_egress or self._is_on_fire:
            # It stands open: telling it would hold up the line for those who are released.
            self._is_over(granted.decision_id)
            self._screen.show("welcome", masked_name=masked_name)
            return DoorCommandOutcome.CONFIRMED
        side = Side.IN if granted.direction is Direction.IN else Side.OUT
        outcome, attempts = await self._command(
            granted.decision_id, side, people_count, access_time_s
        )
        self._settle(granted.decision_id, side)
        self._plan_tick()
        _log.debug(
            "access point %s: gate %s answered the command: %s",
            self._entry.id,
            self._gate.id,
            outcome.value,
        )
        self._note(
            DoorCommandAnswered(
                decision_id=granted.decision_id,
                access_point=self._entry.id,
                device=self._gate.id,
                outcome=outcome,
                elapsed_ms=round((self._around.monotonic() - decided_at_s) * 1000, 3),
                attempts=attempts,
            )
        )
        if outcome is DoorCommandOutcome.CONFIRMED:
            self._screen.show("welcome", masked_name=masked_name)
        else:
            self._screen.show("fault")
        return outcome

    async def hold(self, *, is_held: bool) -> DoorCommandOutcome:
        """Let everybody through from now on, or nobody without a decision again."""
        is_free = is_held or self._entry.free_egress
        mode = GateMode.FREE if is_free else GateMode.CONTROLLED
        outcome, _ = await self._answered(self._gate.set_mode(self._side, mode))
        return outcome

    @property
    def _is_on_fire(self) -> bool:
        return self._around.doorkeeper.world.is_on_fire(self._point)

    def counted(self, count: int) -> None:
        """The gate counted people in the lane's direction."""
        counted = self._passages[self._side].count(count)
        for passed in counted:
            self._note_passed(passed)
        # Once all are told of: two who passed between two polls may be of one decision.
        for passed in counted:
            if passed.decision_id is not None:
                self._settle(passed.decision_id, self._side)
        self._plan_tick()

    def counted_against(self, count: int) -> None:
        """The gate counted people against the lane's direction."""
        for passed in self._passages[_opposite(self._side)].count(count):
            self._note_passed_against(passed)
        self._plan_tick()

    async def _command(
        self, decision_id: UUID, side: Side, people_count: int, access_time_s: float | None
    ) -> tuple[DoorCommandOutcome, int]:
        """Tell the gate once per person; return its answer, or the first that says no."""
        passage, attempts = self._passages[side], 0
        passage.command(decision_id, count=people_count, access_time_s=access_time_s or 0.0)
        outcome = DoorCommandOutcome.CONFIRMED
        for _ in range(people_count):
            if outcome is DoorCommandOutcome.CONFIRMED:
                outcome, more = await self._told(side, access_time_s)
                attempts += more
                answer = outcome
            else:  # for the others it was not even told
                answer = DoorCommandOutcome.REFUSED
            passage.answer(decision_id, answer, now_s=self._around.monotonic())
        return outcome, attempts

    async def _told(
        self, side: Side, access_time_s: float | None
    ) -> tuple[DoorCommandOutcome, int]:
        return await self._answered(self._gate.access(side, access_time_s=access_time_s))

    async def _answered(self, command: Awaitable[CommandReceipt]) -> tuple[DoorCommandOutcome, int]:
        try:
            receipt = await command
        except CommandRejectedError as error:
            _log.error("access point %s: the gate refuses: %s", self._entry.id, error)
            return DoorCommandOutcome.REFUSED, 1
        except DriverError as error:
            _log.error("access point %s: the gate does not answer: %s", self._entry.id, error)
            return DoorCommandOutcome.UNREACHABLE, 1
        return DoorCommandOutcome.CONFIRMED, receipt.attempts

    def _settle(self, decision_id: UUID, side: Side) -> None:
        """Expect nobody any more on a decision for which the gate does not stand open."""
        if not self._passages[side].is_awaited(decision_id):
            self._around.doorkeeper.take(happenings.NotPassed(decision_id))
            self._is_over(decision_id)

    def _is_over(self, decision_id: UUID) -> None:
        if self.payer is not None:
            self.payer.over(decision_id)

    def _note_passed(self, passed: Passed) -> None:
        self._note_taken(passed, self._entry.direction)
        happening = happenings.Passed(
            self._point, self._around.now(), passed.decision_id, passed.count
        )
        is_released = self.is_released or self._is_on_fire
        self._around.doorkeeper.take(happening, is_released=is_released)
        if passed.decision_id is not None:
            self._screen.show("passed")
            if self.payer is not None:
                self.payer.passed(passed.decision_id)

    def _note_passed_against(self, passed: Passed) -> None:
        """Note people who went the other way: let out by the button, or against the direction."""
        keeper, is_let_out = self._around.doorkeeper, passed.decision_id is not None
        is_let_out |= self._is_on_fire
        if passed.decision_id is not None:
            self._note_taken(passed, Direction.OUT)
            keeper.take(happenings.NotPassed(passed.decision_id))
            self._is_over(passed.decision_id)
        for _ in range(passed.count):
            happening = happenings.PassedWrongWay(self._point, self._around.now())
            keeper.take(happening, is_released=self.is_released or is_let_out)

    def _note_taken(self, passed: Passed, direction: Direction) -> None:
        self._note(
            AccessTaken(
                decision_id=passed.decision_id,
                access_point=self._entry.id,
                direction=direction,
                count=passed.count,
            )
        )

    def _plan_tick(self) -> None:
        if self._tick_later is not None:
            self._tick_later.cancel()
            self._tick_later = None
        deadlines = [p.deadline_s for p in self._passages.values() if p.deadline_s is not None]
        if deadlines:
            wait_s = max(0.0, min(deadlines) - self._around.monotonic())
            self._tick_later = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        for side, passage in self._passages.items():
            for over in passage.tick(now_s=self._around.monotonic()):
                self._around.doorkeeper.take(happenings.NotPassed(over.decision_id))
                self._is_over(over.decision_id)
                if isinstance(over, NotPassed):
                    self._note(
                        AccessNotTaken(
                            decision_id=over.decision_id,
                            access_point=self._entry.id,
                            direction=Direction.IN if side is Side.IN else Direction.OUT,
                        )
                    )
                    self._screen.show_idle()
        self._plan_tick()

    def _note(self, data: EventData) -> None:
        self._around.journal.note(data, subject=self._entry.id, now=self._around.now())


def point_of(entry: AccessPointEntry) -> Point:
    """Return an access point as the rules see it: all points at one gate share its door."""
    return Point(entry.id, entry.direction, entry.device, free_egress=entry.free_egress)


def _opposite(side: Side) -> Side:
    return Side.OUT if side is Side.IN else Side.IN
