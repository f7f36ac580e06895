from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("step_s", [3 * 3600, -3 * 3600, 5, -5])
def test_a_clock_that_somebody_sets_goes_on_as_it_was(bench: Bench, step_s: float) -> None:
    told = list[float]()
    bench.clock.when_stepped(told.append)
    bench.clock.compare(NOW)
    bench.run(10)
    bench.clock.now()

    bench.wall += timedelta(seconds=step_s)
    bench.run(10)

    assert bench.clock.now() == NOW + timedelta(seconds=20)
    assert (told, bench.clock.stepped_s) == ([step_s], step_s)
    assert bench.clock.quality is ClockQuality.SYNCHRONISED


def test_a_clock_that_never_compared_takes_what_it_is_set_to(bench: Bench) -> None:
    bench.clock.now()
    bench.wall += timedelta(days=300)

    assert bench.clock.now() == NOW + timedelta(days=300)
    assert bench.clock.quality is ClockQuality.UNSURE


def test_what_central_says_next_decides_whether_a_step_was_right(bench: Bench) -> None:
    bench.clock.compare(NOW)
    bench.wall += timedelta(hours=1)
    bench.clock.now()

    bench.clock.compare(NOW + timedelta(hours=1))

    assert bench.clock.now() == bench.wall


@given(st.lists(st.tuples(st.floats(-4e5, 4e5), st.floats(0, 600)), min_size=1, max_size=20))
def test_once_compared_no_step_moves_the_time(steps: list[tuple[float, float]]) -> None:
    bench = Bench()
    bench.clock.compare(NOW)
    passed_s = 0.0
    for step_s, seconds in steps:
        bench.wall += timedelta(seconds=step_s)
        bench.clock.now()
        bench.run(seconds)
        passed_s += seconds
        off_s = (bench.clock.now() - NOW).total_seconds() - passed_s
        assert abs(off_s) <= len(steps) * 1.4


def test_who_turns_a_clock_gently_steps_nothing(bench: Bench) -> None:
    bench.clock.compare(NOW)
    for _ in range(100):
        bench.run(60)
        bench.wall += timedelta(seconds=60 * 4e-4)
        bench.clock.now()

    assert bench.clock.stepped_s is None
    assert bench.clock.now() == bench.wall


def test_both_clocks_are_compared_only_when_they_were_read_together() -> None:
    moments = iter([100.0, 100.0, 100.0, 100.0, 109.0, 109.0, 109.0, 109.0, 109.0])
    clock = NodeClock(wall=lambda: NOW, monotonic=lambda: next(moments))

    clock.now()
    clock.now()

    assert clock.stepped_s is None


def test_a_time_server_sets_a_clock_that_central_has_not_seen(bench: Bench) -> None:
    assert bench.clock.compare_server(7200.0)
    bench.run(10)

    assert bench.clock.now() == NOW + timedelta(seconds=7210)
    assert bench.clock.quality is ClockQuality.SYNCHRONISED


def test_a_time_server_is_finer_than_central_s_whole_seconds(bench: Bench) -> None:
    bench.clock.compare(NOW)
    bench.clock.compare_server(0.9)
    bench.clock.compare(NOW)

    assert bench.clock.now() == NOW + timedelta(seconds=0.9)


def test_a_time_server_that_contradicts_central_is_not_believed(bench: Bench) -> None:
    """Anybody on the line can answer for it, and nobody for central."""
    bench.clock.compare(NOW)

    assert not bench.clock.compare_server(3600.0)
    assert bench.clock.is_contradicted
    assert bench.clock.now() == NOW
    assert bench.clock.compare_server(0.1)
    assert not bench.clock.is_contradicted


def test_central_that_contradicts_an_earlier_server_is_believed(bench: Bench) -> None:
    bench.clock.compare_server(3600.0)

    bench.clock.compare(NOW)

    assert bench.clock.now() == NOW


def test_a_comparison_of_long_ago_makes_unsure(bench: Bench) -> None:
    bench.clock.compare(NOW)
    bench.run(25 * 3600)

    assert bench.clock.quality is ClockQuality.UNSURE
