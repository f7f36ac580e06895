import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import pytest
import serial

from config.web import CONTENT_SECURITY_POLICY
from edge.bench.access import PREFIX, Access
from edge.bench.catalogue import catalogue
from edge.bench.server import create_app
from tests.serving import serving

DEADLINE_S = 120.0
"""Generous: the machine may be busy with other things."""
CARD = "010063E9AE"


@pytest.fixture(scope="module")
def access() -> Access:
    return Access("127.0.0.1", 8190)


@pytest.fixture
def url(access: Access) -> Iterator[str]:
    with serving(create_app(catalogue(None), access)) as address:
        yield address


@pytest.fixture
def bench(url: str, access: Access) -> Iterator[httpx.Client]:
    """A client of the API with a session."""
    with httpx.Client(base_url=f"{url}{PREFIX}", timeout=DEADLINE_S) as client:
        assert client.post("/session", json={"token": access.new_token()}).status_code == 204
        yield client


def until(ask: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
    """Return what was asked when it is so; fail when it is not in time."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not is_so(answer := ask()):
        assert time.monotonic() < deadline_s, answer
        time.sleep(0.05)
    return answer


def simulated(bench: httpx.Client, driver: str = "rdm6300", **order: object) -> Any:  # noqa: ANN401 - JSON
    """Start a simulator and open it with its driver; returns the device."""
    started = bench.post("/simulators", json={"driver": driver, **order})
    assert started.status_code == 201, started.text
    opened = bench.post("/devices", json={"simulator": started.json()["id"]})
    assert opened.status_code == 201, opened.text
    return opened.json()


def device_until(bench: httpx.Client, name: str, is_so: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
    return until(lambda: bench.get(f"/devices/{name}").json(), is_so)


def test_the_catalogue_has_forms_made_from_settings(bench: httpx.Client) -> None:
    offered = bench.get("/catalogue").json()

    [gate] = [d for d in offered["drivers"] if d["driver"] == "speed_gate"]
    [unit] = [s for s in gate["settings"] if s["name"] == "unit_id"]
    assert (unit["type"], unit["default"], unit["is_required"]) == ("int", "1", False)
    assert {"mute", "noise", "unplug"} <= {fault["kind"] for fault in offered["faults"]}


def test_a_card_that_is_swiped_is_observed(bench: httpx.Client) -> None:
    device = simulated(bench)["id"]
    device_until(bench, device, lambda d: d["state"] == "present")

    swiped = bench.post("/simulators/rdm6300-1/actions/swipe", json={"arguments": {"card": CARD}})

    assert swiped.status_code == 200
    seen = device_until(bench, device, lambda d: d["observations"])["observations"][0]
    assert (seen["kind"], seen["values"]["number"]) == ("CredentialRead", CARD)
    frames = until(lambda: bench.get(f"/devices/{device}/frames").json(), bool)
    assert frames[0]["hex"].startswith("02 30 31 30 30")


def test_a_mute_device_is_lost_and_comes_back(bench: httpx.Client) -> None:
    device = simulated(bench, "waveshare_relay")["id"]
    device_until(bench, device, lambda d: d["state"] == "present" and d["observations"])

    bench.put("/simulators/waveshare_relay-1/faults/mute", json={"on": True})
    lost = device_until(bench, device, lambda d: d["state"] == "lost")
    bench.put("/simulators/waveshare_relay-1/faults/mute", json={"on": False})
    back = device_until(bench, device, lambda d: d["state"] == "present")

    assert "no reply" in lost["problem"]
    assert back["problem"] == ""
    assert back["units"][0]["answered"] > 0
    assert back["units"][0]["timed_out"] > 0


def test_a_cable_is_pulled_and_plugged_in_again(bench: httpx.Client) -> None:
    device = simulated(bench, "waveshare_relay")["id"]
    device_until(bench, device, lambda d: d["state"] == "present")

    pulled = bench.put("/simulators/waveshare_relay-1/faults/unplug", json={"on": True})
    device_until(bench, device, lambda d: d["state"] == "lost")
    bench.put("/simulators/waveshare_relay-1/faults/unplug", json={"on": False})

    assert pulled.json()["is_unplugged"]
    device_until(bench, device, lambda d: d["state"] == "present")


def test_a_test_ends_in_a_report_and_the_device_goes_on(bench: httpx.Client) -> None:
    device = simulated(bench)["id"]

    test = bench.post(f"/devices/{device}/tests", json={}).json()["id"]
    done = until(lambda: bench.get(f"/tests/{test}").json(), lambda t: t["state"] != "running")

    assert (done["passed"], done["problem"]) == (True, "")
    page = bench.get(f"/tests/{test}/report.html", params={"download": True})
    assert "设备应答并完成设置 · the device answers and is set up" in page.text
    assert "合格" in page.text
    assert page.headers["Content-Disposition"].startswith('attachment; filename="rdm6300-')
    assert bench.get(f"/tests/{test}/report.json").json()["passed"]
    device_until(bench, device, lambda d: d["state"] == "present")


def test_a_test_that_is_stopped_leaves_the_device_running(bench: httpx.Client) -> None:
    device = simulated(bench, "speed_gate")["id"]
    test = bench.post(f"/devices/{device}/tests", json={}).json()["id"]
    until(lambda: bench.get(f"/tests/{test}").json(), lambda t: t["steps"])

    refused = bench.post(f"/devices/{device}/tests", json={})
    bench.delete(f"/tests/{test}")

    assert refused.json()["detail"] == f"{device} is being tested already"
    assert bench.get(f"/tests/{test}").json()["state"] == "stopped"
    assert bench.get(f"/tests/{test}/report.json").status_code == 409
    device_until(bench, device, lambda d: d["state"] == "present")


def test_two_devices_share_a_line(bench: httpx.Client) -> None:
    first = simulated(bench, "waveshare_relay", settings={"unit_id": "1,2"})
    second = bench.post(
        "/devices", json={"simulator": "waveshare_relay-1", "settings": {"unit_id": 2}}
    ).json()

    device_until(bench, first["id"], lambda d: d["state"] == "present")
    device_until(bench, second["id"], lambda d: d["state"] == "present")

    units = {unit["unit"] for unit in bench.get(f"/devices/{first['id']}").json()["units"]}
    assert units == {"1", "2"}
    refused = bench.post(f"/devices/{first['id']}/tests", json={})
    assert "close the other devices" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "order", "words"),
    [
        ("/devices", {"driver": "rdm6300", "port": "/dev/absent"}, "there is no port /dev/absent"),
        ("/devices", {"driver": "rdm6300"}, "a device needs a port"),
        ("/devices", {"driver": "absent", "port": "x"}, "no driver 'absent'"),
        (
            "/devices",
            {"driver": "speed_gate", "port": "x", "settings": {"speed": 1}},
            "'speed=1' is no setting of speed_gate",
        ),
        (
            "/devices",
            {"driver": "speed_gate", "port": "x", "settings": {"unit_id": 248}},
            "unit_id",
        ),
        ("/devices", {"driver": "osdp_reader", "port": "x"}, "needs the setting key_file"),
        ("/devices", {"driver": "rdm6300", "port": "x", "parity": "X"}, "a parity is N, E or O"),
        ("/devices", {"driver": "rdm6300", "port": "x", "baudrate": 1}, "baudrate: "),
        ("/devices", {"simulator": "rdm6300-9"}, "there is no 'rdm6300-9'"),
        ("/simulators", {"driver": "absent"}, "no simulator 'absent'"),
        ("/simulators", {"driver": "rdm6300", "transport": "udp"}, "rdm6300 has no udp"),
        ("/simulators", {"driver": "rdm6300", "settings": {"x": 1}}, "'x' is no setting"),
    ],
)
def test_a_mistake_is_answered_by_one_clear_line(
    bench: httpx.Client, path: str, order: dict[str, object], words: str
) -> None:
    reply = bench.post(path, json=order)

    assert reply.status_code in (404, 422)
    assert words in reply.json()["detail"]
    assert "\n" not in reply.json()["detail"]
    state = bench.get("/state").json()
    assert (state["devices"], state["simulators"]) == ([], [])


def test_a_port_that_is_open_with_another_set_up_is_refused(bench: httpx.Client) -> None:
    device = simulated(bench, "waveshare_relay")

    refused = bench.post(
        "/devices", json={"driver": "rdm6300", "port": device["port"], "baudrate": 19200}
    )

    assert refused.status_code == 409
    assert "is open with 9600 N 1" in refused.json()["detail"]


def test_a_port_that_another_program_has_is_refused(bench: httpx.Client) -> None:
    port = bench.post("/simulators", json={"driver": "rdm6300"}).json()["port"]

    with serial.Serial(port, exclusive=True):
        refused = bench.post("/devices", json={"simulator": "rdm6300-1"})

    assert refused.json()["detail"] == f"port {port} is used by another program: close it"


def test_there_are_not_too_many_of_anything(bench: httpx.Client) -> None:
    for _ in range(16):
        simulated(bench, "rdm6300", transport="tcp")
    for _ in range(16):
        bench.post("/simulators", json={"driver": "rdm6300", "transport": "tcp"})

    simulator = bench.post("/simulators", json={"driver": "rdm6300"})
    device = bench.post("/devices", json={"simulator": "rdm6300-1"})

    assert (simulator.status_code, device.status_code) == (409, 409)
    assert simulator.json()["detail"] == "there are 32 simulators: stop one first"


def test_what_changes_is_streamed(bench: httpx.Client) -> None:
    with httpx_sse.connect_sse(bench, "GET", "/stream") as stream:
        events = stream.iter_sse()
        assert next(events).event == "hello"

        simulated(bench)
        bench.post("/simulators/rdm6300-1/actions/swipe", json={})

        seen = dict[str, Any]()
        while not {"simulator", "device"} <= seen.keys():
            event = next(events)
            seen[event.event] = json.loads(event.data)
        # Not before: what came and went between two looks is never told.
        bench.delete("/simulators/rdm6300-1")
        while "gone" not in seen:
            event = next(events)
            seen[event.event] = json.loads(event.data)
    assert seen["gone"] == {"kind": "simulator", "id": "rdm6300-1"}
    assert {"simulator", "device"} <= seen.keys()


def test_everything_ends_with_the_server(access: Access) -> None:
    with serving(create_app(catalogue(None), access)) as address:
        with httpx.Client(base_url=f"{address}{PREFIX}", timeout=DEADLINE_S) as client:
            client.post("/session", json={"token": access.new_token()})
            port = Path(simulated(client)["port"])
        assert port.is_symlink()

    assert not port.is_symlink()
    assert not port.parent.exists()


def test_without_a_session_only_the_page_is_served(url: str) -> None:
    assert httpx.get(f"{url}{PREFIX}/state").json()["code"] == "no_session"
    assert httpx.post(f"{url}{PREFIX}/simulators", json={"driver": "rdm6300"}).status_code == 401
    page = httpx.get(url)
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_a_link_works_once(url: str, access: Access) -> None:
    token = access.new_token()

    first, second = (httpx.post(f"{url}{PREFIX}/session", json={"token": token}) for _ in range(2))

    assert (first.status_code, second.status_code) == (204, 401)
    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert "samesite=strict" in first.headers["Set-Cookie"].lower()


def test_another_screen_gets_a_link_of_its_own(bench: httpx.Client) -> None:
    link = bench.post("/links").json()["link"]

    entry = httpx.post(
        f"{bench.base_url}session",
        json={"token": link.partition("#token=")[2]},
    )

    assert entry.status_code == 204


@pytest.mark.parametrize("host", ["bench.example", "127.0.0.1.bench.example", "192.0.2.1:8190"])
def test_a_name_that_is_not_loopback_is_refused(bench: httpx.Client, host: str) -> None:
    assert bench.get("", headers={"Host": host}).json()["code"] == "wrong_host"


def test_a_page_of_another_origin_changes_nothing(bench: httpx.Client) -> None:
    origin = {"Origin": "http://127.0.0.1:1"}

    reply = bench.post("/simulators", json={"driver": "rdm6300"}, headers=origin)

    assert reply.json()["code"] == "foreign_origin"


def test_the_api_describes_itself_offline(url: str) -> None:
    description = httpx.get(f"{url}{PREFIX}/openapi.json").json()

    assert f"{PREFIX}/simulators/{{simulator}}/faults/{{kind}}" in description["paths"]
    assert "cdn" not in httpx.get(f"{url}/docs").text
