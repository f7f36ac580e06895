"""The list of alarms over HTTP: raised by terminals, seen to by people, each act in its history."""

import pytest

from config.contract.events import DoorForcedOpen, DoorSecured
from tests.central.alarms.raising import DURESS, FORCED, PATH, SECURED, listed, raised, tell
from tests.central.bench import Bench

REASON = {"reason": "The hinge is being repaired"}


def test_a_forced_door_stands_until_it_is_closed_and_somebody_has_seen_it(any_bench: Bench) -> None:
    node, guard = any_bench.node(), any_bench.planted("guard").client
    tell(node, 1)
    (alarm,) = listed(any_bench)

    seen = guard.post(f"{PATH}/{alarm['id']}/acknowledge").json()
    standing = listed(any_bench)
    tell(node, 2, SECURED)

    assert (alarm["kind"], alarm["priority"], alarm["condition"]) == ("forced_open", 2, "active")
    assert alarm["subject"]["device"] == "gate-1"
    assert seen["acknowledged_by"] == guard.get("/api/v1/sessions/current").json()["username"]
    assert [each["id"] for each in standing] == [alarm["id"]]
    assert (listed(any_bench), [a["id"] for a in listed(any_bench, "closed")]) == (
        [],
        [alarm["id"]],
    )


def test_of_those_that_closed_in_one_moment_each_is_on_a_page(any_bench: Bench) -> None:
    node, doors = any_bench.node(), ["gate-1", "gate-2", "gate-3"]
    for sequence, door in enumerate(doors, 1):
        tell(node, sequence, DoorForcedOpen(device=door))
    for alarm in listed(any_bench):
        any_bench.administrator.post(f"{PATH}/{alarm['id']}/acknowledge")
    for sequence, door in enumerate(doors, 4):
        tell(node, sequence, DoorSecured(device=door))
    closed, shown, before = listed(any_bench, "closed"), list[str](), dict[str, str]()

    for _ in doors:
        (alarm,) = listed(any_bench, "closed", limit=1, **before)
        before = {"before": alarm["closed_at"], "before_id": alarm["id"]}
        shown.append(alarm["id"])

    assert len({each["closed_at"] for each in closed}) == 1
    assert shown == [each["id"] for each in closed]
    assert len(shown) == 3


def test_the_history_says_who_did_what_and_the_procedure_what_to_do(bench: Bench) -> None:
    path = raised(bench)

    bench.administrator.post(f"{path}/note", json={"note": "The caretaker is on the way"})
    bench.administrator.post(f"{path}/acknowledge")
    detail = bench.administrator.get(path).json()

    acts = [(line["act"], line["note"]) for line in detail["history"]]
    assert acts == [
        ("raised", ""), ("noted", "The caretaker is on the way"), ("acknowledged", ""),
    ]  # fmt: skip
    assert detail["procedure"]["is_shipped"]
    assert "close" in detail["procedure"]["text"]["en"]


def test_a_shelved_alarm_comes_back_when_its_time_is_over(bench: Bench) -> None:
    path = raised(bench)

    shelved = bench.administrator.post(f"{path}/shelve", json={"minutes": 10, **REASON}).json()
    hidden, behind = listed(bench), listed(bench, "shelved")
    bench.administrator.post(f"{path}/unshelve")

    assert (shelved["shelved"]["reason"], hidden) == (REASON["reason"], [])
    assert [each["shelved"]["reason"] for each in behind] == [REASON["reason"]]
    assert len(listed(bench)) == 1


def test_a_source_out_of_service_is_behind_the_list_until_it_is_returned(bench: Bench) -> None:
    path = raised(bench)

    bench.administrator.post(f"{path}/out-of-service", json=REASON)
    hidden = listed(bench)
    bench.administrator.post(f"{path}/return-to-service")

    assert (hidden, len(listed(bench))) == ([], 1)


def test_duress_can_neither_be_shelved_nor_taken_out_of_service(bench: Bench) -> None:
    path = raised(bench, DURESS)

    replies = [
        bench.administrator.post(f"{path}/shelve", json={"minutes": 1, **REASON}),
        bench.administrator.post(f"{path}/out-of-service", json=REASON),
    ]

    assert [reply.json()["code"] for reply in replies] == ["alarm_is_latched"] * 2
    assert [each["kind"] for each in listed(bench)] == ["duress"]


def test_nobody_is_named_in_an_alarm(bench: Bench) -> None:
    raised(bench, DURESS)

    assert "anna" not in bench.administrator.get(PATH).text


def test_several_are_acknowledged_at_once(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1)
    tell(node, 2, DURESS)
    ids = [each["id"] for each in listed(bench)]

    done = bench.administrator.post(f"{PATH}/acknowledge", json={"ids": ids}).json()

    assert sorted(done["ids"]) == sorted(ids)
    assert [each["kind"] for each in listed(bench)] == ["forced_open"], "duress is over: it is seen"


def test_an_alarm_whose_source_was_raised_anew_is_not_acted_on(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1)
    old = f"{PATH}/{listed(bench)[0]['id']}"
    bench.administrator.post(f"{old}/acknowledge")
    tell(node, 2, SECURED)
    bench.clock.advance(minutes=5)
    tell(node, 3)

    reply = bench.administrator.post(f"{old}/note", json={"note": "too late"})

    assert (reply.status_code, reply.json()["code"]) == (409, "alarm_replaced")


