"""A fleet is updated: stages and halts are ``config.rollout``'s, here is who is begun with when.

Boards on different lines are updated at the same time, those on one line one after the other. What
is done next follows from the outcomes alone: whoever keeps them goes on with them after a restart,
and a board whose update was interrupted is simply begun again.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Final

from config.contract.board_events import UpdateOutcome
from config.rollout import Judgement, Rollout, Verdict
from firmware_bridge.update_steps import UpdateResult

AT_ONCE_MAX: Final = 16
"""Lines on which an update is under way at the same time."""

UpdateOne = Callable[[str], Awaitable[UpdateResult]]


@dataclasses.dataclass(frozen=True, slots=True)
class FleetResult:
    """How a roll-out ended.

    Attributes:
        verdict: DONE or HALT.
        reason: Why it halted; empty otherwise.
        results: By board, in the order in which they ended.
        outcomes: Of all boards that have ended, with those that had before.
        not_begun: Boards that nothing was done with.
    """

    verdict: Verdict
    reason: str
    results: Mapping[str, UpdateResult]
    outcomes: Mapping[str, UpdateOutcome]
    not_begun: tuple[str, ...]

    @property
    def are_all_confirmed(self) -> bool:
        """Whether every board runs the image, and keeps it."""
        ended = self.outcomes.values()
        return not self.not_begun and all(one is UpdateOutcome.CONFIRMED for one in ended)


class Fleet:
    """One roll-out, followed to its end; used once."""

    def __init__(
        self,
        rollout: Rollout,
        update_one: UpdateOne,
        *,
        line_of: Callable[[str], Hashable],
        outcomes: Mapping[str, UpdateOutcome] | None = None,
        at_once_max: int = AT_ONCE_MAX,
        on_judgement: Callable[[Judgement], None] = lambda _: None,
        on_end: Callable[[str, UpdateResult], None] = lambda *_: None,
    ) -> None:
        """Prepare it.

        Args:
            rollout: Which boards, in which stages.
            update_one: Updates a board, and says how that ended; it raises nothing.
            line_of: The line that a board is on.
            outcomes: Of boards that ended before, which are not updated again. A failed one halts
                as it did: leave it away to try it anew.
            at_once_max: Lines at once.
            on_judgement: Told what follows, whenever that is looked at.
            on_end: Told how a board ended, before another is begun with: keep it here.
        """
        self._rollout, self._update_one, self._line_of = rollout, update_one, line_of
        self._at_once_max, self._on_judgement, self._on_end = at_once_max, on_judgement, on_end
        self._outcomes = dict(outcomes or {})
        self._results: dict[str, UpdateResult] = {}
        self._tasks: dict[asyncio.Future[UpdateResult], str] = {}
        self._begun = set(self._outcomes)
        self._is_stopped = False

    def stop(self) -> None:
        """Begin with no other board; those that are under way end by themselves."""
        self._is_stopped = True

    async def run(self) -> FleetResult:
        """Follow it. Cancelled, it cancels the updates that are under way."""
        try:
            while (judgement := self._judged()).verdict in (Verdict.GO_ON, Verdict.WAIT):
                if not self._is_stopped:
                    self._begin(judgement.begin)
                if not self._tasks:
                    break
                await self._one_ends()
            while self._tasks:
                await self._one_ends()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        return self._result()

    def _judged(self) -> Judgement:
        judgement = self._rollout.judge(self._outcomes, begun=self._begun)
        self._on_judgement(judgement)
        return judgement

    def _begin(self, boards: tuple[str, ...]) -> None:
        busy = {self._line_of(board) for board in self._tasks.values()}
        for board in boards:
            line = self._line_of(board)
            if line in busy or len(self._tasks) >= self._at_once_max:
                continue
            busy.add(line)
            self._begun.add(board)
            self._tasks[asyncio.ensure_future(self._update_one(board))] = board

    async def _one_ends(self) -> None:
        ended, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            result = task.result()
            board = self._tasks.pop(task)
            self._results[board], self._outcomes[board] = result, result.outcome
            self._on_end(board, result)

    def _result(self) -> FleetResult:
        judgement = self._judged()
        is_done = judgement.verdict is Verdict.DONE
        reason = judgement.reason
        if self._is_stopped and not is_done and not reason:
            reason = "it was stopped"
        return FleetResult(
            verdict=Verdict.DONE if is_done else Verdict.HALT,
            reason=reason,
            results=dict(self._results),
            outcomes=dict(self._outcomes),
            not_begun=tuple(board for board in self._rollout.boards if board not in self._begun),
        )
