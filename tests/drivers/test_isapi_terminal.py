"""ISAPI terminals: parts of the stream, and a stream that no malformed part ends."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    AccessReported,
    CommandReceipt,
    CommandRejectedError,
    CredentialKind,
    CredentialRead,
    DeviceUnreachableError,
    DriverError,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus, Tap
from drivers.isapi_terminal import IsapiTerminal
from drivers.protocols import FrameError
from drivers.protocols.isapi import (
    BOUNDARY,
    AccessEvent,
    OtherEvent,
    StreamDecoder,
    door_states_of,
    encode_part,
    event_of,
)
from drivers.simulation import Simulation, free_port
from drivers.simulators.http_server import HttpServer, Request, Response
from tests.drivers.heard import cut, frames_of

FACE = {
    "eventType": "AccessControllerEvent",
    "dateTime": "2026-11-23T08:00:00+08:00",
    "AccessControllerEvent": {
        "majorEventType": 5, "subEventType": 75, "serialNo": 7, "doorNo": 2,
        "employeeNoString": "1001",
    },
}  # fmt: skip
FACE_EVENT = AccessEvent(7, 2, "face", True, "1001", "", "2026-11-23T08:00:00+08:00")


@given(sizes=st.lists(st.integers(1, 60), min_size=1))
def test_events_come_out_whatever_the_pieces(sizes: list[int]) -> None:
    stream = encode_part(FACE) + encode_part({"eventType": "heartBeat"})

    found, refusals = frames_of(StreamDecoder(), cut(stream, sizes))

    assert (found, refusals) == ([FACE_EVENT, OtherEvent("heartBeat")], [])


@pytest.mark.parametrize(
    "bad",
    [
        BOUNDARY + b"\r\nContent-Length: 9\r\n\r\n{not json\r\n",
        BOUNDARY + b"\r\nContent-Length: 99999\r\n\r\n{}\r\n",
        BOUNDARY + b"\r\nContent-Length: 999999999\r\n\r\n",
        BOUNDARY + b"\r\nContent-Type: text/html\r\n\r\nhello\r\n",
        BOUNDARY + b"\r\n",
    ],
    ids=["no JSON", "a length too long", "a length beyond all", "no length", "no head"],
)
def test_a_malformed_part_does_not_hide_the_one_behind_it(bad: bytes) -> None:
    found, refusals = frames_of(StreamDecoder(), [bad + encode_part(FACE)])

    assert found == [FACE_EVENT]
    assert len(refusals) == 1


def test_what_is_refused_names_nobody() -> None:
    body = json.dumps({**FACE, "AccessControllerEvent": {"subEventType": "1001x"}}).encode()

    with pytest.raises(FrameError) as caught:
        event_of(body)

    assert "1001" not in str(caught.value)
    assert "1001" not in repr(FACE_EVENT)


Act = Callable[[IsapiTerminal, Simulation], Awaitable[None]]


def with_terminal(
    act: Act, password_file: str = "", *, tap: Tap | None = None, **settings: object
) -> None:
    async def run(simulation: Simulation) -> None:
        made = IsapiTerminal.Settings(password_file=password_file, **settings)  # type: ignore[arg-type]  # own
        bus = Bus(simulation.driver_port)
        if tap is not None:
            bus.tap(tap)
        driver = IsapiTerminal(bus, made)
        try:
            async with asyncio.timeout(30):
                await driver.start()
                await act(driver, simulation)
        finally:
            await driver.close()

    password = Path(password_file).read_text("utf-8") if password_file else ""
    with Simulation("isapi_terminal", {"password": password}) as simulation:
        asyncio.run(run(simulation))


async def polled(driver: IsapiTerminal) -> list[Observation]:
    while not (found := list(await driver.poll())):  # noqa: ASYNC110 - the driver is polled
        await asyncio.sleep(0.01)
    return found


def test_its_own_recognition_is_a_credential_and_a_report() -> None:
    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        simulation.act("face", {})
        credential, report = await polled(driver)

        assert credential == CredentialRead(CredentialKind.FACE, "1001")
        assert isinstance(report, AccessReported)
        assert (report.is_granted, report.door, report.kind) == (True, 0, CredentialKind.FACE)
        assert not CredentialKind.FACE.can_be_cloned

    with_terminal(act)


def test_somebody_it_refuses_is_no_credential() -> None:
    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        simulation.act("face", {"granted": False})
        (report,) = await polled(driver)

        assert isinstance(report, AccessReported)
        assert not report.is_granted

    with_terminal(act)


def test_one_malformed_part_does_not_end_the_event_stream_and_is_a_finding() -> None:
    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        simulation.act("malformed_part", {})
        simulation.act("swipe", {})
        credential, _ = await polled(driver)

        assert credential == CredentialRead(CredentialKind.CARD_UID, "0006547886")
        assert driver.findings == ["stream: 2 parts of the event stream could not be read"]

    with_terminal(act)


def test_an_event_stream_that_ended_is_an_absence_until_it_is_open_again() -> None:
    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        simulation.act("end_stream", {})
        with pytest.raises(DeviceUnreachableError, match="ended the event stream"):
            await polled(driver)
        await driver.start()
        simulation.act("swipe", {})

        assert len(await polled(driver)) == 2

    with_terminal(act)


def test_a_door_is_opened_once() -> None:
    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        await driver.access_door(1)

        assert simulation.state()["opened"] == [2]
        with pytest.raises(ValueError, match="door is 0"):
            await driver.access_door(2)

    with_terminal(act, door_count=2)


def test_a_door_is_kept_open_until_that_is_ended_and_is_read_back() -> None:
    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        await driver.lock_open_door(1)
        await driver.lock_open_door(1)
        assert simulation.state()["standing_open"] == [2]
        await driver.end_lock_open_door(1)

        assert simulation.state()["standing_open"] == []
        assert driver.door_count == 2

    with_terminal(act, door_count=2)


DONE = Response(body=b"<statusCode>1</statusCode>")


class DeafTerminal:
    """Says that it has done what it was told, and what its doors are; none is no word of them."""

    def __init__(self, states: list[int] | None) -> None:
        self._states = states

    async def handle(self, request: Request) -> Response:
        if request.method == "PUT":
            return DONE
        if self._states is None:
            return Response(404)
        return Response(body=json.dumps({"AcsWorkStatus": {"doorStatus": self._states}}).encode())

    async def asked(self, act: Callable[[IsapiTerminal], Awaitable[object]]) -> object:
        server = HttpServer(self.handle)
        driver = IsapiTerminal(Bus(await server.serve("127.0.0.1", 0)), IsapiTerminal.Settings())
        try:
            return await act(driver)
        finally:
            await driver.close()
            await server.close()


def test_a_terminal_that_tells_nothing_of_its_doors_confirms_by_its_answer() -> None:
    receipt = asyncio.run(DeafTerminal(None).asked(lambda driver: driver.lock_open_door(0)))

    assert receipt == CommandReceipt(attempts=1)


def test_a_door_that_does_not_stand_as_it_was_told_is_not_confirmed() -> None:
    with pytest.raises(ProtocolViolationError, match="does not keep door 0 open"):
        asyncio.run(DeafTerminal([4]).asked(lambda driver: driver.lock_open_door(0)))
    with pytest.raises(ProtocolViolationError, match="keeps door 0 open still"):
        asyncio.run(DeafTerminal([2]).asked(lambda driver: driver.end_lock_open_door(0)))


@given(
    st.binary(max_size=80)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["AcsWorkStatus", "doorStatus"]), inner)
        ),
    ).map(lambda told: json.dumps(told).encode())
)
def test_whatever_a_terminal_tells_of_its_doors_is_numbers_or_refused(body: bytes) -> None:
    with contextlib.suppress(FrameError):
        assert all(isinstance(state, int) for state in door_states_of(body))


class OtherServer:
    """Somebody else's web server, who says the same to everything."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def _handle(self, request: Request) -> Response:
        return Response(body=self._body)

    async def asked(self, act: Callable[[IsapiTerminal], Awaitable[object]]) -> None:
        server = HttpServer(self._handle)
        driver = IsapiTerminal(Bus(await server.serve("127.0.0.1", 0)), IsapiTerminal.Settings())
        try:
            await act(driver)
        finally:
            await driver.close()
            await server.close()


