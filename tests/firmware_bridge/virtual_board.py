"""The simulated board on a real bus in simulated time, and everything that can go wrong between."""

import asyncio
import dataclasses
import heapq
import itertools
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

from config.board_image import ImageVersion, read_image
from drivers.bus import Bus, Decoder, Priority
from drivers.clock import VirtualClock
from drivers.protocols import NeedData
from drivers.simulators.virtual import VirtualLine
from firmware_bridge.bodies import decode_map, encode_map
from firmware_bridge.client import BoardClient
from firmware_bridge.frames import DatagramDecoder, FrameDecoder, encode_lines
from firmware_bridge.peer_board import Board
from firmware_bridge.peer_flash import Flash, Geometry
from firmware_bridge.peer_make import Make
from firmware_bridge.signing import Signer
from firmware_bridge.update import Update
from firmware_bridge.update_steps import UpdateResult, UpdateRules
from tests.config.images import HW, public_key, signed

STEP_S: Final = 0.1
SLOW: Final = ((1, 1), (1, 5))
HEARTBEAT: Final = (877, 2)
GEOMETRY: Final = Geometry(slot_sector_count=2)
RULES: Final = UpdateRules(
    prove_s=2.0, update_s_max=300.0, back_s_max=20.0, settle_s=4.0, silent_s_max=60.0, trial_s=30.0
)
KEYS: Final = (public_key(),)
OLD: Final = signed(version="1.0.0", body=b"old " * 200)
NEW: Final = signed(version="2.0.0", body=b"new " * 400)
_Reply = TypeVar("_Reply")
_Result = TypeVar("_Result")
Lie = Callable[[int, int, dict[str, Any]], dict[str, Any] | None]
"""Makes another answer of one: group, command, values; None is no answer."""


def broken(behaviour: str) -> bytes:
    """Return an image that is signed well and does not work; see ``peer_board``."""
    body = f"menshen-board-behaviour: {behaviour}\n".encode().ljust(800, b"-")
    return signed(version="2.0.0", body=body)


@dataclasses.dataclass(slots=True)
class Faults:
    """What the line does to frames: how often, 0..1.

    Attributes:
        lost_requests, lost_answers, damaged, repeated, late: Of all.
        is_cut: Nothing goes through.
    """

    lost_requests: float = 0.0
    lost_answers: float = 0.0
    damaged: float = 0.0
    repeated: float = 0.0
    late: float = 0.0
    is_cut: bool = False


class CountedBus(Bus):
    """A bus that says whether an exchange goes on: time passes by itself only when none does."""

    pending_count = 0
    _is_idle: asyncio.Event | None = None

    async def until_idle(self) -> None:
        """Wait until no exchange goes on."""
        if self.pending_count:
            self._is_idle = self._is_idle or asyncio.Event()
            await self._is_idle.wait()

    async def exchange(
        self,
        request: bytes,
        decoder: Decoder[_Reply],
        *,
        unit_id: int | str,
        timeout_s: float,
        priority: Priority = Priority.POLL,
        is_read_back: bool = False,
    ) -> _Reply:
        """See ``Bus.exchange``."""
        self.pending_count += 1
        try:
            return await super().exchange(
                request,
                decoder,
                unit_id=unit_id,
                timeout_s=timeout_s,
                priority=priority,
                is_read_back=is_read_back,
            )
        finally:
            self.pending_count -= 1
            if not self.pending_count and self._is_idle is not None:
                self._is_idle.set()
                self._is_idle = None


