"""Which facts open which alarms: current ones at once, those of the past only where they hold."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from config.contract.access import DoorCommandOutcome
from config.contract.events import (
    ClipKept,
    ClockQuality,
    DeviceLost,
    DeviceReturned,
    DoorForcedOpen,
    FireConfirmed,
    FireEnded,
    FireReleaseAnswered,
    FireReleaseClosed,
    IntrusionChanged,
    PanicPressed,
    RefusalsRepeated,
    TailgatingDetected,
)
from config.contract.fire_events import FireConfirmation
from config.contract.machine import ClockStatus, DiskStatus
from config.contract.nodes import DeviceStatus
from config.contract.video_events import MediaFormat, MediaKind
from tests.central.alarms.raising import DURESS, FORCED, SECURED, let_time_pass, listed, tell
from tests.central.alarms.test_rooms import FURNISHED
from tests.central.bench import Bench, Node, running_central

HOUR = timedelta(hours=1)
REFUSED = RefusalsRepeated(access_point="lane", count=9)
TAILGATING = TailgatingDetected(access_point="lane", decision_id=uuid4(), count=1)


def kinds(bench: Bench, state: str = "standing") -> list[str]:
    return sorted(each["kind"] for each in listed(bench, state))


def fresh(node: Node, sequence: int) -> None:
    """Let a terminal tell something of now that is no alarm: it has caught up."""
    node.send(node.event(sequence, time=node.clock()))


def test_replayed_events_are_history_and_open_nothing_that_is_over(any_bench: Bench) -> None:
    node = any_bench.node()
    past = node.clock() - HOUR
    backlog = [
        node.event(1, fact=FORCED, time=past),
        node.event(2, fact=SECURED, time=past + timedelta(minutes=1)),
        node.event(3, fact=DoorForcedOpen(device="gate-2"), time=past + timedelta(minutes=2)),
    ]

    node.send(*backlog[:1])
    held_back = kinds(any_bench)
    node.send(*backlog[1:])
    fresh(node, 1)

    (alarm,) = listed(any_bench)
    assert held_back == [], "what comes next may have ended it"
    assert (alarm["subject"]["device"], alarm["is_history"]) == ("gate-2", True)
    assert listed(any_bench, "closed") == []


def test_a_cry_for_help_goes_ahead_and_says_nothing_of_what_comes_before_it(bench: Bench) -> None:
    """It overtakes the backlog of its class, which may end what is held back."""
    node = bench.node()
    past = node.clock() - HOUR

    node.send(node.event(1, fact=FORCED, time=past))
    tell(node, 3, DURESS)
    ahead = kinds(bench)
    node.send(node.event(2, fact=SECURED, time=past + timedelta(minutes=1)))
    fresh(node, 1)

    assert ahead == kinds(bench) == ["duress"]


def test_a_replayed_event_never_opens_again_what_newer_state_has_closed(bench: Bench) -> None:
    node = bench.node()
    tell(node, 5)
    tell(node, 6, SECURED)
    bench.administrator.post(f"/api/v1/alarms/{listed(bench)[0]['id']}/acknowledge")

    tell(node, 4, FORCED, time=node.clock() - HOUR)
    tell(node, 3, FORCED)
    fresh(node, 1)

    assert kinds(bench) == []


def test_a_batch_that_is_sent_twice_counts_once(bench: Bench) -> None:
    node = bench.node()

    told = node.event(1, fact=TAILGATING, time=node.clock())
    for _ in range(2):
        node.send(told)
    node.send(node.event(1, fact=DURESS, time=node.clock()))

    assert {each["kind"]: each["count"] for each in listed(bench)} == {
        "tailgating": 1, "journal_conflict": 1,
    }, "another event under the same key is an alarm about the journal"  # fmt: skip


def test_what_was_over_at_once_is_told_for_a_quarter_of_an_hour_and_duress_always(
    bench: Bench,
) -> None:
    node = bench.node()

    node.send(
        node.event(1, fact=TAILGATING, time=node.clock() - timedelta(minutes=14)),
        node.event(
            2, fact=RefusalsRepeated(access_point="lane", count=9), time=node.clock() - HOUR
        ),
        node.event(3, fact=DURESS, time=node.clock() - HOUR),
    )

    assert kinds(bench) == ["duress", "tailgating"]
    assert all(each["is_history"] for each in listed(bench))


def test_a_clock_that_is_not_sure_makes_nothing_history(bench: Bench) -> None:
    tell(bench.node(), 1, time=bench.clock() - HOUR, clockquality=ClockQuality.UNSURE)

    assert kinds(bench) == ["forced_open"]


def test_what_holds_is_opened_when_nothing_more_comes_of_the_past(bench: Bench) -> None:
    tell(bench.node(), 1, time=bench.clock() - HOUR)

    let_time_pass(bench, seconds=16)

    assert "forced_open" in kinds(bench)


def test_a_lost_device_makes_what_it_said_neither_active_nor_normal(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1)
    tell(node, 2, DeviceLost(device="gate-1", detail="no reply"))
    lost = {each["kind"]: each["condition"] for each in listed(bench)}

    tell(node, 3, DeviceReturned(device="gate-1", absence_s=9.0))

    found = {each["kind"]: each["condition"] for each in listed(bench)}
    assert lost == {"device_lost": "active", "forced_open": "unknown"}
    assert found == {"device_lost": "returned", "forced_open": "active"}


def test_every_heartbeat_corrects_what_an_event_did_not_say(bench: Bench) -> None:
    node = bench.node()
    dead = DeviceStatus(device="gate-1", kind="x", is_current=False, since=bench.clock())
    alive = dead.model_copy(update={"is_current": True})

    node.report(devices=(dead,), is_replica_outdated=True)
    before = kinds(bench)
    node.report(devices=(alive,))

    assert before == ["device_lost", "replica"]
    assert {each["condition"] for each in listed(bench)} == {"returned"}


def test_a_terminal_that_starts_alarms_nobody_of_what_it_still_waits_for(bench: Bench) -> None:
    node = bench.node()
    awaited = DeviceStatus(
        device="gate-1", kind="x", is_current=False, is_awaited=True, since=bench.clock()
    )
    unsure = ClockQuality.UNSURE

    node.report(devices=(awaited,), clockquality=unsure, is_clock_awaited=True)
    at_first = kinds(bench)
    silent = awaited.model_copy(update={"is_awaited": False})
    node.report(devices=(silent,), clockquality=unsure)

    assert at_first == []
    assert kinds(bench) == ["clock", "device_lost"]


def test_a_short_disk_and_a_clock_that_runs_away_are_alarms_until_a_report_says_otherwise(
    bench: Bench,
) -> None:
    node = bench.node()
    short = DiskStatus(free_mb=10, size_mb=8_000, is_short=True)
    wrong = ClockStatus(source="time_server", offset_s=0.1, drift_s_a_day=14.0, is_wrong=True)

    node.report(disk=short, clock=wrong)
    raised = {each["kind"]: each["detail"] for each in listed(bench)}
    node.report()
    kept = {each["kind"]: each["condition"] for each in listed(bench)}
    node.report(disk=short.model_copy(update={"is_short": False}), clock=ClockStatus())

    assert raised["disk"] == {"free_mb": 10}
    assert raised["clock"] == {"offset_s": 0.1, "drift_s_a_day": 14.0}
    assert kept == {"clock": "returned", "disk": "active"}
    assert {each["condition"] for each in listed(bench)} == {"returned"}


def test_a_terminal_that_starts_again_ends_no_alarm_of_what_it_still_waits_for(
    bench: Bench,
) -> None:
    node = bench.node()
    lost = DeviceStatus(device="gate-1", kind="x", is_current=False, since=bench.clock())

    node.report(devices=(lost,))
    node.report(devices=(lost.model_copy(update={"is_awaited": True}),))

    assert [each["condition"] for each in listed(bench)] == ["active"]


def test_a_fire_is_one_alarm_for_each_terminal_that_hears_it_and_a_drill_is_none(
    bench: Bench,
) -> None:
    node = bench.node()
    fire = FireConfirmed(fire_id=uuid4(), zone="lab", confirmed_by=FireConfirmation.PANEL)
    drill = fire.model_copy(update={"zone": "hall", "is_drill": True})

    tell(node, 1, drill)
    tell(node, 2, fire)
    (alarm,) = listed(bench)
    tell(node, 3, FireEnded(fire_id=fire.fire_id, zone="lab"))

    (ended,) = listed(bench)
    assert (alarm["kind"], alarm["subject"]["zone"], alarm["is_latched"]) == ("fire", "lab", True)
    assert (ended["condition"], ended["acknowledged_at"]) == ("returned", None)


def test_a_gate_that_a_fire_holds_open_is_hidden_by_design_until_its_release_is_closed(
    bench: Bench,
) -> None:
    node, fire_id = bench.node(), uuid4()
    answered = FireReleaseAnswered(
        fire_id=fire_id, zone="lab", access_point="lane", device="gate-1", origin="gate-1",
        heard="here", told_ms=5, confirmed_ms=40, outcome=DoorCommandOutcome.CONFIRMED, attempts=1,
    )  # fmt: skip

    tell(node, 1)
    tell(node, 1, answered)
    tell(node, 2, DURESS)
    during, hidden = kinds(bench), listed(bench, "shelved")
    tell(node, 2, FireReleaseClosed(fire_ids=(fire_id,), access_point="lane", asked_by="anna"))

    assert during == ["duress"], "what is latched is never hidden"
    assert [(each["kind"], each["is_suppressed"]) for each in hidden] == [("forced_open", True)]
    assert kinds(bench) == ["duress", "forced_open"]


def test_panic_buttons_and_intruders_are_alarms_like_the_others(bench: Bench) -> None:
    node = bench.node()
    intruder = IntrusionChanged(device="panel", point="1234/5", conditions=("burglary", "tamper"))

    tell(node, 1, PanicPressed(button="desk", active=True))
    tell(node, 2, intruder)
    opened = kinds(bench)
    tell(node, 3, intruder.model_copy(update={"conditions": ()}))

    assert opened == ["intrusion", "panic", "tamper"]
    conditions = {each["kind"]: each["condition"] for each in listed(bench)}
    assert conditions == {"intrusion": "returned", "panic": "active", "tamper": "returned"}


def test_the_first_of_several_at_one_place_is_marked(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1, DeviceLost(device="gate-1", detail="no reply"))
    alone = [each["is_first_up"] for each in listed(bench)]
    bench.clock.advance(seconds=5)

    tell(node, 2, DeviceLost(device="gate-2", detail="no reply"))

    first = {each["subject"]["device"]: each["is_first_up"] for each in listed(bench)}
    assert (alone, first) == ([False], {"gate-1": True, "gate-2": False})


def test_the_first_of_several_in_one_room_is_marked_whatever_terminal_tells_of_it(
    tmp_path: Path,
) -> None:
    with running_central(tmp_path / "home", site=FURNISHED) as bench:
        gate, entrance = bench.node(), bench.node("gate-2")
        tell(gate, 1, PanicPressed(button="desk", active=True))
        bench.clock.advance(seconds=5)

        tell(entrance, 1, TAILGATING)

        first = {each["kind"]: each["is_first_up"] for each in listed(bench)}
        assert first == {"panic": True, "tailgating": False}


def test_an_alarm_has_the_pictures_that_were_kept_for_its_event(bench: Bench) -> None:
    node = bench.node()
    forced = node.event(1, fact=FORCED, time=node.clock())
    node.send(forced)
    kept = ClipKept(
        clip_id=uuid4(), camera="door", kind=MediaKind.SNAPSHOT, format=MediaFormat.JPEG,
        sha256="ab" * 32, size_bytes=9, from_at=node.clock(), to_at=node.clock(),
        about=(forced.id,),
    )  # fmt: skip

    tell(node, 2, kept)

    (alarm,) = listed(bench)
    assert alarm["media"] == [{"kind": "snapshot", "sha256": "ab" * 32, "camera": "door"}]
