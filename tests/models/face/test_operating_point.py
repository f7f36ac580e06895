"""Thresholds of a gallery, against the measurement and against strangers drawn from it."""

import dataclasses
import timeit

import numpy as np
import pytest

from models.face.calibration import COUNT_MIN, LEVELS, SitePairs, wilson_upper
from models.face.operating_point import (
    BUILTIN,
    MOBILEFACENET,
    RATES_OF_PIPELINE,
    REIDENTIFICATION_0095,
    ErrorRates,
    Target,
    operating_point,
    site_tail,
)
from models.face.thresholds import fnir_at, rate_at, similarity_at

NETWORKS = [BUILTIN, REIDENTIFICATION_0095, MOBILEFACENET]
EACH_NETWORK = pytest.mark.parametrize("rates", NETWORKS, ids=lambda rates: rates.network)


def strangers_accepted(
    rates: ErrorRates, *, gallery_size: int, accept: float, times: float, strangers: int
) -> int:
    """Draw each stranger's five tries against everybody from the measured tail."""
    rng = np.random.default_rng(gallery_size)
    table = rates.far(pictures=3)
    tail = min(0.05, table[0][1] * times)
    tries = rng.binomial(5 * gallery_size, tail, size=strangers)
    drawn = -np.log(tail * (1 - rng.random(int(tries.sum()))) / times)
    points = np.array([similarity_at(table, rate) for rate in np.geomspace(1, 1e-15, 600)])
    similarities = np.interp(drawn, -np.log(np.geomspace(1, 1e-15, 600)), points)
    passes = np.repeat(np.arange(strangers), tries)[similarities >= accept]
    return len(np.unique(passes))


def pairs_at(rates: ErrorRates, *, people: int, times: float, growth: float = 0.0) -> SitePairs:
    """Return a site whose rates are so many times the measured ones, its counts the expected."""
    total = people * (people - 1) // 2
    table = rates.far(pictures=3)
    shares = [
        min(1.0, rate_at(table, level) * times * np.exp(growth * (level - LEVELS[0])))
        for level in LEVELS
    ]
    counts = tuple(np.minimum.accumulate([int(share * total) for share in shares]).tolist())
    return SitePairs(
        people_count=people,
        comparison_count=total,
        counts=counts,
        design_effects=(1.0,) * len(LEVELS),
    )


@pytest.mark.parametrize("gallery_size", [10, 100, 1000])
@pytest.mark.parametrize("rates", [BUILTIN, REIDENTIFICATION_0095], ids=lambda r: r.network)
def test_strangers_of_one_group_pass_no_more_often_than_the_defaults_promise(
    rates: ErrorRates, gallery_size: int
) -> None:
    point = operating_point(rates, gallery_size=gallery_size)

    passed = strangers_accepted(
        rates, gallery_size=gallery_size, accept=point.accept,
        times=rates.same_group_factor, strangers=50_000,
    )  # fmt: skip

    assert passed / 50_000 > 0.0003
    assert passed <= 50 + 3 * 50**0.5


@pytest.mark.parametrize("gallery_size", [10, 100, 1000])
@pytest.mark.parametrize("rates", [BUILTIN, REIDENTIFICATION_0095], ids=lambda r: r.network)
def test_strangers_of_the_press_stay_below_the_target_with_certainty(
    rates: ErrorRates, gallery_size: int
) -> None:
    point = operating_point(rates, gallery_size=gallery_size)

    passed = strangers_accepted(
        rates, gallery_size=gallery_size, accept=point.accept, times=1, strangers=50_000
    )

    assert wilson_upper(passed, 50_000) <= Target().strangers


@pytest.mark.parametrize("gallery_size", [10, 100, 1000])
def test_without_a_factor_the_rule_itself_keeps_the_target(gallery_size: int) -> None:
    rates = REIDENTIFICATION_0095
    point = operating_point(rates, gallery_size=gallery_size, same_group_factor=1)

    passed = strangers_accepted(
        rates, gallery_size=gallery_size, accept=point.accept, times=1, strangers=50_000
    )

    assert passed / 50_000 > 0.0003
    assert passed <= 50 + 3 * 50**0.5


