import asyncio
from collections.abc import Collection

import pytest

from config.contract.board_events import UpdateOutcome, UpdateReason
from config.rollout import Judgement, Rollout, Verdict
from firmware_bridge.fleet import Fleet, FleetResult
from firmware_bridge.update_steps import UpdateResult

BOARDS = tuple(f"b{number}" for number in range(20))
CONFIRMED = UpdateResult(outcome=UpdateOutcome.CONFIRMED, running="1.1.0")
WENT_BACK = UpdateResult(outcome=UpdateOutcome.WENT_BACK, reason=UpdateReason.NOT_HEALTHY)


class Lines:
    """What is updated on which line, and when. Attributes: order: as they were begun with."""

    def __init__(self, *, line_count: int = 20, bad: Collection[str] = ()) -> None:
        self.order: list[str] = []
        self.under_way: set[str] = set()
        self.at_once_max = 0
        self.clashes: list[str] = []
        self._line_count, self._bad = line_count, bad

    def line_of(self, board: str) -> int:
        return int(board.removeprefix("b")) % self._line_count

    async def update_one(self, board: str) -> UpdateResult:
        if self.line_of(board) in {self.line_of(other) for other in self.under_way}:
            self.clashes.append(board)
        self.order.append(board)
        self.under_way.add(board)
        self.at_once_max = max(self.at_once_max, len(self.under_way))
        for _ in range(int(board.removeprefix("b")) % 5):
            await asyncio.sleep(0)
        self.under_way.discard(board)
        return WENT_BACK if board in self._bad else CONFIRMED


def run(lines: Lines, *, failures_max: int = 0, at_once_max: int = 16) -> FleetResult:
    rollout = Rollout.of(BOARDS, failures_max=failures_max)
    fleet = Fleet(rollout, lines.update_one, line_of=lines.line_of, at_once_max=at_once_max)
    return asyncio.run(fleet.run())


def test_all_boards_are_updated_stage_by_stage() -> None:
    lines = Lines()

    result = run(lines)

    assert result.verdict is Verdict.DONE
    assert result.are_all_confirmed
    assert lines.order[0] == "b0"
    assert set(lines.order[1:3]) == {"b1", "b2"}
    assert sorted(lines.order) == sorted(BOARDS)


def test_boards_on_different_lines_are_updated_at_once_and_never_more_than_may() -> None:
    lines = Lines()

    run(lines, at_once_max=4)

    assert lines.at_once_max == 4


@pytest.mark.parametrize("line_count", [1, 2, 7])
def test_two_updates_never_share_a_line(line_count: int) -> None:
    lines = Lines(line_count=line_count)

    result = run(lines)

    assert result.are_all_confirmed
    assert lines.clashes == []
    assert lines.at_once_max <= line_count


@pytest.mark.parametrize(("bad", "begun"), [("b0", 1), ("b2", 3), ("b1", 3)])
def test_a_failure_halts_before_the_next_stage(bad: str, begun: int) -> None:
    lines = Lines(bad=[bad])

    result = run(lines)

    assert (result.verdict, result.are_all_confirmed) == (Verdict.HALT, False)
    assert bad in result.reason
    assert len(lines.order) == begun
    assert result.not_begun == BOARDS[begun:]


def test_after_a_failure_nothing_is_begun_and_what_is_under_way_ends() -> None:
    lines = Lines(line_count=4, bad=["b5"])

    result = run(lines)

    assert result.verdict is Verdict.HALT
    assert set(result.results) == set(lines.order)
    assert set(result.results) | set(result.not_begun) == set(BOARDS)
    assert lines.under_way == set()
    assert len(result.not_begun) > 0


def test_so_many_failures_as_may_be_halt_nothing() -> None:
    result = run(Lines(bad=["b5", "b9"]), failures_max=2)

    assert (result.verdict, result.are_all_confirmed) == (Verdict.DONE, False)
    assert len(result.results) == 20


def test_one_that_is_stopped_begins_with_no_other() -> None:
    lines = Lines()
    fleet = Fleet(
        Rollout.of(BOARDS),
        lines.update_one,
        line_of=lines.line_of,
        on_judgement=lambda judgement: _stop_at(fleet, judgement),
    )

    result = asyncio.run(fleet.run())

    assert (result.verdict, result.reason) == (Verdict.HALT, "it was stopped")
    assert lines.order == ["b0"]


def _stop_at(fleet: Fleet, judgement: Judgement) -> None:
    if judgement.stage_index == 1:
        fleet.stop()


def test_one_that_is_cancelled_cancels_what_is_under_way() -> None:
    cancelled: list[str] = []

    async def update_one(board: str) -> UpdateResult:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(board)
            raise
        return CONFIRMED

    async def act() -> None:
        fleet = Fleet(Rollout.of(BOARDS), update_one, line_of=lambda board: board)
        task = asyncio.ensure_future(fleet.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(act())
    assert cancelled == ["b0"]
