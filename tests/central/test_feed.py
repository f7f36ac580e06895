"""What streams say while somebody tells of a whole day: what happens now, and all of it once."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncGenerator, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from central.feed import PAGE_LENGTH, Feed
from central.security import Operator
from central.services import Services
from central.stream import HEARTBEAT, Hub, Reader
from tests.central.bench import Bench

HISTORY_LENGTH = 3 * PAGE_LENGTH
T = TypeVar("T")
Frame = tuple[int | None, int | None]
"""The identifier that a reader keeps, and the position of the event; None where there is none."""


def test_what_happens_now_is_told_beside_a_day_and_nothing_twice(bench: Bench) -> None:
    node, services = bench.node(), bench.app.state.services
    past, now = bench.clock() - timedelta(days=1), bench.clock()

    hub, _ = Hub(), bench.administrator
    (session,) = bench.row("SELECT id_hash FROM sessions")
    reader = Reader(session, frozenset({"events.read"}))

    async def begin() -> Feed:
        feed = Feed(dataclasses.replace(services, hub=hub))
        await feed.start()
        return feed

    feed = in_loop(services, begin())
    history = [node.event(n, time=past) for n in range(1, HISTORY_LENGTH + 1)]
    node.send(*history[:200])
    node.send(*history[200:], node.event(HISTORY_LENGTH + 1, time=now))
    frames = in_loop(services, heard(feed, hub, reader, HISTORY_LENGTH + 1))

    told = [position for _, position in frames if position is not None]
    kept = [identifier for identifier, _ in frames if identifier is not None]
    live = HISTORY_LENGTH + 1
    assert frames[0] == (None, live), "first, and nobody continues behind it yet"
    assert sorted(told) == list(range(1, live + 1)), "all, and each once"
    assert kept == list(range(1, live + 1)), "where a reader continues moves on in order"
    assert frames[-1] == (live, None)


def test_who_comes_after_a_while_without_readers_is_told_what_is_kept_from_then_on(
    bench: Bench,
) -> None:
    node, services = bench.node(), bench.app.state.services
    bench.administrator  # noqa: B018 - signs in, so that there is a session
    (session,) = bench.row("SELECT id_hash FROM sessions")
    operator = Operator(
        user_id="", username="", role="administrator", session=session, created_at=bench.clock()
    )
    hub = Hub()

    async def begin() -> tuple[Feed, asyncio.Task[None]]:
        feed = Feed(dataclasses.replace(services, hub=hub))
        await feed.start()
        return feed, asyncio.ensure_future(feed.run())

    feed, telling = in_loop(services, begin())
    node.send(*(node.event(n) for n in range(1, 8)))
    frames = feed.frames(operator, after=None)
    hello = in_loop(services, next_of(frames))
    node.send(node.event(8))
    first = in_loop(services, next_of(frames))

    async def end() -> None:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await frames.aclose()

    in_loop(services, end())
    assert json.loads(dict_of(hello.decode().strip())["data"])["position"] == 7
    assert frame_of(first.decode().strip()) == (8, 8)


async def next_of(frames: AsyncGenerator[bytes, None]) -> bytes:
    """Return the next piece that is no heartbeat."""
    async for piece in frames:
        if piece != HEARTBEAT:
            return piece
    raise RuntimeError("the stream has ended")


def in_loop(services: Services, work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, services.loop).result(60)


async def heard(feed: Feed, hub: Hub, reader: Reader, newest: int) -> list[Frame]:
    """Read a stream until it may be continued behind a position."""
    frames = list[Frame]()
    with hub.subscribe(reader) as subscription:
        telling = asyncio.ensure_future(feed.run())
        async for piece in subscription.frames():
            frames += [frame_of(text) for text in piece.decode().split("\n\n") if text]
            if frames[-1][0] == newest:
                break
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return [frame for frame in frames if frame != (None, None)]


def frame_of(text: str) -> Frame:
    fields = dict_of(text)
    is_event = fields.get("event") == "event"
    identifier = int(fields["id"]) if "id" in fields else None
    return identifier, json.loads(fields["data"])["position"] if is_event else None


def dict_of(text: str) -> dict[str, str]:
    """Return the fields of a frame."""
    return dict(line.split(": ", 1) for line in text.splitlines())
