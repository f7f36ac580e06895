"""The RTSP half of a simulated recorder: plays any moment, as pictures that say which it is.

Source: RFC 2326 (methods, ``Range: clock=``, 10.12 interleaved); the header ``Require:
onvif-replay`` as in the ONVIF Streaming Specification (version unconfirmed).
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import cv2
import numpy as np

from drivers.simulators.http_server import Digest, Request
from drivers.simulators.rtp_jpeg import CLOCK_HZ, PAYLOAD_TYPE, packets_of

WIDTH, HEIGHT = 320, 240
PICTURES_PER_S: Final = 5
_START: Final = re.compile(r"[?&]starttime=(\d{8}T\d{6}Z)\b", re.ASCII)
_CLOCK: Final = re.compile(r"clock=(\d{8}T\d{6})(?:\.\d+)?Z-", re.ASCII)
_TIME: Final = "%Y%m%dT%H%M%S"


def grey_of(at: datetime) -> int:
    """Return how light the pictures of a minute are, 20..197: a test reads the minute from it."""
    return 20 + 3 * at.minute


def _picture(at: datetime) -> bytes:
    image = np.full((HEIGHT, WIDTH, 3), grey_of(at), np.uint8)
    text = at.strftime("%Y-%m-%d %H:%M:%S")
    cv2.putText(image, text, (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    return bytes(cv2.imencode(".jpg", image)[1])


class ReplayServer:
    """Serves players in the running event loop.

    Attributes:
        played: From when each play began, aware UTC.
    """

    def __init__(self, digest: Digest, *, is_recorded: Callable[[datetime], bool]) -> None:
        """Play what is recorded to who proves the password."""
        self._digest, self._is_recorded = digest, is_recorded
        self._server: asyncio.Server | None = None
        self._players: set[asyncio.Task[None]] = set()
        self.played: list[datetime] = []

    async def serve(self, host: str) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, host, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """End; idempotent."""
        if self._server is not None:
            self._server.close()
        self.hang_up()
        await asyncio.gather(*self._players, return_exceptions=True)

    def hang_up(self) -> None:
        """End every connection."""
        for player in list(self._players):
            player.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._players.add(task)
            task.add_done_callback(self._players.discard)
        ends = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        # Cancelled only by our own end, and nobody waits for this task but that.
        with contextlib.suppress(*ends, asyncio.CancelledError):
            await _Player(self, self._digest, reader, writer).talk()
        writer.close()

    def begins_at(self, url: str, headers: Mapping[str, str]) -> datetime | None:
        """Return from when a player wants to see; None where nothing is recorded then."""
        wanted = _START.search(url)
        if wanted is None and headers.get("require") == "onvif-replay":
            wanted = _CLOCK.search(headers.get("range", ""))
        if wanted is None:
            return None
        at = datetime.strptime(wanted[1].rstrip("Z"), _TIME).replace(tzinfo=UTC)
        return at if self._is_recorded(at) else None


class _Player:
    """One connection."""

    def __init__(
        self,
        server: ReplayServer,
        digest: Digest,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._server, self._digest = server, digest
        self._reader, self._writer = reader, writer
        self._playing: asyncio.Task[None] | None = None

    async def talk(self) -> None:
        try:
            while True:
                first = await self._reader.readexactly(1)
                if first == b"$":  # the player's own reports
                    head = await self._reader.readexactly(3)
                    await self._reader.readexactly(int.from_bytes(head[1:], "big"))
                    continue
                text = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if not await self._answer(text):
                    return
        finally:
            if self._playing is not None:
                self._playing.cancel()
                await asyncio.gather(self._playing, return_exceptions=True)

    async def _answer(self, text: str) -> bool:
        first, *lines = text.strip().split("\r\n")
        words = first.split(" ")
        if len(words) != 3:
            return False
        method, url = words[:2]
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        number = headers.get("cseq", "0")
        if method == "OPTIONS":
            return await self._say(number, "Public: DESCRIBE, SETUP, PLAY, TEARDOWN")
        if not self._digest.is_valid(Request(method, url, headers, b"")):
            challenge = self._digest.challenge().headers["WWW-Authenticate"]
            return await self._say(number, f"WWW-Authenticate: {challenge}", status=401)
        match method:
            case "DESCRIBE":
                return await self._describe(number, url)
            case "SETUP":
                transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
                return await self._say(number, transport, "Session: 7")
            case "PLAY":
                at = self._server.begins_at(url, headers)
                if at is None:
                    return await self._say(number, status=457)
                self._server.played.append(at)
                await self._say(number, "Session: 7")
                self._playing = asyncio.create_task(self._play(at))
                return True
            case _:
                await self._say(number)
                return method != "TEARDOWN"

    async def _describe(self, number: str, url: str) -> bool:
        lines = (
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=recording", "t=0 0",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}", "c=IN IP4 0.0.0.0", f"a=control:{url}",
        )  # fmt: skip
        return await self._say(
            number, "Content-Type: application/sdp", body="\r\n".join(lines).encode() + b"\r\n"
        )

    async def _say(self, number: str, *lines: str, status: int = 200, body: bytes = b"") -> bool:
        head = [f"RTSP/1.0 {status} X", f"CSeq: {number}", *lines]
        if body:
            head.append(f"Content-Length: {len(body)}")
        self._writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        await self._writer.drain()
        return True

    async def _play(self, at: datetime) -> None:
        sequence = 0
        with contextlib.suppress(OSError):
            for count in range(1_000_000):
                shown_at = at + timedelta(seconds=count / PICTURES_PER_S)
                packets = packets_of(
                    _picture(shown_at),
                    width=WIDTH,
                    height=HEIGHT,
                    sequence=sequence,
                    at_ticks=count * CLOCK_HZ // PICTURES_PER_S,
                )
                sequence += len(packets)
                for packet in packets:
                    self._writer.write(b"$\x00" + len(packet).to_bytes(2, "big") + packet)
                await self._writer.drain()
                await asyncio.sleep(1 / PICTURES_PER_S)
