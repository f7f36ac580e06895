"""A recorder that speaks ISAPI; see ``drivers.protocols.isapi_recordings``."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

from config.cameras import CameraRecorder
from config.contract.identifiers import new_id
from drivers.protocols import FrameError
from drivers.protocols.isapi_recordings import (
    SEARCH_PATH,
    TIME_PATH,
    Search,
    Span,
    decode_found,
    decode_time,
    encode_search,
    replay_path,
)
from edge.video.recorder import INTERVAL, Reach, RecorderError
from edge.video.recorder_http import TIMEOUT_S, RecorderHttp

PIECE: Final = timedelta(hours=12)
"""Any gap of a day holds one of these whole."""
_Result = TypeVar("_Result")


class IsapiRecorder:
    """One track of a recorder; satisfies ``Recorder``."""

    def __init__(self, entry: CameraRecorder, *, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is asked yet."""
        self._entry, self._http = entry, RecorderHttp(entry.url, timeout_s=timeout_s)

    async def reach(self, *, now: datetime) -> Reach:
        """See ``Recorder.reach``."""
        async with self._http:
            shown_at = await self._clock()
            days_min = self._entry.days_min
            found = await self._search(Span(now - timedelta(days=days_min) - INTERVAL, now))
            missing = 0
            if found is not None and self._entry.is_continuous:
                spans = [Span(now - (n + 1) * PIECE, now - n * PIECE) for n in range(2 * days_min)]
                held = [await self._search(s) for s in spans if s.from_at >= found.from_at]
                missing = held.count(None)
        return Reach(
            None if found is None else found.from_at,
            None if shown_at is None else shown_at - now,
            missing,
        )

    async def _clock(self) -> datetime | None:
        """Return the recorder's time; None where it does not tell it: not every model does."""
        try:
            return _read(decode_time, await self._http.ask("GET", TIME_PATH))
        except RecorderError:
            # Whatever else is wrong with it, the search says so.
            return None

    async def _search(self, span: Span) -> Span | None:
        """Return the first recording of a span."""
        search = Search(str(new_id()), self._entry.track, span)
        answer = await self._http.ask("POST", SEARCH_PATH, encode_search(search))
        found = _read(decode_found, answer)
        return found[0] if found else None

    @asynccontextmanager
    async def replay(self, at: datetime, *, now: datetime) -> AsyncIterator[str]:
        """See ``Recorder.replay``; nothing is asked, the address says the moment itself."""
        del now
        yield self.replay_url(at)

    def replay_url(self, at: datetime) -> str:
        """Return the address of the track from a moment on."""
        http, entry = self._http, self._entry
        who = f"{quote(http.user, safe='')}:{quote(http.password, safe='')}@" if http.user else ""
        host = f"[{http.host}]" if ":" in http.host else http.host
        return f"rtsp://{who}{host}:{entry.rtsp_port}{replay_path(entry.track, at)}"


def _read(decode: Callable[[bytes], _Result], answer: bytes) -> _Result:
    try:
        return decode(answer)
    except FrameError as error:
        raise RecorderError(f"the recorder answers something else: {error}") from error
