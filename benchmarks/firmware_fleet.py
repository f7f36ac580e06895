"""A fleet of simulated boards, some of them broken, and where its roll-out halts."""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Final

from config.rollout import Rollout
from firmware_bridge.fleet import AT_ONCE_MAX, Fleet
from firmware_bridge.update_steps import UpdateResult
from tests.firmware_bridge.virtual_board import KEYS, NEW, VirtualBoard

SELF_TEST: Final = 8
"""The bit of a board's health that an image cannot put right."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Where a roll-out halted.

    Attributes:
        stage: In which, from 1.
        begun_after_count: Boards that were begun with after the first that failed had ended.
        is_where_it_must: In the stage of the first broken board that was reached, with no board of
            a later one, and none begun after a failure was known.
    """

    stage: int
    confirmed_count: int
    failed_count: int
    not_begun_count: int
    begun_after_count: int
    is_where_it_must: bool


async def rolled_out(size: int, broken: Sequence[int]) -> Halt:
    """Update a fleet.

    Args:
        size: Boards, each on a line of its own.
        broken: Indices of those that fail with the new image.
    """
    boards = {f"board-{index:03}": VirtualBoard(seed=index) for index in range(size)}
    for index in broken:
        boards[f"board-{index:03}"].board.unwell = SELF_TEST
    failed: list[str] = []
    begun_after: list[str] = []

    async def update_one(name: str) -> UpdateResult:
        if failed:
            begun_after.append(name)
        board = boards[name]
        result = await board.update().update(NEW, keys=KEYS)
        await board.bus.close()
        if result.reason is not None:
            failed.append(name)
        return result

    rollout = Rollout.of(list(boards))
    result = await Fleet(rollout, update_one, line_of=lambda name: name).run()
    reached = {name for name in boards if name not in result.not_begun}
    stage = max(n for n, names in enumerate(rollout.stages, 1) if reached & set(names))
    names = {f"board-{index:03}" for index in broken}
    must = next((n for n, of in enumerate(rollout.stages, 1) if names & set(of)), 0)
    is_early = sum(name in names for name in reached) <= AT_ONCE_MAX
    return Halt(
        stage=stage,
        confirmed_count=sum(one.reason is None for one in result.results.values()),
        failed_count=len(failed),
        not_begun_count=len(result.not_begun),
        begun_after_count=len(begun_after),
        is_where_it_must=stage == must and not begun_after and bool(failed) and is_early,
    )


def halts(size: int, placings: Sequence[Sequence[int]]) -> list[Halt]:
    """Return where the roll-outs of fleets halt. Args: placings: broken boards of each."""
    return [asyncio.run(rolled_out(size, broken)) for broken in placings]
