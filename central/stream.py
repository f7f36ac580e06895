"""Live streams (server-sent events): one encoding per kind of reader, bounded queues, heartbeats.

A reader who cannot keep up is cut off rather than served late; its page connects again and asks for
the state of now. A stream ends with its session.

Source: WHATWG HTML, section 9.2 "Server-sent events".
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Final

from fastapi.responses import StreamingResponse

from central.connections import NoConnectionError

_log = logging.getLogger("central.feed")
QUEUE_LENGTH_MAX: Final = 256
HEARTBEAT_S: Final = 10.0
HEARTBEAT: Final = b": keep-alive\n\n"
MEDIA_TYPE: Final = "text/event-stream"
RESPONSE: Final = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}


def encode(name: str, data: str, *, position: int | None = None) -> bytes:
    """Return one event of a stream. ``data`` is JSON on one line."""
    identity = "" if position is None else f"id: {position}\n"
    return f"{identity}event: {name}\ndata: {data}\n\n".encode()


def encode_position(position: int) -> bytes:
    """Return what moves on from where a reader continues, and tells nothing."""
    return f"id: {position}\n\n".encode()


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a stream.

    Attributes:
        owner: A session's hash or a node; all of its streams end together.
        permissions: Readers with the same ones get the same bytes.
    """

    owner: str
    permissions: frozenset[str] = frozenset()


class Subscription:
    """One open stream."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._queue: asyncio.Queue[tuple[int | None, bytes] | None] = asyncio.Queue(
            QUEUE_LENGTH_MAX
        )
        self.is_over = False

    def put(self, position: int | None, frame: bytes) -> None:
        """Add a frame, or end the stream when its reader is too slow."""
        try:
            self._queue.put_nowait((position, frame))
        except asyncio.QueueFull:
            self.end()

    @property
    def waiting(self) -> int:
        """How many frames wait; none of a stream that is over."""
        return 0 if self.is_over else self._queue.qsize()

    def end(self) -> None:
        """End the stream at once."""
        self.is_over = True
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)

    async def frames(
        self, *, after: int | None = None, heartbeat_s: float = HEARTBEAT_S
    ) -> AsyncIterator[bytes]:
        """Yield frames and heartbeats until the end; none of a position up to ``after``.

        What waits at the same time is one piece: in a flood a piece costs more than a frame.
        """
        while not self.is_over:
            try:
                async with asyncio.timeout(heartbeat_s):
                    waiting = [await self._queue.get()]
            except TimeoutError:
                yield HEARTBEAT
                continue
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            if None in waiting:
                return
            piece = b"".join(
                frame
                for position, frame in filter(None, waiting)
                if position is None or after is None or position > after
            )
            if piece:
                yield piece


class Hub:
    """Everybody who reads; for one event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._is_closed = False

    @contextlib.contextmanager
    def subscribe(self, reader: Reader) -> Iterator[Subscription]:
        """Receive what is published while inside."""
        subscription = Subscription(reader)
        if self._is_closed:
            subscription.end()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(
        self,
        name: str,
        view: Callable[[frozenset[str]], str | None],
        *,
        position: int | None = None,
        is_ahead: bool = False,
    ) -> None:
        """Send to everybody what they may see of it.

        Args:
            name: Of the event.
            view: JSON for readers with these permissions; None when they may see nothing of it.
            position: Becomes the event's id.
            is_ahead: What stands before it is told later: a reader continues from there.
        """
        encoded = dict[frozenset[str], bytes | None]()
        for subscription in list(self._subscriptions):
            permissions = subscription.reader.permissions
            if permissions not in encoded:
                data = view(permissions)
                identity = None if is_ahead else position
                encoded[permissions] = (
                    None if data is None else encode(name, data, position=identity)
                )
            frame = encoded[permissions]
            if frame is not None:
                subscription.put(position, frame)

    def pass_by(self, position: int) -> None:
        """Let readers continue behind a position whose event they were told ahead."""
        frame = encode_position(position)
        for subscription in list(self._subscriptions):
            subscription.put(position, frame)

    def publish_to(self, owner: str, name: str, data: str) -> None:
        """Send to one session or node alone; see ``encode``."""
        frame = encode(name, data)
        for subscription in list(self._subscriptions):
            if subscription.reader.owner == owner:
                subscription.put(None, frame)

    @property
    def backlog(self) -> int:
        """How many frames wait for the slowest reader."""
        return max((each.waiting for each in self._subscriptions), default=0)

    @property
    def reader_count(self) -> int:
        """How many streams are open."""
        return len(self._subscriptions)

    @property
    def owners(self) -> frozenset[str]:
        """Whose streams are open."""
        return frozenset(subscription.reader.owner for subscription in self._subscriptions)

    def end_all_of(self, owner: str) -> None:
        """End the streams of a session or node."""
        for subscription in self._subscriptions:
            if subscription.reader.owner == owner:
                subscription.end()

    def close(self) -> None:
        """End every stream, and every later one at once."""
        self._is_closed = True
        for subscription in self._subscriptions:
            subscription.end()


async def _while_there_is_a_database(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield frames; end where the database is busy: who reads connects again after a while."""
    try:
        async for frame in frames:
            yield frame
    except NoConnectionError as error:
        _log.warning("a stream is put off: %s", error)
    finally:
        if isinstance(frames, AsyncGenerator):
            await frames.aclose()


async def begun(frames: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """Return a stream that has begun: what refuses it did so before anything was answered."""
    first = await anext(frames)

    async def continued() -> AsyncIterator[bytes]:
        async with contextlib.aclosing(frames):
            yield first
            async for frame in frames:
                yield frame

    return continued()


class EventStream(StreamingResponse):
    """A response that stays open."""

    media_type = MEDIA_TYPE

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        """Stream frames; proxies are asked to pass each on at once."""
        super().__init__(_while_there_is_a_database(frames), headers={"X-Accel-Buffering": "no"})
