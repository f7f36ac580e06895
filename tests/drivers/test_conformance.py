"""What every driver owes, found by the registry: a new one is tested here without an edit."""

import inspect
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Driver, DriverError
from drivers.bus import Bus
from drivers.protocols.modbus_rtu import encode_frame
from drivers.registry import create, driver_class, names, simulator_module
from tests.drivers.lines import LineInMemory, Stations, with_bus

DRIVERS = [name for name in names() if driver_class(name).__module__ == f"drivers.{name}"]
"""Those in the tree: other tests register drivers of their own."""
IMPATIENT = {"timeout_s": 0.01, "attempt_count": 1}
"""Where a driver has these settings: what fails fails soon."""


def make(name: str, bus: Bus, *, timeout_s: float = 0.05) -> Driver:
    fields = inspect.signature(driver_class(name).Settings).parameters
    wanted = {**IMPATIENT, "timeout_s": timeout_s}
    return create(name, bus, {key: wanted[key] for key in wanted if key in fields})


def stations_of(name: str) -> Any:  # noqa: ANN401 - each simulator has its own
    simulator = simulator_module(name).Simulator
    return simulator(simulator.Settings()).stations


@pytest.mark.parametrize("name", DRIVERS)
def test_it_is_a_driver_registered_under_its_module_s_name(name: str) -> None:
    found = driver_class(name)

    assert isinstance(make(name, Bus("none")), Driver)
    assert found.__module__.rpartition(".")[2] == name


@pytest.mark.parametrize("name", DRIVERS)
def test_it_cites_its_source_and_so_does_its_simulator(name: str) -> None:
    module = sys.modules[driver_class(name).__module__]

    assert "\nSource: " in (module.__doc__ or "")
    assert simulator_module(name).__doc__


@pytest.mark.parametrize("name", DRIVERS)
def test_its_settings_are_validated(name: str) -> None:
    with pytest.raises(ValueError, match="has no setting 'colour'"):
        create(name, Bus("none"), {"colour": "red"})


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("unit_id", 0),
        ("unit_id", 248),
        ("unit_id", "1"),
        ("timeout_s", 0.0),
        ("timeout_s", -1.0),
        ("timeout_s", float("nan")),
        ("attempt_count", 0),
        ("attempt_count", 1.5),
    ],
)
def test_a_setting_that_is_nonsense_is_refused_in_one_line_that_names_it(
    name: str, setting: str, value: object
) -> None:
    if setting not in inspect.signature(driver_class(name).Settings).parameters:
        pytest.skip(f"{name} has no {setting}")

    with pytest.raises(ValueError, match=f"{name}: {setting} is") as caught:
        create(name, Bus("none"), {setting: value})

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DRIVERS)
def test_an_idle_poll_is_quiet(name: str) -> None:
    async def act(bus: Bus) -> None:
        driver = make(name, bus)
        await driver.start()
        await driver.poll()

        assert [await driver.poll() for _ in range(12)] == [[]] * 12

    with_bus(LineInMemory(Stations(stations_of(name))), act)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_dead_device_raises_and_recovers(name: str) -> None:
    far_end = Stations(stations_of(name))

    async def act(bus: Bus) -> None:
        driver = make(name, bus)
        await driver.start()
        far_end.is_mute = True
        with pytest.raises(DriverError):
            await driver.poll()
        with pytest.raises(DriverError):
            await driver.start()
        far_end.is_mute = False
        await driver.start()
        await driver.poll()

    with_bus(LineInMemory(far_end), act)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_lost_port_raises_and_recovers(name: str) -> None:
    line = LineInMemory(Stations(stations_of(name)))
    line.is_connected = False

    async def act(bus: Bus) -> None:
        driver = make(name, bus)
        with pytest.raises(DriverError):
            await driver.start()

    with_bus(line, act)
    line.is_connected = True

    async def again(bus: Bus) -> None:
        await make(name, bus).start()

    with_bus(line, again)


def call_everything(name: str, line: LineInMemory) -> None:
    """Call what a driver can do without arguments; only ``DriverError`` may come out."""

    async def act(bus: Bus) -> None:
        driver = make(name, bus, timeout_s=IMPATIENT["timeout_s"])
        for call in (driver.start, driver.poll, driver.poll):
            try:
                await call()
            except DriverError as error:
                assert str(error)  # noqa: PT017 - it may fail, it need not

    with_bus(line, act)


@pytest.mark.parametrize("name", DRIVERS)
@given(replies=st.lists(st.binary(max_size=40), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_whatever_bytes_come_only_a_driver_error_comes_out(name: str, replies: list[bytes]) -> None:
    left = list(replies)

    call_everything(name, LineInMemory(lambda _: [(0.0, left.pop())] if left else []))


@pytest.mark.parametrize("name", DRIVERS)
@given(bodies=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_whatever_sound_values_come_only_a_driver_error_comes_out(
    name: str, bodies: list[bytes]
) -> None:
    def with_other_values(reply: bytes) -> bytes:
        """Return a sound reply of the same shape that carries anything at all."""
        body = bodies.pop() if bodies else bytes(32)
        return encode_frame(reply[0], reply[1], reply[2:3] + body[: len(reply) - 5])

    call_everything(name, LineInMemory(Stations(stations_of(name), distort=with_other_values)))
