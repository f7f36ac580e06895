"""The conformance suite as pytest takes it, for drivers in the tree and outside it alike.

A package with a driver writes, in its own tests::

    from drivers.conformance.suite import DriverConformance

    class TestAcmeX1(DriverConformance):
        driver = "acme_x1"

``pytest --device PORT`` runs the same against real hardware (``--device-set SETTING=VALUE``).
"""

import asyncio
import dataclasses
import math
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from drivers.base import Closeable, Driver, DriverError
from drivers.bus import Bus
from drivers.clock import VirtualClock
from drivers.conformance.report import Report
from drivers.conformance.run import run
from drivers.registry import create, driver_class, simulator_module
from drivers.simulation import Simulation, Wiring

NONSENSE: Mapping[str, tuple[object, ...]] = {
    "unit_id": (0, 248, "1"),
    "timeout_s": (0.0, -1.0, math.nan),
    "attempt_count": (0, 1.5),
}
"""Values that a setting of this name must refuse."""
LISTEN_HASTE: Final = 8
"""So much faster than a real line's is the silence of one that is listened to."""


def conformance_report(
    driver: str,
    *,
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    transport: str = "",
    faults: Mapping[str, float | None] | None = None,
    seed: int = 1,
) -> Report:
    """Run a driver against its simulator over a real pseudo-terminal or socket.

    Args:
        driver: Its name.
        folder: For the link to a pseudo-terminal.
        settings: Of the driver, besides those that fit its simulator.
        transport: One of the simulator's; empty is its first.
        faults: Of the line; None as a probability is the kind's usual one.
        seed: Of everything random.
    """
    simulator = simulator_module(driver).Simulator
    given = {**getattr(simulator, "DRIVER_SETTINGS", {}), **(settings or {})}
    is_serial = transport in ("", "serial")
    # A link: the number of a pseudo-terminal that was pulled is given to the next who asks.
    link = folder / driver if is_serial else None
    wiring = Wiring(transport=transport, link=link, faults=faults or {}, seed=seed)

    async def test() -> Report:
        bus = Bus(simulation.driver_port, baudrate=getattr(simulator, "BAUDRATE", 9600))
        began_at = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            return await run(driver, bus, given, began_at=began_at, simulation=simulation)
        finally:
            await bus.close()

    with Simulation(driver, {}, wiring) as simulation:
        return asyncio.run(test())


def failures(report: Report) -> list[str]:
    """Return why a report did not pass, a line for each step."""
    return [f"{step.name}: {step.finding}" for step in report.steps if not step.passed]


class GarbageLine:
    """A transport whose far end says what it was told to, whatever it is asked.

    What is not there does not come by waiting: who has asked waits on the bus's clock alone. Who
    listens really waits a little, as drivers that listen do by clocks of their own.
    """

    def __init__(self, clock: VirtualClock, pieces: list[bytes]) -> None:
        self._clock, self._left = clock, list(pieces)
        self._is_asked = False

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self._is_asked = True

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        if self._left:
            return self._left.pop(0)
        if not self._is_asked:
            # A driver that listens looks at a clock of its own: without a wait it would only spin.
            time.sleep(timeout_s / LISTEN_HASTE)
        self._is_asked = False
        self._clock.sleep(timeout_s)
        return b""

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        return b""

    def close(self) -> None:
        """See ``Transport.close``."""


def poll_garbage(name: str, settings: Mapping[str, object], pieces: list[bytes]) -> None:
    """Let a driver start and poll on a line that says anything at all.

    Raises:
        Exception: Something else than ``DriverError`` came out.
    """

    async def act() -> None:
        clock = VirtualClock()
        bus = Bus(
            "garbage",
            baudrate=115_200,
            opener=lambda: GarbageLine(clock, pieces),
            clock=clock,
        )
        driver = create(name, bus, settings)
        try:
            for call in (driver.start, driver.poll, driver.poll):
                try:
                    await call()
                except DriverError as error:
                    assert str(error), "an error says what happened"  # noqa: S101, PT017 - a suite
        finally:
            if isinstance(driver, Closeable):
                await driver.close()
            await bus.close()

    asyncio.run(act())


