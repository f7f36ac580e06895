"""Cameras and the pictures of alarms, over HTTP with the real application."""

import hashlib
from uuid import UUID

import httpx
import pytest

from config.contract.access_events import TailgatingDetected
from config.contract.events import ClipsLost, RecordingChecked
from config.contract.identifiers import new_id
from config.contract.picture_sequence import decode_sequence
from config.contract.video_events import MediaFormat, MediaKind
from tests.central.bench import Bench, Node
from tests.central.retention.timers import run_timers
from tests.central.video.keeping import SECOND, jpeg, kept_fact, kept_picture, put, sequence

API = "/api/v1"
WATCH, PLAY = (f"{API}/cameras/camera-1/{deed}" for deed in ("watch", "playback"))


def push(node: Node, stream_id: str, *, grey: int = 90) -> int:
    taken_at_ms = int(node.clock().timestamp() * 1000)
    target = f"{API}/cameras/streams/{stream_id}?taken_at_ms={taken_at_ms}"
    return node.request("PUT", target, jpeg(grey=grey, width=640, height=360)).status_code


def wanted(node: Node) -> list[str]:
    """Return the bodies of the commands that wait for a node."""
    reply = node.request("GET", f"{API}/nodes/current/commands")
    return [command["body"] for command in reply.json()["commands"]]


def watch(client: httpx.Client) -> str:
    reply = client.post(WATCH)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["stream_id"])


def test_a_camera_says_what_it_sees_and_how_far_back_it_is_recorded(bench: Bench) -> None:
    node = bench.node()
    fact = RecordingChecked(camera="camera-1", days_min=30, oldest_at=None, is_enough=False)
    node.send(node.event(1, fact=fact, time=bench.clock()))

    (camera,) = bench.administrator.get(f"{API}/cameras").json()["items"]

    assert (camera["covers"], camera["presets"], camera["has_recorder"]) == (["lane"], [3], True)
    assert camera["recording"]["is_enough"] is False


def test_a_recording_that_is_too_short_is_an_alarm_until_it_is_long_enough(bench: Bench) -> None:
    node = bench.node()
    states = []
    for number, is_enough in ((1, False), (2, True)):
        fact = RecordingChecked(camera="camera-1", days_min=30, oldest_at=None, is_enough=is_enough)
        node.send(node.event(number, fact=fact, time=bench.clock() + number * SECOND / 10))
        (alarm,) = bench.administrator.get(f"{API}/alarms").json()["items"]
        states.append((alarm["kind"], alarm["is_active"]))

    assert states == [("camera_retention", True), ("camera_retention", False)]


def test_a_view_is_asked_of_the_node_by_a_signed_command(bench: Bench) -> None:
    node = bench.node()
    stream_id = watch(bench.operator("guard"))

    (body,) = wanted(node)

    assert f'"stream_id":"{stream_id}"' in body
    assert '"kind":"watch_camera"' in body


def test_a_viewer_sees_the_nodes_pictures_with_the_viewers_own_mark(bench: Bench) -> None:
    node, guard = bench.node(), bench.operator("guard")
    stream_id = watch(guard)
    assert push(node, stream_id) == 204

    with guard.stream("GET", f"{API}/cameras/streams/{stream_id}") as reply:
        part = next(reply.iter_raw())

    assert reply.headers["Content-Type"].startswith("multipart/x-mixed-replace")
    (picture,) = decode_sequence(part + b"--menshen-picture--\r\n")
    assert picture.jpeg != jpeg(width=640, height=360)


def test_a_view_closes_when_the_session_is_revoked(bench: Bench) -> None:
    node, guard = bench.node(), bench.operator("guard")
    stream_id = watch(guard)
    push(node, stream_id)

    with guard.stream("GET", f"{API}/cameras/streams/{stream_id}") as reply:
        pieces = reply.iter_raw()
        next(pieces)
        guard.delete(f"{API}/sessions/current")

        assert list(pieces) == []


def test_a_node_is_told_when_a_view_is_over(bench: Bench) -> None:
    node = bench.node()
    stream_id = watch(bench.operator("guard"))
    bench.clock.advance(minutes=11)

    assert push(node, stream_id) == 410
    assert push(node, str(new_id())) == 410


def test_live_pictures_are_never_stored(bench: Bench) -> None:
    node = bench.node()
    push(node, watch(bench.operator("guard")))

    assert bench.row("SELECT count(*) FROM alarm_media_contents")[0] == 0
    assert bench.row("SELECT count(*) FROM blobs")[0] == 0


def test_looking_back_needs_its_permission_and_a_purpose(bench: Bench) -> None:
    wish = {"recorded_at": bench.clock().isoformat()}

    replies = [
        bench.operator("guard").post(PLAY, json=wish),
        bench.operator("shift_leader").post(f"{PLAY}?purpose=monitoring", json=wish),
        bench.operator("shift_leader").post(PLAY, json=wish),
    ]

    assert [reply.status_code for reply in replies] == [403, 422, 200]
    assert replies[1].json()["code"] == "purpose_needed"


def test_the_future_is_not_recorded(bench: Bench) -> None:
    wish = {"recorded_at": (bench.clock() + SECOND).isoformat()}

    assert bench.administrator.post(PLAY, json=wish).json()["code"] == "not_recorded"


def test_who_looks_back_cannot_be_followed_without_the_permission(bench: Bench) -> None:
    wish = {"recorded_at": bench.clock().isoformat()}
    stream_id = bench.operator("shift_leader").post(PLAY, json=wish).json()["stream_id"]

    assert bench.operator("guard").get(f"{API}/cameras/streams/{stream_id}").status_code == 403


