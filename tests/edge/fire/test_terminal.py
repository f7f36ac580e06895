"""From a panel's frame to gates that were read back: real ports, real frames, no central."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.access_model import parse_access_model
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import (
    CloseFireRelease,
)
from config.contract.fire_events import (
    FireConfirmation,
    FireConfirmed,
    FireEnded,
    FirePanelChanged,
    FirePathChanged,
    FirePointChanged,
    FireReleaseAnswered,
)
from config.contract.nodes import AccessRecord
from config.site_fire import FireZoneEntry
from drivers.base import Side
from edge.access.question import Granted
from edge.fire.paths import WIRED_ONLY_AFTER_S
from tests.edge.conftest import eventually, make_journal
from tests.edge.fire.terminal import ZONE, FireTerminal, at_work, fire_site, linked

EAST = "g1-1-in"


class TillScreen:
    """Remembers what it was told to say."""

    def __init__(self) -> None:
        self.phases = list[str | None]()

    def fire_is_on(self, phase: str | None) -> None:
        self.phases.append(phase)


def test_two_detectors_release_every_gate_and_each_answer_is_told(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)

        await eventually(lambda: terminal.is_released and terminal.is_open)
        await eventually(lambda: len(terminal.facts.of(FireReleaseAnswered)) == 4)
        (fire,) = terminal.facts.of(FireConfirmed)
        answers = terminal.facts.of(FireReleaseAnswered)

        assert fire.confirmed_by is FireConfirmation.TWO_DEVICES
        assert {point.point for point in fire.points} == {"1.1/10.1", "1.1/10.2"}
        assert {(a.fire_id, a.outcome, a.heard) for a in answers} == {
            (fire.fire_id, "confirmed", "here")
        }
        assert all(a.told_ms <= (a.acknowledged_ms or 0) for a in answers)
        assert all((a.acknowledged_ms or 0) < (a.confirmed_ms or 0) for a in answers)

    at_work(tmp_path, act)


def test_one_detector_is_told_and_releases_nothing(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1)

        await eventually(
            lambda: "fire" in {c for f in terminal.facts.of(FirePointChanged) for c in f.conditions}
        )
        (zone,) = terminal.station.status().zones  # type: ignore[union-attr]

        assert (zone.phase, zone.alerts) == ("alert", ("1.1/10.1",))
        assert terminal.is_normal

    at_work(tmp_path, act)


def test_the_panel_s_own_fire_releases_although_its_message_says_test(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.panel.do_fire(10, 1, "", on=True, is_test=True)
        terminal.panel.do_fire(10, 2, "", on=True, is_test=True)

        await eventually(lambda: terminal.is_released)

    at_work(tmp_path, act)


def test_a_release_stays_when_the_panel_is_normal_until_a_person_closes_lane_by_lane(
    tmp_path: Path,
) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released)
        while_it_burns = await terminal.do(CloseFireRelease(access_point=EAST))
        terminal.smoke(1, 2, on=False)
        await eventually(lambda: bool(terminal.facts.of(FireEnded)))
        still_open = terminal.is_released

        closed = await terminal.do(CloseFireRelease(access_point=EAST))

        assert (while_it_burns, still_open) == (CommandRefusal.FIRE_RELEASE, True)
        assert closed is CommandOutcome.DONE
        assert terminal.gates[1].modes == {Side.IN: 0, Side.OUT: 1}
        assert terminal.gates[2].modes == {Side.IN: 1, Side.OUT: 1}

    at_work(tmp_path, act)


def test_another_fire_releases_a_closed_lane_again(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released)
        terminal.smoke(1, 2, on=False)
        await eventually(lambda: not terminal.station.book.standing("building"))
        await terminal.do(CloseFireRelease(access_point=EAST))

        terminal.smoke(1, 2)

        await eventually(lambda: terminal.is_released)

    at_work(tmp_path, act)


def test_lanes_do_not_refuse_and_their_screens_say_fire(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.phase(EAST) == "fire")

        decision = await terminal.made.lanes[EAST].present_card("nobody's")

        assert isinstance(decision, Granted)
        assert terminal.phase(EAST) == "fire"

    at_work(tmp_path, act)


def test_a_till_of_the_same_node_says_fire_as_its_gates_do(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        till = TillScreen()
        terminal.station.add_screen_everywhere(till)
        terminal.smoke(1, 2)

        await eventually(lambda: till.phases[-1:] == ["fire"])

    at_work(tmp_path, act)


def test_an_operator_s_mode_never_beats_a_release_and_holds_after_it(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released)

        await terminal.made.lanes[EAST].hold(is_held=False)
        await terminal.made.devices["g1-1"].reconnect()

        assert terminal.gates[1].modes == dict.fromkeys(Side, 1)

    at_work(tmp_path, act)


def test_a_gate_that_was_switched_off_is_released_again_when_it_is_back(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released)

        terminal.simulator.stations[1].restart()
        terminal.gates[1] = terminal.simulator.stations[1].gate

        await eventually(lambda: terminal.is_released and terminal.is_open)

    at_work(tmp_path, act)


def test_a_gate_that_was_away_when_the_fire_began_is_released_when_it_comes(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        line = terminal.lines["line-1"]
        line.faults.set("mute", on=True)
        terminal.smoke(1, 2)
        await eventually(
            lambda: any(a.outcome == "unreachable" for a in terminal.facts.of(FireReleaseAnswered))
        )

        line.faults.set("mute", on=False)

        await eventually(lambda: terminal.is_released)
        await eventually(
            lambda: (
                sum(a.outcome == "confirmed" for a in terminal.facts.of(FireReleaseAnswered)) == 4
            )
        )

    at_work(tmp_path, act)


def test_a_noisy_line_is_told_until_it_was_read_back(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.lines["line-1"].faults.set("noise", on=True, probability=0.4)
        terminal.lines["line-1"].faults.set("drop", on=True, probability=0.2)

        terminal.smoke(1, 2)

        await eventually(lambda: terminal.is_released)

    at_work(tmp_path, act)


def test_gates_are_released_although_nothing_can_be_recorded_or_kept(tmp_path: Path) -> None:
    async def run() -> None:
        journal = make_journal(tmp_path / "no such folder")
        journal.start()
        terminal = FireTerminal(tmp_path / "node", fire_site(), recorder=journal)
        async with terminal.at_work():
            (tmp_path / "node" / "fire-closed.json.new").mkdir()  # the disk refuses from now on
            (tmp_path / "node" / "fire-standing.json.new").mkdir()

            terminal.smoke(1, 2)

            await eventually(lambda: terminal.is_released)
            assert not journal.status.is_writable
        journal.stop()

    asyncio.run(run())


def test_a_release_outlives_the_process_and_so_does_what_was_closed(tmp_path: Path) -> None:
    async def run() -> None:
        async with FireTerminal(tmp_path, fire_site()).at_work() as before:
            before.smoke(1, 2)
            await eventually(lambda: before.is_released)
            before.smoke(1, 2, on=False)
            await eventually(lambda: not before.station.book.standing("building"))
            await before.do(CloseFireRelease(access_point=EAST))
            await eventually(lambda: EAST in (tmp_path / "fire-closed.json").read_text())

        after = FireTerminal(tmp_path, fire_site())
        async with after.at_work():
            await eventually(lambda: after.gates[2].modes == {Side.IN: 1, Side.OUT: 1})

            assert after.gates[1].modes == {Side.IN: 0, Side.OUT: 1}
            assert after.phase("g1-2-in") == "fire"

    asyncio.run(run())


def test_what_stood_and_cannot_be_read_any_more_is_released(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "fire-standing.json").write_text("{ damaged")

        async with FireTerminal(tmp_path, fire_site()).at_work() as terminal:
            await eventually(lambda: terminal.is_released)
            closed = await terminal.do(CloseFireRelease(access_point=EAST))

            assert closed is CommandOutcome.DONE

    asyncio.run(run())


def test_a_fire_at_one_node_releases_the_gates_of_all(tmp_path: Path) -> None:
    async def run() -> None:
        site = fire_site(3)
        nodes = [FireTerminal(tmp_path / f"n{n}", site, f"gate-{n}") for n in (1, 2, 3)]
        async with linked(*nodes):
            nodes[0].smoke(1, 2)

            await eventually(lambda: all(node.is_released for node in nodes))
            await eventually(lambda: len(nodes[2].facts.of(FireReleaseAnswered)) == 4)
            answers = nodes[2].facts.of(FireReleaseAnswered)

            assert {(a.heard, a.origin) for a in answers} == {("link", "gate-1")}
            assert nodes[2].facts.of(FireConfirmed) == []

    asyncio.run(run())


def test_the_panel_s_own_state_is_told_and_shown(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.panel.do_system(1 << 11)  # manual
        terminal.panel.do_fault(10, 7, "", on=True)
        await eventually(
            lambda: [p.faulty for p in terminal.facts.of(FirePanelChanged)][-1:] == [("1.1/10.7",)]
        )

        (panel,) = terminal.station.status().panels  # type: ignore[union-attr]

        assert (panel.mode, panel.is_current, panel.conditions) == ("manual", True, ("manual",))
        assert panel.last_frame_at is not None
        assert timedelta(0) <= terminal.now - panel.last_frame_at < timedelta(minutes=1)

    at_work(tmp_path, act)


def test_people_who_pass_at_a_fire_are_counted_and_nobody_is_accused(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released and terminal.is_open)
        door = terminal.keeper.world.state.open_doors

        terminal.gates[1].walk(Side.OUT)
        terminal.gates[2].walk(Side.IN)
        await eventually(lambda: sum(terminal.gates[2].passages.values()) == 1)
        journal = terminal.journal
        await eventually(lambda: "menshen.access.passed.v1" in journal.types)

        assert not {t for t in journal.types if "unauthorised" in t or "wrong_way" in t}
        assert not {t for t in journal.types if "forced" in t or "tailgating" in t}
        assert set(door) == {"g1-1", "g1-2"}

    at_work(tmp_path, act)


LOSS = FireZoneEntry(id="building", on_loss="release")


@pytest.mark.parametrize(("zone", "is_released"), [(ZONE, False), (LOSS, True)])
def test_a_panel_that_is_lost_is_an_alarm_and_a_release_where_the_site_wants_it(
    tmp_path: Path, zone: FireZoneEntry, is_released: bool
) -> None:
    async def run() -> None:
        terminal = FireTerminal(tmp_path, fire_site(1, zone))
        async with terminal.at_work():
            station = terminal.station
            await eventually(lambda: bool(terminal.facts.of(FirePathChanged)))
            station.panel_lost("panel")
            began_s = station.monotonic()

            station.monotonic = lambda: began_s + WIRED_ONLY_AFTER_S + 1
            station.tick()
            await eventually(lambda: len(terminal.facts.of(FirePathChanged)) == 3)
            await eventually(lambda: terminal.is_released is is_released)
            up, down, wired = terminal.facts.of(FirePathChanged)

            assert (up.is_up, down.is_up, down.is_wired_only) == (True, False, False)
            assert (wired.is_wired_only, wired.detail) == (True, "device panel")
            confirmed = [f.confirmed_by for f in terminal.facts.of(FireConfirmed)]
            assert confirmed == (["loss"] if is_released else [])

    asyncio.run(run())


def test_a_fire_that_is_standing_is_not_over_because_its_panel_is_lost(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released)

        terminal.station.panel_lost("panel")
        closed = await terminal.do(CloseFireRelease(access_point=EAST))

        assert terminal.facts.of(FireEnded) == []
        assert closed is CommandOutcome.DONE  # nobody could ever end it else

    at_work(tmp_path, act)


def test_the_access_model_s_zone_of_that_name_releases_its_points_too(tmp_path: Path) -> None:
    async def run() -> None:
        zone = FireZoneEntry(id="building", releases=("g1-1-in", "g1-1-out"))
        terminal = FireTerminal(tmp_path, fire_site(1, zone))
        terminal.rules.take(
            AccessRecord(
                version=1,
                model=parse_access_model(
                    {"version": 1, "fire_zones": [{"id": "building", "points": ["g1-2-in"]}]}
                ),
            ),
            version=1,
        )
        async with terminal.at_work():
            terminal.smoke(1, 2)

            await eventually(lambda: terminal.is_released)

    asyncio.run(run())


def test_a_zone_that_names_points_releases_no_others(tmp_path: Path) -> None:
    async def run() -> None:
        zone = FireZoneEntry(id="building", releases=("g1-1-in", "g1-1-out"))
        async with FireTerminal(tmp_path, fire_site(1, zone)).at_work() as terminal:
            terminal.smoke(1, 2)

            await eventually(lambda: terminal.gates[1].modes == dict.fromkeys(Side, 1))
            await eventually(lambda: len(terminal.facts.of(FireReleaseAnswered)) == 2)

            assert terminal.gates[2].modes == {Side.IN: 0, Side.OUT: 1}

    asyncio.run(run())


@pytest.mark.parametrize(
    ("driver", "arguments"), [("dry_contact_fire", {}), ("modbus_fire", {"point": "panel"})]
)
def test_a_contact_or_a_register_of_a_panel_releases_like_a_frame(
    tmp_path: Path, driver: str, arguments: dict[str, str]
) -> None:
    async def run() -> None:
        terminal = FireTerminal(tmp_path, fire_site(panel_driver=driver))
        async with terminal.at_work():
            terminal.lines["panel-line"].act(terminal.panel, "fire", arguments)

            await eventually(lambda: terminal.is_released)
            (fire,) = terminal.facts.of(FireConfirmed)

            assert fire.confirmed_by is FireConfirmation.PANEL

    asyncio.run(run())