@pytest.mark.parametrize(
    ("rates", "size", "rate", "measured", "refused"),
    [
        (BUILTIN, 260, 1e-2, 0.565, 0.098), (BUILTIN, 260, 1e-3, 0.598, 0.226),
        (BUILTIN, 1000, 1e-2, 0.578, 0.145), (BUILTIN, 1000, 1e-3, 0.622, 0.347),
        (REIDENTIFICATION_0095, 260, 1e-2, 0.478, 0.021),
        (REIDENTIFICATION_0095, 260, 1e-3, 0.531, 0.034),
        (REIDENTIFICATION_0095, 1000, 1e-2, 0.500, 0.026),
        (REIDENTIFICATION_0095, 1000, 1e-3, 0.543, 0.040),
        (MOBILEFACENET, 260, 1e-2, 0.458, 0.031), (MOBILEFACENET, 260, 1e-3, 0.512, 0.064),
        (MOBILEFACENET, 1000, 1e-2, 0.488, 0.046), (MOBILEFACENET, 1000, 1e-3, 0.539, 0.087),
    ],
)  # fmt: skip
def test_it_agrees_with_the_open_set_measurement_for_means_of_three(
    rates: ErrorRates, size: int, rate: float, measured: float, refused: float
) -> None:
    point = operating_point(
        rates, gallery_size=size, same_group_factor=1,
        target=Target(strangers=rate, step_up_strangers=0.5, tries=1),
    )  # fmt: skip

    assert measured - 1e-3 <= point.accept <= measured + 0.022
    assert refused - 1e-3 <= point.fnir_expected <= refused * 1.6


@EACH_NETWORK
def test_the_bound_of_one_try_is_the_target_over_the_tries(rates: ErrorRates) -> None:
    point = operating_point(rates, gallery_size=300)

    assert point.fpir_per_try == pytest.approx(0.001 / 5)


@EACH_NETWORK
def test_thresholds_rise_with_the_gallery(rates: ErrorRates) -> None:
    points = [operating_point(rates, gallery_size=size) for size in (0, 10, 100, 1000, 100_000)]

    accepts = [point.accept for point in points]
    assert accepts == sorted(set(accepts))
    assert [point.step_up for point in points] == sorted(point.step_up for point in points)
    assert all(point.step_up < point.accept for point in points)


@EACH_NETWORK
def test_a_second_candidate_within_the_margin_is_ten_targets_likely(rates: ErrorRates) -> None:
    point = operating_point(rates, gallery_size=100)

    rate = rate_at(rates.far(pictures=3), point.accept - point.margin)
    assert rate * 100 * point.factor == pytest.approx(10 * 0.001 / 5)


def test_no_threshold_lies_below_the_measured_ones() -> None:
    target = Target(strangers=0.5, step_up_strangers=0.9, tries=1)

    point = operating_point(BUILTIN, gallery_size=1, target=target, same_group_factor=1)

    assert point.accept == point.step_up == BUILTIN.far(pictures=3)[0][0]
    assert point.fpir_per_try < 0.5


def test_the_tail_beyond_the_last_measured_similarity_is_flagged() -> None:
    few = operating_point(REIDENTIFICATION_0095, gallery_size=1)
    many = operating_point(REIDENTIFICATION_0095, gallery_size=1000)

    assert not few.is_extrapolated
    assert many.is_extrapolated
    assert "extrapolated" in many.reason


def test_the_production_defaults_hold_for_a_hundred_and_not_for_a_thousand() -> None:
    hundred = operating_point(REIDENTIFICATION_0095, gallery_size=100)
    thousand = operating_point(REIDENTIFICATION_0095, gallery_size=1000)

    assert hundred.holds
    assert "costs about 9.9% of enrolled people's single pictures" in hundred.reason
    assert not thousand.holds
    assert "cannot hold" in thousand.reason
    assert "would refuse about 17.2%" in thousand.reason


def test_the_advice_names_only_what_the_site_has_not_done() -> None:
    rates = REIDENTIFICATION_0095
    poor = operating_point(rates, gallery_size=1000, pictures=1)
    rich = operating_point(rates, gallery_size=1000, pairs=pairs_at(rates, people=1000, times=20))

    assert "enrol three pictures" in poor.reason
    assert "self-test" in poor.reason
    assert "cannot hold" in rich.reason
    assert "enrol three pictures" not in rich.reason
    assert "self-test" not in rich.reason


def test_templates_of_one_picture_refuse_more_and_those_of_mixed_numbers_most() -> None:
    one, mixed, three = (
        operating_point(REIDENTIFICATION_0095, gallery_size=100, pictures=pictures)
        for pictures in (1, 2, 3)
    )

    assert one.accept < mixed.accept == three.accept
    assert three.fnir_expected < one.fnir_expected < mixed.fnir_expected


def test_a_site_like_the_press_gets_rid_of_the_same_group_factor() -> None:
    rates = REIDENTIFICATION_0095
    prior = operating_point(rates, gallery_size=1000)

    site = operating_point(rates, gallery_size=1000, pairs=pairs_at(rates, people=1000, times=1))

    assert site.basis == "site"
    assert 1 <= site.factor < 2
    assert site.accept < prior.accept
    assert site.holds
    assert "own pairs" in site.reason


