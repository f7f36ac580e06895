"""Who holds connections open makes room as they end, for others all the time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from central.held import Held
from central.problems import RefusedError
from central.stream import EventStream, begun


def test_one_account_has_so_many_and_takes_nothing_of_another() -> None:
    held = Held(count_max=2)

    with held.by("one"), held.by("one"), held.by("other"):
        with pytest.raises(RefusedError) as refused, held.by("one"):
            pass
        assert (refused.value.status, refused.value.code) == (429, "too_many_open")
    with held.by("one"), held.by("one"):
        pass


def test_a_stream_that_ends_before_its_end_makes_room() -> None:
    held = Held(count_max=1)

    async def frames() -> AsyncGenerator[bytes]:
        with held.by("one"):
            yield b"first"
            yield b"second"

    async def run() -> None:
        reply = EventStream(await begun(frames()))
        with pytest.raises(RefusedError):
            await begun(frames())
        pieces = reply.body_iterator
        assert await anext(aiter(pieces)) == b"first"
        assert isinstance(pieces, AsyncGenerator)
        await pieces.aclose()
        assert await begun(frames())

    asyncio.run(run())
