"""A device that is open on the bench: driven on its line, or tested there."""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from drivers.base import Driver, DriverError, Observation
from drivers.bus import Bus
from drivers.conformance.report import Report, Step
from drivers.conformance.run import run
from drivers.decoding import TextInterpreter
from drivers.driving import drive
from drivers.recorder import observation_fields
from drivers.redaction import redacted_settings
from drivers.registry import create
from drivers.turns import LATENCY_BOUNDS_MS
from edge.bench.frame_log import FrameLog
from edge.bench.live_line import Line
from edge.bench.simulator_session import SimulatorSession
from edge.bench.views import DeviceView, ObservationView, StepView, TestView, UnitView

_log = logging.getLogger("edge.bench")

OBSERVATION_COUNT_MAX: Final = 500
POLL_S: Final = 0.1
PROBE_S: Final = 0.5
"""A device that does not answer is asked so often."""
PLACES: Final = ("channel", "door", "point", "quantity", "side", "reader")
"""Fields that say which of several an observation is about."""
State = Literal["starting", "present", "lost", "testing", "failed"]


class BusyError(ValueError):
    """It cannot be done now; the text says what to do first."""


class SharedLine:
    """A port that one bus owns for all devices on it."""

    def __init__(self, line: Line) -> None:
        self.line, self.device_count = line, 0
        self.bus = self.new_bus()

    def new_bus(self) -> Bus:
        """Return another bus for the same port; the one before must be closed."""
        self.bus = Bus(**dataclasses.asdict(self.line))
        return self.bus


class TestSession:
    """One conformance test."""

    def __init__(self, name: str, device: "DeviceSession") -> None:
        self.name, self.device, self.driver = name, device.name, device.driver
        self.port, self.began_at_ms = device.line.line.port, now_ms()
        self.state: Literal["running", "done", "stopped"] = "running"
        self.report: Report | None = None
        self.problem = ""
        self._steps: list[Step] = []

    def say(self, step: Step) -> None:
        """Note a step that is done."""
        self._steps.append(step)

    def view(self) -> TestView:
        """Return how it is now."""
        return TestView(
            id=self.name,
            device=self.device,
            driver=self.driver,
            port=self.port,
            state=self.state,
            passed=None if self.report is None else self.report.passed,
            began_at_ms=self.began_at_ms,
            steps=tuple(StepView(**dataclasses.asdict(step)) for step in self._steps),
            findings=() if self.report is None else tuple(self.report.findings),
            problem=self.problem,
        )