class DriverConformance:
    """What every driver owes; a subclass names it."""

    driver: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]] = {}

    def _settings(self) -> dict[str, Any]:
        simulator = simulator_module(self.driver).Simulator
        return {**getattr(simulator, "DRIVER_SETTINGS", {}), **self.settings}

    def test_it_is_registered_and_is_a_driver(self) -> None:
        """The registry makes it from its name."""
        assert isinstance(create(self.driver, Bus("none"), self._settings()), Driver)  # noqa: S101

    def test_it_cites_its_source_and_so_does_its_simulator(self) -> None:
        """Where the frames are from stands in the module."""
        module = sys.modules[driver_class(self.driver).__module__]

        assert "Source: " in (module.__doc__ or "")  # noqa: S101 - a suite
        assert simulator_module(self.driver).__doc__  # noqa: S101 - a suite

    def test_a_setting_it_does_not_have_is_refused(self) -> None:
        """The error names those that it has."""
        with pytest.raises(ValueError, match="has no setting 'nonesuch'"):
            create(self.driver, Bus("none"), {**self._settings(), "nonesuch": "red"})

    @pytest.mark.parametrize(
        ("setting", "value"), [(s, value) for s, values in NONSENSE.items() for value in values]
    )
    def test_a_setting_that_is_nonsense_is_refused_in_one_line_that_names_it(
        self, setting: str, value: object
    ) -> None:
        """A setting of the usual names has the usual range."""
        fields = {field.name for field in dataclasses.fields(driver_class(self.driver).Settings)}
        if setting not in fields:
            return
        with pytest.raises(ValueError, match=f"{self.driver}: {setting} is") as caught:
            create(self.driver, Bus("none"), {**self._settings(), setting: value})

        assert "\n" not in str(caught.value)  # noqa: S101 - a suite

    def test_it_and_its_device_understand_each_other(
        self, tmp_path: Path, menshen_device: "DeviceAtHand | None"
    ) -> None:
        """The whole run passes: set up, idle, stimulated, commanded, pulled out and back."""
        if menshen_device is None:
            report = conformance_report(self.driver, folder=tmp_path, settings=self.settings)
        else:
            report = menshen_device.report(self.driver, self._settings())

        assert failures(report) == []  # noqa: S101 - a suite

    def test_a_mute_device_fails_and_is_named_so(self, tmp_path: Path) -> None:
        """What makes the device unusable fails, and the reason is said."""
        report = conformance_report(
            self.driver, folder=tmp_path, settings=self.settings, faults={"mute": 1.0}
        )

        assert not report.passed  # noqa: S101 - a suite
        said = [*report.findings, *(step.finding for step in report.steps)]
        assert any("mute" in text or "no reply" in text for text in said), said  # noqa: S101


@dataclasses.dataclass(frozen=True, slots=True)
class DeviceAtHand:
    """Real hardware of ``--device``."""

    port: str
    baudrate: int
    settings: tuple[str, ...]

    def report(self, driver: str, settings: Mapping[str, Any]) -> Report:
        """Run against it; nothing is moved and no cable pulled."""

        async def test() -> Report:
            bus = Bus(self.port, baudrate=self.baudrate)
            began_at = datetime.now(UTC).isoformat(timespec="seconds")
            given = {**settings, **dict(_setting(word) for word in self.settings)}
            try:
                return await run(driver, bus, given, began_at=began_at)
            finally:
                await bus.close()

        return asyncio.run(test())


def _setting(word: str) -> tuple[str, object]:
    name, _, text = word.partition("=")
    return name, int(text) if text.lstrip("-").isdecimal() else text
