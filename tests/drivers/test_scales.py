"""Scales: the frames of the manuals, and a weight that counts when it was said twice."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    TareableScale,
    WeightChanged,
    WeightUnit,
)
from drivers.bus import Bus
from drivers.protocols import toledo, xk3190
from drivers.simulators import toledo_continuous as toledo_simulator
from drivers.simulators import xk3190 as xk3190_simulator
from drivers.simulators.pan import SETTLING_S, Pan
from drivers.toledo_continuous import ToledoContinuous
from drivers.weighing import MOVING, Weighing
from drivers.xk3190 import Xk3190
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

VECTOR = bytes.fromhex("02 2B 30 30 31 32 33 34 32 31 44 03")
weights = st.integers(-999_999, 999_999).map(lambda number: Decimal(number).scaleb(-3))


def test_the_continuous_vector_is_twelve_kilograms_and_a_bit() -> None:
    (weight,), refusals = frames_of(xk3190.WeightDecoder("continuous"), [VECTOR])

    assert (weight, refusals) == (xk3190.Weight(Decimal("12.34")), [])
    assert xk3190.encode_continuous(Decimal("12.34"), decimals=2) == VECTOR


def test_a_question_for_the_gross_weight_is_as_the_manual_has_it() -> None:
    assert xk3190.encode_question("A", "B") == bytes.fromhex("02 41 42 30 33 03")


def test_the_a12e_s_exclusive_or_is_what_its_manual_calls_a_check_sum() -> None:
    (weight,), _ = frames_of(xk3190.WeightDecoder("a12e"), [b"WG004.139kg3d\r\n"])

    assert weight == xk3190.Weight(Decimal("4.139"))


def test_the_equals_format_is_read_backwards() -> None:
    (weight,), _ = frames_of(xk3190.WeightDecoder("equals"), [b"=004.210-"])

    assert weight == xk3190.Weight(Decimal("-12.400"))


@given(said=st.lists(weights, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_weights_come_out_as_they_went_in_whatever_the_pieces(
    said: list[Decimal], sizes: list[int]
) -> None:
    stream = b"".join(xk3190.encode_continuous(weight, decimals=3) for weight in said)

    found, refusals = frames_of(xk3190.WeightDecoder("continuous"), cut(stream, sizes))

    assert ([weight.weight_kg for weight in found], refusals) == (said, [])


def test_a_damaged_weight_does_not_hide_the_good_one_behind_it() -> None:
    found, refusals = frames_of(
        xk3190.WeightDecoder("continuous"), [VECTOR[:4] + b"9" + VECTOR[5:] + VECTOR]
    )

    assert len(found) == 1
    assert refusals


def test_another_indicator_s_answer_is_passed_over() -> None:
    other = xk3190.encode_answer("C", "B", Decimal(1), decimals=0)
    ours = xk3190.encode_answer("A", "B", Decimal(2), decimals=0)

    found, refusals = frames_of(xk3190.WeightDecoder("polled"), [other + ours])

    assert [weight.weight_kg for weight in found] == [Decimal(2)]
    assert refusals


@pytest.mark.parametrize("has_check", [False, True])
@given(digits=st.integers(0, 999_999), decimals=st.integers(0, 5))
def test_a_toledo_weight_is_read_as_it_was_written(
    has_check: bool,
    digits: int,
    decimals: int,
) -> None:
    raw = toledo.encode(digits, decimals=decimals, status=toledo.KILOGRAMS, has_check=has_check)

    (weight,), refusals = frames_of(toledo.WeightDecoder(has_check=has_check), [raw])

    assert weight.weight_kg == Decimal(digits).scaleb(-decimals)
    assert refusals == []


@pytest.mark.parametrize(
    ("status", "weight"),
    [
        (toledo.KILOGRAMS | toledo.NEGATIVE, WeightChanged(Decimal("-1.234"), is_stable=True)),
        (toledo.KILOGRAMS | toledo.MOTION, WeightChanged(Decimal("1.234"), is_stable=False)),
        (toledo.KILOGRAMS | toledo.NET, WeightChanged(Decimal("1.234"), True, is_net=True)),
        (toledo.KILOGRAMS | toledo.OUT_OF_RANGE, WeightChanged(None, True, is_overload=True)),
        (toledo.KILOGRAMS | toledo.POWER_UP, WeightChanged(None, is_stable=True)),
        (0, WeightChanged(Decimal("0.55973298458"), is_stable=True, unit=WeightUnit.POUND)),
    ],
    ids=["negative", "motion", "net", "too heavy", "just switched on", "pounds"],
)
def test_a_toledo_status_says_what_kind_of_weight_it_is(status: int, weight: WeightChanged) -> None:
    line = LineInMemory()
    raw = toledo.encode(1234, decimals=3, status=status)

    async def act(bus: Bus) -> None:
        driver = ToledoContinuous(bus, ToledoContinuous.Settings(has_check=False))
        await bus.send(b"", unit_id="x")
        line.arrive(raw * 2)
        found = list(await driver.poll())
        while not found:
            await asyncio.sleep(0.001)
            found += await driver.poll()

        assert found == [weight]

    with_bus(line, act)


def test_the_check_byte_is_the_complement_of_the_sum() -> None:
    raw = toledo.encode(7, decimals=0, status=toledo.KILOGRAMS, has_check=True)

    assert sum(byte & 0x7F for byte in raw) & 0x7F == 0
    assert frames_of(toledo.WeightDecoder(has_check=True), [raw[:-1] + b"\x01"])[0] == []


def weight(kilograms: str) -> WeightChanged:
    return WeightChanged(Decimal(kilograms), is_stable=True)


def test_a_weight_counts_when_it_was_said_twice_and_is_told_once() -> None:
    weighing = Weighing(silence_s=2.0, now_s=0.0)

    told = [weighing.said(weight(kg), now_s=0.1) for kg in ("2", "2", "2", "2")]

    assert told == [[], [weight("2")], [], []]


def test_a_weight_that_is_no_longer_what_lies_there_is_taken_back_at_once() -> None:
    weighing = Weighing(silence_s=2.0, now_s=0.0)

    told = [weighing.said(weight(kg), now_s=0.1) for kg in ("2", "2", "3", "4", "5", "5", "2", "2")]

    assert told == [[], [weight("2")], [MOVING], [], [], [weight("5")], [MOVING], [weight("2")]]


@pytest.mark.parametrize(
    ("kilograms", "grams"),
    [("0.3125", 312), ("0.3135", 314), ("-0.02", -20), ("1.25", 1250)],
)
def test_a_weight_in_whole_grams_is_exact_and_a_half_goes_to_the_even_one(
    kilograms: str, grams: int
) -> None:
    assert weight(kilograms).weight_g == grams


@pytest.mark.parametrize(
    "said",
    [
        WeightChanged(Decimal("0.4"), is_stable=False),
        WeightChanged(Decimal("0.4"), is_stable=True, is_overload=True),
        WeightChanged(None, is_stable=True),
        WeightChanged(Decimal(0), is_stable=True),
        WeightChanged(Decimal("-0.4"), is_stable=True),
    ],
    ids=["moving", "too heavy", "not sure", "nothing", "below zero"],
)
def test_nothing_is_sold_by_a_weight_that_is_not_sure(said: WeightChanged) -> None:
    assert said.sellable_g is None
    assert WeightChanged(Decimal("0.4"), is_stable=True).sellable_g == 400


@pytest.mark.parametrize(
    ("unit_word", "kilograms", "unit"),
    [
        (1, Decimal("0.001234"), WeightUnit.GRAM),
        (2, Decimal(1234), WeightUnit.TONNE),
        (3, None, WeightUnit.KILOGRAM),
        (toledo.EXPANDED, None, WeightUnit.KILOGRAM),
    ],
    ids=["grams", "tonnes", "ounces", "expanded"],
)
def test_a_toledo_unit_is_converted_exactly_and_one_that_is_not_known_gives_no_weight(
    unit_word: int, kilograms: Decimal | None, unit: WeightUnit
) -> None:
    raw = toledo.encode(1234, decimals=3, status=toledo.KILOGRAMS, unit_word=unit_word)

    (found,), _ = frames_of(toledo.WeightDecoder(), [raw])

    assert (found.weight_kg, found.unit) == (kilograms, unit)


def test_a_silent_scale_is_absent_and_its_weight_is_told_anew() -> None:
    weighing = Weighing(silence_s=2.0, now_s=0.0)
    weighing.said(weight("2"), now_s=1.0)
    weighing.said(weight("2"), now_s=1.1)
    weighing.check(now_s=3.0)

    with pytest.raises(DeviceUnreachableError, match="silent for 2"):
        weighing.check(now_s=3.2)

    weighing.said(weight("2"), now_s=4.0)
    assert weighing.said(weight("2"), now_s=4.1) == [weight("2")]


def test_a_polled_indicator_is_asked_and_answers() -> None:
    simulator = xk3190_simulator.Simulator(xk3190_simulator.Simulator.Settings(format="polled"))
    simulator.act("put", {"weight_kg": 2.5})
    simulator.step(SETTLING_S)

    async def act(bus: Bus) -> None:
        driver = Xk3190(bus, Xk3190.Settings(format="polled"))
        await driver.start()
        found = [*await driver.poll(), *await driver.poll()]

        assert found == [WeightChanged(Decimal("2.5"), is_stable=True)]

    with_bus(LineInMemory(answers_of(simulator)), act)


@pytest.mark.parametrize("format_name", ["continuous", "equals", "a12e"])
def test_what_the_simulated_indicator_says_is_read_in_every_format(format_name: str) -> None:
    settings = xk3190_simulator.Simulator.Settings(format=format_name)
    simulator = xk3190_simulator.Simulator(settings)
    simulator.act("put", {"weight_kg": 12.345})
    simulator.step(SETTLING_S)

    frames = [frame for _ in range(4) for frame in simulator.step(0.1)]

    found, refusals = frames_of(xk3190.WeightDecoder(format_name), frames)
    assert {w.weight_kg for w in found} == {Decimal("12.345")}
    assert refusals == []


def scale_that_speaks(kilograms: float) -> toledo_simulator.Simulator:
    """Return a simulated scale with something on it that has come to rest."""
    scale = toledo_simulator.Simulator(toledo_simulator.Simulator.Settings())
    scale.act("put", {"weight_kg": kilograms})
    scale.step(SETTLING_S)
    return scale


def speaking(line: LineInMemory, scale: toledo_simulator.Simulator) -> asyncio.Task[None]:
    """Let a scale say its weight again and again; its own clock runs faster than ours."""

    async def speak() -> None:
        while True:
            for frame in scale.step(0.1):
                line.arrive(frame)
            await asyncio.sleep(0.005)

    return asyncio.create_task(speak())


def test_a_scale_that_is_told_to_tare_weighs_net_and_gross_again_when_that_is_cleared() -> None:
    scale = scale_that_speaks(0.35)
    line = LineInMemory(answers_of(scale))

    async def act(bus: Bus) -> None:
        driver = ToledoContinuous(bus, ToledoContinuous.Settings())
        assert isinstance(driver, TareableScale)
        speech = speaking(line, scale)
        await driver.start()
        await driver.tare()
        scale.act("put", {"weight_kg": 0.6})
        net = WeightChanged(Decimal("0.250"), is_stable=True, is_net=True)
        found = list(await driver.poll())
        while net not in found:
            await asyncio.sleep(0.005)
            found += await driver.poll()
        await driver.clear_tare()
        speech.cancel()

        assert scale.pan.tare_kg == 0

    with_bus(line, act)


def test_a_load_that_moves_is_not_tared_and_that_is_said() -> None:
    scale = scale_that_speaks(0.35)
    scale.act("shake", {"on": True})
    line = LineInMemory(answers_of(scale))

    async def act(bus: Bus) -> None:
        driver = ToledoContinuous(bus, ToledoContinuous.Settings(confirm_s=0.3))
        speech = speaking(line, scale)
        await driver.start()
        with pytest.raises(CommandRejectedError, match="did not do it: the load moves"):
            await driver.tare()
        speech.cancel()

    with_bus(line, act)
    assert (scale.pan.tare_kg, scale.key_count) == (Decimal(0), 1)


def test_a_scale_takes_a_little_as_zero_and_much_as_a_load() -> None:
    little, much = scale_that_speaks(0.02), scale_that_speaks(20)

    little.receive_data(toledo.ZERO)
    much.receive_data(toledo.ZERO)

    assert (little.pan.weight_kg, much.pan.weight_kg) == (Decimal(0), Decimal(20))


@pytest.mark.parametrize(
    ("reading", "kilograms", "is_net"),
    [("net", Decimal("0.25"), True), ("gross", Decimal("0.6"), False)],
)
def test_a_polled_indicator_is_asked_for_what_is_paid(
    reading: str, kilograms: Decimal, is_net: bool
) -> None:
    simulator = xk3190_simulator.Simulator(xk3190_simulator.Simulator.Settings(format="polled"))
    simulator.pan.put(Decimal("0.6"))
    simulator.pan.tare_kg = Decimal("0.35")
    simulator.step(SETTLING_S)

    async def act(bus: Bus) -> None:
        driver = Xk3190(bus, Xk3190.Settings(format="polled", reading=reading))
        await driver.start()

        assert await driver.poll() == [WeightChanged(kilograms, is_stable=True, is_net=is_net)]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_load_swings_before_it_stands() -> None:
    pan = Pan()
    pan.put(Decimal(1))
    assert not pan.is_stable

    pan.step(SETTLING_S)

    assert (pan.is_stable, pan.weight_kg) == (True, Decimal(1))


def test_the_simulated_toledo_scale_says_when_it_is_too_much() -> None:
    scale = toledo_simulator.Simulator(toledo_simulator.Simulator.Settings(has_check=False))
    scale.act("put", {"weight_kg": 200})
    scale.step(SETTLING_S)

    (found,), _ = frames_of(toledo.WeightDecoder(), scale.step(0.2) or scale.step(0.2))

    assert (found.weight_kg, found.is_overload) == (None, True)


def test_a_silent_indicator_is_unreachable() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError, match="no reply"):
            await Xk3190(bus, Xk3190.Settings(silence_s=0.2)).start()
        with pytest.raises(DeviceUnreachableError, match="no reply"):
            await ToledoContinuous(bus, ToledoContinuous.Settings(silence_s=0.2)).start()

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize(
    "settings", [{"format": "csv"}, {"address": "a"}, {"reading": "tare"}, {"silence_s": 0.1}]
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"xk3190: {next(iter(settings))} is"):
        Xk3190.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose
