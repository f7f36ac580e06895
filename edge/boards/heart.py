"""Tells each board again and again that its node lives; and, before a planned restart, to wait.

A beat goes before every poll on the line. It is not repeated: the next one comes soon. While what
lets people through does not run, there is none, and the boards do what the site wants done then.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from drivers.base import CommandRejectedError, DriverError, HeartbeatKept
from drivers.bus import Bus, Priority
from edge.backoff import wait_until_set
from edge.boards.life import Life
from edge.devices import DeviceTask

_log = logging.getLogger("edge.boards")

HOLDING_S_MAX: Final = 3.0
"""A node that is to end does not wait longer for boards that do not answer."""
LOST_LOOK_S: Final = 1.0


class Heart:
    """Of one board. All of it belongs to the event loop's thread.

    Attributes:
        was_alive: Whether the node lived when that was looked at last.
    """

    def __init__(
        self,
        task: DeviceTask,
        board: HeartbeatKept,
        life: Life,
        *,
        bus: Bus,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Beat for one board.

        Args:
            task: Tends the board.
            board: Its driver.
            life: Whether the node lives.
            bus: Its line.
            monotonic: The clock of ``life``.
        """
        self._task, self._board, self._life, self._bus = task, board, life, bus
        self._monotonic = monotonic
        self._is_back, self._is_holding = asyncio.Event(), False
        self._trouble: str | None = None
        self._complaint = ""
        self.was_alive = False

    def wake(self) -> None:
        """Beat at once: the board is back."""
        self._is_back.set()

    async def run(self) -> None:
        """Beat for ever; a board that is lost costs the line nothing here, its polls find it."""
        while True:
            began_s = self._monotonic()
            self._is_back.clear()
            pause_s = LOST_LOOK_S
            if self._is_alive() and self._task.is_current and not self._is_holding:
                pause_s = self._board.heartbeat_s
                await self._beat()
            await wait_until_set(
                self._is_back, timeout_s=max(0.01, began_s + pause_s - self._monotonic())
            )

    async def hold(self, duration_s: float) -> bool:
        """Have the board wait so long for the next beat; returns whether it does.

        A node whose gates did not work before it was ended asks for nothing: what its boards do
        then is right.
        """
        if not self.was_alive or not self._board.is_claimed or not self._task.is_current:
            return False
        self._is_holding = True
        try:
            async with asyncio.timeout(HOLDING_S_MAX):
                await self._hastened(lambda: self._board.hold(duration_s))
        except CommandRejectedError as error:
            _log.warning("board %s does not wait for this node: %s", self._task.id, error)
        except (DriverError, TimeoutError) as error:
            _log.warning("board %s was not told to wait: %s", self._task.id, error)
        else:
            return True
        return False

    async def _beat(self) -> None:
        try:
            await self._hastened(self._board.heartbeat)
        except CommandRejectedError as error:
            if str(error) != self._complaint:
                _log.error("board %s takes no heartbeat of this node: %s", self._task.id, error)
            self._complaint = str(error)
        except DriverError:
            pass  # its task says that it is lost
        else:
            self._complaint = ""

    def _is_alive(self) -> bool:
        trouble = self._life.trouble(now_s=self._monotonic())
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble is None:
                _log.warning("board %s is told again that this node lives", self._task.id)
            else:
                _log.error(
                    "board %s is not told any more that this node lives: %s", self._task.id, trouble
                )
        self.was_alive = trouble is None
        return self.was_alive

    async def _hastened(self, run: Callable[[], Awaitable[None]]) -> None:
        with self._as_command():
            await self._task.call(run)

    @contextlib.contextmanager
    def _as_command(self) -> Iterator[None]:
        with self._bus.hastened(asyncio.current_task(), to=Priority.COMMAND):
            yield
