"""What a gallery says of itself, on synthetic populations whose truth is known."""

from pathlib import Path

import numpy as np
import pytest

from models.face.calibration import (
    LEVELS,
    PEOPLE_MIN,
    Confusable,
    Enrolled,
    Floats,
    SitePairs,
    gallery_report,
    wilson_upper,
)
from models.face.operating_point import REIDENTIFICATION_0095, operating_point
from models.face.types import Pipeline
from tests.models.conftest import read

DIMENSION = 48


def unit(rows: np.ndarray) -> Floats:
    """Return rows of unit length."""
    scaled: Floats = np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)
    return scaled


def population(
    count: int, *, seed: int = 1, pictures: int = 3, group: float = 0.0, noise: float = 0.5
) -> tuple[list[Enrolled], np.ndarray]:
    """Return people and their true faces; ``group`` makes all of them alike."""
    rng = np.random.default_rng(seed)
    common = np.ones(DIMENSION) / DIMENSION**0.5
    faces = unit(unit(rng.normal(size=(count, DIMENSION))) + group * common)
    return [
        person(f"p{index}", look(np.repeat(face[None], pictures, axis=0), rng, noise))
        for index, face in enumerate(faces)
    ], faces


def look(faces: np.ndarray, rng: np.random.Generator, noise: float = 0.5) -> Floats:
    """Return one picture of each face."""
    return unit(faces + noise * unit(rng.normal(size=faces.shape)))


def person(key: str, pictures: Floats) -> Enrolled:
    return Enrolled(key, unit(pictures.mean(axis=0)), pictures)


def report_pairs(people: list[Enrolled], **options: object) -> SitePairs:
    report = gallery_report(
        people, measure="cosine", accept=2.0, own_similarity_min=-1.0, **options  # type: ignore[arg-type]  # options of the function
    )  # fmt: skip
    return report.pairs


def end(_share: float) -> None:
    raise InterruptedError


def test_counts_are_those_of_every_picture_against_every_other_template() -> None:
    people, _ = population(30)
    similarities = [
        float(picture @ other.template)
        for one in people
        for picture in one.pictures
        for other in people
        if other is not one
    ]

    pairs = report_pairs(people)

    assert pairs.people_count == 30
    assert pairs.comparison_count == len(similarities) == 30 * 3 * 29
    expected = [sum(value >= level for value in similarities) for level in LEVELS]
    assert np.abs(np.array(pairs.counts) - expected).max() <= 1


@pytest.mark.parametrize("rows", [1, 7, 10_000])
def test_the_size_of_a_chunk_changes_nothing(rows: int) -> None:
    people, _ = population(25)

    pairs = report_pairs(people, chunk_rows=rows)

    assert np.abs(np.array(pairs.counts) - report_pairs(people).counts).max() <= 1


def test_a_person_without_pictures_is_compared_by_template() -> None:
    people, _ = population(24)
    bare = [Enrolled(p.key, p.template, np.empty((0, DIMENSION), np.float32)) for p in people]

    pairs = report_pairs(bare)

    assert pairs.comparison_count == 24 * 23
    assert min(pairs.design_effects) >= 1


def test_pictures_of_one_person_are_not_counted_as_if_they_were_of_three() -> None:
    people, _ = population(60, noise=0.05)
    single, _ = population(60, noise=0.05, pictures=1)

    effects = np.array(report_pairs(people).design_effects)

    assert effects[0] > 2 * np.array(report_pairs(single).design_effects)[0] > 0


def test_a_template_that_everybodys_pictures_resemble_makes_the_rate_less_certain() -> None:
    people, faces = population(60, pictures=1)
    lamb = unit(np.ones((1, DIMENSION)))
    near = [
        Enrolled(p.key, face, unit(p.pictures + lamb))
        for p, face in zip(people, faces, strict=True)
    ]
    near[0] = Enrolled("lamb", lamb[0], lamb)

    effects = report_pairs(near).design_effects

    assert effects[LEVELS.index(0.5)] > 10


