"""Every rule of docs/access.md, through a real lane and a simulated gate, with the network cut."""

import asyncio
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import config
from config.contract import access_events as events
from config.contract.access import CredentialKind, DenialReason
from config.contract.events import AccessDenied, AccessGranted, AccessNotTaken
from config.contract.visitor_code import VisitorCode
from drivers.base import GateState, Side
from edge.access.happenings import FireChanged, Heard
from edge.access.question import Granted, Override
from tests.edge.conftest import NOW, eventually
from tests.system.access_terminal import Terminal, known, play, somebody, why

CHINA = tomllib.loads((Path(config.__file__).parent / "calendars" / "cn.toml").read_text("utf-8"))
DAY = timedelta(days=1)
HALL: dict[str, Any] = {"id": "hall"}
FRONT = {"id": "front", "to_area": "hall"}
LEADS = [FRONT, {"id": "exit", "from_area": "hall"}, {"id": "side", "to_area": "hall"}]
CARD_AND_PIN = {"require": {"any_of": [["card", "pin"]]}}
ASKS_FOR_PIN = {"points": [{"id": "front", "credentials": [CARD_AND_PIN]}]}
FACE_AND_MORE = {"require": {"any_of": [["card", "face"], ["card", "pin"]]}}
LOCKED = {"lockdown_levels": [
    {"id": "night", "priority": 10, "points": ["front", "side"], "admits": ["guards"]},
    {"id": "evacuate", "priority": 20, "points": ["front"], "effect": "open"},
], "profiles": [{"id": "guards", "permissions": [{"points": ["front"]}]}]}  # fmt: skip


def office(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - of the model
    """Return a model whose staff come to the front in office hours."""
    hours = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "18:00"}
    permission = {"points": ["front"], "schedule": "office"}
    return {
        "calendar": CHINA,
        "schedules": [{"id": "office", "intervals": [hours]}],
        "profiles": [{"id": "staff", "permissions": [permission]}],
        **more,
    }


STAFF = somebody("anna", profiles=("staff",))


# ---- always open