class DeviceSession:
    """A device that is driven on its line, or tested there."""

    def __init__(
        self, name: str, driver: str, line: SharedLine, settings: Mapping[str, Any]
    ) -> None:
        """Begin to drive it.

        Raises:
            ValueError: The driver refuses the line or a setting.
        """
        self.name, self.driver, self.line, self.settings = name, driver, line, dict(settings)
        is_text = line.bus.port.startswith(("http://", "https://"))
        self.frames = FrameLog(driver, words=TextInterpreter() if is_text else None)
        self.test: TestSession | None = None
        self.simulator: SimulatorSession | None = None
        self.problem, self.error_count = "", 0
        self._observations: dict[tuple[str, ...], ObservationView] = {}
        self._state: State = "starting"
        self._since_ms = now_ms()
        self._has_failed = False
        self._is_closed = False
        self._task = self._begin()

    def _begin(self) -> "asyncio.Task[None]":
        bus = self.line.bus
        driver = create(self.driver, bus, self.settings)
        self._become("starting")
        end_tap = bus.tap(self.frames)
        return asyncio.create_task(self._drive(driver, end_tap), name=f"drive {self.name}")

    async def _drive(self, driver: Driver, end_tap: Callable[[], None]) -> None:
        try:
            await drive(driver, tell=self._tell, is_over=lambda: False, pause=self._pause)
        except Exception as error:  # a driver's own mistake is shown, and ends nothing else
            _log.exception("driving %s failed", self.name)
            self.problem = f"{type(error).__name__}: {error}"
            self._become("failed")
        finally:
            end_tap()

    def _tell(self, what: Observation | DriverError) -> None:
        if isinstance(what, DriverError):
            self._has_failed = True
            self.error_count += 1
            self.problem = str(what)
            self._become("lost")
            return
        fields = observation_fields(what)
        kind = type(what).__name__
        place = {name: fields.pop(name) for name in PLACES if fields.get(name) is not None}
        view = ObservationView(kind=kind, place=place, values=fields, at_ms=now_ms())
        self._observations[kind, *map(str, place.values())] = view
        while len(self._observations) > OBSERVATION_COUNT_MAX:
            del self._observations[next(iter(self._observations))]

    async def _pause(self) -> None:
        if not self._has_failed:
            self.problem = ""
            self._become("present")
        pause_s = PROBE_S if self._has_failed else POLL_S
        self._has_failed = False
        await asyncio.sleep(pause_s)

    def _become(self, state: State) -> None:
        if state != self._state:
            self._state, self._since_ms = state, now_ms()

    def start_test(self, name: str, *, has_commands: bool) -> TestSession:
        """Test the device instead of driving it; afterwards it is driven again.

        Raises:
            BusyError: It is tested already, or shares its line.
        """
        if self._state == "testing":
            raise BusyError(f"{self.name} is being tested already")
        if self.line.device_count > 1:
            raise BusyError(
                f"a test needs its line alone: close the other devices on {self.line.line.port}"
            )
        driving, self.test = self._task, TestSession(name, self)
        self.problem = ""
        self._become("testing")
        work = self._test(self.test, driving, has_commands=has_commands)
        self._task = asyncio.create_task(work, name=f"test {self.name}")
        return self.test

    async def stop_test(self) -> None:
        """End the test, if there is one; the device is driven again."""
        if self._state == "testing":
            await _cancelled(self._task)
            self._resume()

    async def _test(
        self, test: TestSession, driving: "asyncio.Task[None]", *, has_commands: bool
    ) -> None:
        simulator = self.simulator
        is_own = simulator is not None and simulator.simulation.driver == self.driver
        try:
            await _cancelled(driving)
            await self.line.bus.close()
            bus = self.line.new_bus()
            bus.tap(self.frames)
            test.report = await run(
                self.driver,
                bus,
                self.settings,
                began_at=datetime.now(UTC).isoformat(timespec="seconds"),
                simulation=simulator.simulation if simulator is not None and is_own else None,
                has_commands=has_commands,
                say=test.say,
            )
            test.report.settings = redacted_settings(test.report.settings)
            test.state = "done"
        except Exception as error:  # a driver's own mistake is shown, and ends nothing else
            _log.exception("the test of %s failed", self.name)
            test.problem = f"{type(error).__name__}: {error}"
        finally:
            if test.state == "running":
                test.state = "stopped"
            await self._after_test()
        self._resume()

    async def _after_test(self) -> None:
        await self.line.bus.close()
        if self.simulator is not None:  # a test that was stopped leaves the cable pulled
            await self.simulator.set_fault("unplug", on=False, probability=None)

    def _resume(self) -> None:
        if not self._is_closed:
            self.line.new_bus()
            self._task = self._begin()

    async def close(self) -> None:
        """End everything of it; its line is closed by who opened it."""
        self._is_closed = True
        await _cancelled(self._task)

    def view(self) -> DeviceView:
        """Return how it is now."""
        line, bus = self.line.line, self.line.bus
        return DeviceView(
            id=self.name,
            driver=self.driver,
            port=line.port,
            baudrate=line.baudrate,
            parity=line.parity,
            stopbits=line.stopbits,
            settings=redacted_settings(self.settings),
            state=self._state,
            since_ms=self._since_ms,
            problem=self.problem,
            error_count=self.error_count,
            observations=tuple(self._observations.values()),
            units=tuple(_unit(bus, unit) for unit in bus.units),
            latency_bounds_ms=LATENCY_BOUNDS_MS,
            simulator=None if self.simulator is None else self.simulator.name,
            test=None if self.test is None else self.test.name,
        )


def _unit(bus: Bus, unit: int | str) -> UnitView:
    counts = bus.counts(unit)
    return UnitView(
        unit=str(unit),
        answered=counts.answered,
        timed_out=counts.timed_out,
        noise=counts.noise,
        late=counts.late,
        dropped_bytes=counts.dropped_bytes,
        latency_counts=tuple(counts.latency_counts),
    )


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """End a task; returns when it has."""
    task.cancel()
    await asyncio.wait({task})


def now_ms() -> int:
    """Return the wall clock."""
    return round(time.time() * 1000)
