"""People and cards, and what nodes are told of them."""

import uuid

from config.contract.nodes import HolderRecord, ReplicaPage
from config.contract.trust import card_verifier
from tests.central.access.models import STAFF, put
from tests.central.bench import Bench, Node


def replica(node: Node, *, after: int = 0) -> ReplicaPage:
    reply = node.request("GET", f"/api/v1/replica?after={after}")
    assert reply.status_code == 200, reply.text
    return ReplicaPage.model_validate_json(reply.content)


def only_holder(node: Node) -> HolderRecord:
    (holder,) = replica(node).holders
    return holder


def test_a_person_is_added_changed_and_found(any_bench: Bench) -> None:
    path = f"/api/v1/people/{any_bench.person('王小明', number='1001')}"
    admin = any_bench.administrator

    changed = admin.patch(path, json={"access_points": ["lane"], "is_active": False}).json()

    assert admin.get(path).json() == changed
    assert (changed["name"], changed["access_points"]) == ("王小明", ["lane"])
    assert [p["name"] for p in admin.get("/api/v1/people?query=小").json()["items"]] == ["王小明"]
    assert admin.get("/api/v1/people?query=%25").json()["items"] == []


def test_pages_of_people_follow_each_other(bench: Bench) -> None:
    added = [bench.person(f"P{n}") for n in range(5)]

    first = bench.administrator.get("/api/v1/people?limit=3").json()
    second = bench.administrator.get(f"/api/v1/people?limit=3&after={first['next']}").json()

    assert [p["holder_id"] for p in first["items"] + second["items"]] == added[::-1]


def test_a_number_belongs_to_one_person(bench: Bench) -> None:
    bench.person("A", number="1")

    reply = bench.administrator.post("/api/v1/people", json={"name": "B", "number": "1"})

    assert (reply.status_code, reply.json()["code"]) == (409, "number_taken")


def test_a_point_that_is_not_installed_is_refused(bench: Bench) -> None:
    wish = {"name": "A", "access_points": ["roof"]}

    reply = bench.administrator.post("/api/v1/people", json=wish)

    assert (reply.status_code, reply.json()["code"]) == (422, "unknown_access_point")


def test_of_a_card_only_a_verifier_is_kept(any_bench: Bench) -> None:
    path = f"/api/v1/people/{any_bench.person()}/cards"
    number = "0006547886"

    card_id = any_bench.administrator.post(path, json={"number": number}).json()["card_id"]

    services = any_bench.app.state.services
    assert only_holder(any_bench.node()).cards == (card_verifier(services.card_key, number),)
    listed = any_bench.administrator.get(path)
    assert [card["card_id"] for card in listed.json()["items"]] == [card_id]
    assert number not in listed.text


def test_a_card_belongs_to_one_person(bench: Bench) -> None:
    one, other = (f"/api/v1/people/{bench.person(name)}/cards" for name in "AB")
    bench.administrator.post(one, json={"number": "7"})

    reply = bench.administrator.post(other, json={"number": " 7 "})

    assert (reply.status_code, reply.json()["code"]) == (409, "card_taken")


def test_a_card_that_is_taken_away_leaves_the_replica(bench: Bench) -> None:
    path = f"/api/v1/people/{bench.person()}/cards"
    card_id = bench.administrator.post(path, json={"number": "7"}).json()["card_id"]

    assert bench.administrator.delete(f"{path}/{card_id}").status_code == 204

    assert only_holder(bench.node()).cards == ()


def test_a_node_is_told_the_masked_name_only(bench: Bench) -> None:
    bench.person("欧阳小明")

    assert only_holder(bench.node()).masked_name == "欧***"


def test_a_node_that_knows_everything_is_told_nothing(bench: Bench) -> None:
    bench.person()
    node = bench.node()

    page = replica(node, after=replica(node).version)

    assert (page.holders, page.is_complete, page.has_more) == ((), False, False)


def test_a_removed_person_is_forgotten_everywhere(any_bench: Bench) -> None:
    holder_id, node = any_bench.person("王小明", number="1001"), any_bench.node()
    known = replica(node).version

    assert any_bench.administrator.delete(f"/api/v1/people/{holder_id}").status_code == 204

    (told,) = replica(node, after=known).holders
    assert (told.holder_id, told.is_removed, told.masked_name) == (holder_id, True, "")
    assert replica(node).holders == ()
    assert any_bench.administrator.get(f"/api/v1/people/{holder_id}").status_code == 404
    assert any_bench.person("李四", number="1001")


def test_a_node_that_is_ahead_begins_anew(bench: Bench) -> None:
    bench.person()

    page = replica(bench.node(), after=1_000)

    assert (page.is_complete, len(page.holders)) == (True, 1)


def test_a_large_replica_comes_in_pages(bench: Bench) -> None:
    for n in range(201):
        bench.person(f"P{n}")
    node = bench.node()

    first = replica(node)
    second = replica(node, after=first.version)

    assert (first.is_complete, first.has_more, len(first.holders)) == (True, True, 200)
    assert (second.is_complete, second.has_more, len(second.holders)) == (False, False, 1)


def test_an_unknown_person_is_not_found(bench: Bench) -> None:
    path = f"/api/v1/people/{uuid.uuid4()}"

    statuses = [
        bench.administrator.get(path).status_code,
        bench.administrator.patch(path, json={}).status_code,
        bench.administrator.post(f"{path}/cards", json={"number": "1"}).status_code,
    ]

    assert statuses == [404, 404, 404]


def test_a_refusal_does_not_quote_what_was_sent(bench: Bench) -> None:
    reply = bench.administrator.post("/api/v1/people", json={"name": ["王小明"]})

    assert reply.status_code == 422
    assert "王小明" not in reply.text


def test_what_the_access_rules_know_of_a_person_reaches_nodes(any_bench: Bench) -> None:
    put(any_bench.administrator, STAFF)
    path = f"/api/v1/people/{any_bench.person(profiles=['staff'], needs_escort=True)}"

    changed = any_bench.administrator.patch(path, json={"is_first_person": True}).json()

    told = only_holder(any_bench.node())
    assert (told.profiles, told.needs_escort, told.is_first_person) == (("staff",), True, True)
    assert (changed["profiles"], changed["may_escort"]) == (["staff"], False)


def test_profiles_are_cleared_and_marks_are_not(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    path = f"/api/v1/people/{bench.person(profiles=['staff'])}"

    cleared = bench.administrator.patch(path, json={"profiles": None}).json()
    refused = bench.administrator.patch(path, json={"may_escort": None})

    assert cleared["profiles"] is None
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


def test_a_profile_that_the_model_lacks_is_refused(bench: Bench) -> None:
    reply = bench.administrator.post("/api/v1/people", json={"name": "A", "profiles": ["staff"]})

    assert (reply.status_code, reply.json()["code"]) == (422, "unknown_profile")


def test_a_removed_person_keeps_neither_profiles_nor_pin(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    path = f"/api/v1/people/{bench.person(profiles=['staff'], may_escort=True)}"
    bench.administrator.put(f"{path}/pin", json={"pin": "2580"})

    bench.administrator.delete(path)

    row = bench.row("SELECT profiles, pin_verifier, may_escort FROM people")
    assert row == (None, None, 0)
