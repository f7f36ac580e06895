from datetime import timedelta

import pytest

from config.contract.events import ClockQuality
from edge.clock import FIRST_COMPARISON_S, NodeClock
from tests.edge.conftest import NOW


class Bench:
    """A system clock and a monotonic one, both set by hand."""

    def __init__(self) -> None:
        self.wall, self.monotonic_s = NOW, 100.0
        self.clock = NodeClock(wall=lambda: self.wall, monotonic=lambda: self.monotonic_s)

    def run(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic_s += seconds


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_node_that_never_compared_is_unsure(bench: Bench) -> None:
    assert bench.clock.now() == NOW
    assert bench.clock.quality is ClockQuality.UNSURE


def test_a_clock_is_awaited_for_a_minute_after_the_start_or_until_it_was_compared(
    bench: Bench,
) -> None:
    other = Bench()
    said = [bench.clock.is_awaited]
    bench.run(FIRST_COMPARISON_S - 1)
    said.append(bench.clock.is_awaited)
    bench.run(1)
    said.append(bench.clock.is_awaited)
    other.clock.compare(NOW)

    assert said == [True, True, False]
    assert not other.clock.is_awaited


def test_a_right_clock_is_left_alone(bench: Bench) -> None:
    bench.clock.compare(NOW + timedelta(seconds=1))

    assert bench.clock.now() == NOW
    assert bench.clock.quality is ClockQuality.SYNCHRONISED


def test_a_wrong_clock_takes_central_s_time(bench: Bench) -> None:
    bench.clock.compare(NOW + timedelta(hours=3))
    bench.run(10)

    assert bench.clock.now() == NOW + timedelta(hours=3, seconds=10.5)


def test_an_answer_that_was_long_on_its_way_sets_no_clock_back(bench: Bench) -> None:
    bench.clock.compare(NOW - timedelta(seconds=4), took_s=5.0)

    assert bench.clock.now() == NOW


def test_a_slow_answer_undoes_no_correction(bench: Bench) -> None:
    bench.clock.compare(NOW + timedelta(seconds=4))
    bench.clock.compare(NOW, took_s=5.0)

    assert bench.clock.now() == NOW + timedelta(seconds=4.5)


def test_a_step_of_the_system_s_clock_is_not_added_to_the_correction(bench: Bench) -> None:
    bench.clock.compare(NOW + timedelta(hours=3))
    bench.wall += timedelta(hours=3)

    assert bench.clock.now() == NOW + timedelta(hours=3, seconds=0.5)


def test_a_corrected_clock_does_not_jump_at_every_answer(bench: Bench) -> None:
    bench.clock.compare(NOW + timedelta(hours=3))
    before = bench.clock.now()
    bench.clock.compare(NOW + timedelta(hours=3, seconds=-1))

    assert bench.clock.now() == before


def test_a_clock_set_right_is_believed_again(bench: Bench) -> None:
    bench.clock.compare(NOW + timedelta(hours=3))
    bench.wall += timedelta(hours=3)
    bench.clock.compare(bench.wall)

    assert bench.clock.now() == bench.wall


def test_a_comparison_of_long_ago_makes_unsure(bench: Bench) -> None:
    bench.clock.compare(NOW)
    bench.run(25 * 3600)

    assert bench.clock.quality is ClockQuality.UNSURE