def test_the_bound_covers_the_true_rate_about_as_often_as_it_says() -> None:
    strangers, _ = population(3000, seed=99, pictures=1, group=0.9)
    templates = np.array([p.template for p in strangers])
    truth = float((np.triu(templates @ templates.T, 1) >= 0.45).sum()) / (3000 * 2999 / 2)

    sites = [
        report_pairs(population(60, seed=seed, pictures=1, group=0.9)[0]) for seed in range(100)
    ]

    index = LEVELS.index(0.45)
    assert 90 <= sum(site.upper_rates()[0.45] >= truth for site in sites) <= 99
    naive = [wilson_upper(site.counts[index], site.comparison_count) for site in sites]
    assert sum(bound >= truth for bound in naive) < 85


def test_a_small_site_measures_nothing() -> None:
    people, _ = population(PEOPLE_MIN - 1, group=3.0)

    assert report_pairs(people).upper_rates() == {}


@pytest.mark.parametrize("group", [0.3, 0.4, 0.5, 0.6])
def test_strangers_of_the_sites_own_kind_pass_no_more_often_than_promised(group: float) -> None:
    people, _ = population(300, group=group)
    strangers = np.repeat(population(4000, seed=6, pictures=1, group=group)[1], 5, axis=0)
    templates = np.array([p.template for p in people])

    pairs = report_pairs(people)
    point = operating_point(REIDENTIFICATION_0095, gallery_size=300, pairs=pairs)

    tries = (look(strangers, np.random.default_rng(5)) @ templates.T).max(axis=1)
    best = tries.reshape(4000, 5).max(axis=1)
    assert point.basis == "site"
    assert (best >= point.accept).sum() <= 4 + 2 * 2
    assert (best >= point.step_up).mean() <= 0.05
    assert (best >= operating_point(REIDENTIFICATION_0095, gallery_size=300).accept).sum() > 4


def test_twins_are_found_and_never_told_apart() -> None:
    people, faces = population(40)
    twin = person("twin", look(np.repeat(faces[:1], 3, axis=0), np.random.default_rng(3)))

    report = gallery_report([*people, twin], measure="cosine", accept=0.7, own_similarity_min=0.0)

    assert [set(pair.keys) for pair in report.confusable] == [{"p0", "twin"}]
    assert report.is_complete
    assert report.to_keep_apart().others_of("twin") == {"p0"}
    assert report.to_keep_apart().others_of("p1") == frozenset()


def test_of_two_people_who_pass_at_different_places_the_lower_demand_counts() -> None:
    people, faces = population(4)
    twin = person("twin", look(np.repeat(faces[:1], 3, axis=0), np.random.default_rng(3)))
    crowd = [*people, twin]

    lax = gallery_report(
        crowd, measure="cosine", accept=[2.0, 2.0, 2.0, 2.0, 0.7], own_similarity_min=0.0
    )
    strict = gallery_report(crowd, measure="cosine", accept=[2.0] * 5, own_similarity_min=0.0)

    assert [set(pair.keys) for pair in lax.confusable] == [{"p0", "twin"}]
    assert strict.confusable == ()


def test_progress_is_told_and_may_end_the_comparison() -> None:
    people, _ = population(10)
    told = list[float]()

    gallery_report(
        people, measure="cosine", accept=1.0, own_similarity_min=0.0, chunk_rows=12,
        on_progress=told.append,
    )  # fmt: skip

    assert told == [pytest.approx(share) for share in (0.4, 0.8, 1.0)]
    with pytest.raises(InterruptedError):
        gallery_report(
            people, measure="cosine", accept=1.0, own_similarity_min=0.0, on_progress=end
        )


def test_one_person_with_two_keys_is_not_compared_with_oneself() -> None:
    people, faces = population(40)
    again = person("visitor", look(np.repeat(faces[:1], 3, axis=0), np.random.default_rng(3)))

    report = gallery_report(
        [*people, again], measure="cosine", accept=0.7, own_similarity_min=0.0,
        same_person=Confusable.of([("p0", "visitor"), ("p1", "gone")]),
    )  # fmt: skip

    assert report.confusable == ()
    assert report.pairs.comparison_count == 41 * 3 * 40 - 6