def test_a_web_server_that_is_no_such_terminal_is_said_to_be_none() -> None:
    with pytest.raises(ProtocolViolationError, match="is no such terminal"):
        asyncio.run(OtherServer(b"<html>Welcome</html>").asked(IsapiTerminal.start))


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (
            b"<statusCode>4</statusCode>",
            CommandRejectedError,
            "refuses 'open' for door 0: statusCode 4",
        ),
        (b"OK", ProtocolViolationError, "does not say whether door 0 obeyed"),
    ],
)
def test_a_door_is_open_only_if_the_terminal_says_so(
    body: bytes, error: type[DriverError], words: str
) -> None:
    with pytest.raises(error, match=words):
        asyncio.run(OtherServer(body).asked(lambda driver: driver.access_door(0)))


def test_what_is_asked_and_answered_is_shown_without_the_proof_of_the_password() -> None:
    shown: list[bytes] = []

    def tap(at_s: float, *, is_sent: bool, data: bytes) -> None:
        shown.append(data)

    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        await driver.access_door(0)

    with_terminal(act, tap=tap)

    assert shown[0] == b"GET /ISAPI/System/deviceInfo"
    assert any(b"door/1 <RemoteControlDoor>" in data for data in shown)
    assert b"statusCode" in shown[-1]
    assert not any(b"Digest" in data or b"admin" in data for data in shown)


