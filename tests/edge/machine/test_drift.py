import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.machine.drift import APART_S, DAY_S, SPAN_S, Compared, Drift


def measured(drift_s_a_day: float, *, hours: float, error_s: float = 0.01) -> Drift:
    drift = Drift()
    for number in range(int(hours * 3600 / APART_S) + 1):
        at_s = 1_000 + number * APART_S
        drift.add(Compared(at_s, drift_s_a_day * at_s / DAY_S, error_s))
    return drift


@given(st.floats(-100, 100), st.floats(3, 100))
def test_a_steady_drift_is_found(drift_s_a_day: float, hours: float) -> None:
    assert measured(drift_s_a_day, hours=hours).s_a_day() == pytest.approx(drift_s_a_day, abs=1e-6)


@given(st.lists(st.floats(-0.02, 0.02), min_size=40, max_size=80))
def test_noise_of_the_way_makes_no_drift(noise_s: list[float]) -> None:
    drift = Drift()
    for number, offset_s in enumerate(noise_s):
        drift.add(Compared(number * APART_S, offset_s, 0.02))

    told = drift.s_a_day()

    assert told is not None
    assert abs(told) < 2 * 0.02 * DAY_S / (len(noise_s) // 2 * APART_S) + 1e-9


@given(st.floats(-1e6, 1e6), st.integers(1, 20))
def test_a_step_is_no_drift(step_s: float, after: int) -> None:
    drift, offset_s = Drift(), 0.0
    for number in range(40):
        if number == after:
            drift.stepped(step_s)
            offset_s -= step_s
        drift.add(Compared(number * APART_S, offset_s, 0.01))

    assert drift.s_a_day() == pytest.approx(0.0, abs=1e-3)


def test_one_wild_answer_moves_it_little() -> None:
    drift = measured(2.0, hours=6)
    drift.add(Compared(1_000 + 6 * 3600 + APART_S, 900.0, 0.01))

    assert drift.s_a_day() == pytest.approx(2.0, abs=0.01)


def test_what_cannot_be_known_yet_is_not_told() -> None:
    assert measured(50.0, hours=0.3).s_a_day() is None
    assert measured(50.0, hours=10, error_s=0.6).s_a_day() is None
    assert measured(50.0, hours=20, error_s=0.6).s_a_day() == pytest.approx(50.0)


def test_long_ago_counts_no_more() -> None:
    drift = measured(40.0, hours=24)
    for number in range(int(SPAN_S / APART_S) + 2):
        drift.add(Compared(100_000 + number * APART_S, 0.0, 0.01))

    assert drift.s_a_day() == 0.0
