"""ONVIF replay through a player that knows no ONVIF: a relay that says from when to play.

An ONVIF replay address names a recording and no moment: the moment goes into ``Range`` of the
request to play, which the decoder's own player cannot be told. So it plays from a port of this
machine, and what it asks is passed on with the moment and the password; answers and pictures are
passed back as they are.

Source: ONVIF Streaming Specification (``Require: onvif-replay``, ``Range: clock=``), versions
unconfirmed; RFC 2326; RFC 2617 (digest).
"""

import asyncio
import contextlib
import hashlib
import itertools
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from edge.video.recorder import RecorderError

LOOPBACK: Final = "127.0.0.1"
OPEN_S_MAX: Final = 10.0
HEAD_SIZE_BYTES_MAX: Final = 16_384
PIECE_SIZE_BYTES: Final = 65_536
_FIELD: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]+))')


@asynccontextmanager
async def positioned(uri: str, at: datetime, *, user: str, password: str) -> AsyncIterator[str]:
    """Relay a replay from a moment on, until the block ends; the value is the address to play.

    Raises:
        RecorderError: The address is none.
    """
    relay = _Relay(uri, at, user=user, password=password)
    server = await asyncio.start_server(relay.take, LOOPBACK, 0, limit=HEAD_SIZE_BYTES_MAX)
    try:
        port = server.sockets[0].getsockname()[1]
        yield relay.address(port)
    finally:
        server.close()
        await relay.close()


class _Relay:
    """One replay; each connection of the player is one to the recorder."""

    def __init__(self, uri: str, at: datetime, *, user: str, password: str) -> None:
        parts = urlsplit(uri)
        try:
            self._far = (parts.hostname or "", parts.port or 554)
        except ValueError as error:
            raise RecorderError("the recorder's replay address is none") from error
        self._uri = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._user, self._password = user, password
        self._from = f"Range: clock={at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"[:-3] + "Z-"
        self._players = set[asyncio.Task[None]]()
        self._address, self._count = "", itertools.count(1)

    def address(self, port: int) -> str:
        """Return where the player finds the replay; nobody else on this machine can guess it."""
        self._address = f"rtsp://{LOOPBACK}:{port}/{secrets.token_urlsafe(16)}"
        return self._address

    async def close(self) -> None:
        """End every connection."""
        for player in list(self._players):
            player.cancel()
        await asyncio.gather(*self._players, return_exceptions=True)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a player; one that only looks whether somebody is there says nothing."""
        if (task := asyncio.current_task()) is not None:
            self._players.add(task)
            task.add_done_callback(self._players.discard)
        # Cancelled only by our own end; whoever of the two leaves, the other learns it.
        with contextlib.suppress(OSError, asyncio.CancelledError, EOFError, ValueError):
            await self._relay(reader, writer)
        writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        async with asyncio.timeout(OPEN_S_MAX):
            far_reader, far_writer = await asyncio.open_connection(
                *self._far, limit=HEAD_SIZE_BYTES_MAX
            )
        try:
            async with asyncio.timeout(OPEN_S_MAX):
                challenge = await self._challenge(far_reader, far_writer)
            back = asyncio.create_task(_copy(far_reader, writer))
            try:
                await self._pass_on(first, reader, far_writer, challenge)
            finally:
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
        finally:
            far_writer.close()

    async def _challenge(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, str]:
        """Ask once without a password; returns what the recorder wants for it, or nothing."""
        question = f"DESCRIBE {self._uri} RTSP/1.0\r\nCSeq: 0\r\nAccept: application/sdp\r\n\r\n"
        writer.write(question.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?im)^content-length:\s*(\d{1,5})\s*$", head)
        if length is not None:
            await reader.readexactly(int(length[1]))
        wanted = re.search(r"(?im)^www-authenticate:\s*(Digest\s.*)$", head)
        if wanted is None:
            return {}
        return {found[1].lower(): found[2] or found[3] for found in _FIELD.finditer(wanted[1])}

    async def _pass_on(
        self,
        first: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        challenge: dict[str, str],
    ) -> None:
        while True:
            if first == b"$":  # the player's reports of what it received
                head = await reader.readexactly(3)
                rest = await reader.readexactly(int.from_bytes(head[1:], "big"))
                writer.write(first + head + rest)
            else:
                head = first + await reader.readuntil(b"\r\n\r\n")
                writer.write(self._asked(head.decode("latin-1"), challenge))
            await writer.drain()
            first = await reader.readexactly(1)

    def _asked(self, head: str, challenge: dict[str, str]) -> bytes:
        """Return the player's request as the recorder is to hear it.

        Raises:
            ValueError: It is no request.
        """
        request, *lines = head.strip().split("\r\n")
        method, url, version = request.split(" ")
        if url.startswith(self._address):
            url = self._uri + url.removeprefix(self._address)
        elif method in ("OPTIONS", "DESCRIBE"):
            raise ValueError("a player that does not know the address")
        kept = [
            line
            for line in lines
            if line.partition(":")[0].strip().lower() not in ("range", "authorization", "require")
        ]
        if method == "PLAY":
            kept += ["Require: onvif-replay", self._from]
        if challenge and method != "OPTIONS":
            kept.append(f"Authorization: {self._proof(method, url, challenge)}")
        return "\r\n".join([f"{method} {url} {version}", *kept]).encode("latin-1") + b"\r\n\r\n"

    def _proof(self, method: str, url: str, challenge: dict[str, str]) -> str:
        realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
        first, second = _md5(f"{self._user}:{realm}:{self._password}"), _md5(f"{method}:{url}")
        common = f'Digest username="{self._user}", realm="{realm}", nonce="{nonce}", uri="{url}"'
        if "auth" not in challenge.get("qop", ""):
            return f'{common}, response="{_md5(f"{first}:{nonce}:{second}")}"'
        once = secrets.token_hex(8)
        number = f"{next(self._count):08x}"
        response = _md5(f"{first}:{nonce}:{number}:{once}:auth:{second}")
        return f'{common}, qop=auth, nc={number}, cnonce="{once}", response="{response}"'


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE_SIZE_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
