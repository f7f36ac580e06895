"""Simulated boards and others on one line whose time is simulated; answers get lost on request."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.bus import Bus
from drivers.clock import VirtualClock
from drivers.simulators.far_end import FarEnd
from drivers.simulators.virtual import VirtualLine
from firmware_bridge.peer import Simulator
from firmware_bridge.peer_application import Event, Why
from firmware_bridge.peer_board import Board as SimulatedBoard
from firmware_bridge.signing import KeySigner

STEP_S = 0.01
OURS = KeySigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
THEIRS = KeySigner(Ed25519PrivateKey.from_private_bytes(bytes(32)))
_Result = TypeVar("_Result")


class LineOfBoards:
    """A line; boards and whoever else is on it live only while time passes here.

    Attributes:
        clock: The line's.
        simulator: The boards.
        losses: Whether each further answer gets lost; when they are over, none does.
        unheard: Whether each further request does.
        requests: How often anybody was asked.
    """

    def __init__(self, *others: FarEnd, port: str = "a line in memory", **settings: object) -> None:
        """Put boards on a line, with others.

        Args:
            others: Besides the boards.
            port: Its name; one that begins with ``udp://`` carries datagrams.
            settings: Of the simulated boards.
        """
        self.clock = VirtualClock()
        # The settings are the simulator's own, of any type.
        made: Any = Simulator.Settings
        self.simulator = Simulator(made(**settings))
        self.simulator.is_datagram = port.startswith("udp://")
        self.losses: Iterator[bool] = iter(())
        self.unheard: Iterator[bool] = iter(())
        self.requests = 0
        self._far_ends = (self.simulator, *others)
        self._port, self._stepped_s = port, 0.0
        self._events: dict[tuple[int, int], list[Any]] = {}

    @property
    def board(self) -> SimulatedBoard:
        """The first board."""
        return next(iter(self.simulator.boards.values()))

    def lose(self, *losses: bool) -> None:
        """Lose some of the next answers."""
        self.losses = iter(losses)

    def let_pass(self, duration_s: float) -> None:
        """Let time pass; while nobody is being asked."""
        self.clock.now_s += duration_s
        self._catch_up()

    def switched(self, channel: int) -> list[int]:
        """Return what an output was switched to by commands, over all starts."""
        of_output = [e for e in self._events.values() if e[2] == Event.OUTPUT and e[3] == channel]
        return [e[4] for e in of_output if e[5] == Why.COMMAND]

    def happened(self, kind: Event) -> int:
        """Return how often something happened at the first board, over all starts."""
        return sum(event[2] == kind for event in self._events.values())

    def run(self, act: Callable[[Bus], Awaitable[_Result]]) -> _Result:
        """Return what comes of doings on the line."""

        async def acting() -> _Result:
            line = VirtualLine(self.clock, self._answer, baudrate=115_200)
            bus = Bus(self._port, baudrate=115_200, opener=line.open, clock=self.clock)
            try:
                return await asyncio.wait_for(act(bus), 30)
            finally:
                await bus.close()

        return asyncio.run(acting())

    def _answer(self, data: bytes) -> Iterable[tuple[float, bytes]]:
        self._catch_up()
        self.requests += 1
        if next(self.unheard, False):
            return []
        replies = [reply for far_end in self._far_ends for reply in far_end.receive_data(data)]
        self._note()
        return [(0.002, reply) for reply in replies if not next(self.losses, False)]

    def _catch_up(self) -> None:
        while self._stepped_s + STEP_S <= self.clock.now_s:
            self._stepped_s += STEP_S
            for far_end in self._far_ends:
                far_end.step(STEP_S)
            self._note()

    def _note(self) -> None:
        """Keep what the board forgets when it was told that it is known."""
        app, start = self.board.application, self.board.restart_count
        for event in () if app is None else app.events.after(0):
            self._events[start, event[0]] = event
