"""What streams say while somebody tells of a whole day: what happens now, and all of it once."""

import asyncio
import dataclasses
import json
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from central.feed import PAGE_LENGTH, Feed
from central.services import Services
from central.stream import Hub, Reader
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
    fields = dict(line.split(": ", 1) for line in text.splitlines())
    is_event = fields.get("event") == "event"
    identifier = int(fields["id"]) if "id" in fields else None
    return identifier, json.loads(fields["data"])["position"] if is_event else None