def test_a_site_writes_its_own_procedure_and_priority(bench: Bench) -> None:
    wish = {
        "key": "forced_open:device:gate-1",
        "text": {"zh-CN": "呼叫值班经理。", "en": "Call the duty manager."},
        "priority": 1,
    }

    own = bench.administrator.put(f"{PATH}/procedures", json=wish).json()
    path = raised(bench, FORCED)
    detail = bench.administrator.get(path).json()

    assert (own["is_shipped"], own["priority"]) == (False, 1)
    assert detail["alarm"]["priority"] == 1
    assert detail["procedure"]["text"] == wish["text"]


def test_a_single_source_goes_by_its_kind_where_nothing_else_is_said_of_it(bench: Bench) -> None:
    kind = {"key": "forced_open", "text": {"zh-CN": "关门。", "en": "Close it."}, "priority": 3}
    source = {"key": "forced_open:device:gate-1", "text": {}, "priority": 1}

    bench.administrator.put(f"{PATH}/procedures", json=kind)
    own = bench.administrator.put(f"{PATH}/procedures", json=source).json()

    assert (own["text"]["en"], own["priority"], own["shipped_priority"]) == ("Close it.", 1, 2)


def test_what_a_site_wrote_is_taken_back_and_leaves_nothing(bench: Bench) -> None:
    key = "forced_open:device:gate-1"
    for priority in (1, None):
        wish: dict[str, object] = {"key": key, "text": {}, "priority": priority}
        bench.administrator.put(f"{PATH}/procedures", json=wish)

    items = bench.administrator.get(f"{PATH}/procedures").json()["items"]
    assert key not in [each["key"] for each in items]
    assert bench.row("SELECT count(*) FROM alarm_procedures") == (0,)


def test_what_is_latched_keeps_its_priority(bench: Bench) -> None:
    wish = {"key": "fire", "text": {}, "priority": 4}

    reply = bench.administrator.put(f"{PATH}/procedures", json=wish)

    assert reply.json()["code"] == "alarm_is_latched"


def test_a_shift_hands_over_what_stands_and_another_person_takes_it(bench: Bench) -> None:
    raised(bench)
    guard = bench.planted("guard").client
    text = "The hinge of gate one is loose"

    written = bench.administrator.post("/api/v1/handovers", json={"text": text}).json()
    path = f"/api/v1/handovers/{written['id']}/take"
    own = bench.administrator.post(path, json={})
    taken = guard.post(path, json={"note": "Understood"}).json()
    again = bench.planted("guard").client.post(path, json={})

    assert [alarm["kind"] for alarm in written["alarms"]] == ["forced_open"]
    assert own.json()["code"] == "handover_to_oneself"
    assert (taken["taken_note"], again.json()["code"]) == ("Understood", "handover_taken")
    (item,) = guard.get("/api/v1/handovers").json()["items"]
    assert item["taken_by"] == guard.get("/api/v1/sessions/current").json()["username"]


def test_who_may_not_see_alarms_sees_none(bench: Bench) -> None:
    raised(bench)

    assert bench.planted("personnel").client.get(PATH).status_code == 403


@pytest.mark.parametrize(("days", "points"), [(1, 144), (7, 168), (31, 124)])
def test_metrics_of_longer_times_are_counted_in_longer_pieces(
    bench: Bench, days: int, points: int
) -> None:
    node = bench.node()
    tell(node, 1)
    bench.clock.advance(hours=25)
    bench.signed_in_again()
    tell(node, 2, DURESS)

    figures = bench.administrator.get(f"{PATH}/metrics", params={"days": days}).json()

    counts = [point["count"] for point in figures["rates"]]
    assert (len(counts), sum(counts), counts[-1]) == (points, figures["raised"], 1)
    assert figures["raised"] == (1 if days == 1 else 2)


def test_metrics_are_held_against_what_each_position_can_follow(bench: Bench) -> None:
    pace = bench.administrator.get(f"{PATH}/pace").json()
    bench.administrator.put(f"{PATH}/pace", json={**pace, "positions": 3})
    node = bench.node()
    facts = [FORCED.model_copy(update={"device": f"gate-{n}"}) for n in range(36)]
    node.send(*(node.event(n, fact=f, time=node.clock()) for n, f in enumerate(facts, 1)))

    figures = bench.administrator.get(f"{PATH}/metrics").json()

    found = {each["name"]: (each["value"], each["verdict"]) for each in figures["bounded"]}
    assert found["peak_10_min"] == (12, "too_much")
    assert found["rate_hour"] == (0.5, "good")
    assert found["top_share"] == (None, None)


def test_metrics_count_what_was_raised(bench: Bench) -> None:
    node = bench.node()
    for sequence, fact in enumerate((FORCED, SECURED, FORCED, DURESS), start=1):
        tell(node, sequence, fact)

    figures = bench.administrator.get(f"{PATH}/metrics").json()

    assert (figures["rate_10_min"], figures["raised"], figures["peak_10_min"]) == (3, 3, 3)
    assert figures["top"][0] == {
        "source": "forced_open:device:gate-1", "kind": "forced_open", "count": 2,
    }  # fmt: skip
    assert (figures["standing"], figures["priorities"]) == (2, {"1": 1, "2": 1})