def test_a_picture_unlike_its_persons_others_is_reported() -> None:
    people, faces = population(20)
    mixed = np.concatenate([people[3].pictures[:2], unit(faces[4:5])])
    people[3] = person("p3", mixed)

    report = gallery_report(people, measure="cosine", accept=2.0, own_similarity_min=0.4)

    assert [(s.key, s.picture_index) for s in report.strays][:1] == [("p3", 2)]
    assert {stray.key for stray in report.strays} == {"p3"}
    assert report.uncheckable_count == 0


def test_people_with_one_picture_cannot_disagree() -> None:
    people, _ = population(5, pictures=1)

    report = gallery_report(people, measure="cosine", accept=2.0, own_similarity_min=1.0)

    assert report.strays == ()
    assert report.uncheckable_count == 5


def test_the_euclidean_measure_is_one_minus_the_distance() -> None:
    rows = np.array([[0.0, 0.0], [0.3, 0.4], [0.3, 0.1]], np.float32)
    people = [Enrolled(str(i), row, row[None]) for i, row in enumerate(rows)]

    report = gallery_report(people, measure="euclidean", accept=0.45, own_similarity_min=0.0)

    found = {pair.keys: pair.similarity for pair in report.confusable}
    assert found[("0", "1")] == pytest.approx(0.5)
    assert found[("1", "2")] == pytest.approx(0.7)


def test_a_gallery_that_is_confusable_throughout_is_said_to_be_broken() -> None:
    row = unit(np.ones((1, DIMENSION)))
    people = [Enrolled(str(index), row[0], row) for index in range(150)]

    report = gallery_report(people, measure="cosine", accept=0.9, own_similarity_min=0.0)

    assert len(report.confusable) == 10_000
    assert not report.is_complete


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_gallery_of_hardly_anybody_has_a_report(count: int) -> None:
    report = gallery_report(
        population(2)[0][:count], measure="cosine", accept=0.9, own_similarity_min=0.0
    )

    assert report.confusable == ()
    assert report.pairs.upper_rates() == {}


def test_a_gallery_of_two_networks_is_refused() -> None:
    people, _ = population(2)
    other = Enrolled("other", np.ones(3, np.float32), np.ones((1, 3), np.float32))

    with pytest.raises(ValueError, match="one network"):
        report_pairs([*people, other])
    with pytest.raises(ValueError, match="each key once"):
        report_pairs([people[0], people[0]])


@pytest.mark.parametrize(
    ("count", "trials", "bound"), [(0, 1000, 0.00270), (10, 1000, 0.01666), (1000, 1000, 1.0)]
)
def test_the_upper_bound_of_a_rate(count: int, trials: int, bound: float) -> None:
    assert wilson_upper(count, trials) == pytest.approx(bound, rel=0.01)


@pytest.mark.parametrize(("count", "trials"), [(0, 0), (2, 1), (-1, 1)])
def test_a_rate_without_trials_is_refused(count: int, trials: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson_upper(count, trials)


def test_nobody_is_confused_with_oneself() -> None:
    with pytest.raises(ValueError, match="two different people"):
        Confusable.of([("a", "a")])


@pytest.mark.parametrize(
    ("counts", "effects", "message"),
    [
        ((1,), (1.0,) * 70, "one count"),
        ((1,) * 69 + (2,), (1.0,) * 70, "fall"),
        ((1,) * 70, (0.5,) * 70, "1 or more"),
    ],
)
def test_pairs_that_cannot_have_been_counted_are_refused(
    counts: tuple[int, ...], effects: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SitePairs(people_count=9, comparison_count=36, counts=counts, design_effects=effects)


def test_real_photographs_of_ten_people_are_neither_confused_nor_astray(
    production: Pipeline, shared: Path
) -> None:
    people: dict[str, list[np.ndarray]] = {}
    for path in sorted((shared / "faces" / "lfw10x10").glob("*/*_000[1-3].jpg")):
        image = read(path)
        found = production.embed(image, production.detect(image)[0])
        people.setdefault(path.parent.name, []).append(found)
    enrolled = [Enrolled(k, production.mean(p), np.stack(p)) for k, p in people.items()]
    point = operating_point(REIDENTIFICATION_0095, gallery_size=10)

    report = gallery_report(
        enrolled, measure="cosine", accept=point.step_up, own_similarity_min=point.step_up
    )

    assert report.confusable == ()
    assert len(report.strays) <= 1
