import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

from config.contract.access import DenialReason
from edge.kiosk.state import KioskBoard, KioskState, Phase

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def state(access_point: str, phase: Phase) -> KioskState:
    reason = DenialReason.UNKNOWN_FACE if phase == "refused" else None
    return KioskState(access_point=access_point, phase=phase, reason=reason, changed_at=NOW)


def test_a_board_has_no_state_before_the_first() -> None:
    assert KioskBoard().current("east") is None


def test_the_newest_state_is_current() -> None:
    board = KioskBoard()

    board.show(state("east", "welcome"))
    board.show(state("east", "looking"))

    assert board.current("east") == state("east", "looking")


def test_a_subscriber_gets_the_states_of_now_and_then_each_change() -> None:
    async def read() -> list[KioskState]:
        board = KioskBoard()
        board.show(state("east", "looking"))
        async with aclosing(board.subscribe()) as states:
            first = await anext(states)
            board.show(state("west", "refused"))
            return [first, await anext(states)]

    assert asyncio.run(read()) == [state("east", "looking"), state("west", "refused")]


def test_a_subscriber_waits_for_a_change() -> None:
    async def read() -> KioskState:
        board = KioskBoard()
        async with aclosing(board.subscribe()) as states:
            asyncio.get_running_loop().call_soon(board.show, state("east", "welcome"))
            return await anext(states)

    assert asyncio.run(read()).phase == "welcome"


def test_a_slow_subscriber_gets_the_newest_state_of_each_access_point() -> None:
    async def read() -> list[KioskState]:
        board = KioskBoard()
        board.show(state("west", "looking"))
        async with aclosing(board.subscribe()) as states:
            first = await anext(states)
            board.show(state("west", "fault"))
            for _ in range(1_000):
                board.show(state("east", "looking"))
                board.show(state("east", "welcome"))
            return [first, await anext(states), await anext(states)]

    assert [s.phase for s in asyncio.run(read())] == ["looking", "fault", "welcome"]
