"""ONVIF Profile G, checked by an independent client and by the WSDL files that it carries."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import FrameError
from drivers.protocols import onvif_recordings as soap
from drivers.protocols.xml_answers import parse
from drivers.simulation import Simulation
from drivers.simulators.soap import UsernameToken, fault
from drivers.simulators.soap import soap as answered

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
RESULTS = """<tse:GetRecordingSearchResultsResponse><tse:ResultList>
<tt:SearchState>Completed</tt:SearchState><tt:RecordingInformation>
<tt:RecordingToken>r1</tt:RecordingToken><tt:Source><tt:SourceId>s</tt:SourceId>
<tt:Name>lobby</tt:Name><tt:Location/><tt:Description/><tt:Address/></tt:Source>
<tt:EarliestRecording>2026-10-29T11:00:00.5+08:00</tt:EarliestRecording><tt:Content/>
<tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>
</tse:ResultList></tse:GetRecordingSearchResultsResponse>"""


def with_client(act: Callable[[Any, Simulation], Awaitable[None]]) -> None:
    """Ask the simulator by ``onvif-zeep-async``, which reads answers by the WSDL."""
    library = import_module("onvif")

    async def run(simulation: Simulation) -> None:
        parts = urlsplit(simulation.address)
        camera = library.ONVIFCamera(parts.hostname, parts.port, "admin", "secret", no_cache=True)
        try:
            await camera.update_xaddrs()
            await act(camera, simulation)
        finally:
            await camera.close()

    with Simulation("video_recorder", {"password": "secret", "days": 12}) as simulation:
        asyncio.run(run(simulation))


def test_an_independent_client_finds_and_replays_what_the_simulator_records() -> None:
    async def act(camera: Any, simulation: Simulation) -> None:  # noqa: ANN401 - it has no types
        search = await camera.create_search_service()
        wish = {"Scope": {}, "KeepAliveTime": timedelta(seconds=60)}
        token = await search.FindRecordings(wish)
        answers = [
            await search.GetRecordingSearchResults({"SearchToken": token, "WaitTime": "PT5S"})
            for _ in range(2)
        ]
        (found,) = answers[1].RecordingInformation
        replay = await camera.create_replay_service()
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        question = {"StreamSetup": setup, "RecordingToken": found.RecordingToken}
        uri = await replay.GetReplayUri(question)

        assert [answer.SearchState for answer in answers] == ["Searching", "Completed"]
        age = datetime.now(UTC) - found.EarliestRecording
        assert abs(age - timedelta(days=12)) < timedelta(minutes=1)
        assert str(uri).endswith(f":{simulation.state()['rtsp_port']}/replay/1")

    with_client(act)


@pytest.mark.parametrize(
    ("wsdl", "body"),
    [
        ("search", soap.FIND),
        ("search", soap.results("t1")),
        ("search", soap.end_search("t1")),
        ("replay", soap.replay_uri("r1")),
    ],
)
def test_questions_are_as_the_wsdl_has_them(wsdl: str, body: str) -> None:
    types = description(wsdl)
    (asked,) = import_module("lxml.etree").fromstring(soap.encode(body))[1]

    read = types.get_element(asked.tag).parse(asked, types)

    tokens = {getattr(read, name, None) for name in ("SearchToken", "RecordingToken")}
    assert tokens & {None, "t1", "r1"}


@functools.cache
def description(name: str) -> Any:  # noqa: ANN401 - zeep makes it from the WSDL
    """Return the types of a service; they raise at elements that they do not know."""
    (folder,) = import_module("onvif").__path__
    return import_module("zeep").Client(f"file://{folder}/wsdl/{name}.wsdl").wsdl.types


def test_answers_are_read() -> None:
    found = soap.decode_results(answered(RESULTS).body)

    at = datetime(2026, 10, 29, 3, 0, 0, 500_000, tzinfo=UTC)
    assert found == soap.Found(True, (soap.Recording("r1", "lobby", at, None),))


def test_a_refusal_says_why() -> None:
    with pytest.raises(soap.RefusedError, match="Sender, InvalidArgVal, NoRecording"):
        soap.decode_replay_uri(fault("ter:InvalidArgVal", "ter:NoRecording").body)


def test_a_password_is_proved_and_not_shown() -> None:
    head = soap.security("a&b", "correct horse", nonce=b"once", created=NOW)

    assert "correct horse" not in head
    assert "a&amp;b" in head
    header = soap.security("ab", "correct horse", nonce=b"once", created=NOW)
    assert UsernameToken("ab", "correct horse").is_valid(header)
    assert not UsernameToken("ab", "other").is_valid(header)


def test_names_of_the_far_end_cannot_bring_elements_of_their_own() -> None:
    question = soap.encode(soap.replay_uri("</trp:RecordingToken><x/>"))

    assert b"<x/>" not in question
    assert parse(question) is not None


@pytest.mark.parametrize("uri", ["http://192.0.2.9/1", "rtsp://192.0.2.9/1\r\nx", "file:///etc"])
def test_a_replay_is_at_an_rtsp_address(uri: str) -> None:
    body = f"<trp:GetReplayUriResponse><trp:Uri>{uri}</trp:Uri></trp:GetReplayUriResponse>"

    with pytest.raises(FrameError, match="no RTSP address"):
        soap.decode_replay_uri(answered(body).body)


@given(st.binary(max_size=200))
def test_garbage_is_no_answer(data: bytes) -> None:
    for decode in (
        soap.decode_clock, soap.decode_services, soap.decode_search_token,
        soap.decode_results, soap.decode_replay_uri,
    ):  # fmt: skip
        with pytest.raises(FrameError):
            decode(data)
