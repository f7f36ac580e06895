"""A camera's moving head over a serial line with VISCA (9600 8N1).

Source: Sony EVI-D70/D100 technical manuals, "VISCA/RS-232C commands" (versions unconfirmed).
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers.asking import ask
from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    Observation,
    PositionChanged,
    ProtocolViolationError,
)
from drivers.bus import Bus, Priority
from drivers.head_motion import HeadMotion
from drivers.protocols import FrameError
from drivers.protocols.visca import (
    BUFFER_FULL,
    CLEAR,
    ERRORS,
    INQUIRE_POSITION,
    INQUIRE_ZOOM,
    SET_ADDRESSES,
    Message,
    ReplyDecoder,
    drive,
    encode_command,
    nibbles,
    preset,
    signed,
    zoom,
)
from drivers.registry import register

RECALL, STORE, RESET = 2, 1, 0
BUSY_PAUSE_S: Final = 0.1
BUSY_COUNT: Final = 5
POSITION_SIZE, ZOOM_SIZE = 9, 5


@register("visca")
class Visca:
    """One camera; satisfies ``Driver`` and ``PanTiltZoom``. One request in flight.

    A command counts when the camera acknowledged it. Positions are the camera's own steps, and are
    reported when the head stands.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the camera is reached.

        Attributes:
            address: Its place in the chain, 1..7.
            timeout_s: Longest wait for one answer.
            attempt_count: Times that a message is sent before giving up, 1..10.
        """

        address: int = 1
        timeout_s: float = 0.3
        attempt_count: int = 3

        def __post_init__(self) -> None:
            if not 1 <= self.address <= 7:
                raise ValueError(f"visca: address is 1..7, not {self.address}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"visca: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"visca: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._unit_id = f"visca/{settings.address}"
        self._motion = HeadMotion(self._drive, self._halt)
        self._position: PositionChanged | None = None

    async def start(self) -> None:
        """Number the chain, clear what waits in the cameras, and stop the head.

        Raises:
            DriverError: The camera does not answer.
        """
        self._position = None
        for message in (SET_ADDRESSES, CLEAR):
            await self._bus.send(message, unit_id=self._unit_id)
        await self._motion.stop()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; also says a stop that is still owed."""
        await self._motion.keep()
        position = await self._read_position()
        if position == self._position:
            return []
        # VISCA has no check sum: what differs is believed when it is said twice. A moving head
        # never says the same twice, and its way is nobody's business.
        if await self._read_position() != position:
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
        """Drive to a stored position, 0..15."""
        return await self._preset(RECALL, number)

    async def set_preset(self, number: int) -> CommandReceipt:
        """Store where the head stands, 0..15."""
        return await self._preset(STORE, number)

    async def clear_preset(self, number: int) -> CommandReceipt:
        """Forget a stored position, 0..15."""
        return await self._preset(RESET, number)

    async def close(self) -> None:
        """Stop the head; idempotent."""
        await self._motion.close()

    async def _preset(self, action: int, number: int) -> CommandReceipt:
        if not 0 <= number <= 15:
            raise ValueError(f"a preset is 0..15, not {number}")
        await self._command(preset(number, action=action))
        return CommandReceipt(attempts=1)

    async def _drive(self, pan: float, tilt: float, zoom_speed: float) -> None:
        await self._command(drive(pan=pan, tilt=tilt))
        await self._command(zoom(zoom_speed))

    async def _halt(self) -> None:
        await self._drive(0, 0, 0)

    async def _command(self, body: bytes) -> None:
        """Send a command until it is acknowledged; all of ours may be repeated."""
        for _ in range(BUSY_COUNT):
            reply = await self._ask(body, Priority.COMMAND)
            if reply.error is None:
                return
            if reply.error != BUFFER_FULL:
                break
            await asyncio.sleep(BUSY_PAUSE_S)
        name = ERRORS.get(reply.error or 0, f"error {reply.error}")
        raise CommandRejectedError(f"camera {self._settings.address}: {name}", code=reply.error)

    async def _read_position(self) -> PositionChanged:
        place = await self._inquire(INQUIRE_POSITION, POSITION_SIZE)
        level = await self._inquire(INQUIRE_ZOOM, ZOOM_SIZE)
        try:
            pan, tilt = signed(nibbles(place[:4])), signed(nibbles(place[4:]))
            return PositionChanged(float(pan), float(tilt), float(nibbles(level)))
        except FrameError as error:
            raise ProtocolViolationError(str(error)) from error

    async def _inquire(self, body: bytes, size: int) -> bytes:
        reply = await self._ask(body, Priority.POLL)
        if reply.error is not None:
            name = ERRORS.get(reply.error, f"error {reply.error}")
            raise CommandRejectedError(f"camera {self._settings.address}: {name}", code=reply.error)
        if len(reply.body) != size:
            raise ProtocolViolationError(f"camera {self._settings.address} answers too little")
        return reply.body[1:]

    async def _ask(self, body: bytes, priority: Priority) -> Message:
        address = self._settings.address
        return await ask(
            self._bus,
            encode_command(address, body),
            lambda: ReplyDecoder(address, body),
            unit_id=self._unit_id,
            timeout_s=self._settings.timeout_s,
            priority=priority,
            attempt_count=self._settings.attempt_count,
        )
