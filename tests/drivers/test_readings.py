import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import rdm6300
from drivers.readings import DatingDecoder, Holding, check_hold
from tests.drivers.heard import ClockOfATest, frames_of


def test_what_is_held_is_read_once() -> None:
    holding = Holding(1.0)

    assert [holding.is_new("A", now_s=0.065 * step) for step in range(100)].count(True) == 1


def test_what_left_and_came_back_is_read_again() -> None:
    holding = Holding(1.0)

    assert holding.is_new("A", now_s=0.0)
    assert not holding.is_new("A", now_s=1.0)
    assert holding.is_new("A", now_s=2.1)


def test_two_that_are_held_together_are_read_once_each() -> None:
    holding = Holding(1.0)

    news = [holding.is_new("AB"[step % 2], now_s=0.1 * step) for step in range(40)]

    assert news == [True, True] + [False] * 38


@given(st.lists(st.floats(0.0, 10.0), max_size=50))
def test_it_remembers_only_what_is_held(gaps_s: list[float]) -> None:
    holding, now_s = Holding(1.0), 0.0

    for number, gap_s in enumerate(gaps_s):
        now_s += gap_s + 1.1
        holding.is_new(str(number), now_s=now_s)
        assert len(holding._read_at_s) == 1  # noqa: SLF001 - its bound is what is tested


def test_frames_carry_the_time_of_their_last_byte_and_a_pause_begins_a_run() -> None:
    clock, frame = ClockOfATest(), rdm6300.encode_tag("010063E9AE")
    decoder = DatingDecoder(rdm6300.Decoder(), monotonic=clock, pause_s=0.1)

    first, _ = frames_of(decoder, [frame + frame])
    clock.now_s += 0.05
    second, _ = frames_of(decoder, [frame[:5]])
    clock.now_s += 0.2
    third, _ = frames_of(decoder, [frame[5:]])

    assert [(reading.at_s, reading.run) for reading in first + second + third] == [
        (100.0, 1),
        (100.0, 1),
        (100.25, 2),
    ]


def test_a_pause_is_told_with_its_length() -> None:
    clock, pauses_s = ClockOfATest(), list[float]()
    decoder = DatingDecoder(
        rdm6300.Decoder(), monotonic=clock, pause_s=0.1, on_pause=pauses_s.append
    )

    frames_of(decoder, [b"\r"])
    clock.now_s += 0.75
    frames_of(decoder, [b"\r"])

    assert pauses_s == [float("inf"), 0.75]


@pytest.mark.parametrize("hold_s", [0.0, 0.19, -1.0, 60.1, float("nan"), float("inf")])
def test_a_hold_out_of_its_range_is_refused(hold_s: float) -> None:
    with pytest.raises(ValueError, match=r"^x: hold_s is 0\.2\.\.60, not"):
        check_hold("x", hold_s)
