"""Fire panels over Modbus by profile, and by their dry contacts."""

import pytest

from drivers.base import (
    CommandRejectedError,
    Observation,
    PointChanged,
    PointCondition,
)
from drivers.bus import Bus
from drivers.dry_contact_fire import DryContactFire
from drivers.fire_map import fire_map
from drivers.modbus_fire import ModbusFire
from drivers.profiles import load_profile, names
from drivers.simulators import dry_contact_fire as contacts
from drivers.simulators import modbus_fire as panels
from tests.drivers.lines import LineInMemory, answers_of, with_bus

FIRE, FAULT = PointCondition.FIRE, PointCondition.FAULT
ZONE = {"point": "zone {n}", "function": "input", "address": 0, "count": 8, "bits": {"fire": 0}}


def panel() -> panels.Simulator:
    return panels.Simulator(panels.Simulator.Settings())


async def polled(driver: ModbusFire | DryContactFire, count: int) -> list[Observation]:
    return [observation for _ in range(count) for observation in await driver.poll()]


def test_the_first_poll_reports_what_is_not_normal_and_the_next_what_changed() -> None:
    simulator = panel()
    simulator.act("fault", {"point": "zone 3"})

    async def act(bus: Bus) -> None:
        driver = ModbusFire(bus, ModbusFire.Settings())
        assert list(await driver.poll()) == [PointChanged("zone 3", (FAULT,), kind="zone")]
        simulator.act("fire", {"point": "zone 3"})

        found = await polled(driver, 2)
        assert found == [PointChanged("zone 3", (FAULT, FIRE), kind="zone")]
        simulator.act("fire", {"point": "zone 3", "on": False})
        assert await polled(driver, 2) == [PointChanged("zone 3", (FAULT,), kind="zone")]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_bits_and_registers_are_read_as_the_profile_says() -> None:
    simulator = panel()
    simulator.station(0).points["panel"].add(PointCondition.MAINS_FAULT)
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        found = await ModbusFire(bus, ModbusFire.Settings()).poll()

        assert found == [PointChanged("panel", (PointCondition.MAINS_FAULT,), kind="panel")]

    with_bus(line, act)
    assert [frame[1] for _, frame in line.sent] == [4, 2]


def test_a_command_of_the_profile_is_obeyed_and_another_is_our_mistake() -> None:
    simulator = panel()
    simulator.act("fire", {})

    async def act(bus: Bus) -> None:
        driver = ModbusFire(bus, ModbusFire.Settings())
        await driver.command("reset")

        assert simulator.state()["units"]["1"] == {"points": {}, "commands": ["reset"]}
        with pytest.raises(ValueError, match="no command 'evacuate'; it has: silence, reset"):
            await driver.command("evacuate")

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_panel_with_another_map_refuses_and_it_is_not_asked_again() -> None:
    async def act(bus: Bus) -> None:
        settings = ModbusFire.Settings(profile="fire_notifier_modbus_gw")
        with pytest.raises(CommandRejectedError, match="illegal data address"):
            await ModbusFire(bus, settings).start()

    with_bus(LineInMemory(answers_of(panel())), act)


@pytest.mark.parametrize("name", names("fire_panel"))
def test_every_shipped_profile_loads_and_cites_its_source(name: str) -> None:
    profile = load_profile("fire_panel", name)

    assert fire_map(profile).ranges
    assert profile["source"]


def test_a_long_range_is_read_in_several_exchanges() -> None:
    ranges = fire_map({"range": [{**ZONE, "count": 200, "first": 5}]}).ranges

    assert [(one.address, one.count) for one in ranges] == [(0, 80), (80, 80), (160, 40)]
    assert (ranges[0].names[0], ranges[-1].names[-1]) == ("zone 5", "zone 204")


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        ({}, "has no"),
        ({"range": [{**ZONE, "function": "word"}]}, "range 1: 'word'"),
        ({"range": [{**ZONE, "bits": {"smoke": 0}}]}, "range 1: 'smoke'"),
        ({"range": [{**ZONE, "bits": {"fire": 16}}]}, r"range 1: bits are 0\.\.15"),
        ({"range": [{**ZONE, "point": "zone"}]}, "need {n} in their name"),
        ({"range": [ZONE, ZONE]}, "has point 'zone 1' twice"),
        ({"range": [ZONE], "command": {"reset": {}}}, "command 'reset' needs"),
    ],
)
def test_a_profile_that_is_wrong_says_where(profile: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        fire_map(profile)


def board(*, fire_normally_closed: bool = False) -> contacts.Simulator:
    settings = contacts.Simulator.Settings(fire_normally_closed=fire_normally_closed)
    return contacts.Simulator(settings)


def test_a_fire_contact_counts_when_it_was_seen_twice() -> None:
    simulator = board()

    async def act(bus: Bus) -> None:
        driver = DryContactFire(bus, DryContactFire.Settings())
        assert await driver.poll() == [PointChanged("panel", (), kind="dry contacts")]
        simulator.act("fire", {})

        assert await driver.poll() == []
        assert await driver.poll() == [PointChanged("panel", (FIRE,), kind="dry contacts")]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_contact_that_only_bounces_is_no_fire() -> None:
    simulator = board()

    async def act(bus: Bus) -> None:
        driver = DryContactFire(bus, DryContactFire.Settings())
        await driver.poll()
        for on in (True, False, True, False):
            simulator.act("fire", {"on": on})
            assert await driver.poll() == []

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_fire_that_burns_at_the_start_is_reported_at_once() -> None:
    simulator = board()
    simulator.act("fire", {})

    async def act(bus: Bus) -> None:
        driver = DryContactFire(bus, DryContactFire.Settings())
        await driver.start()

        assert await driver.poll() == [PointChanged("panel", (FIRE,), kind="dry contacts")]

    with_bus(LineInMemory(answers_of(simulator)), act)


@pytest.mark.parametrize(("is_closed", "conditions"), [(True, (FAULT, FIRE)), (False, (FAULT,))])
def test_a_cut_wire_is_a_fire_only_where_the_contact_is_normally_closed(
    is_closed: bool,
    conditions: tuple[PointCondition, ...],
) -> None:
    simulator = board(fire_normally_closed=is_closed)

    async def act(bus: Bus) -> None:
        settings = DryContactFire.Settings(fire_normally_closed=is_closed)
        driver = DryContactFire(bus, settings)
        await driver.poll()
        simulator.act("cut_wires", {})

        found = await polled(driver, 2)
        assert found == [PointChanged("panel", conditions, kind="dry contacts")]

    with_bus(LineInMemory(answers_of(simulator)), act)


@pytest.mark.parametrize(
    "settings", [{"fire_input": 8}, {"fault_input": 0}, {"fault_input": -2}, {"debounce_count": 0}]
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"dry_contact_fire: {next(iter(settings))} is"):
        DryContactFire.Settings(**settings)  # type: ignore[arg-type]  # numbers all
