"""Fires as terminals tell them and guards see them; drills, tests and closing, as commands."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from config.contract.commands import SignedCommands
from config.contract.fire_events import (
    FireDrillChanged,
    FireOutputClosed,
    FirePanelChanged,
    FirePathChanged,
    FirePointChanged,
    FireTestChanged,
    PanelMode,
)
from config.contract.fire_status import FireStatus
from tests.central.bench import Bench, Node, messages
from tests.central.fire.telling import API, ZONE, Telling, begin_drill, begin_test


def fire(bench: Bench) -> dict[str, Any]:
    reply = bench.administrator.get(f"{API}/fire")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def zone(bench: Bench) -> dict[str, Any]:
    (found,) = fire(bench)["zones"]
    assert found["zone"] == ZONE
    return dict(found)


def waiting(node: Node) -> list[str]:
    reply = node.request("GET", f"{API}/nodes/current/commands")
    return [signed.body for signed in SignedCommands.model_validate_json(reply.content).commands]


def test_a_fire_is_shown_until_a_person_has_closed_every_lane(any_bench: Bench) -> None:
    telling = Telling(any_bench, any_bench.node())
    normal = zone(any_bench)["phase"]
    fire_id = telling.confirm()
    telling.answer(fire_id)
    burning = zone(any_bench)
    telling.end(fire_id)
    out = zone(any_bench)
    telling.close(fire_id, asked_by=any_bench.planted("guard").user_id)
    closed = zone(any_bench)

    assert (normal, burning["phase"], out["phase"]) == ("normal", "fire", "released")
    assert [r["is_open"] for r in burning["releases"]] == [True]
    assert (closed["phase"], closed["fires"]) == ("normal", [])
    assert fire(any_bench)["fires"][0]["ended_at"] is not None


def test_a_gate_that_answers_before_its_fire_is_told_is_kept(bench: Bench) -> None:
    """The panel's own terminal may be cut off longer than the others."""
    other, fire_id = Telling(bench, bench.node("gate-2")), uuid4()
    other.answer(fire_id, heard="link")
    (told_first,) = fire(bench)["fires"]
    Telling(bench, bench.node()).confirm(fire_id)

    (line,) = fire(bench)["fires"]
    assert told_first["confirmed_by"] is None
    assert (line["confirmed_by"], line["confirmed_count"]) == ("two_devices", 1)


def test_the_first_confirmation_of_a_gate_stands_whatever_becomes_of_it(bench: Bench) -> None:
    telling = Telling(bench, bench.node())
    fire_id = telling.confirm()
    telling.answer(fire_id, confirmed_ms=None)
    telling.answer(fire_id, confirmed_ms=800.0, attempts=3)
    telling.answer(fire_id, confirmed_ms=None, attempts=4)

    (gate,) = zone(bench)["releases"]
    assert (gate["outcome"], gate["confirmed_ms"]) == ("confirmed", 800.0)
    assert (gate["last_outcome"], gate["is_open"]) == ("unreachable", True)


def test_an_old_fact_never_replaces_a_newer_one(bench: Bench) -> None:
    telling, old = Telling(bench, bench.node()), bench.clock() - timedelta(hours=1)
    telling.tell(FirePathChanged(zone=ZONE, is_up=True, is_wired_only=False))
    telling.tell(FirePathChanged(zone=ZONE, is_up=False, is_wired_only=False), time=old)

    (path,) = zone(bench)["paths"]
    assert path["is_up"]


def test_a_zone_whose_path_is_down_is_wired_only(bench: Bench) -> None:
    telling = Telling(bench, bench.node())
    telling.tell(
        FirePathChanged(zone=ZONE, is_up=False, is_wired_only=True, detail="panel: no frame")
    )

    shown = zone(bench)
    assert (shown["is_wired_only"], shown["phase"]) == (True, "normal")


def test_one_detector_is_a_signal_and_a_tested_one_is_none(bench: Bench) -> None:
    telling = Telling(bench, bench.node())
    point = {"device": "panel", "zone": ZONE, "point": "1.10.2", "conditions": ("fire",)}
    telling.tell(FirePointChanged.model_validate(point))
    signal = zone(bench)["phase"]
    telling.tell(FirePointChanged.model_validate({**point, "test_id": uuid4()}))

    shown = zone(bench)
    assert (signal, shown["phase"]) == ("signal", "normal")
    assert [p["is_under_test"] for p in shown["points"]] == [True]


def test_a_drill_is_a_command_to_the_terminal_that_hears_the_zone(bench: Bench) -> None:
    reply = begin_drill(bench)

    assert reply.status_code == 201, reply.text
    drill = reply.json()
    assert (drill["node"], drill["began_at"]) == ("gate-1", None)
    assert begin_drill(bench).json()["code"] == "drill_under_way"


