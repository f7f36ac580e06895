"""Outside systems tell CloudEvents: each once, of their own types, and alarms where they may."""

import contextlib
import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.integrations.outside import NotCloudEventsError, parse
from central.integrations.source_endpoints import REQUEST_COUNT
from config.contract.events import BATCH_CONTENT_TYPE
from tests.central.alarms.raising import listed
from tests.central.bench import Bench
from tests.central.integrations.acting import API, add_source, outside, source_of

EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "A-1", "source": "/lifts/3", "type": "ext.acme.lift.stuck",
    "subject": "lift-3", "time": "2026-11-23T08:00:00+08:00", "data": {"floor": 7},
}  # fmt: skip
STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}


def send(client: httpx.Client, **more: object) -> httpx.Response:
    content = json.dumps({**EVENT, **more})
    return client.post(f"{API}/events", content=content, headers=STRUCTURED)


def test_all_three_forms_are_taken_in_and_shown(any_bench: Bench) -> None:
    lifts = outside(any_bench)
    batch = json.dumps([{**EVENT, "id": "A-2"}, {**EVENT, "id": "A-3"}])
    binary = {
        "ce-specversion": "1.0", "ce-id": "A%2D4", "ce-source": "/lifts/3",
        "ce-type": "ext.acme.lift.moved", "ce-floor": "7", "Content-Type": "application/json",
    }  # fmt: skip

    replies = [
        send(lifts),
        lifts.post(f"{API}/events", content=batch, headers={"Content-Type": BATCH_CONTENT_TYPE}),
        lifts.post(f"{API}/events", content=b'{"door": "open"}', headers=binary),
    ]

    assert [reply.json() for reply in replies] == [
        {"stored": n, "duplicates": 0} for n in (1, 2, 1)
    ]
    items = any_bench.administrator.get("/api/v1/events?type=ext.acme.").json()["items"]
    assert [item["event"]["data"]["id"] for item in items] == ["A-1", "A-2", "A-3", "A-4"]
    assert [item["event"]["sequence"] for item in items] == [1, 2, 3, 4]
    assert (items[0]["node"], items[0]["event"]["subject"]) == ("ext.lifts", "lift-3")
    assert items[3]["event"]["data"]["extensions"] == {"floor": "7"}
    (view,) = any_bench.administrator.get(f"{API}/sources").json()["items"]
    assert (view["count"], view["heard_at"] is None) == (4, False)


def test_who_tells_without_end_waits_and_the_others_do_not(bench: Bench) -> None:
    lifts, pumps = outside(bench), outside(bench, source_id="pumps", vendor="acme")
    limit = bench.app.state.services.outside_requests
    for _ in range(REQUEST_COUNT):
        limit.take("lifts", now_s=time.monotonic())

    refused, taken = send(lifts), send(pumps)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert taken.status_code == 200


def test_the_same_again_is_kept_once(bench: Bench) -> None:
    lifts = outside(bench)

    first, again, other = send(lifts), send(lifts, data=1), send(lifts, source="/lifts/4")

    assert first.json() == other.json() == {"stored": 1, "duplicates": 0}
    assert again.json() == {"stored": 0, "duplicates": 1}


def test_who_may_alarm_is_on_the_list(bench: Bench) -> None:
    lifts = outside(bench, may_alarm=True)

    assert send(lifts, menshenclass="alarm").status_code == 200

    (alarm,) = listed(bench)
    assert (alarm["kind"], alarm["subject"]["outside"]) == ("outside", "lifts")
    assert alarm["detail"]["type"] == "ext.acme.lift.stuck"


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"type": "menshen.fire.confirmed.v1"}, 422, "invalid_request"),
        ({"type": "ext.other.lift"}, 403, "foreign_type"),
        ({"type": "ext.acmelift.x"}, 403, "foreign_type"),
        ({"menshenclass": "alarm"}, 403, "may_not_alarm"),
        ({"menshenclass": "fire"}, 422, "invalid_request"),
        ({"specversion": "0.3"}, 422, "invalid_request"),
        ({"id": ""}, 422, "invalid_request"),
        ({"data": "x" * 40_000}, 422, "invalid_request"),
        ({"data": "x" * 400_000}, 413, "too_large"),
        ({"Bad-Name": "x"}, 422, "invalid_request"),
        ({"time": "yesterday"}, 422, "invalid_request"),
    ],
)
def test_what_is_not_theirs_is_refused(
    bench: Bench, more: dict[str, object], status: int, code: str
) -> None:
    reply = send(outside(bench), **more)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert bench.administrator.get("/api/v1/events?type=ext.").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "time"),
    [
        (b"NaN", "2026-11-23T08:00:00Z"),
        (b'{"level": 1e999}', "2026-11-23T08:00:00Z"),
        (b'"\\ud800"', "2026-11-23T08:00:00Z"),
        (b"1", "0001-01-01T00:00:00+23:00"),
        (b"1", "9999-12-31T23:59:59-23:00"),
    ],
)
def test_what_nobody_could_keep_or_read_is_refused(body: bytes, time: str) -> None:
    headers = {
        "ce-specversion": "1.0", "ce-id": "1", "ce-source": "x", "ce-type": "ext.acme.x",
        "ce-time": time,
    }  # fmt: skip

    with pytest.raises(NotCloudEventsError):
        parse("application/json", headers, body)


def test_a_token_of_before_a_change_or_of_somebody_shut_out_is_good_for_nothing(
    bench: Bench,
) -> None:
    lifts, path = outside(bench), f"{API}/sources/lifts"
    made = bench.administrator.post(f"{path}/token").json()

    assert send(lifts).status_code == 401
    lifts.headers["Authorization"] = f"Bearer {made['token']}"
    assert send(lifts).status_code == 200
    assert bench.administrator.delete(path).status_code == 204
    assert send(lifts).status_code == 401
    assert add_source(bench).status_code == 201
    assert lifts.get("/api/v1/events").status_code == 401


def test_there_is_one_of_each_identifier(bench: Bench) -> None:
    source_of(bench)

    assert add_source(bench).json()["code"] == "source_exists"


@given(
    media_type=st.sampled_from(["application/json", "text/plain", BATCH_CONTENT_TYPE, "x/y", ""]),
    headers=st.dictionaries(
        st.sampled_from(["ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "ce-data"]),
        st.text(max_size=20) | st.sampled_from(["1.0", "ext.acme.x", "%ff", "2026-11-23"]),
    ),
    body=st.binary(max_size=60) | st.sampled_from([b"[" * 50, b"{}", b"NaN", b"[null]"]),
)
def test_no_message_is_worse_than_refused(
    media_type: str, headers: dict[str, str], body: bytes
) -> None:
    with contextlib.suppress(NotCloudEventsError):
        found = parse(media_type, headers, body)

        assert all(each.type.startswith("ext.") for each in found)
