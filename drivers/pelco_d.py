"""A camera's moving head over a serial line with Pelco-D (2400, 4800 or 9600 8N1).

Source: Pelco, "D Protocol Manual" (version unconfirmed; as six camera manuals quote it).
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers.asking import ask
from drivers.base import (
    CommandReceipt,
    DeviceUnreachableError,
    Observation,
    PositionChanged,
    ProtocolViolationError,
)
from drivers.bus import Bus, Priority
from drivers.head_motion import HeadMotion
from drivers.protocols.pelco_d import (
    CALL_PRESET,
    CLEAR_PRESET,
    QUERY_PAN,
    QUERY_TILT,
    QUERY_ZOOM,
    SET_PRESET,
    Frame,
    ReplyDecoder,
    encode,
    move,
)
from drivers.registry import register

STOP_COUNT: Final = 3
STOP_PAUSE_S: Final = 0.05
STILL_COUNT: Final = 5
HUNDREDTHS: Final = 100
FULL_TURN: Final = 36_000


@register("pelco_d")
class PelcoD:
    """One head; satisfies ``Driver`` and ``PanTiltZoom``. One request in flight.

    Movements are not acknowledged. A head that answers queries is watched until it stands still; to
    one that does not (``has_queries`` false) stop is said three times, and loss of the line is all
    that is seen of it. Positions are degrees (pan, tilt) and the head's own steps (zoom).
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the head is reached.

        Attributes:
            address: Of the head, 1..255.
            has_queries: It tells its position; many do not.
            timeout_s: Longest wait for one answer.
            attempt_count: Times that a query is sent before giving up, 1..10.
        """

        address: int = 1
        has_queries: bool = True
        timeout_s: float = 0.3
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if not 1 <= self.address <= 255:
                raise ValueError(f"pelco_d: address is 1..255, not {self.address}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"pelco_d: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"pelco_d: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._unit_id = f"pelco_d/{settings.address}"
        self._motion = HeadMotion(self._drive, self._halt)
        self._position: PositionChanged | None = None

    async def start(self) -> None:
        """Stop a movement that an earlier life may have left; raises when the head is not there."""
        self._position = None
        await self._motion.stop()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; also says a stop that is still owed."""
        await self._motion.keep()
        if not self._settings.has_queries:
            await self._bus.send(b"", unit_id=self._unit_id, priority=Priority.POLL)
            return []
        position = await self._read_position(Priority.POLL)
        if position == self._position:
            return []
        self._position = position
        return [position]

    async def move(self, *, pan: float, tilt: float, zoom: float, duration_s: float) -> None:
        """See ``PanTiltZoom.move``."""
        await self._motion.move(pan, tilt, zoom, duration_s)

    async def stop(self) -> None:
        """See ``PanTiltZoom.stop``."""
        await self._motion.stop()

    async def call_preset(self, number: int) -> CommandReceipt:
        """Drive to a stored position, 1..255; not acknowledged."""
        return await self._preset(CALL_PRESET, number)

    async def set_preset(self, number: int) -> CommandReceipt:
        """Store where the head stands, 1..255; not acknowledged."""
        return await self._preset(SET_PRESET, number)

    async def clear_preset(self, number: int) -> CommandReceipt:
        """Forget a stored position, 1..255; not acknowledged."""
        return await self._preset(CLEAR_PRESET, number)

    async def close(self) -> None:
        """Stop the head; idempotent."""
        await self._motion.close()

    async def _preset(self, action: int, number: int) -> CommandReceipt:
        if not 1 <= number <= 255:
            raise ValueError(f"a preset is 1..255, not {number}")
        await self._send(Frame(self._settings.address, 0, action, 0, number))
        return CommandReceipt(attempts=1)

    async def _drive(self, pan: float, tilt: float, zoom: float) -> None:
        await self._send(move(self._settings.address, pan=pan, tilt=tilt, zoom=zoom))

    async def _halt(self) -> None:
        if not self._settings.has_queries:
            for _ in range(STOP_COUNT):
                await self._drive(0, 0, 0)
                await asyncio.sleep(STOP_PAUSE_S)
            return
        before: PositionChanged | None = None
        for _ in range(STILL_COUNT):
            await self._drive(0, 0, 0)
            now = await self._read_position(Priority.COMMAND)
            if now == before:
                return
            before = now
            await asyncio.sleep(STOP_PAUSE_S)
        raise DeviceUnreachableError(f"head {self._settings.address} does not stand still")

    async def _send(self, frame: Frame) -> None:
        await self._bus.send(encode(frame), unit_id=self._unit_id)

    async def _read_position(self, priority: Priority) -> PositionChanged:
        pan, tilt, zoom = [
            await self._query(command, priority) for command in (QUERY_PAN, QUERY_TILT, QUERY_ZOOM)
        ]
        if pan > FULL_TURN or tilt > FULL_TURN:
            raise ProtocolViolationError(f"head {self._settings.address} stands at no angle")
        return PositionChanged(pan / HUNDREDTHS, tilt / HUNDREDTHS, float(zoom))

    async def _query(self, command: int, priority: Priority) -> int:
        query = Frame(self._settings.address, 0, command)
        reply = await ask(
            self._bus,
            encode(query),
            lambda: ReplyDecoder(query),
            unit_id=self._unit_id,
            timeout_s=self._settings.timeout_s,
            priority=priority,
            attempt_count=self._settings.attempt_count,
        )
        return reply.value