def test_a_drill_ends_by_the_terminals_word_and_shows_who_asked(bench: Bench) -> None:
    drill = begin_drill(bench).json()
    telling = Telling(bench, bench.node())
    changed = {"drill_id": drill["drill_id"], "zone": ZONE, "releases": True}
    changed |= {"until": drill["until"], "asked_by": ""}
    telling.tell(FireDrillChanged.model_validate({**changed, "is_on": True}))
    drill_id = telling.confirm(UUID(drill["drill_id"]), is_drill=True, confirmed_by="drill")
    telling.answer(drill_id, is_drill=True)
    going_on = zone(bench)["phase"], fire(bench)["drills"][0]["began_at"]
    telling.tell(FireDrillChanged.model_validate({**changed, "is_on": False}))
    telling.end(drill_id, is_drill=True)

    assert (going_on[0], going_on[1] is not None) == ("drill", True)
    assert (zone(bench)["phase"], fire(bench)["drills"]) == ("normal", [])


def test_no_drill_begins_where_no_terminal_is_heard(bench: Bench) -> None:
    wish = {"minutes": 5, "reason": "drill"}
    reply = bench.administrator.post(f"{API}/fire/zones/{ZONE}/drill", json=wish)

    assert (reply.status_code, reply.json()["code"]) == (409, "no_terminal_for_zone")


def test_a_drill_that_never_began_can_be_given_up(bench: Bench) -> None:
    begin_drill(bench)

    ended = bench.administrator.delete(f"{API}/fire/zones/{ZONE}/drill")

    assert (ended.status_code, fire(bench)["drills"]) == (204, [])


def test_a_test_is_shown_with_its_scope_until_it_ends(bench: Bench) -> None:
    test_id = begin_test(bench).json()["test_id"]
    telling = Telling(bench, bench.node())
    telling.tell(FireTestChanged(test_id=test_id, zone=ZONE, points=("1.*",), is_on=True))
    (shown,) = fire(bench)["tests"]
    telling.tell(FireTestChanged(test_id=test_id, zone=ZONE, points=("1.*",), is_on=False))

    assert (shown["points"], shown["asked_by"]) == (["1.*"], "admin")
    assert fire(bench)["tests"] == []


def test_closing_is_a_command_for_one_lane_and_carries_the_reason(bench: Bench) -> None:
    node = bench.node()
    reply = bench.administrator.post(
        f"{API}/access-points/lane/close-release", json={"reason": "the brigade says so"}
    )

    assert reply.json()["what"] == {"kind": "close_fire_release", "access_point": "lane"}
    assert "the brigade says so" in waiting(node)[0]


def test_a_door_among_the_outputs_is_closed_by_its_device_and_number(bench: Bench) -> None:
    node, path = bench.node(), f"{API}/devices/dome/outputs/2/close-release"

    reply = bench.administrator.post(path, json={"reason": "the brigade says so"})
    unknown = bench.administrator.post(path.replace("dome", "nowhere"), json={"reason": "x"})

    what = {"kind": "close_fire_output", "device": "dome", "output": 2}
    assert (reply.json()["what"], unknown.status_code) == (what, 404)
    assert "the brigade says so" in waiting(node)[0]


def test_an_output_is_open_until_its_terminal_says_that_it_is_closed(bench: Bench) -> None:
    telling = Telling(bench, bench.node())
    fire_id = telling.confirm()
    telling.answer(fire_id, access_point=None, output=2, device="dome")
    telling.end(fire_id)
    (open_still,) = fire(bench)["zones"]
    fact = FireOutputClosed(fire_ids=(fire_id,), device="dome", output=2, asked_by="")
    telling.tell(fact)

    assert open_still["phase"] == "released"
    assert fire(bench)["zones"][0]["phase"] == "normal"


def test_what_the_site_file_may_not_mean_is_shown_and_doors_that_terminals_tell(
    bench: Bench,
) -> None:
    node = bench.node()
    node.report(fire=FireStatus(unreleased=("locker-1",)))

    assert fire(bench)["warnings"] == [
        {"code": "no_input", "zone": ZONE, "names": []},
        {"code": "door_not_released", "zone": None, "names": ["locker-1"]},
    ]


def test_nobody_closes_what_is_no_lane(bench: Bench) -> None:
    path = f"{API}/access-points/nowhere/close-release"

    assert bench.administrator.post(path, json={"reason": "x"}).status_code == 404


def test_a_panels_own_state_is_shown_by_device(bench: Bench) -> None:
    telling = Telling(bench, bench.node())
    told = FirePanelChanged(device="panel", is_current=True, mode=PanelMode.MANUAL)
    telling.tell(told)

    assert fire(bench)["panels"] == [], "the site file has no such panel"


def test_the_consoles_are_told_at_once(bench: Bench) -> None:
    telling = Telling(bench, bench.node())
    with bench.administrator.stream("GET", f"{API}/stream") as console:
        told = messages(console)
        next(told)
        telling.confirm()

        # What else changed comes in an order of its own.
        assert "fire" in (name for name, _ in told)


def test_who_may_not_read_of_fires_sees_none(bench: Bench) -> None:
    assert bench.planted("personnel").client.get(f"{API}/fire").status_code == 403