def test_the_way_out_asks_nobody(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        decision = await t.card("nobody known", at="exit")

        assert decision == Granted(None, override=Override.EGRESS)
        assert t.gates[1].authorised[Side.OUT] == 1

    play(tmp_path, script, LOCKED)


def test_the_exit_button_lets_out_before_all_who_wait(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        decision = await t.press_exit("side")
        t.gates[2].passages[Side.OUT] += 1
        granted = await t.has(AccessGranted)
        counted = await t.has(events.UnnamedCountRecorded)

        assert decision == Granted(None, override=Override.EGRESS)
        assert (granted.credential, t.gates[2].authorised[Side.OUT]) == (CredentialKind.NONE, 1)
        assert (counted.fact.area, counted.fact.count) == ("hall", -1)
        assert await t.facts(events.WrongWayPassage) == []

    play(tmp_path, script, {"areas": [HALL], "points": LEADS})


def test_a_fire_stands_above_every_lockdown(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        t.hear(lockdown="night")
        assert why(await t.card("anna")) is DenialReason.LOCKDOWN

        t.keeper.take(FireChanged("zone-1", is_active=True))

        assert await t.card("anna") == Granted("anna", override=Override.FIRE)

    play(tmp_path, script, LOCKED)


def test_a_lockdown_admits_its_own_alone_and_a_stronger_one_opens(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        t.hear(lockdown="night")
        assert why(await t.card("anna")) is DenialReason.LOCKDOWN
        assert await t.card("ben") == Granted("ben")

        t.hear(lockdown="evacuate")
        assert await t.card("nobody known") == Granted(None, override=Override.LOCKDOWN_OPEN)

    play(tmp_path, script, LOCKED, somebody("ben", profiles=("guards",)))


# ---- who, where and when


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_active": False}, DenialReason.HOLDER_INACTIVE),
        ({"valid_from": NOW + DAY}, DenialReason.NOT_YET_VALID),
        ({"valid_until": NOW}, DenialReason.NO_LONGER_VALID),
        ({"access_points": ("side",)}, DenialReason.NOT_PERMITTED_HERE),
        ({"profiles": ()}, DenialReason.NOT_PERMITTED_HERE),
        ({"profiles": ("staff",)}, None),
    ],
)
def test_standing_and_profiles_say_who_may_pass(
    tmp_path: Path, changes: dict[str, Any], reason: DenialReason | None
) -> None:
    async def script(t: Terminal) -> None:
        assert why(await t.card("anna")) is reason

    play(tmp_path, script, office(), somebody("anna", **changes))


def test_a_schedule_holds_in_its_hours_not_on_holidays_and_on_make_up_workdays(
    tmp_path: Path,
) -> None:
    times = {
        "2026-11-23 07:59": DenialReason.OUT_OF_SCHEDULE,
        "2026-11-23 08:00": None,
        "2026-10-01 12:00": DenialReason.OUT_OF_SCHEDULE,  # National Day, a Thursday
        "2026-10-10 12:00": None,  # a Saturday that is worked
    }

    async def script(t: Terminal) -> None:
        assert {at: why(await t.at(at).card("anna")) for at in times} == times

    play(tmp_path, script, office(), STAFF)


@pytest.mark.parametrize(
    ("effect", "reasons"),
    [
        ("refuse", [DenialReason.CLOSED_FOR_NOW, None]),
        ("require", [DenialReason.CREDENTIAL_NEEDED, None]),
        ("permit", [None, DenialReason.OUT_OF_SCHEDULE]),
    ],
)
def test_a_temporary_rule_expires_by_itself(
    tmp_path: Path, effect: str, reasons: list[DenialReason | None]
) -> None:
    rule: dict[str, Any] = {"id": "r", "effect": effect, "points": ["front"]}
    rule |= {"valid_from": str(NOW - DAY), "valid_until": str(NOW + timedelta(minutes=1))}
    if effect == "require":
        rule |= CARD_AND_PIN

    async def script(t: Terminal) -> None:
        if effect == "permit":  # after hours
            rule_holds, over = t.at("2026-11-22 19:00"), timedelta(days=3)
        else:
            rule_holds, over = t, timedelta(minutes=1)
        first = why(await rule_holds.card("anna"))
        t.now += over

        assert [first, why(await t.card("anna"))] == reasons

    play(tmp_path, script, office(temporary_rules=[rule]), STAFF)


# ---- with what


def test_a_combination_is_asked_for_and_completed(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        asked = await t.card("anna")
        shown = t.board.current("front")
        assert why(asked) is DenialReason.CREDENTIAL_NEEDED
        assert shown is not None
        assert shown.asks == (CredentialKind.PIN,)

        assert await t.pin() == Granted("anna")

    play(tmp_path, script, ASKS_FOR_PIN)


def test_twins_are_told_by_their_card(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        doubt = await t.face(("ben", 0.9), ("anna", 0.895))
        await t.card("anna")
        after_card = await t.face(("ben", 0.9), ("anna", 0.895))

        assert isinstance(doubt, AccessDenied)
        assert doubt.reason is DenialReason.DOUBTFUL_FACE
        assert isinstance(after_card, AccessGranted)
        assert after_card.holder_id == "anna"

    document = {"points": [{"id": "front", "credentials": [FACE_AND_MORE]}]}
    play(tmp_path, script, document, somebody("anna", templates=()))


def test_a_pin_is_never_alone_and_a_wrong_one_opens_nothing(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert why(await t.pin()) is DenialReason.WRONG_PIN
        await t.card("anna")
        assert why(await t.pin("9999")) is DenialReason.WRONG_PIN
        assert t.gates[1].commands_executed == 0

    play(tmp_path, script, ASKS_FOR_PIN)


def test_a_duress_pin_opens_and_shows_what_a_pin_shows(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        shown = []
        for kind in ("pin", "duress_pin"):
            await t.card("anna")
            assert isinstance(await t.pin(kind), Granted)
            shown.append(t.board.current("front"))
        duress = await t.has(events.DuressDetected)

        assert shown[0] == shown[1]
        assert duress == events.DuressDetected(holder_id="anna", access_point="front")

    play(tmp_path, script, ASKS_FOR_PIN)


def test_five_refusals_alarm_once_and_ask_for_a_second_credential(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        for _ in range(6):
            await t.card("nobody known")
        asked = await t.card("anna")
        assert why(asked) is DenialReason.TOO_MANY_REFUSALS
        assert await t.pin() == Granted("anna")

        alarms = await t.facts(events.RefusalsRepeated)
        assert alarms == [events.RefusalsRepeated(access_point="front", count=5)]
        assert await t.wait(300).card("ben") == Granted("ben")

    play(tmp_path, script)


def test_the_pins_of_a_found_card_cannot_be_tried_through(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        for number in range(5):
            await t.card("anna")
            assert why(await t.pin(f"000{number}")) is DenialReason.WRONG_PIN
        await t.card("anna")
        assert why(await t.pin()) is DenialReason.WRONG_PIN

        await t.wait(300).card("anna")
        assert await t.pin() == Granted("anna")

    play(tmp_path, script, ASKS_FOR_PIN)


# ---- areas


@pytest.mark.parametrize(
    ("passback", "reason"),
    [
        ({"mode": "soft"}, None),
        ({"mode": "hard"}, DenialReason.PASSBACK),
        ({"mode": "timed", "forgotten_after_min": 10}, DenialReason.PASSBACK),
    ],
)
def test_who_is_inside_does_not_come_in_again(
    tmp_path: Path, passback: dict[str, Any], reason: DenialReason | None
) -> None:
    async def script(t: Terminal) -> None:
        await t.enter("anna")
        assert why(await t.card("anna", at="side")) is reason
        found = await t.has(events.PassbackDetected)

        assert (found.known_area, found.is_enforced) == ("hall", reason is not None)

    document = {"areas": [HALL | {"passback": passback}], "points": LEADS}
    play(tmp_path, script, document)


def test_a_timed_passback_is_over_after_its_minutes(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        await t.enter("anna")
        assert why(await t.wait(599).card("anna", at="side")) is DenialReason.PASSBACK
        assert await t.wait(1).card("anna", at="side") == Granted("anna")

    timed = {"mode": "timed", "forgotten_after_min": 10}
    play(tmp_path, script, {"areas": [HALL | {"passback": timed}], "points": LEADS})


def test_who_came_in_at_another_terminal_does_not_come_in_at_this_one(tmp_path: Path) -> None:
    document = {"areas": [HALL | {"passback": {"mode": "hard"}}], "points": LEADS}
    (tmp_path / "other").mkdir()
    there = Terminal(tmp_path / "other", document, known(), node="gate-2")

    async def script(here: Terminal) -> None:
        async with there.at_work():
            await there.enter("anna")
        here.keeper.take(Heard(tuple(there.keeper.world.state.areas.facts())))

        assert why(await here.card("anna")) is DenialReason.PASSBACK
        assert await here.card("anna", at="exit") == Granted("anna", override=Override.EGRESS)

    play(tmp_path, script, document)


def test_where_people_are_is_known_after_a_restart(tmp_path: Path) -> None:
    document = {"areas": [HALL | {"passback": {"mode": "hard"}}], "points": LEADS}

    async def enters(t: Terminal) -> None:
        await t.enter("anna")

    async def comes_again(t: Terminal) -> None:
        assert why(await t.card("anna")) is DenialReason.PASSBACK

    play(tmp_path, enters, document)
    play(tmp_path, comes_again, document)


def test_a_full_area_waits_until_somebody_leaves(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        both = await asyncio.gather(t.card("anna"), t.card("ben", at="side"))
        assert sorted(map(str, map(why, both))) == ["None", "area_full"]
        first, second = ("front", "side") if why(both[0]) is None else ("side", "front")
        await t.pass_(first)
        await t.enter("anna" if first == "front" else "ben", at="exit")

        assert why(await t.card("cleo", at=second)) is None

    play(tmp_path, script, {"areas": [HALL | {"occupancy_max": 1}], "points": LEADS})


def test_who_stays_outside_after_all_leaves_room(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        t.gates[1].faults = 1
        assert isinstance(await t.card("anna"), Granted)

        assert await t.card("ben", at="side") == Granted("ben")

    play(tmp_path, script, {"areas": [HALL | {"occupancy_max": 1}], "points": LEADS})


def test_one_door_of_an_interlock_opens_while_the_others_are_closed(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        await t.push("side")
        assert why(await t.card("anna")) is DenialReason.INTERLOCK

        await t.push("side", GateState.CLOSED)
        assert await t.card("anna") == Granted("anna")
        assert why(await t.card("ben", at="side")) is DenialReason.INTERLOCK

    play(tmp_path, script, {"interlocks": [{"id": "lock", "points": ["front", "side"]}]})


def test_an_area_waits_for_its_first_person_each_day(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert why(await t.card("anna")) is DenialReason.FIRST_PERSON_NEEDED
        await t.enter("ben")
        assert await t.card("anna") == Granted("anna")
        tomorrow = t.wait(86_400)
        assert why(await tomorrow.card("anna")) is DenialReason.FIRST_PERSON_NEEDED

    document = {"areas": [HALL | {"first_person_in": {}}], "points": LEADS}
    play(tmp_path, script, document, somebody("ben", is_first_person=True))


# ---- together


def test_two_people_show_their_cards_and_both_pass(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert why(await t.card("anna")) is DenialReason.AWAITING_SECOND_PERSON
        assert await t.card("ben") == Granted("ben", companions=("anna",))
        assert t.gates[1].authorised[Side.IN] == 2
        await t.pass_()
        await t.pass_()

        moved = await t.facts(events.AreaFactRecorded)
        assert [event.fact.holder_id for event in moved] == ["ben", "anna"]
        assert await t.facts(events.UnauthorisedPassage, events.TailgatingDetected) == []

    play(tmp_path, script, {"areas": [HALL], "points": [FRONT | {"two_person": {}}]})


def test_who_needs_an_escort_waits_for_it(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert why(await t.card("anna")) is DenialReason.ESCORT_NEEDED
        assert await t.card("ben") == Granted("ben", companions=("anna",))
        assert await t.wait(30).card("anna") == Granted("anna")

    guest, host = somebody("anna", needs_escort=True), somebody("ben", may_escort=True)
    play(tmp_path, script, None, guest, host)


def test_who_needs_more_time_is_granted_it(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert await t.card("anna") == Granted("anna", access_time_s=20)
        assert await t.card("ben") == Granted("ben", access_time_s=5)

    times = {"id": "front", "access_time_s": 5, "extended_access_time_s": 20}
    slow = somebody("anna", has_extended_access_time=True)
    play(tmp_path, script, {"points": [times]}, slow)


# ---- codes

VISIT = VisitorCode(
    holder_id=UUID(int=7),
    nonce="00112233aabbccdd",
    valid_from=NOW - timedelta(hours=1),
    valid_until=NOW + timedelta(hours=1),
    points=("front", "side"),
)
WHO = str(VISIT.holder_id)


def test_a_visitors_code_is_good_once_at_home_and_tells_of_the_arrival(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        assert why(await t.code(VISIT, at="side")) is DenialReason.CODE_NOT_HERE
        assert await t.code(VISIT) == Granted(WHO)
        await t.pass_()

        assert why(await t.code(VISIT)) is DenialReason.CODE_USED
        arrived = await t.has(events.VisitorArrived)
        assert arrived == events.VisitorArrived(holder_id=WHO, access_point="front")

    async def after_a_restart(t: Terminal) -> None:
        assert why(await t.code(VISIT)) is DenialReason.CODE_USED

    play(tmp_path, script)
    play(tmp_path, after_a_restart)


def test_a_new_hires_code_is_good_until_they_leave(tmp_path: Path) -> None:
    code = VISIT.model_copy(update={"is_one_time": False, "stands_alone": False})
    hired = somebody(WHO)

    async def script(t: Terminal) -> None:
        assert await t.code(code) == await t.code(code) == Granted(WHO)
        t.hear([hired.model_copy(update={"is_removed": True, "version": 2})])
        assert why(await t.code(code)) is DenialReason.UNKNOWN_CODE

    play(tmp_path, script, None, hired)


# ---- passages and doors


def test_who_follows_another_through_tailgates_and_later_is_unauthorised(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        await t.enter("anna")
        await t.wait(5).pass_()
        await t.wait(1).pass_()

        granted = await t.has(AccessGranted)
        tailgating = await t.has(events.TailgatingDetected)
        assert (tailgating.decision_id, tailgating.count) == (granted.decision_id, 1)
        assert len(await t.facts(events.UnauthorisedPassage)) == 1

    play(tmp_path, script)


def test_who_goes_against_the_direction_is_an_alarm(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        t.gates[2].passages[Side.OUT] += 1

        assert await t.has(events.WrongWayPassage) == events.WrongWayPassage(access_point="side")

    play(tmp_path, script)


def test_a_barrier_that_opens_for_nobody_is_forced_and_open_too_long_until_it_closes(
    tmp_path: Path,
) -> None:
    async def script(t: Terminal) -> None:
        await t.push("side")
        await t.has(events.DoorForcedOpen)
        t.wait(31)
        await t.has(events.DoorOpenTooLong)
        await t.push("side", GateState.CLOSED)

        assert await t.has(events.DoorSecured) == events.DoorSecured(device="side-gate")

    play(tmp_path, script)


def test_somebody_granted_walks_through_a_gate_that_was_closed(tmp_path: Path) -> None:
    async def script(t: Terminal) -> None:
        await t.card("anna")
        await eventually(lambda: bool(t.gates[1].walk(Side.IN)))
        await eventually(lambda: t.gates[1].state is GateState.CLOSED)

        moved = await t.has(events.AreaFactRecorded)
        assert (moved.fact.holder_id, moved.fact.area) == ("anna", "hall")
        kinds = (events.DoorForcedOpen, events.UnauthorisedPassage, AccessNotTaken)
        assert await t.facts(*kinds) == []

    play(tmp_path, script, {"areas": [HALL], "points": LEADS})


def test_who_needs_more_time_has_it_at_the_gate_itself(tmp_path: Path) -> None:
    slow = somebody("anna", has_extended_access_time=True)
    point = {"id": "front", "access_time_s": 6, "extended_access_time_s": 20}

    async def script(t: Terminal) -> None:
        await t.enter("anna")
        longer_s = t.gates[1].longer_s
        await t.enter("ben")

        assert (longer_s, t.gates[1].longer_s) == (20, 6)

    play(tmp_path, script, {"points": [point]}, slow)
