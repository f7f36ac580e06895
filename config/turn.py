"""Whose turn it is: one after the other, the most urgent first.

``asyncio.Lock`` gives the turn to whoever waited longest: at a device a release for a fire would
stand behind a poll that only waits, at a database a cry for help behind all that merely happened.
"""

import asyncio
import contextlib
import dataclasses
import heapq
import itertools
from collections.abc import AsyncIterator
from typing import Any


class Turn:
    """One at a time. Belongs to the event loop's thread.

    Attributes:
        holder: The task whose turn it is, also before it has noticed; None while nobody's.
    """

    def __init__(self) -> None:
        self.holder: asyncio.Task[Any] | None = None
        self._waiting: list[_Waiting] = []
        self._number = itertools.count()

    @property
    def waiting_count(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @contextlib.asynccontextmanager
    async def taken(self, priority: int) -> AsyncIterator[None]:
        """Wait for the turn, and have it until the block ends; a smaller number goes first."""
        await self._take(priority)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, priority: int) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a turn is a task's")
        if self.holder is None:
            self.holder = task
            return
        given = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Waiting(priority, next(self._number), given, task))
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():
                self._pass_on()  # it was given to somebody who has gone
            raise

    def _pass_on(self) -> None:
        """Give the turn to the next; who gets it has it at once, before anybody who comes now."""
        while self._waiting:
            waiting = heapq.heappop(self._waiting)
            if not waiting.given.done():
                self.holder = waiting.task
                waiting.given.set_result(None)
                return
        self.holder = None


@dataclasses.dataclass(order=True, frozen=True, slots=True)
class _Waiting:
    priority: int
    number: int
    given: "asyncio.Future[None]" = dataclasses.field(compare=False)
    task: "asyncio.Task[Any]" = dataclasses.field(compare=False)
