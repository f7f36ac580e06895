import asyncio
from pathlib import Path

import pytest

from config.contract.access import DoorState
from config.contract.access_events import (
    DoorForcedOpen,
    DoorSecured,
    UnauthorisedPassage,
    WrongWayPassage,
)
from config.contract.events import (
    AccessTaken,
    DeviceLost,
    DeviceReturned,
    DoorFaultChanged,
    DoorStateChanged,
    DoorTampered,
    EventData,
)
from config.contract.nodes import DeviceStatus
from drivers.base import (
    FaultsChanged,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
    PassageCounted,
    Side,
    TamperChanged,
)
from edge.access.gate import GateReports
from edge.devices import DeviceTable
from tests.edge.access.bench import Bench, running_bench
from tests.edge.conftest import NOW

LOST = "lost"
RETURNED = "returned"
GATE = "gate-east"


def hear(folder: Path, *said: Observation | str) -> tuple[list[EventData], DeviceStatus, str]:
    """Return the facts, the status and the screen's phase after a gate has said all this."""

    async def run() -> tuple[list[EventData], DeviceStatus, str]:
        async with running_bench(folder) as bench:
            table = DeviceTable(now=lambda: NOW, on_change=lambda: None)
            table.add(GATE, kind="speed_gate", access_points=["east"])
            say(bench, table, said)
            facts = [event.parsed() for event in await bench.events()]
            return [fact for fact in facts if fact], next(iter(table)), bench.phase()

    return asyncio.run(run())


def say(bench: Bench, table: DeviceTable, said: tuple[Observation | str, ...]) -> None:
    reports = GateReports(
        GATE,
        lanes={Side.IN: bench.lane},
        recorder=bench.journal,
        doorkeeper=bench.doorkeeper,
        table=table,
        now=lambda: NOW,
    )
    for word in said:
        if isinstance(word, Observation):
            reports.observed(word)
        elif word == LOST:
            reports.lost("no reply")
        else:
            reports.returned(3.0)


def test_a_state_is_a_fact_once(tmp_path: Path) -> None:
    closed = GateStateChanged(GateState.CLOSED)

    facts, status, phase = hear(tmp_path, RETURNED, closed, closed)

    assert facts == [DoorStateChanged(device=GATE, state=DoorState.CLOSED)]
    assert (status.is_current, status.state, phase) == (True, DoorState.CLOSED, "looking")


def test_a_lost_gate_is_a_fault_without_a_state_until_it_is_back(tmp_path: Path) -> None:
    closed = GateStateChanged(GateState.CLOSED)

    facts, status, phase = hear(tmp_path, RETURNED, closed, LOST)

    assert DeviceLost(device=GATE, detail="no reply") in facts
    assert (status.is_current, status.state, phase) == (False, None, "fault")


def test_what_a_gate_said_before_it_was_lost_holds_again_when_it_is_back(tmp_path: Path) -> None:
    closed = GateStateChanged(GateState.CLOSED)

    facts, status, phase = hear(tmp_path, RETURNED, closed, LOST, RETURNED)

    assert DeviceReturned(device=GATE, absence_s=3.0) in facts
    assert (status.is_current, status.state, phase) == (True, DoorState.CLOSED, "looking")


def test_a_gate_s_own_fault_is_on_the_screen(tmp_path: Path) -> None:
    _, _, phase = hear(tmp_path, RETURNED, GateStateChanged(GateState.FAULT))

    assert phase == "fault"


def test_faults_and_tamper_are_alarms_and_their_absence_at_start_is_not(tmp_path: Path) -> None:
    facts, _, _ = hear(
        tmp_path,
        FaultsChanged(()),
        TamperChanged(active=False),
        FaultsChanged(("motor",)),
        TamperChanged(active=True),
    )

    assert facts == [
        DoorFaultChanged(device=GATE, faults=("motor",)),
        DoorTampered(device=GATE, active=True),
    ]


def test_passages_go_to_the_lane_of_their_side(tmp_path: Path) -> None:
    facts, _, _ = hear(tmp_path, PassageCounted(Side.IN, 1), InputChanged(3, True))

    unauthorised, taken = facts
    assert isinstance(taken, AccessTaken)
    assert (taken.access_point, taken.count) == ("east", 1)
    assert unauthorised == UnauthorisedPassage(access_point="east", count=1)


def test_passages_on_a_side_that_is_no_access_point_go_the_wrong_way(tmp_path: Path) -> None:
    facts, _, _ = hear(tmp_path, PassageCounted(Side.OUT, 2))

    assert facts == [WrongWayPassage(access_point="east")] * 2


CLOSED, OPENING, OPEN = (
    GateStateChanged(state) for state in (GateState.CLOSED, GateState.OPENING, GateState.OPEN)
)
FIRE = GateStateChanged(GateState.EMERGENCY_OPEN)
FORCED, SECURED = DoorForcedOpen(device=GATE), DoorSecured(device=GATE)


@pytest.mark.parametrize(
    ("said", "alarms"),
    [
        ((CLOSED, OPENING, OPEN, CLOSED), [FORCED, SECURED]),
        ((OPEN, CLOSED), []),
        ((CLOSED, FIRE, OPEN, CLOSED), []),
        ((CLOSED, LOST, RETURNED, OPEN), [FORCED]),
        ((FIRE, PassageCounted(Side.OUT, 1), PassageCounted(Side.IN, 1)), []),
    ],
    ids=["forced", "found open at start", "released for fire", "after an absence", "in a fire"],
)
def test_a_barrier_that_opens_for_nobody_is_forced_unless_nobody_can_say(
    tmp_path: Path, said: tuple[Observation | str, ...], alarms: list[EventData]
) -> None:
    facts, _, _ = hear(tmp_path, RETURNED, *said)

    kinds = (DoorForcedOpen, DoorSecured, WrongWayPassage, UnauthorisedPassage)
    assert [fact for fact in facts if isinstance(fact, kinds)] == alarms
