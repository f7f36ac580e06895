"""A TCP proxy before a simulator that is a server of its own: the line's faults for HTTP devices.

A fault strikes what one read of the server's answer returned, as it strikes a frame on a line.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Final

from drivers.simulators.line import UNPLUGGED_S, Faults

READ_SIZE_BYTES: Final = 16_384
FOREIGN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nforeign"


class FaultyProxy:
    """Passes connections on to a server, with faults; lives in one event loop."""

    def __init__(self, host: str, port: int, faults: Faults) -> None:
        self._upstream, self._faults = (host, port), faults
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_unplugged = False

    async def serve(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns host and port."""
        self._server = await asyncio.start_server(self._pass_on, host, port)
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    def unplug(self) -> None:
        """Cut every connection and refuse new ones."""
        self._is_unplugged = True
        for writer in list(self._writers):
            writer.transport.abort()

    def replug(self) -> None:
        """Take connections again."""
        self._is_unplugged = False

    async def close(self) -> None:
        """End; idempotent."""
        self.unplug()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._is_unplugged:
                return
            far_reader, far_writer = await asyncio.open_connection(*self._upstream)
            self._writers.add(far_writer)
            try:
                await _first_of(self._copy(reader, far_writer), self._strike(far_reader, writer))
            finally:
                self._writers.discard(far_writer)
                far_writer.close()
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await far_writer.wait_closed()
        except (OSError, asyncio.CancelledError):
            pass  # one of the two has left: so does the other; cancelled only by our own end
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_SIZE_BYTES):
            writer.write(data)
            await writer.drain()

    async def _strike(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_SIZE_BYTES):
            if self._faults.is_happening("unplug"):
                self.unplug()
                asyncio.get_running_loop().call_later(UNPLUGGED_S, self.replug)
                return
            passed_s = 0.0
            for delay_s, piece in self._faults.apply(data, FOREIGN, is_repaired=True):
                await asyncio.sleep(max(0.0, delay_s - passed_s))
                passed_s = max(passed_s, delay_s)
                writer.write(piece)
                await writer.drain()


async def _first_of(*works: Awaitable[None]) -> None:
    """Return when the first has ended, and end the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task
