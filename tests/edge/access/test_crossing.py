import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.contract.access import CredentialKind, DenialReason, Direction, DoorCommandOutcome
from config.contract.access_events import AreaFactRecorded, UnauthorisedPassage, WrongWayPassage
from config.contract.events import (
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    DoorCommandAnswered,
)
from drivers.base import CommandRejectedError, DeviceUnreachableError, Side
from edge.access.question import Denied, Granted, Override, Person
from tests.edge.access.bench import CARD, Bench, running_bench
from tests.edge.conftest import eventually

Script = Callable[[Bench], Awaitable[None]]
HALL = {
    "areas": [{"id": "hall", "occupancy_max": 2}],
    "points": [{"id": "east", "to_area": "hall"}],
}
TWO = {"areas": [{"id": "hall"}], "points": [{"id": "east", "to_area": "hall", "two_person": {}}]}
SECOND_CARD = "0000000002"


def play(folder: Path, script: Script, **settings: Any) -> None:  # noqa: ANN401 - of running_bench
    async def run() -> None:
        async with running_bench(folder, **settings) as bench:
            bench.people.people["berta"] = Person(holder_id="berta")
            bench.people.cards[SECOND_CARD] = "berta"
            await script(bench)

    asyncio.run(run())


async def both_show(bench: Bench) -> Granted | Denied:
    await bench.lane.present_card(CARD)
    return await bench.lane.present_card(SECOND_CARD)


def are_expected(bench: Bench) -> bool:
    return bool(bench.doorkeeper.world.state.grants)


def test_for_two_people_the_gate_is_told_twice_and_both_pass(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        decision = await both_show(bench)
        bench.lane.passages_counted(2)
        facts = await bench.facts()

        assert decision == Granted("berta", companions=("anna",))
        assert bench.gate.commands == [Side.IN, Side.IN]
        assert [f.attempts for f in facts if isinstance(f, DoorCommandAnswered)] == [2]
        moved = [f.fact.holder_id for f in facts if isinstance(f, AreaFactRecorded)]
        assert moved == ["berta", "anna"]
        assert not any(isinstance(f, UnauthorisedPassage) for f in facts)

    play(tmp_path, script, model=TWO)


def test_where_the_gate_lets_in_one_of_two_the_other_is_expected_no_more(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.present_card(CARD)
        bench.gate.errors = [CommandRejectedError("fault", code=3)]
        await bench.lane.present_card(SECOND_CARD)

        assert len(bench.gate.commands) == 1
        assert not are_expected(bench)

    play(tmp_path, script, model=TWO)


def test_where_the_gate_does_not_answer_for_one_of_two_one_may_have_passed(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.present_card(CARD)
        bench.gate.commands.clear()
        bench.gate.errors = [DeviceUnreachableError("no reply")]
        await bench.lane.present_card(SECOND_CARD)
        bench.now_s += 0.01
        bench.lane.passages_counted(1)
        bench.now_s += 0.04
        facts = await bench.facts()

        assert bench.gate.commands == [Side.IN]
        assert [f.fact.holder_id for f in facts if isinstance(f, AreaFactRecorded)] == ["berta"]
        assert not are_expected(bench)

    play(tmp_path, script, model=TWO)


@pytest.mark.parametrize(
    ("error", "outcome", "is_expected"),
    [
        (CommandRejectedError("fault", code=3), DoorCommandOutcome.REFUSED, False),
        (DeviceUnreachableError("no reply"), DoorCommandOutcome.UNREACHABLE, True),
    ],
)
def test_nobody_is_expected_where_the_gate_says_that_it_did_not_open(
    tmp_path: Path, error: Exception, outcome: DoorCommandOutcome, *, is_expected: bool
) -> None:
    async def script(bench: Bench) -> None:
        bench.gate.errors = [error]  # type: ignore[list-item]  # a DriverError each
        await bench.lane.present_card(CARD)
        answered = (await bench.facts())[-1]

        assert isinstance(answered, DoorCommandAnswered)
        assert answered.outcome is outcome
        assert are_expected(bench) is is_expected

    play(tmp_path, script, model=HALL)


@pytest.mark.parametrize("errors", [[], [DeviceUnreachableError("no reply")]])
def test_who_stays_is_expected_no_more_after_the_time(
    tmp_path: Path, errors: list[DeviceUnreachableError]
) -> None:
    async def script(bench: Bench) -> None:
        bench.gate.errors = list(errors)
        await bench.lane.present_card(CARD)
        bench.now_s += 10.0
        await eventually(lambda: not are_expected(bench))
        not_taken = [f for f in await bench.facts() if isinstance(f, AccessNotTaken)]

        # Where the gate did not answer nobody knows, and nothing is said.
        assert len(not_taken) == (0 if errors else 1)

    play(tmp_path, script, model=HALL)


def test_a_decision_that_could_not_be_recorded_leaves_nobody_expected(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        refused = await bench.lane.present_card(CARD)

        assert refused == Denied(DenialReason.JOURNAL_UNWRITABLE, "anna")
        assert not are_expected(bench)

    play(tmp_path / "absent", script, model=HALL)


def test_the_exit_button_at_an_entrance_lets_out_whoever_waits_for_the_journal(
    tmp_path: Path,
) -> None:
    async def script(bench: Bench) -> None:
        decision = await bench.lane.exit_requested()
        bench.lane.passages_against_counted(1)

        assert decision == Granted(None, override=Override.EGRESS)
        assert bench.gate.commands == [Side.OUT]
        assert not bench.journal.status.is_writable
        assert not are_expected(bench)

    play(tmp_path / "absent", script, model=HALL)


def test_who_is_let_out_by_the_button_goes_no_wrong_way(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.exit_requested()
        bench.lane.passages_against_counted(2)
        facts = await bench.facts()

        [granted] = [f for f in facts if isinstance(f, AccessGranted)]
        [taken] = [f for f in facts if isinstance(f, AccessTaken)]
        assert (granted.credential, granted.direction) == (CredentialKind.NONE, Direction.OUT)
        assert (taken.decision_id, taken.direction) == (granted.decision_id, Direction.OUT)
        assert [f for f in facts if isinstance(f, WrongWayPassage)] == [
            WrongWayPassage(access_point="east")
        ]

    play(tmp_path, script)


def test_a_person_who_follows_later_is_unauthorised_and_not_tailgating(tmp_path: Path) -> None:
    async def script(bench: Bench) -> None:
        await bench.lane.present_card(CARD)
        bench.lane.passages_counted(1)
        bench.now += timedelta(seconds=6)
        bench.lane.passages_counted(1)

        alarms = [f for f in await bench.facts() if isinstance(f, UnauthorisedPassage)]
        assert alarms == [UnauthorisedPassage(access_point="east", count=1)]

    play(tmp_path, script)
