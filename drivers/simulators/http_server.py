"""A small HTTP/1.1 server for simulators: one handler, answers whole or as a stream."""

import asyncio
import contextlib
import dataclasses
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

HEAD_SIZE_BYTES_MAX, BODY_SIZE_BYTES_MAX = 32_768, 1_048_576
REALM: Final = "simulator"


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request. Attributes: headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Response:
    """One answer. Attributes: stream: if set, what is sent instead of ``body``, until it ends."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/xml"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


class HttpServer:
    """Serves a handler in the running event loop."""

    def __init__(self, handle: Callable[[Request], Awaitable[Response]]) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int) -> str:
        """Listen; returns the URL."""
        self._server = await asyncio.start_server(self._accept, host, port)
        name = self._server.sockets[0].getsockname()
        return f"http://{name[0]}:{name[1]}"

    async def close(self) -> None:
        """End; idempotent."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        ends = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        # Cancelled only by our own end, and nobody waits for this task but that.
        with contextlib.suppress(*ends, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await _read(reader)) is not None:
            response = await self._handle(request)
            await _write(writer, response)
            if response.stream is not None:
                return


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        return None
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    body = b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    elif length.isdecimal() and int(length) <= BODY_SIZE_BYTES_MAX:
        body = await reader.readexactly(int(length))
    return Request(words[0], words[1], headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).partition(b";")[0], 16):
        body += await reader.readexactly(min(size, BODY_SIZE_BYTES_MAX))
        await reader.readline()
    await reader.readline()
    return bytes(body)


async def _write(writer: asyncio.StreamWriter, response: Response) -> None:
    headers = {"Content-Type": response.content_type, **response.headers}
    if response.stream is None:
        headers["Content-Length"] = str(len(response.body))
    lines = [f"HTTP/1.1 {response.status} X", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + response.body)
    await writer.drain()
    if response.stream is not None:
        async for piece in response.stream:
            writer.write(piece)
            await writer.drain()


class Digest:
    """HTTP digest authentication (RFC 7616, MD5 with ``auth``), as cameras have it."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._nonce = secrets.token_hex(8)

    def challenge(self) -> Response:
        """Return the refusal that says how to come in."""
        value = f'Digest realm="{REALM}", qop="auth", nonce="{self._nonce}", algorithm=MD5'
        return Response(401, headers={"WWW-Authenticate": value})

    def is_valid(self, request: Request) -> bool:
        """Return whether a request proves the password."""
        header = request.headers.get("authorization", "")
        fields = {
            found[1]: found[2] or found[3]
            for found in re.finditer(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', header)
        }
        if fields.get("username") != self._user or fields.get("nonce") != self._nonce:
            return False
        first = _md5(f"{self._user}:{REALM}:{self._password}")
        second = _md5(f"{request.method}:{fields.get('uri', '')}")
        middle = ":".join(fields.get(key, "") for key in ("nonce", "nc", "cnonce", "qop"))
        return fields.get("response") == _md5(f"{first}:{middle}:{second}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
