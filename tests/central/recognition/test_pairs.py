"""People whom face alone does not tell apart: found, answered, and told to nodes."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from central.recognition.pairs import RISE
from config.contract.nodes import HolderRecord, ReplicaPage
from tests.central.bench import Bench, Node
from tests.central.recognition.galleries import (
    enrol,
    faces,
    near,
    replace_face,
    self_test,
    week_later,
)

PATH = "/api/v1/recognition/pairs"


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    return list(client.get(PATH).json()["items"])


def told(node: Node, *, after: int = 0) -> tuple[int, dict[str, HolderRecord]]:
    reply = node.request("GET", f"/api/v1/replica?after={after}")
    page = ReplicaPage.model_validate_json(reply.content)
    return page.version, {holder.holder_id: holder for holder in page.holders}


def apart(node: Node) -> dict[str, set[str]]:
    return {k: set(h.confusable_with) for k, h in told(node)[1].items() if h.confusable_with}


def twins(bench: Bench, *, distance: float = 0.1) -> tuple[str, str]:
    """Enrol five people and a twin of the first; returns the two."""
    crowd = faces(5)
    ids = enrol(bench, [*crowd, near(crowd[0], distance=distance)])
    return ids[0], ids[5]


def answer(client: httpx.Client, one: str, other: str, verdict: str) -> httpx.Response:
    return client.put(f"{PATH}/{one}/{other}", json={"verdict": verdict})


def test_twins_are_kept_apart_before_anybody_has_answered(any_bench: Bench) -> None:
    one, other = twins(any_bench)
    node = any_bench.node()
    known, _ = told(node)

    self_test(any_bench)

    (pair,) = listed(any_bench.administrator)
    assert {pair["one"]["holder_id"], pair["other"]["holder_id"]} == {one, other}
    assert (pair["verdict"], pair["origin"]) == (None, "self_test")
    assert pair["similarity"] == pytest.approx(0.9, abs=1e-3)
    assert told(node, after=known)[1].keys() == {one, other}
    assert apart(node) == {one: {other}, other: {one}}


@pytest.mark.parametrize(
    ("verdict", "is_apart"), [("alike", True), ("same_person", True), ("not_confusable", False)]
)
def test_only_the_answer_that_they_differ_lets_their_faces_decide(
    any_bench: Bench, verdict: str, *, is_apart: bool
) -> None:
    one, other = twins(any_bench)
    node = any_bench.node()
    self_test(any_bench)
    known, _ = told(node)

    assert answer(any_bench.administrator, other, one, verdict).status_code == 204

    assert bool(apart(node)) is is_apart
    assert bool(told(node, after=known)[1]) is not is_apart
    (pair,) = listed(any_bench.administrator)
    assert (pair["verdict"], pair["decided_by"]) == (verdict, "admin")


def test_an_answer_is_not_asked_for_again(bench: Bench) -> None:
    one, other = twins(bench)
    self_test(bench)
    answer(bench.administrator, one, other, "not_confusable")

    week_later(bench)

    assert [pair["verdict"] for pair in listed(bench.administrator)] == ["not_confusable"]


def test_new_pictures_that_are_more_alike_ask_again(bench: Bench) -> None:
    crowd = faces(5)
    ids = enrol(bench, [*crowd, near(crowd[0], distance=0.15 + RISE)])
    self_test(bench)
    answer(bench.administrator, ids[0], ids[5], "not_confusable")

    replace_face(bench, ids[5], near(crowd[0], distance=0.1))
    week_later(bench)

    assert [pair["verdict"] for pair in listed(bench.administrator)] == [None]
    assert len(apart(bench.node())) == 2


def test_an_open_pair_that_is_no_longer_found_is_dropped_and_nodes_learn(bench: Bench) -> None:
    one, other = twins(bench)
    node = bench.node()
    self_test(bench)
    known, _ = told(node)

    replace_face(bench, other, faces(1, seed=77)[0])
    week_later(bench)

    assert listed(bench.administrator) == []
    assert told(node, after=known)[1].keys() == {one, other}


def test_an_answered_pair_outlives_a_self_test_that_does_not_find_it(bench: Bench) -> None:
    one, other = enrol(bench, faces(2))
    bench.administrator.post(PATH, json={"one": one, "other": other})

    self_test(bench)

    (pair,) = listed(bench.administrator)
    assert (pair["verdict"], pair["origin"], pair["similarity"]) == ("alike", "operator", None)


def test_one_person_with_two_records_leaves_the_comparisons(bench: Bench) -> None:
    one, other = twins(bench)
    self_test(bench)
    answer(bench.administrator, one, other, "same_person")

    week_later(bench)

    last = bench.administrator.get("/api/v1/recognition").json()["last"]
    assert last["comparison_count"] == 6 * 5 - 2
    assert [pair["verdict"] for pair in listed(bench.administrator)] == ["same_person"]


def test_of_one_person_the_record_that_nobody_uses_is_superfluous(bench: Bench) -> None:
    first, second = twins(bench)
    self_test(bench)
    answer(bench.administrator, first, second, "same_person")
    added_later = listed(bench.administrator)[0]["superfluous"]
    cards = f"/api/v1/people/{second}/cards"
    bench.administrator.post(cards, json={"number": "7"})
    without_card = listed(bench.administrator)[0]["superfluous"]
    bench.administrator.patch(f"/api/v1/people/{second}", json={"is_active": False})

    inactive = listed(bench.administrator)[0]["superfluous"]

    assert (added_later, without_card, inactive) == (second, first, second)


def test_twins_may_be_given_by_hand_and_taken_back(any_bench: Bench) -> None:
    one, other = any_bench.person("A"), any_bench.person("B")
    admin, node = any_bench.administrator, any_bench.node()

    added = admin.post(PATH, json={"one": one, "other": other})
    while_there = apart(node)
    removed = admin.delete(f"{PATH}/{other}/{one}")

    assert (added.status_code, removed.status_code) == (204, 204)
    assert while_there == {one: {other}, other: {one}}
    assert (apart(node), listed(admin)) == ({}, [])


def test_a_hand_given_pair_overrides_that_they_differ(bench: Bench) -> None:
    one, other = twins(bench)
    self_test(bench)
    answer(bench.administrator, one, other, "not_confusable")

    bench.administrator.post(PATH, json={"one": one, "other": other})

    assert len(apart(bench.node())) == 2


def test_who_is_removed_takes_the_pair_along(any_bench: Bench) -> None:
    one, other = twins(any_bench)
    self_test(any_bench)
    node = any_bench.node()
    known, _ = told(node)

    assert any_bench.administrator.delete(f"/api/v1/people/{one}").status_code == 204

    changed = told(node, after=known)[1]
    assert (changed[one].is_removed, changed[other].confusable_with) == (True, ())
    assert listed(any_bench.administrator) == []


def test_wrong_pairs_are_refused_with_a_reason(bench: Bench) -> None:
    one, admin = bench.person(), bench.administrator

    itself = admin.post(PATH, json={"one": one, "other": one})
    nobody = admin.post(PATH, json={"one": one, "other": str(uuid4())})
    unknown = answer(admin, one, str(uuid4()), "alike")
    gone = admin.delete(f"{PATH}/{one}/{uuid4()}")

    assert [(r.status_code, r.json()["code"]) for r in (itself, nobody, unknown, gone)] == [
        (422, "pair_of_one"),
        (404, "person_not_found"),
        (404, "pair_not_found"),
        (404, "pair_not_found"),
    ]


def test_the_demand_of_the_smallest_gallery_they_pass_decides(bench: Bench) -> None:
    crowd = faces(60, spread=0.9)
    enrol(bench, crowd[2:], access_points=["lane"])
    alike = [crowd[0], near(crowd[0], distance=0.285)]
    at_the_vault = enrol(bench, alike, access_points=["vault"])
    enrol(bench, [crowd[1], near(crowd[1], distance=0.285)], access_points=["lane"])

    self_test(bench)

    found = [{p["one"]["holder_id"], p["other"]["holder_id"]} for p in listed(bench.administrator)]
    assert found == [set(at_the_vault)]
