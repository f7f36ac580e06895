"""What drivers of moving heads share: a movement that ends, whatever is lost.

A lost stop must not leave the head moving. So the driver itself ends every movement after its time,
says stop until it surely arrived, and says it again when a line that was lost comes back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from drivers.base import DriverError

_log = logging.getLogger("drivers.head")

DURATION_S_MIN, DURATION_S_MAX = 0.1, 60.0
STOP_AGAIN_S: Final = 0.3


def checked_speed(name: str, value: float) -> float:
    """Return a speed.

    Raises:
        ValueError: It is not within -1..1.
    """
    if not -1 <= value <= 1:
        raise ValueError(f"{name} is -1..1, not {value}")
    return value


class HeadMotion:
    """Begins and ends the movements of one head."""

    def __init__(
        self,
        drive: Callable[[float, float, float], Awaitable[None]],
        halt: Callable[[], Awaitable[None]],
    ) -> None:
        """Make one for a driver.

        Args:
            drive: Sends a movement; pan, tilt and zoom speeds -1..1.
            halt: Sends stop until it was confirmed; raises ``DriverError`` if it was not.
        """
        self._drive, self._halt = drive, halt
        self._ending: asyncio.Task[None] | None = None
        self.must_stop = False

    async def move(self, pan: float, tilt: float, zoom: float, duration_s: float) -> None:
        """See ``PanTiltZoom.move``.

        Raises:
            ValueError: A speed or the time is out of range.
            DriverError: The head did not take it; it is stopped as soon as it hears us.
        """
        speeds = [checked_speed(n, v) for n, v in (("pan", pan), ("tilt", tilt), ("zoom", zoom))]
        if not DURATION_S_MIN <= duration_s <= DURATION_S_MAX:
            raise ValueError(f"duration_s is 0.1..60, not {duration_s}")
        self._forget_ending()
        # Before, not after: a command whose answer is lost may have been heard.
        self.must_stop = True
        self._ending = asyncio.create_task(self._end_in(duration_s))
        await self._drive(*speeds)

    async def stop(self) -> None:
        """See ``PanTiltZoom.stop``; what could not be said now is said by ``keep``."""
        self._forget_ending()
        self.must_stop = True
        await self._halt()
        self.must_stop = False

    async def keep(self) -> None:
        """Say a stop that is still owed; called by every poll."""
        if self.must_stop and self._ending is None:
            await self.stop()

    async def close(self) -> None:
        """Stop for good; idempotent."""
        self._forget_ending()
        if self.must_stop:
            with contextlib.suppress(DriverError):
                await self.stop()

    async def _end_in(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)
        while True:
            try:
                await self._halt()
            except DriverError as error:
                _log.warning("a head does not take its stop: %s", error)
                await asyncio.sleep(STOP_AGAIN_S)
            else:
                self.must_stop, self._ending = False, None
                return

    def _forget_ending(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = None
