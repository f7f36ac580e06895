"""Meters with Modbus registers: sdm630, pzem, and any other by its profile."""

import struct
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    ProtocolViolationError,
    ReadingChanged,
)
from drivers.bus import Bus
from drivers.modbus_meter import ModbusMeter
from drivers.profiles import load_profile, names
from drivers.pzem import Pzem
from drivers.register_map import points_of
from drivers.sdm630 import Sdm630
from drivers.simulators import modbus_meter as modbus_meter_simulator
from drivers.simulators import pzem as pzem_simulator
from drivers.simulators import sdm630 as sdm630_simulator
from tests.drivers.lines import LineInMemory, answers_of, request_in, with_bus

FIRST_VOLTAGE = "01 04 00 00"
WATER = """
kind = "meter"
title = "a water meter"
source = "made for this test"

[[point]]
quantity = "volume"
address = 40
function = "holding"
type = "u32"
scale = 0.001
unit = "m3"
least = 0
"""


def sdm630() -> sdm630_simulator.Simulator:
    return sdm630_simulator.Simulator(sdm630_simulator.Simulator.Settings())


def test_an_sdm630_is_asked_for_float_pairs_as_its_map_has_them() -> None:
    simulator = sdm630()
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        found = await Sdm630(bus, Sdm630.Settings()).poll()

        assert ReadingChanged("voltage_l1", Decimal(230), "V") in found
        assert ReadingChanged("energy_import", Decimal("1234.5"), "kWh") in found

    with_bus(line, act)
    frames = [request_in(frame) for _, frame in line.sent]
    assert line.sent[0][1].startswith(bytes.fromhex(FIRST_VOLTAGE))
    assert all(f.function == 4 and f.count_or_value <= 80 for f in frames)


def test_the_first_poll_reports_all_and_the_next_what_changed() -> None:
    simulator = sdm630()

    async def act(bus: Bus) -> None:
        meter = Sdm630(bus, Sdm630.Settings(model="sdm630"))
        assert len(await meter.poll()) == 24
        simulator.act("show", {"quantity": "voltage_l2", "value": 229.5})
        found = [await meter.poll() for _ in range(4)]

        assert [list(f) for f in found if f] == [
            [ReadingChanged("voltage_l2", Decimal("229.5"), "V")]
        ]

    with_bus(LineInMemory(answers_of(simulator)), act)


@pytest.mark.parametrize(
    ("quantity", "value"),
    [("energy_import", float("nan")), ("energy_import", -1.0), ("voltage_l1", 1e9)],
)
def test_one_bad_reading_is_an_error_and_nothing_that_came_with_it_is_believed(
    quantity: str, value: float
) -> None:
    simulator = sdm630()
    words = list(struct.unpack(">2H", struct.pack(">f", value)))

    async def act(bus: Bus) -> None:
        meter = Sdm630(bus, Sdm630.Settings(attempt_count=1))
        simulator.station(0).set_words(quantity, words)

        with pytest.raises(ProtocolViolationError, match=quantity):
            await meter.poll()

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_what_was_known_before_an_absence_is_reported_anew() -> None:
    async def act(bus: Bus) -> None:
        meter = Sdm630(bus, Sdm630.Settings(model="sdm120"))
        first = await meter.poll()
        await meter.start()

        assert list(await meter.poll()) == list(first)

    settings = sdm630_simulator.Simulator.Settings(model="sdm120")
    with_bus(LineInMemory(answers_of(sdm630_simulator.Simulator(settings))), act)


def test_a_meter_that_does_not_answer_is_unreachable() -> None:
    async def act(bus: Bus) -> None:
        settings = Sdm630.Settings(timeout_s=0.02, attempt_count=1)
        with pytest.raises(DeviceUnreachableError):
            await Sdm630(bus, settings).start()

    with_bus(LineInMemory(), act)


def pzem() -> pzem_simulator.Simulator:
    return pzem_simulator.Simulator(pzem_simulator.Simulator.Settings())


def test_a_pzem_has_the_low_word_first() -> None:
    simulator = pzem()
    simulator.station(0).set_words("power_total", [0x86A0, 0x0001])  # 100,000 x 0.1 W

    async def act(bus: Bus) -> None:
        found = await Pzem(bus, Pzem.Settings()).poll()

        assert ReadingChanged("power_total", Decimal("10000.0"), "W") in found

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_pzem_s_energy_is_reset_by_its_maker_s_own_function() -> None:
    simulator = pzem()
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        await Pzem(bus, Pzem.Settings()).reset_energy()

        assert simulator.station(0).values["energy_import"] == 0

    with_bus(line, act)
    assert line.sent[0][1] == bytes.fromhex("01 42 80 11")


def test_a_pzem_takes_another_address_and_answers_there() -> None:
    simulator = pzem()

    async def act(bus: Bus) -> None:
        module = Pzem(bus, Pzem.Settings(timeout_s=0.1))
        with pytest.raises(ValueError, match=r"unit_id is 1..247"):
            await module.change_address(0)
        await module.change_address(9)

        assert await Pzem(bus, Pzem.Settings(unit_id=9)).poll()
        assert list(simulator.stations) == [9]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_new_meter_needs_a_profile_and_no_code(tmp_path: Path) -> None:
    profile = tmp_path / "water.toml"
    profile.write_text(WATER, encoding="utf-8")
    settings = modbus_meter_simulator.Simulator.Settings(profile=str(profile))
    simulator = modbus_meter_simulator.Simulator(settings)

    async def act(bus: Bus) -> None:
        meter = ModbusMeter(bus, ModbusMeter.Settings(profile=str(profile)))
        simulator.act("show", {"quantity": "volume", "value": 12.345})

        assert await meter.poll() == [ReadingChanged("volume", Decimal("12.345"), "m3")]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_meter_of_another_model_refuses_what_it_does_not_have(tmp_path: Path) -> None:
    profile = tmp_path / "water.toml"
    profile.write_text(WATER, encoding="utf-8")

    async def act(bus: Bus) -> None:
        with pytest.raises(CommandRejectedError, match="illegal data address"):
            await ModbusMeter(bus, ModbusMeter.Settings(profile=str(profile))).start()

    with_bus(LineInMemory(answers_of(sdm630())), act)


@pytest.mark.parametrize("name", names("meter"))
def test_every_shipped_profile_loads_and_cites_its_source(name: str) -> None:
    profile = load_profile("meter", name)

    assert points_of(profile)
    assert profile["source"]


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        ("nonesuch", "no profile 'nonesuch'; there are: meter_"),
        ("missing.toml", "no profile 'missing.toml'"),
    ],
)
def test_a_profile_that_is_not_there_is_said_in_one_line(profile: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ModbusMeter(Bus("none"), ModbusMeter.Settings(profile=profile))