@pytest.mark.parametrize("times", [3, 20, 200])
def test_a_sites_rate_is_never_taken_for_less_than_it_was_measured(times: float) -> None:
    table = MOBILEFACENET.far(pictures=3)

    own = site_tail(table, pairs_at(MOBILEFACENET, people=1000, times=times), prior_factor=5)

    assert own is not None
    ratios = [rate_at(own.table, point) / rate for point, rate in table if rate * times < 0.1]
    assert min(ratios) >= times
    assert max(ratios) < 2 * times


def test_a_ratio_that_grows_with_similarity_goes_on_growing() -> None:
    rates = REIDENTIFICATION_0095
    steady = pairs_at(rates, people=1000, times=56)
    growing = pairs_at(rates, people=1000, times=56, growth=7.0)

    table, target = rates.far(pictures=3), 1e-7
    one, other = (site_tail(table, pairs, prior_factor=27) for pairs in (steady, growing))

    assert one is not None
    assert other is not None
    assert similarity_at(other.table, target) > similarity_at(one.table, target) + 0.01


def test_a_tail_falls_whatever_the_noise_of_a_site_says() -> None:
    pairs = pairs_at(BUILTIN, people=3000, times=1, growth=40.0)

    own = site_tail(BUILTIN.far(pictures=3), pairs, prior_factor=59)

    assert own is not None
    past = [rate for similarity, rate in own.table if similarity >= BUILTIN.far(pictures=3)[-1][0]]
    assert past == sorted(past, reverse=True)


def test_a_short_measurement_tightens_the_prior_and_never_loosens_it() -> None:
    rates = REIDENTIFICATION_0095
    table = rates.far(pictures=3)
    mild, alike = (pairs_at(rates, people=100, times=1), pairs_at(rates, people=30, times=200))
    short = dataclasses.replace(
        alike, counts=tuple(c if s < 0.36 else 0 for s, c in zip(LEVELS, alike.counts, strict=True))
    )

    assert site_tail(table, mild, prior_factor=27) is None
    assert site_tail(table, mild, prior_factor=1) is not None
    assert site_tail(table, short, prior_factor=27) is not None


def test_it_says_from_which_rate_on_the_prior_speaks() -> None:
    rates = REIDENTIFICATION_0095
    pairs = pairs_at(rates, people=1000, times=1)

    point = operating_point(rates, gallery_size=1000, pairs=pairs)

    assert point.prior_below_rate is not None
    assert COUNT_MIN / pairs.comparison_count < point.prior_below_rate < 1e-4


def test_own_people_never_argue_the_press_down() -> None:
    pairs = pairs_at(REIDENTIFICATION_0095, people=1000, times=0.1)

    point = operating_point(REIDENTIFICATION_0095, gallery_size=10, pairs=pairs)

    assert point.basis == "site"
    assert point.factor == 1


def test_too_few_pairs_leave_the_prior() -> None:
    rates = REIDENTIFICATION_0095
    pairs = pairs_at(rates, people=25, times=1)

    point = operating_point(rates, gallery_size=25, pairs=pairs)

    assert point.basis == "prior"
    assert point.prior_below_rate is None
    assert point == operating_point(rates, gallery_size=25)


def test_the_factors_are_the_measured_ratios_at_a_rate_of_one_in_a_thousand() -> None:
    measured = {"builtin": (0.11, 1.8e-3), "production": (2.7e-2, 9.9e-4)}

    for pipeline, (inside, everybody) in measured.items():
        factor = RATES_OF_PIPELINE[pipeline].same_group_factor
        assert factor == pytest.approx(inside / everybody, rel=0.05)


def test_it_is_cheap_enough_for_every_change_of_the_gallery() -> None:
    pairs = pairs_at(REIDENTIFICATION_0095, people=1000, times=5)

    seconds = timeit.repeat(
        lambda: operating_point(REIDENTIFICATION_0095, gallery_size=1000, pairs=pairs),
        number=10, repeat=5,
    )  # fmt: skip

    assert min(seconds) / 10 < 1e-3


@pytest.mark.parametrize(
    "wrong",
    [
        {"gallery_size": -1}, {"gallery_size": 1, "pictures": 0},
        {"gallery_size": 1, "same_group_factor": 0.5}, {"gallery_size": 1, "fnir_limit": 1.0},
    ],
)  # fmt: skip
def test_a_number_out_of_its_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"or more"):
        operating_point(BUILTIN, **wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "wrong",
    [{"strangers": 0.0}, {"strangers": 0.1}, {"step_up_strangers": 1.0}, {"tries": 0}],
)
def test_a_target_out_of_its_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^set "):
        dataclasses.replace(Target(), **wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_the_refusals_of_a_loose_threshold_are_the_first_measured_ones() -> None:
    table = REIDENTIFICATION_0095.fnir(pictures=3)

    assert fnir_at(table, 0.1) == pytest.approx(table[0][1])
