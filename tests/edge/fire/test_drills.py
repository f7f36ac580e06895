"""Drills, points under test and duty checks at a terminal, with real ports and frames."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import (
    BeginDrill,
    BeginFireTest,
    CheckDuty,
    CloseFireRelease,
    EndDrill,
)
from config.contract.fire_events import (
    DutyCheckAnswered,
    FireConfirmed,
    FireDrillChanged,
    FirePointChanged,
    FireReleaseAnswered,
    FireTestChanged,
)
from config.contract.identifiers import new_id
from tests.edge.conftest import eventually
from tests.edge.fire.terminal import FireTerminal, at_work, fire_site, linked

EAST = "g1-1-in"


def test_a_drill_opens_the_gates_of_all_nodes_and_ends_by_itself(tmp_path: Path) -> None:
    async def run() -> None:
        site = fire_site(2)
        one, two = (FireTerminal(tmp_path / f"n{n}", site, f"gate-{n}") for n in (1, 2))
        async with linked(one, two):
            until = one.now + timedelta(seconds=1)
            practice = BeginDrill(zone="building", drill_id=new_id(), until=until)

            begun = await two.do(practice)
            await eventually(lambda: one.is_released and two.is_released)
            words = one.phase(EAST)
            await eventually(lambda: one.is_normal and two.is_normal)

            assert (begun, words) == (CommandOutcome.DONE, "drill")
            assert [c.is_on for c in two.facts.of(FireDrillChanged)] == [True, False]
            assert all(a.is_drill for a in one.facts.of(FireReleaseAnswered))
            assert one.phase(EAST) != "drill"

    asyncio.run(run())


def test_a_drill_without_release_is_told_and_moves_no_gate(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        until = terminal.now + timedelta(minutes=5)
        drill_id = new_id()

        await terminal.do(
            BeginDrill(zone="building", drill_id=drill_id, until=until, releases=False)
        )
        await eventually(lambda: bool(terminal.facts.of(FireConfirmed)))
        ended = await terminal.do(EndDrill(zone="building", drill_id=drill_id))

        assert (ended, terminal.is_normal) == (CommandOutcome.DONE, True)
        assert not terminal.facts.of(FireConfirmed)[0].has_release

    at_work(tmp_path, act)


@pytest.mark.parametrize("minutes", [0, 24 * 60])
def test_a_drill_that_is_over_or_never_ends_is_refused(tmp_path: Path, minutes: int) -> None:
    async def act(terminal: FireTerminal) -> None:
        until = terminal.now + timedelta(minutes=minutes)

        refused = await terminal.do(BeginDrill(zone="building", drill_id=new_id(), until=until))

        assert (refused, terminal.is_normal) == (CommandRefusal.NOT_NOW, True)

    at_work(tmp_path, act)


def test_a_real_fire_in_a_drill_stays_when_the_drill_is_over(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        drill_id = new_id()
        until = terminal.now + timedelta(minutes=5)
        await terminal.do(BeginDrill(zone="building", drill_id=drill_id, until=until))
        terminal.smoke(1, 2)
        await eventually(lambda: len(terminal.facts.of(FireConfirmed)) == 2)

        await terminal.do(EndDrill(zone="building", drill_id=drill_id))
        await eventually(lambda: terminal.phase(EAST) == "fire")

        assert terminal.is_released

    at_work(tmp_path, act)


def test_signals_under_test_release_nothing_others_do_and_the_test_ends_by_itself(
    tmp_path: Path,
) -> None:
    async def act(terminal: FireTerminal) -> None:
        test_id, until = new_id(), terminal.now + timedelta(minutes=30)
        await terminal.do(
            BeginFireTest(
                test_id=test_id, zone="building", points=("1.1/10.1", "1.1/10.2"), until=until
            )
        )
        terminal.smoke(1, 2)
        await eventually(
            lambda: [f.test_id for f in terminal.facts.of(FirePointChanged)][-2:] == [test_id] * 2
        )
        while_tested = terminal.is_normal
        (running,) = terminal.station.status().tests  # type: ignore[union-attr]

        terminal.now = until
        await eventually(lambda: terminal.is_released)

        assert (while_tested, running.test_id) == (True, test_id)
        assert [c.is_on for c in terminal.facts.of(FireTestChanged)] == [True, False]

    at_work(tmp_path, act)


def test_a_stuck_detector_under_test_lets_its_release_be_closed(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        terminal.smoke(1, 2)
        await eventually(lambda: terminal.is_released)
        until = terminal.now + timedelta(minutes=30)
        await terminal.do(
            BeginFireTest(test_id=new_id(), zone="building", points=("*/10.1",), until=until)
        )

        closed = await terminal.do(CloseFireRelease(access_point=EAST))

        assert closed is CommandOutcome.DONE

    at_work(tmp_path, act)


def test_a_duty_check_is_asked_and_its_answer_told(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        asked = await terminal.do(CheckDuty(device="panel", minutes=5))
        await eventually(lambda: terminal.panel.duty_minutes == 5)
        terminal.panel.do_answer_duty()

        await eventually(lambda: bool(terminal.facts.of(DutyCheckAnswered)))
        (answer,) = terminal.facts.of(DutyCheckAnswered)

        assert (asked, answer.is_answered, answer.operator) == (CommandOutcome.DONE, True, 1)
        assert answer.asked_by == "user-1"

    at_work(tmp_path, act)


def test_a_gate_cannot_be_asked_who_is_on_duty(tmp_path: Path) -> None:
    async def act(terminal: FireTerminal) -> None:
        assert await terminal.do(CheckDuty(device="g1-1")) is CommandRefusal.NOT_HERE

    at_work(tmp_path, act)
