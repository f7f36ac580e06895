"""The customer's display: two lines, both command sets, and nothing left of the last amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import LineDisplay
from drivers.bus import Bus
from drivers.pole_display import PoleDisplay
from drivers.protocols.pole_display import (
    DIALECTS,
    CommandDecoder,
    Line,
    encode_line,
    encode_start,
)
from drivers.simulators.pole_display import Simulator
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

lines = st.builds(
    Line,
    st.integers(0, 1),
    st.binary(min_size=20, max_size=20).map(lambda data: bytes(byte | 0x20 for byte in data)),
)


def shown(*texts: str, chinese: bool = False, commands: str = "epson") -> list[str]:
    """Return what stands on the display after some texts."""
    simulator = Simulator(Simulator.Settings(chinese=chinese))

    async def act(bus: Bus) -> None:
        driver = PoleDisplay(bus, PoleDisplay.Settings(chinese=chinese, commands=commands))
        await driver.start()
        for text in texts:
            await driver.show(text)

    with_bus(LineInMemory(answers_of(simulator)), act)
    return simulator.lines


def test_a_line_is_written_as_the_manuals_have_it() -> None:
    assert encode_line("epson", 1, b"12.00") == bytes.fromhex("1F 24 01 02") + b"12.00"
    assert encode_line("cd5220", 0, b"12.00") == bytes.fromhex("1B 51 41") + b"12.00\r"
    assert encode_start("epson") == bytes.fromhex("1B 40 1F 01 0C")


@pytest.mark.parametrize("dialect", DIALECTS)
@given(sent=st.lists(lines, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_lines_come_out_as_they_went_in_whatever_the_pieces(
    dialect: str, sent: list[Line], sizes: list[int]
) -> None:
    stream = b"".join(encode_line(dialect, line.row, line.data) for line in sent)

    assert frames_of(CommandDecoder(), cut(stream, sizes)) == (sent, [])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_of_a_longer_amount_stays_behind_a_shorter_one(dialect: str) -> None:
    assert shown("Total  128.00\nThank you", "Total  5.00", commands=dialect) == ["Total  5.00", ""]


def test_a_display_with_chinese_characters_shows_them() -> None:
    assert shown("应付 12.00 元\n张* 请确认", chinese=True) == ["应付 12.00 元", "张* 请确认"]


@pytest.mark.parametrize("text", ["付款", "x" * 21, "1\n2\n3", "\x1b@", "1\r2"])
def test_what_does_not_fit_is_refused_and_nothing_is_sent(text: str) -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        driver = PoleDisplay(bus, PoleDisplay.Settings())
        assert not driver.can_show(text)
        with pytest.raises(ValueError, match="this display shows"):
            await driver.show(text)

    with_bus(line, act)
    assert line.sent == []


def test_a_till_can_ask_what_fits() -> None:
    driver = PoleDisplay(Bus("none"), PoleDisplay.Settings(chinese=True))

    assert isinstance(driver, LineDisplay)
    assert (driver.row_count, driver.column_count) == (2, 20)
    assert driver.can_show("一二三四五六七八九十")
    assert not driver.can_show("一二三四五六七八九十元")


def test_the_last_lines_are_shown_again_when_the_display_is_set_up_anew() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = PoleDisplay(bus, PoleDisplay.Settings())
        await driver.show("12.00")
        simulator.lines[:] = ["", ""]
        await driver.start()

    with_bus(LineInMemory(answers_of(simulator)), act)
    assert simulator.lines == ["12.00", ""]


@pytest.mark.parametrize(("name", "value"), [("commands", "aedex"), ("columns", 4)])
def test_a_setting_that_is_nonsense_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"pole_display: {name} is"):
        PoleDisplay.Settings(**{name: value})  # type: ignore[arg-type]  # nonsense on purpose
