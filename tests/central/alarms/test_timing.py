"""What time does: nobody comes and it escalates, sirens sound, nodes fall silent, floods end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.contract.events import DoorForcedOpen, PanicPressed, RefusalsRepeated
from config.site_alarms import SounderEntry
from tests.central.alarms.raising import DURESS, PATH, let_time_pass, listed, raised, run, tell
from tests.central.bench import SITE, Bench, running_central

PANIC = PanicPressed(button="desk", active=True)


def levels(bench: Bench) -> dict[str, int]:
    return {each["kind"]: each["escalation"] for each in listed(bench)}


def test_nobody_comes_and_an_alarm_escalates_until_somebody_has_seen_it(any_bench: Bench) -> None:
    path, found = raised(any_bench, PANIC), list[int]()

    for seconds in (20, 11, 31):
        let_time_pass(any_bench, seconds=seconds)
        found.append(levels(any_bench)["panic"])
    any_bench.administrator.post(f"{path}/acknowledge")
    let_time_pass(any_bench, seconds=200)

    assert found == [0, 1, 2]
    assert levels(any_bench)["panic"] == 2
    acts = [line["act"] for line in any_bench.administrator.get(path).json()["history"]]
    assert acts == ["raised", "escalated", "escalated", "acknowledged"]


def test_a_site_changes_when_alarms_escalate_and_what_comes_then_goes_by_it(bench: Bench) -> None:
    pace: dict[str, Any] = bench.administrator.get(f"{PATH}/pace").json()
    wish = {**pace, "escalate_s": {**pace["escalate_s"], "1": [5, 600]}}

    said = bench.administrator.put(f"{PATH}/pace", json=wish)
    raised(bench, PANIC)
    let_time_pass(bench, seconds=6)

    assert (said.status_code, bench.administrator.get(f"{PATH}/pace").json()) == (200, wish)
    assert levels(bench)["panic"] == 1


def test_an_alarm_on_a_shelf_does_not_escalate_and_waits_anew_when_it_comes_back(
    bench: Bench,
) -> None:
    path = raised(bench)
    wish = {"minutes": 10, "reason": "The hinge is being repaired"}
    bench.administrator.post(f"{path}/shelve", json=wish)

    let_time_pass(bench, minutes=9)
    hidden = levels(bench)
    let_time_pass(bench, minutes=1)
    back = levels(bench)
    let_time_pass(bench, minutes=3)

    assert "forced_open" not in hidden
    assert (back["forced_open"], levels(bench)["forced_open"]) == (0, 1)


def test_a_node_that_falls_silent_is_lost_and_what_it_said_is_stale(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1)
    node.report()
    let_time_pass(bench, seconds=15)
    before = {each["kind"] for each in listed(bench)}

    let_time_pass(bench, seconds=2)
    lost = {each["kind"]: each["condition"] for each in listed(bench)}
    node.report()
    let_time_pass(bench, seconds=1)

    back = {each["kind"]: each["condition"] for each in listed(bench)}
    assert before == {"forced_open"}
    assert lost == {"forced_open": "unknown", "node_lost": "active"}
    assert back == {"forced_open": "active", "node_lost": "returned"}


def test_nobody_is_lost_because_central_itself_was_away(bench: Bench) -> None:
    bench.node().report()
    bench.clock.advance(hours=1)
    clock = bench.app.state.alarm_clock
    bench.app.state.alarm_clock = type(clock)(bench.app.state.services)

    let_time_pass(bench, seconds=1)

    assert "node_lost" not in levels(bench)


def test_a_flood_gathers_what_is_not_urgent_and_shows_it_when_it_ends(bench: Bench) -> None:
    node = bench.node()
    many = [RefusalsRepeated(access_point=f"lane-{n}", count=5) for n in range(50)]
    node.send(*(node.event(n, fact=f, time=node.clock()) for n, f in enumerate(many, 1)))
    tell(node, 60, DoorForcedOpen(device="gate-1"))

    body: dict[str, Any] = bench.administrator.get(PATH).json()
    shown = [each["kind"] for each in body["items"]]
    let_time_pass(bench, seconds=61)

    after = bench.administrator.get(PATH).json()
    gathered = body["flood"]["gathered"]["refusals"]
    assert body["flood"]["is_on"]
    assert (shown.count("forced_open"), shown.count("refusals") + gathered) == (1, 50)
    assert gathered >= 15
    assert after["flood"] == {"is_on": False, "since": None, "gathered": {}}
    assert sum(each["kind"] == "refusals" for each in after["items"]) == 50


def test_what_a_flood_gathered_is_acknowledged_at_once(bench: Bench) -> None:
    node = bench.node()
    many = [RefusalsRepeated(access_point=f"lane-{n}", count=5) for n in range(60)]
    node.send(*(node.event(n, fact=f, time=node.clock()) for n, f in enumerate(many, 1)))
    before = bench.administrator.get(PATH).json()["flood"]["gathered"]["refusals"]

    done = bench.administrator.post(f"{PATH}/acknowledge", json={"gathered": True}).json()

    assert len(done["ids"]) == before
    assert bench.administrator.get(PATH).json()["flood"]["gathered"] == {}


def due_in_s(bench: Bench) -> float | None:
    """Return after how many seconds central looks by itself at the latest, if at all."""
    at = run(bench, bench.app.state.alarm_clock.next_at())
    return None if at is None else (at - bench.clock()).total_seconds()


def test_central_knows_when_time_alone_changes_an_alarm_or_a_terminal(any_bench: Bench) -> None:
    nothing = due_in_s(any_bench)
    node = any_bench.node()
    node.report()
    silence_s = due_in_s(any_bench)
    tell(node, 1, PANIC)
    let_time_pass(any_bench, seconds=17)
    escalation_s = due_in_s(any_bench)
    path = f"{PATH}/{next(a['id'] for a in listed(any_bench) if a['kind'] == 'panic')}"
    any_bench.administrator.post(f"{path}/acknowledge")

    assert (nothing, silence_s, escalation_s) == (None, 16, 30 - 17)
    assert "panic" in levels(any_bench)
    assert due_in_s(any_bench) != escalation_s


def test_a_shelf_is_waited_for_and_a_flood_is_looked_at_every_second(bench: Bench) -> None:
    path, node = raised(bench), bench.node("gate-2")
    let_time_pass(bench, seconds=17)
    wish = {"minutes": 2, "reason": "The hinge is being repaired"}
    bench.administrator.post(f"{path}/shelve", json=wish)
    shelf_s = due_in_s(bench)
    many = [RefusalsRepeated(access_point=f"lane-{n}", count=5) for n in range(50)]
    node.send(*(node.event(n, fact=f, time=node.clock()) for n, f in enumerate(many, 1)))

    assert (shelf_s, due_in_s(bench)) == (120, 1)


@pytest.fixture
def sounding(tmp_path: Path) -> Iterator[Bench]:
    """Central of a site with a siren."""
    siren = SounderEntry(id="siren", node="gate-1", device="gate", channel=0)
    with running_central(tmp_path, site=SITE.model_copy(update={"sounder": (siren,)})) as bench:
        yield bench


def signals(bench: Bench) -> list[bool]:
    """Return what the siren was told, oldest first."""
    items = bench.administrator.get("/api/v1/commands").json()["items"]
    return [each["what"]["is_on"] for each in reversed(items) if each["what"]["kind"] == "signal"]


def test_a_siren_sounds_when_nobody_comes_and_falls_silent_when_somebody_has_seen_it(
    sounding: Bench,
) -> None:
    tell(sounding.node(), 1, DURESS)

    let_time_pass(sounding, seconds=29)
    early = signals(sounding)
    let_time_pass(sounding, seconds=2)
    again_s = due_in_s(sounding)
    let_time_pass(sounding, seconds=61)
    loud = signals(sounding)
    (alarm,) = [each for each in listed(sounding) if each["kind"] == "duress"]
    sounding.administrator.post(f"{PATH}/{alarm['id']}/acknowledge")
    lost = next(each for each in listed(sounding) if each["kind"] == "node_lost")
    sounding.administrator.post(f"{PATH}/{lost['id']}/acknowledge")
    let_time_pass(sounding, seconds=1)

    assert again_s is not None
    assert again_s <= 60
    assert (early, loud) == ([], [True, True]), "it is told again, should it not have heard"
    assert signals(sounding) == [True, True, False]


def test_what_a_terminal_sounds_by_itself_is_ended_by_whoever_has_seen_it(sounding: Bench) -> None:
    node = sounding.node()
    tell(node, 1, PANIC)
    let_time_pass(sounding, seconds=1)
    left_alone = signals(sounding)

    sounding.administrator.post(f"{PATH}/{listed(sounding)[0]['id']}/acknowledge")
    let_time_pass(sounding, seconds=1)

    assert (left_alone, signals(sounding)) == ([], [False])
