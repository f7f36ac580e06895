"""How well a site recognises, over HTTP, and for whom."""

from typing import Any

import httpx
import pytest

from tests.central.bench import Bench
from tests.central.recognition.galleries import NETWORK, enrol, faces, near, self_test


def state(client: httpx.Client) -> dict[str, Any]:
    reply = client.get("/api/v1/recognition")
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_only_access_points_with_a_camera_are_listed_with_whom_they_search(
    any_bench: Bench,
) -> None:
    enrol(any_bench, faces(3))
    enrol(any_bench, faces(2, seed=5), access_points=["lane"])
    enrol(any_bench, faces(1, seed=6), access_points=[])
    any_bench.person("no face")

    seen = state(any_bench.administrator)

    assert {p["access_point"]: p["demand"]["people"] for p in seen["points"]} == {
        "lane": 5,
        "vault": 3,
    }
    assert (seen["gallery_size"], seen["whole"]["people"]) == (6, 6)


def test_a_network_that_cannot_hold_the_target_is_said_with_its_price(bench: Bench) -> None:
    enrol(bench, faces(10))

    seen = state(bench.administrator)

    demand = seen["points"][0]["demand"]
    assert (seen["holds"], demand["holds"], demand["basis"]) == (False, False, "prior")
    assert demand["refused"] > seen["target"]["refused_limit"]
    assert demand["advice"] == ["enrol_three", "ask_card", "search_fewer", "run_self_test"]
    assert (seen["network"], seen["network_name"]) == (NETWORK, "dlib-resnet")


@pytest.mark.parametrize(
    ("role", "statuses"), [("personnel", [200, 200, 403, 422]), ("guard", [403, 403, 403, 403])]
)
def test_each_role_may_do_its_part(bench: Bench, role: str, statuses: list[int]) -> None:
    client = bench.operator(role)
    same = {"one": "a", "other": "a"}

    replies = [
        client.get("/api/v1/recognition"),
        client.get("/api/v1/recognition/pairs"),
        client.post("/api/v1/recognition/self-test"),
        client.post("/api/v1/recognition/pairs", json=same),
    ]

    assert [reply.status_code for reply in replies] == statuses


def test_open_pairs_are_counted_until_they_are_answered(bench: Bench) -> None:
    crowd = faces(3)
    ids = enrol(bench, [*crowd, near(crowd[0], distance=0.1)])
    self_test(bench)
    before = state(bench.administrator)["open_pair_count"]

    path = f"/api/v1/recognition/pairs/{ids[0]}/{ids[3]}"
    bench.administrator.put(path, json={"verdict": "alike"})

    assert (before, state(bench.administrator)["open_pair_count"]) == (1, 0)
