"""A TCP proxy in turn, a process of its own: a city's load balancer in front of its replicas.

``python -m benchmarks.city_proxy HOST:PORT...`` says its port on one line. A connection goes to the
next replica that takes it and stays there; no line is looked into.
"""

import asyncio
import sys
from typing import Final, cast

import uvloop

BACKLOG: Final = 4096


class _End(asyncio.Protocol):
    """One end of a connection; what comes here is written at the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.early = bytearray()
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's derive from nothing

    def data_received(self, data: bytes) -> None:
        """Pass it on; what comes before the other end is there waits."""
        if self.other is None or self.other.transport is None:
            self.early += data
        else:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """Let nothing more come for an end that does not read."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other end, too."""
        self.is_over = True
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class Proxy:
    """Replicas in turn."""

    def __init__(self, replicas: list[tuple[str, int]]) -> None:
        self._replicas, self._next = replicas, 0
        self._tasks = set[asyncio.Task[None]]()

    def accept(self) -> asyncio.Protocol:
        """Return the near end of a new connection."""
        near = _Near(self)
        return near

    def begin(self, near: _End) -> None:
        """Find a replica for a connection."""
        task = asyncio.ensure_future(self._connect(near))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, near: _End) -> None:
        for _ in self._replicas:
            replica = self._replicas[self._next]
            self._next = (self._next + 1) % len(self._replicas)
            try:
                _, far = await asyncio.get_running_loop().create_connection(_End, *replica)
            except OSError:
                continue
            far.other, near.other = near, far
            if far.transport is not None and near.early:
                far.transport.write(bytes(near.early))
            if far.transport is not None and near.is_over:
                far.transport.close()
            return
        if near.transport is not None:
            near.transport.close()


class _Near(_End):
    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._proxy.begin(self)


async def run(replicas: list[tuple[str, int]]) -> None:
    """Pass on until killed."""
    proxy = Proxy(replicas)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(proxy.accept, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    uvloop.run(run([_address(each) for each in sys.argv[1:]]))
