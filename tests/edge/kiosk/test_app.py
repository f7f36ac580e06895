import time
from collections.abc import Iterator
from itertools import islice

import httpx
import pytest
from httpx_sse import connect_sse

from config.contract.access import DenialReason
from edge.kiosk.app import BOUNDARY, PICTURE_AGE_S_MAX, PICTURE_INTERVAL_S
from tests.edge.conftest import wait_until
from tests.edge.kiosk.lanes import KEY, Terminal, plain_picture
from tests.serving import serving


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def client(terminal: Terminal) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with serving(terminal.app()) as url, httpx.Client(base_url=url, headers=headers) as made:
        yield made


def read_events(client: httpx.Client, point: str, count: int) -> list[tuple[str, object]]:
    with connect_sse(client, "GET", f"/kiosk/{point}/stream") as source:
        return [(event.event, event.json()) for event in islice(source.iter_sse(), count)]


def test_the_lanes_are_those_of_this_node(client: httpx.Client) -> None:
    points = client.get("/access-points").json()["access_points"]

    assert [(p["id"], p["has_camera"]) for p in points] == [("east", True), ("west", False)]


def test_a_stream_begins_with_who_and_where(client: httpx.Client) -> None:
    [(name, hello)] = read_events(client, "west", 1)

    assert name == "hello"
    assert isinstance(hello, dict)
    assert hello["access_point"]["name"] == {"zh-CN": "西通道", "en": "West lane"}


def test_a_late_page_gets_the_state_of_now(client: httpx.Client, terminal: Terminal) -> None:
    terminal.show("refused", point="west", reason=DenialReason.UNKNOWN_CARD)

    name, state = read_events(client, "west", 2)[1]

    assert name == "state"
    assert isinstance(state, dict)
    assert (state["phase"], state["reason"]) == ("refused", "unknown_card")


def test_a_lane_hears_nothing_of_its_neighbour(client: httpx.Client, terminal: Terminal) -> None:
    terminal.show("welcome", point="west", name="王**")
    terminal.show("fault", point="east")

    events = dict(read_events(client, "east", 3))

    assert events.keys() == {"hello", "picture", "state"}
    assert isinstance(events["state"], dict)
    assert events["state"]["phase"] == "fault"


def test_the_stream_says_where_the_face_is(client: httpx.Client, terminal: Terminal) -> None:
    terminal.camera.show_face(hint="too_small")

    _, picture = read_events(client, "east", 2)[1]

    face = {"box": [220, 120, 420, 320], "is_active": True, "hint": "too_small"}
    assert picture == {"is_current": True, "faces": [face]}


def test_an_old_picture_is_not_current_and_has_no_faces(
    client: httpx.Client, terminal: Terminal
) -> None:
    terminal.camera.show_face()
    terminal.camera.age_s = PICTURE_AGE_S_MAX

    assert read_events(client, "east", 2)[1] == ("picture", {"is_current": False, "faces": []})


def test_the_live_picture_is_sent_when_it_changes(client: httpx.Client, terminal: Terminal) -> None:
    first, second = terminal.camera.jpeg or b"", plain_picture(grey=30)
    with client.stream("GET", "/kiosk/east/live.mjpeg") as reply:
        received = bytearray()
        for piece in reply.iter_raw():
            received += piece
            if first in received:
                terminal.camera.jpeg = second
            if second in received:
                break

    assert reply.headers["Content-Type"] == f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    assert received.count(first) == 1


def test_an_old_picture_is_not_sent(client: httpx.Client, terminal: Terminal) -> None:
    old = terminal.camera.jpeg or b""
    terminal.camera.age_s = PICTURE_AGE_S_MAX
    with client.stream("GET", "/kiosk/east/live.mjpeg") as reply:
        pieces = reply.iter_raw()
        start = next(pieces)
        wait_until(lambda: terminal.camera.calls >= 3)
        terminal.camera.jpeg, terminal.camera.age_s = plain_picture(grey=30), 0.0
        received = start + next(pieces)

    assert old not in received


def test_nobody_looks_at_the_camera_when_the_page_has_left(
    client: httpx.Client, terminal: Terminal
) -> None:
    with client.stream("GET", "/kiosk/east/live.mjpeg") as reply:
        next(reply.iter_raw())

    wait_until(lambda: is_left_alone(terminal))


def is_left_alone(terminal: Terminal) -> bool:
    """Return whether nobody asks for the picture during several times its interval."""
    calls, deadline_s = terminal.camera.calls, time.monotonic() + 4 * PICTURE_INTERVAL_S
    while terminal.camera.calls == calls and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return terminal.camera.calls == calls


@pytest.mark.parametrize("path", ["", "/stream", "/live.mjpeg"])
def test_an_access_point_of_another_node_is_not_here(client: httpx.Client, path: str) -> None:
    assert client.get(f"/kiosk/far{path}").status_code == 404


def test_a_lane_without_a_camera_has_no_live_picture(client: httpx.Client) -> None:
    assert client.get("/kiosk/west/live.mjpeg").status_code == 404
