"""A camera's recorder: where a recording is played from, and how far back it reaches.

Nothing of a recording is kept here. A replay is opened like a camera and sent like a live view.

Source: ISAPI ``/ISAPI/ContentMgmt/search`` (CMSearchDescription, CMSearchResult) and the replay
    address ``/Streaming/tracks/ID?starttime=``; versions unconfirmed: no recorder was at hand.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import httpx

from config.cameras import CameraEntry, CameraRecorder
from config.contract.events import EventData, RecordingChecked
from config.contract.identifiers import new_id

INTERVAL: Final = timedelta(hours=24)
RETRY: Final = timedelta(hours=1)
"""After a recorder did not answer."""
SLACK: Final = timedelta(hours=6)
"""A recorder writes over whole files, so its oldest moment jumps."""
ANSWER_SIZE_BYTES_MAX: Final = 1_000_000
TIMEOUT_S: Final = 15.0
_PATH: Final = "/ISAPI/ContentMgmt/search"
_MATCH: Final = re.compile(
    rb"<searchMatchItem\b.*?<startTime>\s*([0-9T:Z+-]{10,30})\s*<", re.DOTALL
)
_ANSWER: Final = re.compile(rb"<(?:\w+:)?CMSearchResult\b")


class RecorderError(Exception):
    """The recorder did not say; one line, without passwords."""


def replay_url(recorder: CameraRecorder, at: datetime) -> str:
    """Return the RTSP address of a recording from a moment on, in real time."""
    parts = urlsplit(recorder.url)
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    credentials = parts.netloc.rpartition("@")[0]
    netloc = f"{credentials}@{host}" if credentials else host
    start = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"rtsp://{netloc}:554/Streaming/tracks/{recorder.track}?starttime={start}"


def encode_search(recorder: CameraRecorder, *, now: datetime) -> bytes:
    """Return the question for the oldest recording of the days that are required."""
    begin = now - timedelta(days=recorder.days_min) - INTERVAL
    times = [at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (begin, now)]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<CMSearchDescription version="1.0" xmlns="http://www.isapi.org/ver20/XMLSchema">'
        f"<searchID>{new_id()}</searchID>"
        f"<trackIDList><trackID>{recorder.track}</trackID></trackIDList>"
        f"<timeSpanList><timeSpan><startTime>{times[0]}</startTime><endTime>{times[1]}</endTime>"
        "</timeSpan></timeSpanList><contentTypeList><contentType>video</contentType>"
        "</contentTypeList><maxResults>1</maxResults>"
        "<searchResultPosition>0</searchResultPosition></CMSearchDescription>"
    ).encode()


def decode_oldest(answer: bytes) -> datetime | None:
    """Return when the first recording of an answer began; None where there is none.

    Raises:
        RecorderError: It is no answer to a search.
    """
    if _ANSWER.search(answer) is None:
        raise RecorderError("the recorder answers something else than a search's result")
    match = _MATCH.search(answer)
    if match is None:
        return None
    try:
        at = datetime.fromisoformat(match[1].decode())
    except ValueError as error:
        raise RecorderError("the recorder gives a time that is none") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def judged(
    camera: str, recorder: CameraRecorder, oldest_at: datetime | None, *, now: datetime
) -> RecordingChecked:
    """Return what is told of a recording that begins then."""
    wanted = now - timedelta(days=recorder.days_min) + SLACK
    return RecordingChecked(
        camera=camera,
        days_min=recorder.days_min,
        oldest_at=oldest_at,
        is_enough=oldest_at is not None and oldest_at <= wanted,
    )


async def ask_oldest(recorder: CameraRecorder, *, now: datetime) -> datetime | None:
    """Ask a recorder for its oldest recording of the required days.

    Raises:
        RecorderError: It does not answer, or not so.
    """
    parts = urlsplit(recorder.url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=_PATH).geturl()
    auth = httpx.DigestAuth(user, password) if user else None
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, auth=auth) as client:
            reply = await client.post(address, content=encode_search(recorder, now=now))
    except httpx.HTTPError as error:
        raise RecorderError("the recorder does not answer") from error
    if not reply.is_success:
        raise RecorderError(f"the recorder answers HTTP {reply.status_code}")
    return decode_oldest(reply.content[:ANSWER_SIZE_BYTES_MAX])


class Teller(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class RecordingChecks:
    """Asks every recorder of a node once a day, and at the start."""

    def __init__(
        self, cameras: Sequence[CameraEntry], journal: Teller, *, now: Callable[[], datetime]
    ) -> None:
        """Check these cameras; those without a recorder are passed over."""
        self._cameras = [(c.id, c.recorder) for c in cameras if c.recorder is not None]
        self._journal, self._now = journal, now

    async def run(self) -> None:
        """Check for ever."""
        while True:
            is_told = await self.check()
            await asyncio.sleep((INTERVAL if is_told else RETRY).total_seconds())

    async def check(self) -> bool:
        """Check each camera once; returns whether every recorder answered."""
        is_told = True
        for camera, recorder in self._cameras:
            now = self._now()
            try:
                found = judged(camera, recorder, await ask_oldest(recorder, now=now), now=now)
            except RecorderError as error:
                is_told = False
                found = judged(camera, recorder, None, now=now).model_copy(
                    update={"problem": str(error)}
                )
            self._journal.note(found, subject=camera, now=now)
        return is_told
