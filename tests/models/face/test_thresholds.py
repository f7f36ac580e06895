import pytest

from models.face.thresholds import (
    FAR_0095,
    FAR_BUILTIN,
    FAR_MOBILEFACENET,
    FNIR_0095_ONE,
    MEAN_TEMPLATE_MARGIN,
    fnir_at,
    rate_at,
    similarity_at,
    threshold_for,
)


@pytest.mark.parametrize(
    ("table", "size", "measured"),
    [
        (FAR_BUILTIN, 100, 0.558), (FAR_BUILTIN, 1000, 0.597), (FAR_BUILTIN, 2000, 0.616),
        (FAR_0095, 100, 0.496), (FAR_0095, 1000, 0.543), (FAR_0095, 2000, 0.553),
    ],
)  # fmt: skip
def test_it_agrees_with_the_open_set_measurement(
    table: tuple[tuple[float, float], ...], size: int, measured: float
) -> None:
    threshold = threshold_for(table, gallery_size=size, false_positive_rate=1e-3)

    assert threshold - MEAN_TEMPLATE_MARGIN == pytest.approx(measured, abs=0.02)


def test_a_measured_rate_gives_its_measured_similarity() -> None:
    threshold = threshold_for(FAR_0095, gallery_size=1, false_positive_rate=5.1e-5)

    assert threshold == pytest.approx(0.45 + MEAN_TEMPLATE_MARGIN)


def test_dlibs_usual_threshold_is_never_given() -> None:
    assert threshold_for(FAR_BUILTIN, gallery_size=1, false_positive_rate=0.05) > 1 - 0.6


@pytest.mark.parametrize("rate", [0.0, -1.0, 1.1])
def test_a_rate_is_a_share(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        threshold_for(FAR_0095, gallery_size=1, false_positive_rate=rate)


@pytest.mark.parametrize(
    ("table", "size", "rate", "measured"),
    [
        (FAR_BUILTIN, 260, 1e-2, 0.565), (FAR_BUILTIN, 260, 1e-3, 0.601),
        (FAR_BUILTIN, 1000, 1e-2, 0.578), (FAR_BUILTIN, 1000, 1e-3, 0.622),
        (FAR_0095, 260, 1e-2, 0.478), (FAR_0095, 260, 1e-3, 0.531),
        (FAR_0095, 1000, 1e-2, 0.500), (FAR_0095, 1000, 1e-3, 0.543),
    ],
)  # fmt: skip
def test_it_is_no_lower_than_mean_templates_of_three_pictures_needed(
    table: tuple[tuple[float, float], ...], size: int, rate: float, measured: float
) -> None:
    assert threshold_for(table, gallery_size=size, false_positive_rate=rate) >= measured


@pytest.mark.parametrize("table", [FAR_0095, FAR_BUILTIN, FAR_MOBILEFACENET])
@pytest.mark.parametrize("rate", [1e-2, 1e-3, 1e-5, 1e-9])
def test_a_rate_and_its_similarity_belong_together(
    table: tuple[tuple[float, float], ...], rate: float
) -> None:
    assert rate_at(table, similarity_at(table, rate)) == pytest.approx(rate)


def test_a_rate_is_at_most_one() -> None:
    assert rate_at(FAR_0095, -1.0) == 1


@pytest.mark.parametrize("point", FNIR_0095_ONE)
def test_refusals_pass_through_their_measured_points(point: tuple[float, float]) -> None:
    assert fnir_at(FNIR_0095_ONE, point[0]) == pytest.approx(point[1])


def test_refusals_rise_towards_everybody_and_not_beyond() -> None:
    shares = [fnir_at(FNIR_0095_ONE, similarity) for similarity in (0.6, 0.8, 1.0, 100.0)]

    assert shares == sorted(shares)
    assert shares[-1] <= 1
