"""Lanes with the shipped driver and simulator: a real port, real frames, real faults."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import serial

from config.contract.access import Direction
from config.contract.events import (
    AccessGranted,
    AccessTaken,
    DeviceLost,
    DeviceReturned,
    DoorCommandAnswered,
    EventData,
)
from config.site import AccessPointEntry, BusEntry, Contact, DeviceEntry, Node, Site, SiteIdentity
from drivers.base import Side
from drivers.registry import simulator_module
from drivers.simulators.line import SimulatedLine
from edge.access.decision import Granted
from edge.installation import Installation
from tests.edge.access.bench import CARD
from tests.edge.conftest import DEADLINE_S, eventually
from tests.edge.test_installation import Building, working


def make_site(port: str) -> Site:
    def point(name: str, direction: Direction, *, free: bool = False) -> AccessPointEntry:
        return AccessPointEntry(
            id=name, node="gate-1", device="gate", direction=direction, free_egress=free
        )

    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(Node(id="gate-1"),),
        bus=(BusEntry(id="line-1", node="gate-1", port=port),),
        device=(DeviceEntry(id="gate", driver="speed_gate", bus="line-1"),),
        access_point=(
            point("east", Direction.IN),
            point("east-exit", Direction.OUT, free=True),
        ),
    )


class Street:
    """A lane, its gate, and somebody who walks.

    Attributes:
        gate: The simulated machine, its state in the open.
    """

    def __init__(self, folder: Path, *, baudrate: int | None) -> None:
        module = simulator_module("speed_gate")
        self.simulator: Any = module.Simulator(module.Simulator.Settings())
        self.gate: Any = self.simulator.stations[1].gate
        self.line = SimulatedLine(self.simulator, baudrate=baudrate)
        self.port = self.line.start_serial(folder / "line")
        self.building = Building(folder)

    @property
    def is_current(self) -> bool:
        return next(iter(self.building.table)).is_current

    async def facts(self) -> list[EventData | None]:
        events = await self.building.journal.unsent(count_max=1000)
        return [event.parsed() for event in events]

    async def walk(self, side: Side = Side.IN) -> None:
        """Walk through; returns when the gate has counted it."""
        before = self.gate.passages[side]
        await eventually(lambda: bool(self.gate.walk(side)))
        await eventually(lambda: bool(self.gate.passages[side] == before + 1))

    async def has(self, kind: type[EventData]) -> EventData:
        """Return the newest fact of a kind, once there is one."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                if found := [fact for fact in await self.facts() if isinstance(fact, kind)]:
                    return found[-1]
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_street(
    folder: Path, *, baudrate: int | None = None
) -> AsyncIterator[tuple[Street, Installation]]:
    street = Street(folder, baudrate=baudrate)
    try:
        async with working(street.building, make_site(street.port)) as made:
            yield street, made
    finally:
        street.line.stop()


def test_a_card_opens_the_gate_and_the_passage_is_a_fact(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, made):
            await eventually(lambda: street.is_current)
            assert await made.lanes["east"].present_card(CARD) == Granted("anna")
            await street.walk()
            taken = await street.has(AccessTaken)
            granted = await street.has(AccessGranted)

            assert isinstance(taken, AccessTaken)
            assert isinstance(granted, AccessGranted)
            assert taken.decision_id == granted.decision_id
            assert street.gate.commands_executed == 1

    asyncio.run(act())


def test_a_button_on_the_gates_board_rings_for_its_point_and_moves_no_gate(tmp_path: Path) -> None:
    module = simulator_module("relay_gate")
    simulator: Any = module.Simulator(module.Simulator.Settings())
    board, line = simulator.station(0), SimulatedLine(simulator, baudrate=None)
    site = make_site(line.start_serial(tmp_path / "line"))
    gate = site.device[0].model_copy(update={"driver": "relay_gate"})
    east = site.access_point[0].model_copy(update={"assistance": Contact(device="gate", input=5)})
    site = site.model_copy(update={"device": (gate,), "access_point": (east,)})
    building = Building(tmp_path)

    async def act() -> None:
        async with working(building, site):
            await eventually(lambda: next(iter(building.table)).is_current)
            board.inputs[5] = True
            await eventually(lambda: building.rings == ["east"])

    try:
        asyncio.run(act())
    finally:
        line.stop()
    assert not any(board.outputs)


def test_leaving_needs_nobody_s_recognition(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, _):
            await eventually(lambda: street.is_current)
            await street.walk(Side.OUT)
            taken = await street.has(AccessTaken)

            assert isinstance(taken, AccessTaken)
            assert (taken.decision_id, taken.access_point) == (None, "east-exit")

    asyncio.run(act())


def test_an_unplugged_port_is_lost_once_and_leaving_is_free_again_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "edge.devices")

    async def act() -> None:
        async with open_street(tmp_path) as (street, made):
            await eventually(lambda: street.is_current)
            street.line.unplug()
            await street.has(DeviceLost)
            street.gate.modes = {Side.IN: 0, Side.OUT: 0}
            street.line.replug()
            await street.has(DeviceReturned)

            await street.walk(Side.OUT)
            assert await made.lanes["east"].present_card(CARD) == Granted("anna")

    asyncio.run(act())

    for line in ("device gate is lost", "device gate is back"):
        assert caplog.text.count(line) == 1


def test_a_busy_port_is_said_and_used_once_it_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    street = Street(tmp_path, baudrate=None)

    async def act() -> None:
        with serial.Serial(street.port, exclusive=True) as other:
            async with working(street.building, make_site(street.port)):
                await street.has(DeviceLost)
                other.close()
                await eventually(lambda: street.is_current)

    asyncio.run(act())
    street.line.stop()

    assert caplog.text.count("device gate is lost") == 1


def test_on_a_noisy_line_a_person_is_let_through_once(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, made):
            await eventually(lambda: street.is_current)
            street.line.faults.set("noise", on=True, probability=0.3)
            for _ in range(5):
                await made.lanes["east"].present_card(CARD)
            street.line.faults.set("noise", on=False)
            answers = [f for f in await street.facts() if isinstance(f, DoorCommandAnswered)]

            assert len(answers) == 5
            confirmed = [answer for answer in answers if answer.outcome.value == "confirmed"]
            assert len(confirmed) <= street.gate.commands_executed <= 5

    asyncio.run(act())


def test_people_pass_while_the_line_is_as_slow_as_a_real_one(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path, baudrate=9600) as (street, made):
            await eventually(lambda: street.is_current)
            for _ in range(2):
                await made.lanes["east"].present_card(CARD)
                await street.walk()
            await eventually(lambda: bool(street.gate.state.value == "closed"))
            taken = await street.has(AccessTaken)

            assert isinstance(taken, AccessTaken)
            assert street.gate.commands_executed == 2

    asyncio.run(act())