def test_cameras_are_for_whoever_may(bench: Bench) -> None:
    replies = [
        bench.operator("personnel").post(WATCH),
        bench.client().post(WATCH),
        bench.operator("technician").get(f"{API}/clips"),
        bench.operator("guard").post(f"{API}/cameras/none/watch"),
    ]

    assert [reply.status_code for reply in replies] == [403, 401, 403, 404]


@pytest.mark.parametrize(
    ("kind", "media_format"),
    [
        (MediaKind.SNAPSHOT, MediaFormat.JPEG),
        (MediaKind.CLIP, MediaFormat.PICTURES),
        (MediaKind.CLIP, MediaFormat.MP4),
    ],
)
def test_a_content_that_is_not_what_it_says_is_refused(
    bench: Bench, kind: MediaKind, media_format: MediaFormat
) -> None:
    assert put(bench.node(), b"<script>", kind, media_format) == 415


def test_a_content_is_what_its_hash_says(bench: Bench) -> None:
    target = f"{API}/clips/{'0' * 64}?kind=snapshot&format=image/jpeg"

    assert bench.node().request("PUT", target, jpeg()).json()["code"] == "wrong_hash"


def test_a_clip_is_shown_whether_its_content_or_its_fact_came_first(bench: Bench) -> None:
    node, guard = bench.node(), bench.operator("guard")
    clip = sequence(node)
    fact = kept_fact(node, clip, MediaKind.CLIP, MediaFormat.PICTURES)
    node.send(node.event(1, fact=fact, time=bench.clock()))
    before = guard.get(f"{API}/clips").json()["items"][0]["has_content"]

    put(node, clip, MediaKind.CLIP, MediaFormat.PICTURES)

    shown = guard.get(f"{API}/clips/{fact.sha256}")
    after = guard.get(f"{API}/clips").json()["items"][0]["has_content"]
    assert (before, after, shown.content) == (False, True, clip)
    assert shown.headers["Content-Type"] == "multipart/mixed; boundary=menshen-picture"


def tailgated(node: Node) -> UUID:
    told = TailgatingDetected(access_point="lane", decision_id=new_id(), count=1)
    event = node.event(1, fact=told, time=node.clock())
    node.send(event)
    return event.id


def test_an_alarm_is_given_the_pictures_of_its_place_and_time_once(bench: Bench) -> None:
    node = bench.node()
    event_id, picture = tailgated(node), jpeg()
    fact = kept_fact(
        node,
        picture,
        MediaKind.SNAPSHOT,
        MediaFormat.JPEG,
        about=(event_id,),
        subjects=("lane", "gate"),
    )
    told = node.event(2, fact=fact, time=bench.clock())

    for _ in range(2):
        node.send(told)

    (alarm,) = bench.administrator.get(f"{API}/alarms").json()["items"]
    sha256 = hashlib.sha256(picture).hexdigest()
    assert alarm["media"] == [{"kind": "snapshot", "sha256": sha256, "camera": "camera-1"}]


def test_an_alarm_is_given_no_pictures_of_another_place(bench: Bench) -> None:
    node = bench.node()
    tailgated(node)
    fact = kept_fact(node, jpeg(), MediaKind.SNAPSHOT, MediaFormat.JPEG, subjects=("elsewhere",))

    node.send(node.event(2, fact=fact, time=bench.clock()))

    (alarm,) = bench.administrator.get(f"{API}/alarms").json()["items"]
    assert alarm["media"] == []


def test_a_cameras_node_is_asked_for_what_it_saw_of_another_nodes_alarm(bench: Bench) -> None:
    seeing, other = bench.node("gate-1"), bench.node("gate-2")
    told = TailgatingDetected(access_point="lane", decision_id=new_id(), count=1)
    event = other.event(1, fact=told, source="/test/gate-2/lane", time=bench.clock())

    for _ in range(2):
        other.send(event)

    (body,) = wanted(seeing)
    assert f'"about":"{event.id}"' in body


def test_a_replayed_alarm_asks_no_camera_for_a_picture_of_the_past(bench: Bench) -> None:
    seeing, other = bench.node("gate-1"), bench.node("gate-2")
    told = TailgatingDetected(access_point="lane", decision_id=new_id(), count=1)

    other.send(other.event(1, fact=told, source="/test/gate-2/lane"))

    assert wanted(seeing) == []


def test_what_a_node_lost_is_told_and_breaks_nothing(bench: Bench) -> None:
    node = bench.node()

    receipt = node.send(node.event(1, fact=ClipsLost(expired=3), time=bench.clock()))

    assert receipt.stored == 1


def test_a_head_is_turned_by_whoever_may_watch(bench: Bench) -> None:
    node = bench.node()

    bench.operator("guard").post(f"{API}/cameras/camera-1/preset", json={"preset": 3})

    (body,) = wanted(node)
    assert '"kind":"call_preset","device":"dome","preset":3' in body


def test_a_held_picture_outlives_its_class(bench: Bench) -> None:
    node = bench.node()
    held = kept_picture(node)
    loose = jpeg(grey=200)
    put(node, loose, MediaKind.SNAPSHOT, MediaFormat.JPEG)
    wish = {"days": 60, "reason": "case 7"}
    hold = f"{API}/clips/{held}/hold"
    assert bench.operator("guard").post(hold, json=wish).status_code == 403
    assert bench.administrator.post(hold, json=wish).status_code == 204
    kept = []

    for days in (91, 60):
        bench.clock.advance(days=days)
        run_timers(bench)
        kept.append(bench.row("SELECT count(*) FROM alarm_media_contents")[0])

    assert kept == [1, 0]
