"""A fleet is updated in stages: one board, a tenth of all, the rest; a failure halts it. Pure.

What a roll-out does next follows from what became of its boards alone, so a program that restarts
asks again and goes on where it was.
"""

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final, Self

from config.contract.board_events import UpdateOutcome

TENTH: Final = 10
"""The second stage has so many boards as this goes into all of them, rounded up."""


class Verdict(StrEnum):
    """What a roll-out does now."""

    GO_ON = "go_on"
    """Begin with the boards that are named."""
    WAIT = "wait"
    """For those that are under way."""
    HALT = "halt"
    """Begin with no other; those that are under way end by themselves."""
    DONE = "done"
    """All have ended, and not more failed than may."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What follows from the outcomes.

    Attributes:
        stage_index: Of the stage that is not over, 0-based; the last one where all are.
        begin: Boards to begin with, in their order; none unless it goes on.
        under_way: Boards whose outcome is awaited.
        failed: Boards that did not end confirmed, in their order.
        reason: One line why it halts; empty otherwise.
    """

    verdict: Verdict
    stage_index: int
    begin: tuple[str, ...] = ()
    under_way: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Who is updated when.

    Attributes:
        stages: Boards, each once; no stage is begun before the one before it is over.
        failures_max: So many may fail in all before it halts. A stage of which no board was
            confirmed halts it nevertheless: it proved nothing.
    """

    stages: tuple[tuple[str, ...], ...]
    failures_max: int = 0

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: No board, an empty stage, a board twice, or a negative number.
        """
        boards = self.boards
        if not boards or not all(self.stages):
            raise ValueError("no board to update: name at least one")
        if twice := sorted(board for board, count in Counter(boards).items() if count > 1):
            raise ValueError(f"{', '.join(twice)} is named twice: name each board once")
        if self.failures_max < 0:
            raise ValueError(f"{self.failures_max} failures cannot be allowed: 0 or more")

    @classmethod
    def of(
        cls, boards: Sequence[str], *, not_first: Collection[str] = (), failures_max: int = 0
    ) -> Self:
        """Make the stages: one board, a tenth of all (rounded up), the rest.

        Args:
            boards: In the order in which they are updated.
            not_first: Those that should not be the one to begin with, as at a main way out; the
                first of the others is then drawn to the front. It counts for nothing where all are.
            failures_max: See the class.

        Raises:
            ValueError: No board, a board twice, or a negative number.
        """
        first = next((board for board in boards if board not in not_first), None)
        order = list(boards)
        if first is not None:
            order.remove(first)
            order.insert(0, first)
        second_end = 1 + -(-len(order) // TENTH)
        stages = (order[:1], order[1:second_end], order[second_end:])
        return cls(
            stages=tuple(tuple(stage) for stage in stages if stage), failures_max=failures_max
        )

    @property
    def boards(self) -> tuple[str, ...]:
        """All boards, in their order."""
        return tuple(board for stage in self.stages for board in stage)

    def judge(
        self, outcomes: Mapping[str, UpdateOutcome], *, begun: Collection[str] = ()
    ) -> Judgement:
        """Say what follows.

        Args:
            outcomes: What became of boards, as far as they have ended; others' count for nothing.
            begun: Boards that were begun with, ended or not.
        """
        ended = {board: outcomes[board] for board in self.boards if board in outcomes}
        failed = tuple(b for b, outcome in ended.items() if outcome is not UpdateOutcome.CONFIRMED)
        going = set(begun).difference(ended)
        under_way = tuple(board for board in self.boards if board in going)
        stage_index = self._stage_index(ended)
        stage = self.stages[stage_index]
        waiting = tuple(b for b in stage if b not in ended and b not in going)
        if reason := self._why_halt(ended, failed):
            verdict, waiting = Verdict.HALT, ()
        elif waiting:
            verdict = Verdict.GO_ON
        else:
            verdict = Verdict.WAIT if under_way else Verdict.DONE
        return Judgement(
            verdict=verdict,
            stage_index=stage_index,
            begin=waiting,
            under_way=under_way,
            failed=failed,
            reason=reason,
        )

    def _stage_index(self, ended: Collection[str]) -> int:
        for index, stage in enumerate(self.stages):
            if not all(board in ended for board in stage):
                return index
        return len(self.stages) - 1

    def _why_halt(self, ended: Mapping[str, UpdateOutcome], failed: Sequence[str]) -> str:
        if len(failed) > self.failures_max:
            return (
                f"{len(failed)} of {len(ended)} failed, {self.failures_max} may: {failed[0]} first"
            )
        for number, stage in enumerate(self.stages, 1):
            if all(board in failed for board in stage):
                return f"stage {number} proved nothing, none of it was confirmed: {stage[0]} first"
        return ""
