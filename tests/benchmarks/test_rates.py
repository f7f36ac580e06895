"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rates import Share


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [(Share(0, 10), 0.0, 0.2775), (Share(5, 10), 0.2366, 0.7634), (Share(98, 100), 0.9300, 0.9945)],
)
def test_the_interval_is_wilsons(share: Share, low: float, high: float) -> None:
    assert share.interval == pytest.approx((low, high), abs=1e-4)


def test_no_trials_say_nothing() -> None:
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).as_json()["rate"] is None


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2 is no share"):
        Share(3, 2)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(numbers: tuple[int, int]) -> None:
    count, of = numbers

    low, high = Share(count, of).interval

    assert 0 <= low <= count / of + 1e-12
    assert count / of - 1e-12 <= high <= 1
