"""HTTP/1.1 for thousands of light clients in one process: one connection, one request at a time.

Only what central answers is understood: a length or chunks, and nothing compressed.

Source: RFC 9112, sections 4 "Status Line", 6 "Message Body" and 7.1 "Chunked Transfer Coding".
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Final, cast

HEAD_SIZE_BYTES_MAX: Final = 64 * 1024


class LostError(Exception):
    """The connection ended before the answer did."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Attributes: headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """One connection to central."""

    def __init__(self, host: str) -> None:
        """Ask for ``host``; see ``open_connection``."""
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._on_piece: Callable[[bytes], None] | None = None
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's derive from nothing
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Keep what came, or pass it on at once."""
        if self._on_piece is not None:
            self._on_piece(data)
            return
        self._buffer += data
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what waits."""
        self.is_open = False
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _more(self) -> None:
        if not self.is_open:
            raise LostError("the connection has ended")
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting
        self._waiting = None

    def close(self) -> None:
        """Close it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    async def request(
        self, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Ask and return the answer; whoever calls gives it a time limit.

        Raises:
            LostError: The connection ended first.
        """
        self._send(method, target, headers, body)
        return await self._whole(*await self._head())

    async def follow(
        self, target: str, *, headers: Mapping[str, str], on_piece: Callable[[bytes], None]
    ) -> Answer | None:
        """Read a stream until it ends; returns the answer where it is no stream.

        Args:
            target: Path and query.
            headers: Of the request.
            on_piece: Given what came, as it came: chunks' own lines are among it.

        Raises:
            LostError: The stream has ended.
        """
        self._send("GET", target, headers, b"")
        status, answered = await self._head()
        if status != 200:
            return await self._whole(status, answered)
        first, self._buffer = bytes(self._buffer), bytearray()
        self._on_piece = on_piece
        on_piece(first)
        while True:
            await self._more()

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        if self._transport is None or not self.is_open:
            raise LostError("the connection has ended")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        self._transport.write("\r\n".join((*lines, "", "")).encode("latin-1") + body)

    async def _head(self) -> tuple[int, dict[str, str]]:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > HEAD_SIZE_BYTES_MAX:
                raise LostError("an answer without an end of its head")
            await self._more()
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        pairs = (line.partition(":") for line in lines[1:])
        return int(lines[0].split(" ", 2)[1]), {n.lower(): v.strip() for n, _, v in pairs}

    async def _whole(self, status: int, headers: dict[str, str]) -> Answer:
        if "chunked" in headers.get("transfer-encoding", ""):
            return Answer(status, headers, await self._chunks())
        length = int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            await self._more()
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    async def _chunks(self) -> bytes:
        pieces = list[bytes]()
        while True:
            while (end := self._buffer.find(b"\r\n")) < 0:
                await self._more()
            length = int(self._buffer[:end].split(b";")[0], 16)
            while len(self._buffer) < end + 4 + length:
                await self._more()
            pieces.append(bytes(self._buffer[end + 2 : end + 2 + length]))
            del self._buffer[: end + 4 + length]
            if not length:
                return b"".join(pieces)


async def open_connection(
    address: tuple[str, int], *, host: str, local: str | None = None
) -> Connection:
    """Connect.

    Args:
        address: IPv4 and port.
        host: What the ``Host`` header says.
        local: Own address of the connection, in 127/8; None is the system's choice.

    Raises:
        OSError: Nobody listens there.
    """
    loop = asyncio.get_running_loop()
    local_address = None if local is None else (local, 0)
    _, connection = await loop.create_connection(
        lambda: Connection(host), *address, local_addr=local_address
    )
    return connection
