"""Heartbeats: that they go out, that they stop, and that boards are asked to wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from drivers.base import CommandRejectedError, DeviceUnreachableError, Observation, Signs
from drivers.bus import Bus, Priority
from drivers.protocols import NEED_DATA, NeedData
from edge.boards.heart import Heart
from edge.boards.life import Life
from edge.devices import DeviceTask
from tests.drivers.lines import LineInMemory
from tests.edge.conftest import eventually


async def nothing() -> None: ...


class Board:
    """A board on nobody's line.

    Attributes:
        beat_count: Heartbeats that came.
        holds: What it was held for.
        problem: Raised by whatever it is asked.
    """

    heartbeat_s = 0.01

    def __init__(self) -> None:
        self.beat_count, self.attempt_count, self.holds = 0, 0, list[float]()
        self.problem: Exception | None = None
        self.is_claimed, self.refused_count = True, 0
        self.beat: Callable[[], Awaitable[None]] = nothing

    def sign_with(self, signer: Signs) -> None: ...

    async def claim(self) -> None: ...

    async def start(self) -> None:
        self._answer()

    async def poll(self) -> Sequence[Observation]:
        self._answer()
        return []

    async def heartbeat(self) -> None:
        self.attempt_count += 1
        self._answer()
        await self.beat()
        self.beat_count += 1

    async def hold(self, duration_s: float) -> None:
        self._answer()
        self.holds.append(duration_s)

    def _answer(self) -> None:
        if self.problem is not None:
            self.refused_count += 1
            raise self.problem


class Listener:
    """Hears nothing."""

    def observed(self, observation: Observation) -> None: ...

    def lost(self, detail: str) -> None: ...

    def returned(self, absence_s: float) -> None: ...


class Bench:
    """A board, its task and its heart. Attributes: busy_since_s: of a lane."""

    def __init__(self, bus: Bus | None = None) -> None:
        self.board, self.life = Board(), Life(busy_s_max=30.0)
        self.busy_since_s: float | None = None
        self.life.watch_busy("access point east", lambda: self.busy_since_s)
        self.bus = Bus("nowhere", opener=LineInMemory().open) if bus is None else bus
        self.task = DeviceTask("board", self.board, Listener(), bus=self.bus)
        self.heart = Heart(self.task, self.board, self.life, bus=self.bus)

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(each.run()) for each in (self.task, self.heart)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def beats(self, count: int = 1) -> None:
        wanted = self.board.beat_count + count
        await eventually(lambda: self.board.beat_count >= wanted)


def test_a_board_is_told_again_and_again_that_the_node_lives() -> None:
    async def act() -> int:
        bench = Bench()
        async with bench.at_work():
            await bench.beats(5)
        return bench.board.beat_count

    assert asyncio.run(act()) >= 5


def test_a_lane_that_is_stuck_ends_the_heartbeats_until_it_is_not() -> None:
    async def act() -> tuple[int, int]:
        bench = Bench()
        async with bench.at_work():
            await bench.beats()
            bench.busy_since_s = float("-inf")
            bench.heart.wake()
            await eventually(lambda: not bench.heart.was_alive)
            before = bench.board.beat_count
            for _ in range(5):
                bench.heart.wake()
                await asyncio.sleep(0)
            stuck = bench.board.beat_count - before
            bench.busy_since_s = None
            bench.heart.wake()
            await bench.beats()
        return stuck, bench.board.beat_count

    stuck, count = asyncio.run(act())

    assert stuck == 0
    assert count > 0


def test_a_board_that_is_lost_is_left_to_its_polls_and_beaten_for_when_it_is_back() -> None:
    async def act() -> None:
        bench = Bench()
        async with bench.at_work():
            await bench.beats()
            bench.board.problem = DeviceUnreachableError("no answer")
            await eventually(lambda: not bench.task.is_current)
            attempt_count = bench.board.attempt_count
            for _ in range(5):
                bench.heart.wake()
                await asyncio.sleep(0)
            assert bench.board.attempt_count - attempt_count <= 1  # one may have been on its way
            bench.board.problem = None
            await eventually(lambda: bench.task.is_current)
            bench.heart.wake()
            await bench.beats()

    asyncio.run(act())


def test_a_board_that_takes_no_heartbeat_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def act() -> None:
        bench = Bench()
        async with bench.at_work():
            await bench.beats()
            bench.board.problem = CommandRejectedError("signature")
            await eventually(lambda: "takes no heartbeat" in caplog.text)
            refused_count = bench.board.refused_count
            await eventually(lambda: bench.board.refused_count > refused_count + 3)

    asyncio.run(act())

    assert caplog.text.count("takes no heartbeat") == 1


def test_a_board_is_held_once_the_node_ends() -> None:
    async def act() -> tuple[bool, list[float]]:
        bench = Bench()
        async with bench.at_work():
            await bench.beats()
        return await bench.heart.hold(60.0), bench.board.holds

    assert asyncio.run(act()) == (True, [60.0])


def test_a_board_of_nobody_is_not_asked_to_wait() -> None:
    async def act() -> tuple[bool, list[float]]:
        bench = Bench()
        bench.board.is_claimed = False
        async with bench.at_work():
            await bench.beats()
        return await bench.heart.hold(60.0), bench.board.holds

    assert asyncio.run(act()) == (False, [])


def test_a_node_whose_lane_was_stuck_asks_no_board_to_wait() -> None:
    async def act() -> tuple[bool, list[float]]:
        bench = Bench()
        async with bench.at_work():
            await bench.beats()
            bench.busy_since_s = float("-inf")
            bench.heart.wake()
            await eventually(lambda: not bench.heart.was_alive)
        return await bench.heart.hold(60.0), bench.board.holds

    assert asyncio.run(act()) == (False, [])


def test_a_board_that_does_not_wait_holds_up_nobody() -> None:
    async def act() -> list[bool]:
        bench = Bench()
        async with bench.at_work():
            await bench.beats()
        found = []
        for problem in (DeviceUnreachableError("no answer"), CommandRejectedError("not yours")):
            bench.board.problem = problem
            found.append(await bench.heart.hold(60.0))
        return found

    assert asyncio.run(act()) == [False, False]


def test_a_beat_goes_before_the_polls_of_others_that_wait() -> None:
    line = LineInMemory()

    async def act() -> None:
        bus = Bus("nowhere", opener=line.open)
        bench = Bench(bus)
        bench.board.beat = lambda: bus.send(b"beat", unit_id=1, priority=Priority.POLL)
        async with bench.at_work():
            await eventually(lambda: bench.task.is_current)
            polls = [asyncio.ensure_future(poll(bus, unit_id)) for unit_id in range(2, 6)]
            await asyncio.gather(*polls)
        await bus.close()

    asyncio.run(act())

    sent = [data for _, data in line.sent]
    first = sent.index(b"poll")
    assert b"beat" in sent[first : first + 4]


async def poll(bus: Bus, unit_id: int) -> None:
    with contextlib.suppress(DeviceUnreachableError):
        await bus.exchange(b"poll", NothingDecoder(), unit_id=unit_id, timeout_s=0.05)


class NothingDecoder:
    """Waits for a reply that never comes."""

    def receive_data(self, data: bytes) -> None: ...

    def next_frame(self) -> NeedData:
        return NEED_DATA