def test_the_password_comes_from_a_file_that_only_we_can_read(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("correct horse", encoding="utf-8")
    path.chmod(0o600)

    async def act(driver: IsapiTerminal, simulation: Simulation) -> None:
        await driver.access_door(0)

    with_terminal(act, str(path))
    path.chmod(0o644)
    with pytest.raises(ValueError, match="is open to others"):
        IsapiTerminal(Bus("http://x"), IsapiTerminal.Settings(password_file=str(path)))


def test_a_wrong_password_is_said_and_not_tried_again() -> None:
    async def act(simulation: Simulation) -> None:
        driver = IsapiTerminal(Bus(simulation.driver_port), IsapiTerminal.Settings())
        with pytest.raises(CommandRejectedError, match="refuses user 'admin' or the password"):
            await driver.start()
        await driver.close()

    with Simulation("isapi_terminal", {"password": "other"}) as simulation:
        asyncio.run(act(simulation))


@pytest.mark.parametrize("port", ["nonsense", "http://"])
def test_an_address_that_is_none_is_an_error_of_a_driver(port: str) -> None:
    async def act() -> None:
        driver = IsapiTerminal(Bus(port), IsapiTerminal.Settings(timeout_s=0.5))
        with pytest.raises(DriverError):
            await driver.start()
        await driver.close()

    asyncio.run(act())


def test_a_terminal_that_is_not_there_is_unreachable() -> None:
    async def act() -> None:
        url = f"http://127.0.0.1:{free_port()}"
        driver = IsapiTerminal(Bus(url), IsapiTerminal.Settings(timeout_s=0.5))
        with pytest.raises(DeviceUnreachableError, match="does not answer"):
            await driver.start()
        await driver.close()

    asyncio.run(act())


@pytest.mark.parametrize("settings", [{"door_count": 0}, {"heartbeat_s_max": 0.0}])
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"isapi_terminal: {next(iter(settings))} is"):
        IsapiTerminal.Settings(**settings)  # type: ignore[arg-type]  # numbers all
