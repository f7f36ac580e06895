"""What runs on the bench: simulators, devices that are driven, and tests of them.

All of it belongs to one event loop. The lines have threads of their own.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from drivers.conformance.report import Report
from drivers.simulation import Simulation, Wiring
from edge.bench.catalogue import checked_settings, checked_simulator_settings
from edge.bench.device_session import BusyError, DeviceSession, SharedLine, TestSession
from edge.bench.line_options import checked_parity
from edge.bench.live_line import Line
from edge.bench.simulator_session import SimulatorSession
from edge.bench.views import DeviceOrder, SimulatorOrder

SIMULATOR_COUNT_MAX: Final = 32
DEVICE_COUNT_MAX: Final = 16
TEST_COUNT_MAX: Final = 32
"""The newest are kept."""
_Session = TypeVar("_Session")


class UnknownError(LookupError):
    """There is none of this name."""


class Bench:
    """Everything that runs; made and closed in one event loop."""

    def __init__(self) -> None:
        self.simulators: dict[str, SimulatorSession] = {}
        self.devices: dict[str, DeviceSession] = {}
        self.tests: dict[str, TestSession] = {}
        self._lines: dict[str, SharedLine] = {}
        self._counter: Counter[tuple[str, str]] = Counter()
        self._changing = asyncio.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="menshen-")

    async def start_simulator(self, order: SimulatorOrder) -> SimulatorSession:
        """Start a simulator.

        Raises:
            BusyError: There are too many.
            ValueError: No such simulator, setting or transport.
            OSError: Its port cannot be used.
        """
        async with self._changing:
            _check_count(self.simulators, SIMULATOR_COUNT_MAX, "simulators: stop one first")
            settings = checked_simulator_settings(order.driver, order.settings)
            name = self._name(order.driver, "simulator")
            # A link: the number of a pseudo-terminal that was pulled is given to the next who asks.
            wiring = Wiring(
                transport=order.transport,
                link=Path(self._folder.name) / name,
                baudrate=order.baudrate,
                is_paced=order.is_paced,
                seed=order.seed,
            )
            simulation = await asyncio.to_thread(Simulation, order.driver, settings, wiring)
            usual = int(getattr(simulation.simulator, "BAUDRATE", 9600))
            session = SimulatorSession(name, simulation, order.baudrate or usual)
            self.simulators[name] = session
            return session

    async def stop_simulator(self, name: str) -> None:
        """Stop a simulator; devices on its port are lost.

        Raises:
            UnknownError: There is none.
        """
        async with self._changing:
            session = _found(self.simulators, name)
            del self.simulators[name]
            for device in self.devices.values():
                if device.simulator is session:
                    device.simulator = None
            await asyncio.to_thread(session.simulation.close)

    async def open_device(self, order: DeviceOrder) -> DeviceSession:
        """Open a device.

        Raises:
            BusyError: There are too many, or its port is used otherwise.
            ValueError: No such driver or setting, or the port cannot be opened.
            UnknownError: There is no such simulator.
        """
        async with self._changing:
            _check_count(self.devices, DEVICE_COUNT_MAX, "devices: close one first")
            order = self._completed(order)
            settings = checked_settings(order.driver, order.settings)
            line = await self._line(order)
            try:
                device = DeviceSession(
                    self._name(order.driver, "device"), order.driver, line, settings
                )
            except (ValueError, TypeError):
                await self._leave(line)
                raise
            device.simulator = self._simulator_at(order.port)
            self.devices[device.name] = device
            return device

    async def close_device(self, name: str) -> None:
        """Close a device, and its line when it was the last on it.

        Raises:
            UnknownError: There is none.
        """
        async with self._changing:
            device = _found(self.devices, name)
            del self.devices[name]
            await device.close()
            await self._leave(device.line)

    def start_test(self, device: str, *, has_commands: bool) -> TestSession:
        """Start a test of an open device.

        Raises:
            UnknownError: There is no such device.
            BusyError: It is tested already, or shares its line.
        """
        name = f"test-{self._counter['test', ''] + 1}"
        test = _found(self.devices, device).start_test(name, has_commands=has_commands)
        self._counter["test", ""] += 1
        self.tests[name] = test
        while len(self.tests) > TEST_COUNT_MAX:
            del self.tests[next(iter(self.tests))]
        return test

    async def stop_test(self, name: str) -> None:
        """Stop a test that still runs.

        Raises:
            UnknownError: There is none.
        """
        device = self.devices.get(self.test(name).device)
        if device is not None and device.test is self.tests[name]:
            await device.stop_test()

    def simulator(self, name: str) -> SimulatorSession:
        """Return a running simulator; ``UnknownError`` when there is none."""
        return _found(self.simulators, name)

    def device(self, name: str) -> DeviceSession:
        """Return an open device; ``UnknownError`` when there is none."""
        return _found(self.devices, name)

    def test(self, name: str) -> TestSession:
        """Return a test that is kept; ``UnknownError`` when there is none."""
        return _found(self.tests, name)

    def report(self, test: str) -> Report:
        """Return a test's report.

        Raises:
            UnknownError: There is no such test.
            BusyError: It has none yet.
        """
        report = self.test(test).report
        if report is None:
            raise BusyError(f"{test} has no report: it is not done")
        return report

    async def close(self) -> None:
        """End everything; idempotent."""
        for name in list(self.devices):
            await self.close_device(name)
        for name in list(self.simulators):
            await self.stop_simulator(name)
        self._folder.cleanup()

    def _completed(self, order: DeviceOrder) -> DeviceOrder:
        """Return an order with what a simulator that runs here says of itself."""
        if order.simulator is None:
            if not order.port:
                raise ValueError("a device needs a port")
            return order
        session = _found(self.simulators, order.simulator)
        usual = getattr(session.simulation.simulator, "DRIVER_SETTINGS", {})
        return order.model_copy(
            update={
                "driver": order.driver or session.simulation.driver,
                "port": session.simulation.driver_port,
                "baudrate": order.baudrate or session.baudrate,
                "settings": {**usual, **order.settings},
            }
        )

    async def _line(self, order: DeviceOrder) -> SharedLine:
        """Return the line of a port, opened now or for another device before."""
        line = Line(
            port=order.port,
            baudrate=order.baudrate or 9600,
            parity=checked_parity(order.parity),
            stopbits=order.stopbits,
        )
        shared = self._lines.get(order.port)
        if shared is None:
            if not order.port.startswith(("http://", "https://")):
                await asyncio.to_thread(line.check)
            shared = self._lines[order.port] = SharedLine(line)
        elif shared.line != line:
            set_up = f"{shared.line.baudrate} {shared.line.parity} {shared.line.stopbits}"
            raise BusyError(f"{order.port} is open with {set_up}: close its devices first")
        elif any(d.line is shared and d.view().state == "testing" for d in self.devices.values()):
            raise BusyError(f"a device on {order.port} is being tested: wait for its end")
        shared.device_count += 1
        return shared

    async def _leave(self, line: SharedLine) -> None:
        line.device_count -= 1
        if line.device_count == 0:
            del self._lines[line.line.port]
            await line.bus.close()

    def _simulator_at(self, port: str) -> SimulatorSession | None:
        return next((s for s in self.simulators.values() if s.simulation.driver_port == port), None)

    def _name(self, driver: str, kind: str) -> str:
        self._counter[kind, driver] += 1
        return f"{driver}-{self._counter[kind, driver]}"


def _found(sessions: Mapping[str, _Session], name: str) -> _Session:
    if name not in sessions:
        raise UnknownError(f"there is no {name!r} here any more")
    return sessions[name]


def _check_count(sessions: Mapping[str, object], count_max: int, words: str) -> None:
    if len(sessions) >= count_max:
        raise BusyError(f"there are {count_max} {words}")
