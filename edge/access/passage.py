"""From granted to passed: what becomes of the people whom a lane let through.

A gate counts passages; it does not say whose. People pass in the order in which they were granted,
so the oldest open grant takes the count. Time is monotonic seconds and an argument.

::

    granted --command--> awaiting answer --confirmed--> open --counted--> passed
                              |                          +----timeout--> not passed
                              +--refused--> over: the gate did not open
                              +--unreachable--> doubtful --counted--> passed
                                                    +------timeout--> forgotten: nobody knows

A decision that lets several people through is commanded and answered once for each.
"""

import dataclasses
from collections import deque
from enum import Enum
from uuid import UUID

from config.contract.access import DoorCommandOutcome


class PassagePhase(Enum):
    """What the lane is waiting for."""

    IDLE = "idle"
    COMMANDED = "commanded"
    OPEN = "open"
    DOUBTFUL = "doubtful"


WALK_S = 3.0
"""Who steps in just before the gate closes is counted so much later."""


@dataclasses.dataclass(frozen=True, slots=True)
class Passed:
    """Somebody passed; ``decision_id`` is None when nobody had been granted."""

    decision_id: UUID | None
    count: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class NotPassed:
    """The gate opened for a person and nobody passed in time."""

    decision_id: UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Forgotten:
    """Nobody passed in time, and nobody knows whether the gate had opened."""

    decision_id: UUID


@dataclasses.dataclass(slots=True, eq=False)
class _Grant:
    decision_id: UUID
    phase: PassagePhase
    access_time_s: float = 0.0
    deadline_s: float | None = None  # None while the answer is awaited: the driver limits that


class Passage:
    """The open grants of one direction through one gate, oldest first."""

    def __init__(self, *, timeout_s: float) -> None:
        """Forget a grant that is not used for ``timeout_s`` after the gate confirmed it."""
        self._timeout_s = timeout_s
        self._grants: deque[_Grant] = deque()

    @property
    def phase(self) -> PassagePhase:
        """What the oldest open grant waits for."""
        return self._grants[0].phase if self._grants else PassagePhase.IDLE

    @property
    def deadline_s(self) -> float | None:
        """When ``tick`` has something to do next; None while nothing runs out."""
        return min((g.deadline_s for g in self._grants if g.deadline_s is not None), default=None)

    def is_awaited(self, decision_id: UUID) -> bool:
        """Return whether somebody may still pass on a decision."""
        return any(grant.decision_id == decision_id for grant in self._grants)

    def command(self, decision_id: UUID, *, count: int = 1, access_time_s: float = 0.0) -> None:
        """Note that the gate is being told to let people through, who have this long at least."""
        self._grants.extend(
            _Grant(decision_id, PassagePhase.COMMANDED, access_time_s) for _ in range(count)
        )

    def answer(self, decision_id: UUID, outcome: DoorCommandOutcome, *, now_s: float) -> None:
        """Note how the gate answered for one person; a grant that is over already is no error."""
        party = [grant for grant in self._grants if grant.decision_id == decision_id]
        grant = next((g for g in party if g.phase is PassagePhase.COMMANDED), None)
        if grant is None:
            return
        match outcome:
            case DoorCommandOutcome.REFUSED:
                self._grants.remove(grant)
            case DoorCommandOutcome.CONFIRMED:
                grant.phase = PassagePhase.OPEN
            case DoorCommandOutcome.UNREACHABLE:
                grant.phase = PassagePhase.DOUBTFUL
        for each in party:
            if each.phase is not PassagePhase.COMMANDED:
                # The time begins anew for all, so that a party is over as one.
                each.deadline_s = now_s + max(
                    self._timeout_s, each.access_time_s and each.access_time_s + WALK_S
                )

    def count(self, count: int) -> list[Passed]:
        """Note that the gate counted people; those beyond the open grants had none.

        Args:
            count: 1 or more.
        """
        passed = [
            Passed(self._grants.popleft().decision_id) for _ in range(min(count, len(self._grants)))
        ]
        unexpected = count - len(passed)
        return [*passed, Passed(None, unexpected)] if unexpected else passed

    def tick(self, *, now_s: float) -> list[NotPassed | Forgotten]:
        """Let go of grants whose time is over; return each decision once."""
        over = [g for g in self._grants if g.deadline_s is not None and g.deadline_s <= now_s]
        for grant in over:
            self._grants.remove(grant)
        opened = {grant.decision_id for grant in over if grant.phase is PassagePhase.OPEN}
        return [
            NotPassed(decision_id) if decision_id in opened else Forgotten(decision_id)
            for decision_id in dict.fromkeys(grant.decision_id for grant in over)
        ]
