"""What is asked of a recorder and read of its answer; a small HTTP server answers as one does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from config.cameras import CameraEntry, CameraRecorder
from config.contract.events import EventData, RecordingChecked
from edge.video.recorder import (
    RecorderError,
    RecordingChecks,
    decode_oldest,
    encode_search,
    judged,
    replay_url,
)
from tests.serving import serving

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RECORDER = CameraRecorder(url="http://u:p%40ss@192.0.2.9:8000", track=201, days_min=30)
ANSWER = """<?xml version="1.0"?><CMSearchResult version="1.0"><numOfMatches>1</numOfMatches>
<matchList><searchMatchItem><trackID>201</trackID><timeSpan><startTime>{at}</startTime>
<endTime>2026-11-29T02:00:00Z</endTime></timeSpan></searchMatchItem></matchList></CMSearchResult>"""


def answer(at: datetime) -> bytes:
    return ANSWER.format(at=at.strftime("%Y-%m-%dT%H:%M:%SZ")).encode()


def test_a_replay_begins_at_its_moment_in_utc() -> None:
    url = replay_url(RECORDER, datetime.fromisoformat("2026-11-29T11:00:05+08:00"))

    tail = "192.0.2.9:554/Streaming/tracks/201?starttime=20261129T030005Z"
    assert url == f"rtsp://u:p%40ss@{tail}"


def test_a_question_names_the_track_and_reaches_back_further_than_required() -> None:
    question = encode_search(RECORDER, now=NOW).decode()

    assert "<trackID>201</trackID>" in question
    assert "<startTime>2026-10-29T03:00:00Z</startTime>" in question


def test_the_first_recording_of_an_answer_is_the_oldest() -> None:
    assert decode_oldest(answer(NOW - 31 * DAY)) == NOW - 31 * DAY
    assert decode_oldest(b"<CMSearchResult><matchList/></CMSearchResult>") is None


@given(st.binary(max_size=300))
def test_garbage_is_no_answer(data: bytes) -> None:
    with pytest.raises(RecorderError):
        decode_oldest(data)


@pytest.mark.parametrize(("days", "is_enough"), [(30, True), (29.9, True), (29.5, False)])
def test_a_recording_is_enough_when_it_reaches_back_the_required_days(
    days: float, is_enough: bool
) -> None:
    assert judged("c", RECORDER, NOW - days * DAY, now=NOW).is_enough is is_enough


class Told:
    def __init__(self) -> None:
        self.facts: list[EventData] = []

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        assert (subject, now) == ("c", NOW)
        self.facts.append(data)


def check(url: str) -> tuple[bool, EventData]:
    recorder = CameraRecorder(url=url, days_min=30)
    camera = CameraEntry(id="c", node="n", url="rtsp://192.0.2.1", recorder=recorder)
    told = Told()
    is_told = asyncio.run(RecordingChecks([camera], told, now=lambda: NOW).check())
    (fact,) = told.facts
    return is_told, fact


def test_a_recorder_is_asked_and_what_it_says_is_told() -> None:
    app = FastAPI()

    @app.post("/ISAPI/ContentMgmt/search")
    async def search(request: Request) -> Response:
        assert b"CMSearchDescription" in await request.body()
        return Response(answer(NOW - 12 * DAY), media_type="application/xml")

    with serving(app) as url:
        is_told, fact = check(url)

    expected = RecordingChecked(camera="c", days_min=30, oldest_at=NOW - 12 * DAY, is_enough=False)
    assert (is_told, fact) == (True, expected)


def test_a_recorder_that_does_not_answer_is_not_enough_and_asked_again_soon() -> None:
    is_told, fact = check("http://127.0.0.1:9")

    assert not is_told
    assert isinstance(fact, RecordingChecked)
    assert (fact.is_enough, fact.problem) == (False, "the recorder does not answer")
