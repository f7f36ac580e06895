"""Gives this node's key to boards that nobody has claimed, so that its holds are taken."""

import asyncio
import logging

from drivers.base import BoardIdentity, CommandRejectedError, DriverError, HeartbeatKept
from edge.devices import DeviceTask

_log = logging.getLogger("edge.boards")


class Claims:
    """Of one board; it belongs to the event loop's thread."""

    def __init__(self, task: DeviceTask, board: HeartbeatKept) -> None:
        """Claim a board once it has said that nobody has."""
        self._task, self._board = task, board
        self._wanted = asyncio.Event()
        self._refused_by = ""
        self._serial_number = ""

    def take(self, identity: BoardIdentity) -> None:
        """Take who the board is; quick."""
        self._serial_number = identity.serial_number
        if not identity.is_claimed and self._serial_number != self._refused_by:
            self._wanted.set()

    async def run(self) -> None:
        """Claim for ever whatever says that nobody has."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._board.is_claimed:
                continue
            try:
                await self._task.call(self._board.claim)
            except CommandRejectedError as error:
                self._refused_by = self._serial_number
                _log.warning(
                    "board %s does not take this node's key (%s): it waits for no restart of this"
                    " node; if it was another node's, close its jumper and restart it",
                    self._task.id,
                    error,
                )
            except DriverError as error:
                # It says who it is again when it is back.
                _log.info("board %s is not claimed yet: %s", self._task.id, error)
            else:
                _log.info("board %s is claimed by this node", self._task.id)
