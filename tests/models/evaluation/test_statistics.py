"""Statistics of comparisons, against values worked out by hand."""

import numpy as np
import pytest

from models.evaluation.statistics import (
    Tail,
    bootstrap_interval,
    equal_error_rate,
    identity_weights,
    share_at_least,
    threshold_at,
    weighted_threshold_at,
    wilson_interval,
)


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_wilson_interval_of_five_in_ten() -> None:
    # p = 0.5, z^2 = 3.8415: (0.5 + 0.19207 -+ 1.95996 sqrt(0.025 + 0.0096036)) / 1.38415
    assert wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_wilson_interval_of_none_in_two_reaches_two_thirds() -> None:
    # z^2 / (n + z^2) = 3.8415 / 5.8415
    assert wilson_interval(0, 2) == pytest.approx((0.0, 0.6576), abs=1e-4)


def test_no_trials_have_no_interval() -> None:
    assert wilson_interval(0, 0) is None


def test_threshold_lets_no_more_impostors_pass_than_the_rate() -> None:
    impostors = np.arange(100, dtype=np.float32)

    threshold = threshold_at(impostors, 0.02)

    assert threshold is not None
    assert 97.0 < threshold < 97.001
    assert share_at_least(impostors, threshold) == pytest.approx(0.02)


def test_impostors_too_few_for_a_rate_give_no_threshold() -> None:
    assert threshold_at(np.arange(99, dtype=np.float32), 0.01) is None


def test_a_hundred_impostors_are_enough_for_one_in_a_hundred() -> None:
    assert threshold_at(np.arange(100, dtype=np.float32), 0.01) is not None


def test_equal_impostors_pass_together_or_not_at_all() -> None:
    impostors = scores(0.1, 0.1, 0.5, 0.5)

    threshold = threshold_at(impostors, 0.25)

    assert threshold is not None
    assert share_at_least(impostors, threshold) == 0


def test_separated_scores_have_no_equal_error() -> None:
    assert equal_error_rate(scores(0.8, 0.9), scores(0.1, 0.2, 0.3)) == 0


def test_equal_error_of_one_in_four_on_both_sides() -> None:
    genuine, impostors = scores(0.3, 0.6, 0.7, 0.8), scores(0.0, 0.1, 0.2, 0.5)

    assert equal_error_rate(genuine, impostors) == 0.25


def test_equal_error_between_two_steps_is_their_mean() -> None:
    # At 0.5 half of genuine are refused and one impostor of three passes: (1/2 + 1/3) / 2;
    # at 0.4 none is refused while one of three passes, which is further apart.
    genuine, impostors = scores(0.4, 0.6), scores(0.1, 0.2, 0.5)

    assert equal_error_rate(genuine, impostors) == pytest.approx(5 / 12)


def test_scores_the_wrong_way_round_err_always() -> None:
    assert equal_error_rate(scores(0.1), scores(0.9)) == 1


def test_equal_error_needs_both_kinds_of_pairs() -> None:
    assert equal_error_rate(scores(), scores(0.1)) is None
    assert equal_error_rate(scores(0.1), scores()) is None


def test_weighted_threshold_counts_weights() -> None:
    # Weights 1, 2, 5 of ten: three tenths are reached by the first two.
    found = weighted_threshold_at(scores(0.9, 0.8, 0.7), np.array([1.0, 2.0, 5.0]), 0.3, 10.0)

    assert found == pytest.approx(0.7, abs=1e-6)
    assert found > np.float32(0.7)


def test_identities_are_drawn_alike_every_time() -> None:
    first, again = next(identity_weights(9)), next(identity_weights(9))

    assert first.sum() == 9
    assert np.array_equal(first, again)


def test_bootstrap_of_half_good_identities_holds_half() -> None:
    owners = np.repeat(np.arange(20, dtype=np.int32), 5)
    genuine = np.where(owners < 10, 0.9, 0.1)
    nobody = np.arange(20, dtype=np.int32)
    tail = Tail(np.full(20, 0.5, np.float32), nobody, nobody, lambda drawn: 20.0)

    interval = bootstrap_interval(
        lambda threshold: genuine >= threshold, owners, tail, rate=0.01, identity_count=20
    )

    # Ten of twenty, binomial: 0.5 -+ 1.96 sqrt(0.25 / 20), to the next twentieth.
    assert interval == pytest.approx((0.28, 0.72), abs=0.051)


def test_bootstrap_without_a_doubt_falls_back_on_the_identities() -> None:
    owners = np.repeat(np.arange(10, dtype=np.int32), 5)
    tail = Tail(scores(0.5), owners[:1], owners[-1:], lambda drawn: 1.0)

    interval = bootstrap_interval(
        lambda threshold: np.ones(50, np.bool_), owners, tail, rate=0.01, identity_count=10
    )

    assert interval == wilson_interval(10, 10)
