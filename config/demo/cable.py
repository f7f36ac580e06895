"""The network cable of one terminal of the demo: it can be pulled out and plugged in again."""

import asyncio
import contextlib

READ_SIZE_BYTES = 65_536


class Cable:
    """Passes connections on to central, in the demo's own event loop.

    Attributes:
        url: What the terminal takes for central's address.
        is_plugged: Whether anything passes.
    """

    def __init__(self, host: str, port: int) -> None:
        self._central, self.url = (host, port), ""
        self._server: asyncio.Server | None = None
        self._connections = set[asyncio.Task[None]]()
        self.is_plugged = True

    async def open(self) -> None:
        """Begin to pass on."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname()[:2])

    def pull(self) -> None:
        """Cut every connection; new ones lead nowhere."""
        self.is_plugged = False
        for connection in self._connections:
            connection.cancel()

    def plug(self) -> None:
        """Pass on again."""
        self.is_plugged = True

    async def close(self) -> None:
        """End; idempotent."""
        self.pull()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        if connection is None:
            raise ValueError("not in a task")
        self._connections.add(connection)
        try:
            if self.is_plugged:
                with contextlib.suppress(OSError):
                    await self._pass_on(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(connection)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._central)
        ways = {
            asyncio.ensure_future(_copy(reader, far_writer)),
            asyncio.ensure_future(_copy(far_reader, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(READ_SIZE_BYTES):
        writer.write(data)
        await writer.drain()
