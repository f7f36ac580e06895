"""A board of electric locker locks, ``8A`` family (KERONG type), 9600 8N1. Model-specific.

What the feedback codes mean depends on how the locks' contacts are wired: see ``closed_code``.

Source: seller's data sheet of the board, as published on CSDN (version unconfirmed).
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Final

from drivers.asking import ask
from drivers.base import (
    CommandReceipt,
    DoorMonitorChanged,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus, Priority
from drivers.protocols.kerong import (
    FEEDBACK_CODES,
    OPEN,
    OPEN_CODE,
    QUERY,
    QUERY_CODE,
    Frame,
    ReplyDecoder,
    encode,
)
from drivers.registry import register

BETWEEN_OPENINGS_S: Final = 0.5
"""The board's power supply bears one coil at a time."""
ALL_LOCKS: Final = 0
MOVE_S: Final = 0.3
LOCK_COUNT_MAX: Final = 50


@register("kerong_locker")
class KerongLocker:
    """One board; satisfies ``Driver`` and ``DoorControl``. One request in flight, a lock per poll.

    An opening is confirmed by asking the lock afterwards: the board's own answer to it could be an
    adapter's echo. A command is sent again only if the lock still reads closed.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the board is reached and wired.

        Attributes:
            address: Of the board, 1..255.
            lock_count: Locks that are connected, 1..50.
            closed_code: Feedback of a closed door: 17 (0x11) or 0.
            timeout_s: Longest wait for one answer.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        address: int = 1
        lock_count: int = 8
        closed_code: int = 0x11
        timeout_s: float = 0.25
        attempt_count: int = 3

        def __post_init__(self) -> None:
            name = "kerong_locker"
            if not 1 <= self.address <= 255:
                raise ValueError(f"{name}: address is 1..255, not {self.address}")
            if not 1 <= self.lock_count <= LOCK_COUNT_MAX:
                raise ValueError(f"{name}: lock_count is 1..50, not {self.lock_count}")
            if self.closed_code not in FEEDBACK_CODES:
                raise ValueError(f"{name}: closed_code is 0 or 17, not {self.closed_code}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"{name}: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"{name}: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._unit_id = f"kerong/{settings.address}"
        self._doors: dict[int, bool] = {}
        self._turn = 0
        self._may_open_at_s = float("-inf")
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the board does not answer."""
        self._doors.clear()
        self._turn = 0
        await self._is_open(0, Priority.POLL)

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; the first asks all locks."""
        count = self._settings.lock_count
        turns = range(count) if not self._doors else [self._turn]
        now = {door: await self._is_open(door, Priority.POLL) for door in turns}
        self._turn = (self._turn + 1) % count
        changed = [d for d, is_open in now.items() if self._doors.get(d) is not is_open]
        self._doors |= now
        return [DoorMonitorChanged(door, is_open=now[door]) for door in changed]

    async def access_door(self, door: int) -> CommandReceipt:
        """See ``DoorControl.access_door``; waits for the board's power supply first."""
        if not 0 <= door < self._settings.lock_count:
            raise ValueError(f"door is 0..{self._settings.lock_count - 1}, not {door}")
        for attempt in range(1, self._settings.attempt_count + 1):
            await self._open(door + 1)
            await asyncio.sleep(MOVE_S)
            if await self._is_open(door, Priority.COMMAND):
                return CommandReceipt(attempts=attempt)
        raise ProtocolViolationError(f"lock {door} reads closed after the command: does it jam?")

    async def open_all(self) -> CommandReceipt:
        """Open every lock of the board, one after the other as the board does it; unconfirmed."""
        await self._open(ALL_LOCKS)
        return CommandReceipt(attempts=1)

    async def _open(self, lock: int) -> None:
        frame = encode(Frame(OPEN, self._settings.address, lock, OPEN_CODE))
        async with self._opening:
            await asyncio.sleep(max(0.0, self._may_open_at_s - self._monotonic()))
            try:
                await self._bus.send(frame, unit_id=self._unit_id)
            finally:
                # From when it has left: on a busy line it waits its turn.
                self._may_open_at_s = self._monotonic() + BETWEEN_OPENINGS_S

    async def _is_open(self, door: int, priority: Priority) -> bool:
        query = Frame(QUERY, self._settings.address, door + 1, QUERY_CODE)
        reply = await ask(
            self._bus,
            encode(query),
            lambda: ReplyDecoder(query),
            unit_id=self._unit_id,
            timeout_s=self._settings.timeout_s,
            priority=priority,
            attempt_count=self._settings.attempt_count,
        )
        return reply.code != self._settings.closed_code
