"""A cable of the demo passes on, and passes nothing on while it is pulled out."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from config.demo.cable import Cable


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every line with itself."""
    while line := await reader.readline():
        writer.write(line)
    writer.close()


def with_cable(act: Callable[[Cable], Awaitable[None]]) -> None:
    """Run a test with a cable to an echo."""

    async def run() -> None:
        far = await asyncio.start_server(echo, "127.0.0.1", 0)
        host, port = far.sockets[0].getsockname()[:2]
        cable = Cable(host, port)
        await cable.open()
        try:
            async with asyncio.timeout(60):
                await act(cable)
        finally:
            await cable.close()
            far.close()

    asyncio.run(run())


async def connect(cable: Cable) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection through the cable."""
    host, _, port = cable.url.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


async def answer(cable: Cable) -> bytes:
    """Return what comes back for a line; nothing where the far end is not reached."""
    reader, writer = await connect(cable)
    try:
        writer.write(b"lunch\n")
        return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_what_is_sent_arrives_and_comes_back() -> None:
    async def act(cable: Cable) -> None:
        assert await answer(cable) == b"lunch\n"

    with_cable(act)


def test_a_pulled_cable_cuts_who_speaks_and_lets_nobody_begin() -> None:
    async def act(cable: Cable) -> None:
        reader, writer = await connect(cable)
        writer.write(b"one\n")
        assert await reader.readline() == b"one\n"
        cable.pull()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        assert await answer(cable) == b""
        cable.plug()

        assert await answer(cable) == b"lunch\n"

    with_cable(act)
