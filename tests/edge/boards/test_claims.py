"""Whose boards are."""

import asyncio
import dataclasses
from collections.abc import Sequence

import pytest

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    Observation,
    Signs,
)
from edge.boards.claims import Claims
from edge.devices import DeviceTask
from tests.edge.boards.test_facts import IDENTITY
from tests.edge.conftest import eventually

UNCLAIMED = dataclasses.replace(IDENTITY, is_claimed=False)


class Board:
    """A board. Attributes: problem: Raised by a claim. claim_count: How often it was asked."""

    heartbeat_s = 1.0

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.claim_count, self.is_claimed = 0, False

    def sign_with(self, signer: Signs) -> None: ...

    async def start(self) -> None: ...

    async def poll(self) -> Sequence[Observation]:
        return []

    async def heartbeat(self) -> None: ...

    async def hold(self, duration_s: float) -> None: ...

    async def claim(self) -> None:
        self.claim_count += 1
        if self.problem is not None:
            raise self.problem
        self.is_claimed = True


class Listener:
    """Hears nothing."""

    def observed(self, observation: Observation) -> None: ...

    def lost(self, detail: str) -> None: ...

    def returned(self, absence_s: float) -> None: ...


async def claimed(board: Board, *counts: int) -> None:
    """Let the board say again and again who it is, until it was asked so often."""
    claims = Claims(DeviceTask("board", board, Listener()), board)
    running = asyncio.create_task(claims.run())
    try:
        for count in counts:
            claims.take(UNCLAIMED)
            await eventually(lambda: board.claim_count >= count)  # noqa: B023 - awaited here
        claims.take(dataclasses.replace(UNCLAIMED, is_claimed=board.is_claimed))
        await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_a_board_of_nobody_is_claimed_once() -> None:
    board = Board()

    asyncio.run(claimed(board, 1))

    assert (board.is_claimed, board.claim_count) == (True, 1)


def test_a_board_of_somebody_else_is_asked_once_and_said(caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    board.problem = CommandRejectedError("signature")

    asyncio.run(claimed(board, 1))

    assert board.claim_count == 1
    assert caplog.text.count("close its jumper") == 1


def test_a_board_that_did_not_answer_is_asked_again_when_it_is_back() -> None:
    board = Board()
    board.problem = DeviceUnreachableError("no answer")

    asyncio.run(claimed(board, 1, 2))

    assert board.claim_count >= 2
