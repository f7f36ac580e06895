"""A console without a window for ``benchmarks.city``: how long after an event it is told."""

import asyncio
import collections
import re
import time
from datetime import datetime
from typing import Final

import httpx

from benchmarks.city_http import Connection, LostError, open_connection

_EVENT: Final = re.compile(rb"(?:id: (\d+)\n)?event: event\ndata: (.*)\n\n")
_POSITION: Final = re.compile(rb'"position":(\d+)')
_CONTINUE: Final = re.compile(rb"id: (\d+)\n")
_TIME: Final = re.compile(rb'"time":"([^"]+)"')
_CHUNK: Final = re.compile(rb"\r\n[0-9a-f]+\r\n|^[0-9a-f]+\r\n|\r\n$")
RETRY_S: Final = 0.5
SILENCE_S_MAX: Final = 25.0
"""A stream that says nothing for so long is dead; central sends a heartbeat every 10 s."""
LIVE_S: Final = 60.0
"""An event that is older when it comes is history, which nobody waits for."""


class CityConsole:
    """One session's live stream.

    Attributes:
        late_ms: From each live event to its frame.
        seen: Positions that came.
        repeated: How many came twice.
        connections: How often the stream was opened.
        refusals: What was answered instead of a stream.
    """

    def __init__(self, address: tuple[str, int], *, host: str, cookies: httpx.Cookies) -> None:
        self._address, self._host = address, host
        self._cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.late_ms: list[float] = []
        self.seen, self.repeated, self.connections, self._last = set[int](), 0, 0, 0
        self.refusals = collections.Counter[int]()
        self._rest, self._heard_at_s = b"", 0.0

    async def run(self) -> None:
        """Read for ever."""
        while True:
            try:
                connection = await open_connection(self._address, host=self._host)
                try:
                    await self._read(connection)
                finally:
                    connection.close()
            except (OSError, LostError):
                pass
            await asyncio.sleep(RETRY_S)

    async def _read(self, connection: Connection) -> None:
        headers = {"Accept": "text/event-stream", "Cookie": self._cookie}
        if self._last:
            headers["Last-Event-ID"] = str(self._last)
        self.connections += 1
        self._rest, self._heard_at_s = b"", time.monotonic()
        following = asyncio.ensure_future(
            connection.follow("/api/v1/stream", headers=headers, on_piece=self._hear)
        )
        try:
            while not following.done() and time.monotonic() < self._heard_at_s + SILENCE_S_MAX:
                await asyncio.wait({following}, timeout=1.0)
            if following.done() and (answer := await following) is not None:
                self.refusals[answer.status] += 1
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def _hear(self, piece: bytes) -> None:
        now_s, self._heard_at_s = time.time(), time.monotonic()
        text = self._rest + _CHUNK.sub(b"", piece)
        ended = text.rfind(b"\n\n") + 2
        self._rest = text[ended:]
        if kept := _CONTINUE.findall(text[:ended]):
            self._last = max(self._last, int(kept[-1]))
        for found in _EVENT.finditer(text[:ended]):
            data = found[2]
            position = int(_POSITION.findall(data)[0])
            if position in self.seen:
                self.repeated += 1
                continue
            self.seen.add(position)
            if at := _TIME.search(data):
                late_s = now_s - datetime.fromisoformat(at[1].decode()).timestamp()
                if late_s < LIVE_S:
                    self.late_ms.append(late_s * 1000)
