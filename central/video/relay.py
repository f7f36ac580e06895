"""Live views in memory: what a node pushes, for whoever looks, one picture at a time.

Several viewers share one stream. A viewer who is slow gets the newest picture when he is ready and
none that came before it; nobody waits for him. Nothing is stored, and a stream lives in one central
process: a balancer before several must send both ends of ``/cameras/streams/ID`` to the same one.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from config.contract.identifiers import new_id
from config.contract.picture_sequence import Picture
from config.contract.video_commands import WATCH_MAX

STREAM_COUNT_MAX: Final = 32
VIEWER_COUNT_MAX: Final = 32
"""Of one stream."""
UNWATCHED_MAX: Final = timedelta(seconds=15)
"""Nobody has come yet, or everybody has left: the node is told to stop."""


class TooManyError(Exception):
    """There are as many streams, or viewers of one, as one central process carries."""


@dataclasses.dataclass(eq=False, slots=True)
class Stream:
    """One camera's pictures on their way.

    Attributes:
        recorded_at: From the recorder, beginning there; None is live.
        until: The node ends it by then.
        idle_since: When the last viewer left.
    """

    stream_id: UUID
    camera: str
    node: str
    recorded_at: datetime | None
    until: datetime
    idle_since: datetime
    viewer_count: int = 0
    sequence: int = 0
    picture: Picture | None = None
    arrived: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    def is_over(self, now: datetime) -> bool:
        """Return whether its time is over, or nobody looks."""
        is_left = self.viewer_count == 0 and now - self.idle_since > UNWATCHED_MAX
        return now >= self.until or is_left

    async def newer(self, than: int, *, timeout_s: float) -> tuple[int, Picture] | None:
        """Return the newest picture and its number; None where no newer one came in time."""
        if self.sequence <= than:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self.arrived.wait()
        if self.sequence <= than or self.picture is None:
            return None
        return self.sequence, self.picture


class Relay:
    """The streams of one central process; for one event loop."""

    def __init__(self) -> None:
        self._streams: dict[UUID, Stream] = {}

    def __len__(self) -> int:
        """Return the number of streams."""
        return len(self._streams)

    def watch(
        self, camera: str, node: str, *, recorded_at: datetime | None, now: datetime
    ) -> Stream:
        """Return the stream of a camera, prolonged; one that is there is shared.

        Raises:
            TooManyError: There are too many.
        """
        self._forget(now)
        for stream in self._streams.values():
            if (stream.camera, stream.recorded_at) == (camera, recorded_at):
                stream.until = now + WATCH_MAX
                return stream
        if len(self._streams) >= STREAM_COUNT_MAX:
            raise TooManyError
        stream = Stream(new_id(), camera, node, recorded_at, now + WATCH_MAX, now)
        self._streams[stream.stream_id] = stream
        return stream

    def find(self, stream_id: UUID, *, now: datetime) -> Stream | None:
        """Return a stream that is not over."""
        self._forget(now)
        return self._streams.get(stream_id)

    def put(self, stream_id: UUID, node: str, picture: Picture, *, now: datetime) -> bool:
        """Take a node's picture; returns whether anybody wants more of them."""
        stream = self.find(stream_id, now=now)
        if stream is None or stream.node != node:
            return False
        stream.picture = picture
        stream.sequence += 1
        arrived, stream.arrived = stream.arrived, asyncio.Event()
        arrived.set()
        return True

    @contextlib.contextmanager
    def viewing(self, stream: Stream, *, now: Callable[[], datetime]) -> Iterator[None]:
        """Count a viewer while inside.

        Raises:
            TooManyError: There are too many of this stream.
        """
        if stream.viewer_count >= VIEWER_COUNT_MAX:
            raise TooManyError
        stream.viewer_count += 1
        try:
            yield
        finally:
            stream.viewer_count -= 1
            stream.idle_since = now()

    def _forget(self, now: datetime) -> None:
        over = [key for key, stream in self._streams.items() if stream.is_over(now)]
        for key in over:
            self._streams.pop(key).arrived.set()