class VirtualBoard:
    """A board with the image ``OLD``, the line to it, and its client.

    Attributes:
        board: The simulated board itself.
        faults, lie: What happens between.
        happens: Called before each request reaches the board, with its group and command.
        safe_count: Times that the board was found in its safe state.
        busy_s: So long it takes for an upload's first packet, or an erase; it answers nothing else
            meanwhile, and hears heartbeats.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        port: str = "a line",
        signer: Signer | None = None,
        **make: Any,  # noqa: ANN401 - a Make's own fields
    ) -> None:
        self.clock = VirtualClock()
        words: dict[str, Any] = {
            "image": OLD,
            "hw": HW,
            "geometry": GEOMETRY,
            "serial_number": "SN1",
        } | make
        made = Make(**words)
        self.board = Board(made, [*KEYS], Flash(made.geometry, seed=seed))
        self.faults = Faults()
        self.lie: Lie = lambda group, command, values: values
        self.happens: Callable[[int, int], object] = lambda group, command: None
        self.heard: list[tuple[int, int]] = []
        self.safe_count = 0
        self.busy_s = self._busy_until_s = 0.0
        self._random = random.Random(seed)  # noqa: S311 - faults, the same for the same seed
        self._port, self._signer = port, signer
        self._is_datagram = port.startswith("udp://")
        self._decoder = DatagramDecoder() if self._is_datagram else FrameDecoder()
        self.connect()
        self._sleepers: list[tuple[float, int]] = []
        self._numbers = itertools.count()

    def connect(self) -> None:
        """Be a new process with a new bus."""
        line = VirtualLine(self.clock, self._answer, baudrate=115_200)
        self.bus = CountedBus(self._port, baudrate=115_200, opener=line.open, clock=self.clock)
        self.client = BoardClient(
            self.bus, timeout_s=0.2, signer=self._signer, now_s=lambda: 1.8e9 + self.clock.now_s
        )

    # ---- time

    def now_s(self) -> float:
        """Return the time of board and line."""
        return self.clock.now_s

    def catch_up(self) -> None:
        """Let the board live until now."""
        while self.clock.now_s - self.board.now_s > 1e-9:
            self.board.step(min(STEP_S, self.clock.now_s - self.board.now_s))
            app = self.board.application
            self.safe_count += app is not None and app.is_safe

    async def sleep(self, duration_s: float) -> None:
        """Let time pass for whoever sleeps least, when nobody waits for the line."""
        mine = self.clock.now_s + duration_s, next(self._numbers)
        heapq.heappush(self._sleepers, mine)
        try:
            quiet_count = 0
            while self.clock.now_s < mine[0]:
                await self.bus.until_idle()
                await asyncio.sleep(0)
                is_mine = not self.bus.pending_count and self._sleepers[0] == mine
                quiet_count = quiet_count + 1 if is_mine else 0
                if quiet_count > 5:
                    self.clock.now_s = max(self.clock.now_s, mine[0])
                    self.catch_up()
        finally:
            self._sleepers.remove(mine)
            heapq.heapify(self._sleepers)

    # ---- the line

    def _answer(self, data: bytes) -> Iterable[tuple[float, bytes]]:
        self.catch_up()
        self._decoder.receive_data(data)
        received = self._decoder.next_frame()
        if isinstance(received, NeedData):
            return []
        frame = received.frame
        self.heard.append((frame.group, frame.command))
        self.happens(frame.group, frame.command)
        if self.faults.is_cut or self._is(self.faults.lost_requests):
            return []
        if self.clock.now_s < self._busy_until_s:
            if (frame.group, frame.command) == HEARTBEAT:
                self.board.receive(bytes(frame), is_datagram=self._is_datagram)
            return []
        raw = self.board.receive(bytes(frame), is_datagram=self._is_datagram)
        if raw is None or self._is(self.faults.lost_answers):
            return []
        values = self.lie(frame.group, frame.command, decode_map(raw[8:]))
        if values is None:
            return []
        answer = bytes(frame.answer(encode_map(values)))
        encoded = bytearray(answer if self._is_datagram else encode_lines(answer))
        if self._is(self.faults.damaged):
            encoded[self._random.randrange(len(encoded))] ^= 1 << self._random.randrange(8)
        delay_s = 1.0 if self._is(self.faults.late) else 0.001
        if self.busy_s and (frame.group, frame.command) in SLOW:
            delay_s, self.busy_s = self.busy_s, 0.0
            self._busy_until_s = self.clock.now_s + delay_s
        count = 2 if self._is(self.faults.repeated) else 1
        return [(delay_s * (number + 1), bytes(encoded)) for number in range(count)]

    def _is(self, share: float) -> bool:
        return self._random.random() < share

    # ---- updates

    def update(self, **words: Any) -> Update:  # noqa: ANN401 - those of an Update
        """Return an update of the board, in its time."""
        words = {"rules": RULES} | words
        return Update(self.client, now_s=self.now_s, sleep=self.sleep, **words)

    def updated(self, data: bytes = NEW, **words: Any) -> UpdateResult:  # noqa: ANN401 - see update
        """Update the board; returns how it ended."""
        return self.run(lambda: self.update(**words).update(data, keys=KEYS))

    def rolled_back(self, **words: Any) -> UpdateResult:  # noqa: ANN401 - see update
        """Roll the board back; returns how it ended."""
        return self.run(lambda: self.update(**words).roll_back())

    def run(self, act: Callable[[], Awaitable[_Result]]) -> _Result:
        """Return what comes of doings with the board."""

        async def doings() -> _Result:
            try:
                return await act()
            finally:
                await self.bus.close()
                self.connect()

        return asyncio.run(doings())

    @property
    def runs(self) -> str:
        """The version that runs; empty where none does."""
        running = self.board.running
        return "" if running is None else str(ImageVersion(*running.version))

    def pass_time(self, duration_s: float) -> None:
        """Let the board live alone."""
        self.clock.now_s += duration_s
        self.catch_up()

    @property
    def is_on_trial(self) -> bool:
        """Whether it goes back at the next start."""
        return self.board.slots is not None and self.board.slots.is_on_trial


def hash_of(data: bytes) -> bytes:
    """Return an image's hash as MCUboot has it."""
    return read_image(data).hash
