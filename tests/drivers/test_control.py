"""The control port, asked over HTTP."""

import http.client
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from drivers.control import BODY_SIZE_BYTES_MAX, ControlServer
from drivers.simulators.line import SimulatedLine
from drivers.simulators.speed_gate import Simulator


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(Simulator.Settings(unit_id=(1, 2)))


@pytest.fixture
def server(simulator: Simulator) -> Iterator[ControlServer]:
    line = SimulatedLine(simulator)
    server = ControlServer(
        "127.0.0.1", 0, state=simulator.state, act=simulator.act, set_fault=line.set_fault
    )
    yield server
    server.stop()


@pytest.fixture
def control(server: ControlServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        yield client


def test_the_state_is_read_as_it_is(simulator: Simulator, control: httpx.Client) -> None:
    simulator.stations[2].gate.faults = 3

    assert control.get("/state").json() == simulator.state()


def test_a_hand_acts_on_the_unit_it_names(simulator: Simulator, control: httpx.Client) -> None:
    control.post("/actions/tamper", json={"unit_id": 2, "on": True}).raise_for_status()

    assert [station.gate.is_tampered for station in simulator.stations.values()] == [False, True]


def test_a_fault_is_switched_on_and_off(control: httpx.Client) -> None:
    on = control.post("/faults", json={"kind": "noise", "probability": 0.5, "on": True})
    off = control.post("/faults", json={"kind": "noise", "on": False})

    assert (on.json(), off.json()) == ({"faults": {"noise": 0.5}}, {"faults": {}})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("POST", "/nothing", b"{}", 404),
        ("POST", "/actions/dance", b"{}", 422),
        ("POST", "/actions/walk", b"no json", 422),
        ("POST", "/actions/walk", b"[1]", 422),
        ("POST", "/actions/walk", b'{"unit_id": "x"}', 422),
        ("POST", "/actions/walk", b'{"unit_id": null}', 422),
        ("POST", "/faults", b'{"kind": "gremlins"}', 422),
        ("POST", "/faults", b'{"kind": "mute", "probability": 2}', 422),
        ("POST", "/faults", b'{"kind": "mute", "probability": "often"}', 422),
    ],
)
def test_a_bad_request_is_answered_and_the_simulator_lives(
    control: httpx.Client, method: str, path: str, body: bytes | None, status: int
) -> None:
    reply = control.request(method, path, content=body)

    assert reply.status_code == status
    assert reply.json()["detail"]
    assert control.get("/state").is_success


def test_a_body_that_is_too_large_is_not_waited_for(server: ControlServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", "/actions/walk")
    connection.putheader("Authorization", f"Bearer {server.token}")
    connection.putheader("Content-Length", str(BODY_SIZE_BYTES_MAX + 1))
    connection.endheaders()

    status = connection.getresponse().status
    connection.close()

    assert status == 422


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guess"}])
def test_nobody_without_the_token_reaches_it(
    simulator: Simulator, server: ControlServer, headers: dict[str, str]
) -> None:
    replies = [
        httpx.get(f"{server.url}/state", headers=headers),
        httpx.post(f"{server.url}/actions/tamper", headers=headers, json={"on": True}),
        httpx.post(f"{server.url}/faults", headers=headers, json={"kind": "mute"}),
    ]

    assert [reply.status_code for reply in replies] == [401, 401, 401]
    assert not simulator.stations[1].gate.is_tampered


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", ""])  # noqa: S104 - it is refused
def test_it_listens_on_this_machine_alone(simulator: Simulator, host: str) -> None:
    def nothing(_: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever is asked
        return {}

    with pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):
        ControlServer(host, 0, state=simulator.state, act=simulator.act, set_fault=nothing)
