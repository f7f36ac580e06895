"""A simulated gate on a pseudo-terminal and a bus over it, both closed after the test."""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.bus import Bus
from drivers.simulators.line import SimulatedLine
from drivers.simulators.speed_gate import Gate, Simulator


@dataclasses.dataclass(frozen=True)
class GateOnALine:
    """One gate behind a real port. Attributes: gate: the machine, its state in the open."""

    gate: Gate
    line: SimulatedLine
    port: str

    def set_fault(self, kind: str, *, on: bool) -> None:
        """Switch a fault of the line."""
        self.line.set_fault({"kind": kind, "on": on})


@pytest.fixture
def gate_on_a_line(tmp_path: Path) -> Iterator[GateOnALine]:
    simulator = Simulator(Simulator.Settings())
    line = SimulatedLine(simulator)
    yield GateOnALine(simulator.stations[1].gate, line, line.start_serial(tmp_path / "gate"))
    line.stop()


@pytest.fixture
def bus(gate_on_a_line: GateOnALine) -> Iterator[Bus]:
    bus = Bus(gate_on_a_line.port)
    yield bus
    asyncio.run(bus.close())
