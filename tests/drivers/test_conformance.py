"""What every driver owes, found by the registry: a new one is tested here without an edit."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import DriverError
from drivers.bus import Bus
from drivers.conformance.report import Report
from drivers.conformance.run import run
from drivers.conformance.suite import (
    DriverConformance,
    conformance_report,
    failures,
    poll_garbage,
)
from drivers.protocols.modbus_rtu import encode_frame
from drivers.registry import create, driver_class, names, register, simulator_module
from drivers.simulation import Simulation, Wiring
from drivers.simulators.line import FAULTS
from drivers.waveshare_relay import WaveshareRelay
from tests.drivers.lines import LineInSimulatedTime, Stations, with_simulated_time

DRIVERS = [name for name in names() if driver_class(name).__module__ == f"drivers.{name}"]
"""Those in the tree: other tests register drivers of their own."""
SIMULATORS = {name: simulator_module(name).Simulator for name in DRIVERS}
ON_A_LINE = [name for name in DRIVERS if "http" not in SIMULATORS[name].TRANSPORTS]
"""What comes over HTTP is garbled in those drivers' own tests."""
OVER_MODBUS = [name for name in DRIVERS if "modbus-tcp" in SIMULATORS[name].TRANSPORTS]
SURVIVABLE = sorted(kind for kind, fault in FAULTS.items() if fault.is_survivable)
PARALLEL = 8
"""Runs mostly wait for a line."""


def fault_for(name: str) -> str:
    """Return the one fault that a driver meets here; together they meet all of them.

    All drivers with all faults: ``python -m tests.drivers.fault_matrix``.
    """
    return SURVIVABLE[DRIVERS.index(name) % len(SURVIVABLE)]


class Reports:
    """Runs of all drivers, several at a time, made when the first is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._pool = folder, ThreadPoolExecutor(PARALLEL)
        self._made: dict[tuple[str, str], Future[Report]] = {}

    def of(self, name: str, fault: str = "") -> Report:
        """Return a driver's report, alone or under a fault."""
        if not self._made:
            for driver in DRIVERS:
                for kind in ("", "mute", fault_for(driver)):
                    self._made[driver, kind] = self._pool.submit(self._run, driver, kind)
        return self._made[name, fault].result()

    def _run(self, name: str, kind: str) -> Report:
        folder = self._folder / f"{name}-{kind or 'alone'}"
        folder.mkdir()
        return conformance_report(name, folder=folder, faults={kind: None} if kind else {})

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports]:
    with contextlib.closing(Reports(tmp_path_factory.mktemp("conformance"))) as reports:
        yield reports


@pytest.mark.parametrize("name", DRIVERS)
class TestEveryDriver(DriverConformance):
    """The suite of packages outside the tree, for each driver of the tree."""

    @pytest.fixture(autouse=True)
    def named(self, name: str) -> None:
        type(self).driver = name

    def test_it_and_its_device_understand_each_other(  # type: ignore[override]
        self, name: str, reports: Reports
    ) -> None:
        assert failures(reports.of(name)) == []

    def test_a_mute_device_fails_and_is_named_so(  # type: ignore[override]
        self, name: str, reports: Reports
    ) -> None:
        report = reports.of(name, "mute")
        said = [*report.findings, *(step.finding for step in report.steps)]

        assert not report.passed
        assert any("mute" in text or "no reply" in text for text in said), said

    def test_a_fault_that_can_be_survived_is_survived_with_a_finding_that_names_it(
        self, name: str, reports: Reports
    ) -> None:
        report = reports.of(name, fault_for(name))

        assert failures(report) == []
        assert [f for f in report.findings if f.startswith(f"{fault_for(name)}: ")], report.findings


class StubbornRelay(WaveshareRelay):
    """A driver that goes on with what it knew before the board was away."""

    async def start(self) -> None:
        await self.read_outputs()


def test_a_driver_that_does_not_forget_what_it_knew_fails(tmp_path: Path) -> None:
    register("stubborn_relay")(StubbornRelay)

    async def act(simulation: Simulation) -> Report:
        bus = Bus(simulation.driver_port)
        try:
            return await run("stubborn_relay", bus, {}, began_at="", simulation=simulation)
        finally:
            await bus.close()

    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "line")) as simulation:
        (why,) = failures(asyncio.run(act(simulation)))

    assert "what the driver knew before is taken for current: InputChanged" in why


def test_what_a_line_did_before_is_no_finding_of_this_run(tmp_path: Path) -> None:
    async def act(simulation: Simulation) -> Report:
        bus = Bus(simulation.driver_port)
        try:
            return await run("rdm6300", bus, {}, began_at="", simulation=simulation)
        finally:
            await bus.close()

    wiring = Wiring(link=tmp_path / "line", faults={"duplicate": 1.0})
    with Simulation("rdm6300", {}, wiring) as simulation:
        before = asyncio.run(act(simulation))
        simulation.set_fault({"kind": "duplicate", "on": False})
        after = asyncio.run(act(simulation))

    assert [finding.partition(":")[0] for finding in before.findings] == ["duplicate"]
    assert after.findings == []


@pytest.mark.parametrize("name", DRIVERS)
def test_it_is_registered_under_its_module_s_name(name: str) -> None:
    assert driver_class(name).__module__.rpartition(".")[2] == name


def settings_for(name: str) -> dict[str, object]:
    """Return settings that fit the simulator and wait for nothing long."""
    impatient = {"timeout_s": 0.01, "attempt_count": 1, "silence_s": 0.2}
    fields = {field.name for field in dataclasses.fields(driver_class(name).Settings)}
    ours = {key: value for key, value in impatient.items() if key in fields}
    return {**simulator_module(name).Simulator.DRIVER_SETTINGS, **ours}


@pytest.mark.parametrize("name", ON_A_LINE)
@given(pieces=st.lists(st.binary(max_size=40), max_size=6))
@settings(max_examples=4)
def test_whatever_bytes_come_only_a_driver_error_comes_out(name: str, pieces: list[bytes]) -> None:
    poll_garbage(name, settings_for(name), pieces)


@pytest.mark.parametrize("name", OVER_MODBUS)
@given(bodies=st.lists(st.binary(min_size=250, max_size=250), min_size=1, max_size=4))
@settings(max_examples=10)
def test_whatever_sound_values_come_only_a_driver_error_comes_out(
    name: str, bodies: list[bytes]
) -> None:
    simulator = simulator_module(name).Simulator

    def with_other_values(reply: bytes) -> bytes:
        """Return a sound reply of the same shape that carries anything at all."""
        body = bodies.pop() if bodies else bytes(250)
        return encode_frame(reply[0], reply[1], reply[2:3] + body[: len(reply) - 5])

    async def act(bus: Bus) -> None:
        driver = create(name, bus, settings_for(name))
        for call in (driver.start, driver.poll, driver.poll):
            with contextlib.suppress(DriverError):
                await call()

    stations = simulator(simulator.Settings()).stations
    answer = Stations(stations, distort=with_other_values)
    with_simulated_time(LineInSimulatedTime(answer, baudrate=115_200), act)
