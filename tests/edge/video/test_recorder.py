"""What is asked of recorders once a day, and what is told; the recorder is a simulator."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from config.cameras import CameraEntry, CameraRecorder
from config.contract.events import EventData, RecordingChecked
from drivers.simulation import Simulation
from drivers.simulators.http_server import HttpServer, Request, Response
from edge.video.isapi_recorder import IsapiRecorder
from edge.video.onvif_recorder import OnvifRecorder
from edge.video.recorder import Reach, RecorderError, RecordingChecks, judged
from edge.video.recorders import recorder_of

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Protocol = Literal["isapi", "onvif"]
BOTH = pytest.mark.parametrize("protocol", ["isapi", "onvif"])


def entry(url: str, protocol: Protocol = "isapi", **more: object) -> CameraRecorder:
    address = url.replace("://", "://admin:p%40ss@")
    return CameraRecorder.model_validate({"url": address, "protocol": protocol, **more})


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    """A recorder that reaches back 31 days."""
    with Simulation("video_recorder", {"password": "p@ss"}) as running:
        yield running


class Told:
    def __init__(self) -> None:
        self.facts: list[EventData] = []

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        assert subject == "c"
        assert now.tzinfo is UTC
        self.facts.append(data)


def check(recorder: CameraRecorder) -> RecordingChecked:
    """Return what the daily check tells; that it is asked again soon is told by its problem."""
    camera = CameraEntry(id="c", node="n", url="rtsp://192.0.2.1", recorder=recorder)
    told = Told()
    checks = RecordingChecks([camera], told, recorder_of=recorder_of, now=lambda: datetime.now(UTC))
    is_told = asyncio.run(checks.check())
    (fact,) = told.facts
    assert isinstance(fact, RecordingChecked)
    assert is_told is (fact.oldest_at is not None or not fact.problem)
    return fact


@pytest.mark.parametrize(("days", "is_enough"), [(30, True), (29.9, True), (29.5, False)])
def test_a_recording_is_enough_when_it_reaches_back_the_required_days(
    days: float, is_enough: bool
) -> None:
    recorder = entry("http://192.0.2.9")

    assert judged("c", recorder, Reach(NOW - days * DAY), now=NOW).is_enough is is_enough


@BOTH
def test_a_recorder_that_reaches_back_is_enough(simulation: Simulation, protocol: Protocol) -> None:
    fact = check(entry(simulation.address, protocol))

    assert (fact.is_enough, fact.problem) == (True, "")


@BOTH
def test_a_recorder_that_forgets_too_early_is_told(
    simulation: Simulation, protocol: Protocol
) -> None:
    simulation.act("keep_days", {"days": 12})

    fact = check(entry(simulation.address, protocol))

    assert fact.oldest_at is not None
    assert abs(datetime.now(UTC) - 12 * DAY - fact.oldest_at) < timedelta(minutes=1)
    assert not fact.is_enough


@BOTH
@pytest.mark.parametrize(("error_s", "side"), [(3600, "ahead"), (-3600, "behind")])
def test_a_wrong_clock_of_a_recorder_is_noticed(
    simulation: Simulation, protocol: Protocol, error_s: float, side: str
) -> None:
    simulation.act("set_clock", {"error_s": error_s})

    fact = check(entry(simulation.address, protocol))

    assert not fact.is_enough
    assert fact.problem.startswith("the recorder's clock is 3")
    assert fact.problem.endswith(side)


def test_days_that_are_missing_are_noticed_where_it_records_all_day(
    simulation: Simulation,
) -> None:
    for days_ago in (3, 4):
        simulation.act("lose_day", {"days_ago": days_ago})

    plain = check(entry(simulation.address))
    whole = check(entry(simulation.address, is_continuous=True))

    assert (plain.is_enough, whole.is_enough) == (True, False)
    # Two days are four pieces, or three and the ends of two, by the second in which it is asked.
    assert re.fullmatch("pieces of 12 hours without a recording: [34]", whole.problem)


def test_a_track_that_records_nothing_is_not_enough(simulation: Simulation) -> None:
    fact = check(entry(simulation.address, track=501))

    assert (fact.oldest_at, fact.is_enough, fact.problem) == (None, False, "")


@BOTH
def test_a_wrong_password_is_said_and_not_shown(simulation: Simulation, protocol: Protocol) -> None:
    recorder = entry(simulation.address, protocol)
    wrong = recorder.model_copy(update={"url": recorder.url.replace("p%40ss", "other")})

    assert check(wrong).problem == "the recorder refuses the user or the password"


@BOTH
def test_garbage_is_told_as_such(simulation: Simulation, protocol: Protocol) -> None:
    simulation.act("garble", {})

    assert check(entry(simulation.address, protocol)).problem.startswith(
        "the recorder answers something else"
    )


def test_a_recorder_that_is_not_there_is_not_enough() -> None:
    fact = check(entry("http://127.0.0.1:9"))

    assert (fact.is_enough, fact.problem) == (False, "the recorder does not answer")


@pytest.mark.parametrize("kind", [IsapiRecorder, OnvifRecorder])
def test_a_slow_recorder_is_not_waited_for_longer_than_wanted(
    simulation: Simulation, kind: type[IsapiRecorder | OnvifRecorder]
) -> None:
    simulation.act("delay", {"seconds": 30.0})

    with pytest.raises(RecorderError, match="does not answer"):
        asyncio.run(kind(entry(simulation.address), timeout_s=0.2).reach(now=NOW))


def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    async def handle(_: Request) -> Response:
        return Response(body=b"<a>" + b" " * 1_200_000)

    async def act() -> None:
        server = HttpServer(handle)
        url = await server.serve("127.0.0.1", 0)
        try:
            await IsapiRecorder(CameraRecorder(url=url)).reach(now=NOW)
        finally:
            await server.close()

    with pytest.raises(RecorderError, match="has no end"):
        asyncio.run(act())


def test_a_recorder_of_several_recordings_wants_to_know_which(simulation: Simulation) -> None:
    known = check(entry(simulation.address, "onvif", recording="OnvifRecording_1"))
    other = check(entry(simulation.address, "onvif", recording="OnvifRecording_2"))

    assert (known.is_enough, other.oldest_at) == (True, None)


def test_a_replay_address_holds_what_the_site_file_says() -> None:
    recorder = IsapiRecorder(entry("http://[2001:db8::9]:8000", track=201, rtsp_port=8554))

    url = recorder.replay_url(datetime.fromisoformat("2026-11-29T11:00:05+08:00"))

    tail = "[2001:db8::9]:8554/Streaming/tracks/201?starttime=20261129T030005Z"
    assert url == f"rtsp://admin:p%40ss@{tail}"
