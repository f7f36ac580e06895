"""Live views that central asked for: one picture at a time, newest first, for a bounded time.

Each picture is one signed request, and the next one is not sent before central has answered: a slow
line lowers the rate by itself and nothing queues. Central's answer says whether anybody still
looks; whatever it says, a view ends when its time is over.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from config.contract.picture_sequence import Picture
from config.contract.video_commands import WATCH_MAX
from edge.central_client import CentralError, CentralRefusedError

_log = logging.getLogger("edge.video")

FAILURES_MAX: Final = 5
FAILURE_PAUSE_S: Final = 1.0

Pictures = Callable[[], AsyncGenerator[Picture | None, None]]
"""Opens a stream of pictures at the rate that is wanted, each newer than the one before; None where
there is no new one, so that whoever reads looks at the time."""


class Central(Protocol):
    """The part of central that is needed here."""

    async def put_picture(self, stream_id: UUID, picture: Picture) -> bool:
        """See ``CentralClient.put_picture``."""
        ...


class LiveViews:
    """The views that this node sends; for one event loop."""

    def __init__(
        self,
        central: Central,
        *,
        count_max: int,
        now: Callable[[], datetime],
        failure_pause_s: float = FAILURE_PAUSE_S,
    ) -> None:
        """Send at most so many at once."""
        self._failure_pause_s = failure_pause_s
        self._central, self._count_max, self._now = central, count_max, now
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._until: dict[UUID, datetime] = {}

    def __len__(self) -> int:
        """Return how many are being sent."""
        return len(self._tasks)

    def watch(self, stream_id: UUID, *, until: datetime, pictures: Pictures) -> bool:
        """Send pictures until then, or prolong what is being sent; False where there are too many.

        A longer time than ``WATCH_MAX`` from now is cut to it.
        """
        until = min(until, self._now() + WATCH_MAX)
        if stream_id not in self._tasks:
            if len(self._tasks) >= self._count_max:
                return False
            task = asyncio.create_task(self._send(stream_id, pictures))
            self._tasks[stream_id] = task
            task.add_done_callback(lambda _: self._forget(stream_id))
        self._until[stream_id] = until
        return True

    async def close(self) -> None:
        """End every view."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, stream_id: UUID) -> None:
        self._tasks.pop(stream_id, None)
        self._until.pop(stream_id, None)

    async def _send(self, stream_id: UUID, pictures: Pictures) -> None:
        try:
            async with contextlib.aclosing(pictures()) as opened:
                await self._send_all(stream_id, opened)
        except Exception:
            # A task that nobody awaits: whatever a camera's decoder does is said here.
            _log.exception("a live view failed")

    async def _send_all(
        self, stream_id: UUID, pictures: AsyncGenerator[Picture | None, None]
    ) -> None:
        failures = 0
        async for picture in pictures:
            if self._now() >= self._until[stream_id]:
                return
            if picture is None:
                continue
            try:
                if not await self._central.put_picture(stream_id, picture):
                    return
                failures = 0
            except CentralRefusedError as error:
                _log.warning("a live view ends: %s", error)
                return
            except CentralError:
                failures += 1
                if failures >= FAILURES_MAX:
                    return
                await asyncio.sleep(self._failure_pause_s)


async def paced(
    look: Callable[[], Awaitable[Picture | None]], *, interval_s: float
) -> AsyncGenerator[Picture | None, None]:
    """Yield the newest picture at each turn; None where it is the one before, or there is none."""
    loop, last = asyncio.get_running_loop(), None
    while True:
        began_s = loop.time()
        picture = await look()
        yield None if picture is last else picture
        last = picture
        await asyncio.sleep(max(0.0, began_s + interval_s - loop.time()))
