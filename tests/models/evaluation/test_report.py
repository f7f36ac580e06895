"""Figures of whole folders, of colours that one can compare in the head."""

import json
from pathlib import Path

import pytest

from models.evaluation.folder import EvaluationError
from models.evaluation.report import Report, evaluate_folder, evaluate_pairs
from models.face.types import Pipeline
from tests.models.evaluation.colours import (
    BLACK,
    BLUE,
    DARK_RED,
    GREEN,
    RED,
    Colours,
    nothing,
    paint,
)

KEYS = {
    "images": int,
    "identities": int,
    "not_detected": int,
    "genuine_pairs": int,
    "impostor_pairs": int,
    "eer": float,
    "tar_at_far": dict,
    "rank1": float,
    "open_set": list,
    "ms_per_image": float,
}


def evaluated(folder: Path, *sizes: int) -> Report:
    return evaluate_folder(
        folder, Colours(), sizes=sizes or None, on_progress=nothing, on_step=nothing
    )


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three people of four pictures each, one of which shows nobody."""
    paint(tmp_path / "people" / "an", RED, RED, RED, DARK_RED)
    paint(tmp_path / "people" / "ben", GREEN, GREEN, GREEN, BLACK)
    paint(tmp_path / "people" / "cem", BLUE, BLUE, BLUE, BLUE)
    return tmp_path / "people"


def test_pictures_and_pairs_are_counted(people: Path) -> None:
    document = evaluated(people).as_json()

    # Of 11 faces: 6 + 3 + 6 pairs of one person, 4 x 3 + 4 x 4 + 3 x 4 of two.
    assert (document["images"], document["identities"], document["not_detected"]) == (12, 3, 1)
    assert (document["genuine_pairs"], document["impostor_pairs"]) == (15, 40)
    assert document["files"]["not_detected"] == (str(Path("ben", "4.png")),)


def test_the_document_has_every_key_that_others_rely_on(people: Path) -> None:
    document = json.loads(json.dumps(evaluated(people, 1, 2).as_json()))

    assert {key: type(document[key]) for key in KEYS} == KEYS
    assert list(document["tar_at_far"]) == ["0.01", "0.001", "0.0001"]
    assert {"tar", "threshold", "interval"} <= document["tar_at_far"]["0.01"].keys()
    assert [(row["n"], row["fpir"]) for row in document["open_set"]] == [
        (1, 0.01), (1, 0.001), (2, 0.01), (2, 0.001),
    ]  # fmt: skip
    assert {"n", "fpir", "fnir", "threshold"} <= document["open_set"][0].keys()


def test_colours_that_stand_apart_are_never_confused(people: Path) -> None:
    report = evaluated(people)

    assert report.eer == 0
    assert report.rank1 == 1
    assert report.rank1_interval is not None
    assert report.rank1_interval[0] < 0.5


def test_what_a_folder_is_too_small_for_is_null_and_said(people: Path) -> None:
    report = evaluated(people, 50)

    assert report.tar_at_far[0.01].tar is None
    assert report.open_set[0].fnir is None
    notes = "\n".join(report.notes)
    assert "40 impostor pairs: too few for FAR 1 %, which needs 100" in notes
    assert "3 people with a face: too few for a gallery of 50" in notes
    assert "no face found in 1 of 12 pictures" in notes


def test_a_hundred_impostor_pairs_give_a_rate(tmp_path: Path) -> None:
    paint(tmp_path / "an", *[RED] * 9, DARK_RED)
    paint(tmp_path / "ben", *[GREEN] * 10)

    row = evaluated(tmp_path).tar_at_far[0.01]

    # The ten pairs of the dark red with green pass together, so none of the hundred may.
    assert row.threshold == pytest.approx(51 / (255**2 + 51**2) ** 0.5, abs=1e-6)
    assert (row.tar, row.tar_identity_mean) == (1, 1)
    assert row.interval is not None


def test_without_galleries_asked_for_half_of_few_people_is_searched(people: Path) -> None:
    assert sorted({row.n for row in evaluated(people).open_set}) == [1, 100, 1000]


@pytest.mark.parametrize("count", [1, 3])
def test_one_person_alone_has_no_impostors(tmp_path: Path, count: int) -> None:
    paint(tmp_path / "an", *[RED] * count)

    report = evaluated(tmp_path)

    assert (report.eer, report.rank1, report.found.pictures.images) == (None, None, count)
    assert any("no pictures of two people" in note for note in report.notes)


def test_one_picture_of_each_has_no_genuine_pairs(tmp_path: Path) -> None:
    paint(tmp_path / "an", RED)
    paint(tmp_path / "ben", BLUE)

    document = evaluated(tmp_path, 1).as_json()

    assert (document["genuine_pairs"], document["impostor_pairs"]) == (0, 1)
    assert (document["eer"], document["rank1"]) == (None, None)
    assert any("no two pictures of one person" in note for note in document["notes"])


def test_pictures_that_show_nobody_are_an_outcome(tmp_path: Path) -> None:
    paint(tmp_path / "an", BLACK, BLACK)

    document = evaluated(tmp_path).as_json()

    assert (document["images"], document["not_detected"]) == (2, 2)


def test_a_folder_too_deep_says_which_one_was_meant(tmp_path: Path) -> None:
    paint(tmp_path / "data" / "an", RED)
    paint(tmp_path / "data" / "ben", BLUE)

    assert any(f"evaluate {tmp_path / 'data'}" in note for note in evaluated(tmp_path).notes)


def test_a_picture_in_two_peoples_folders_is_told(tmp_path: Path) -> None:
    paint(tmp_path / "an", RED, RED)
    paint(tmp_path / "ben", RED, BLUE)

    notes = evaluated(tmp_path).notes

    same = f"{Path('an', '1.png')} = {Path('ben', '1.png')}"
    assert any(note.startswith("1 picture in the folders of two people") for note in notes)
    assert any(note.endswith(same) for note in notes)
    assert any(note.startswith("1 picture there twice for one person") for note in notes)


def test_a_folder_without_identities_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="holds no pictures: it needs a folder per identity"):
        evaluated(tmp_path)

    paint(tmp_path, RED, BLUE)
    with pytest.raises(EvaluationError, match="2 pictures but no folder per identity"):
        evaluated(tmp_path)


def test_a_folder_of_damaged_pictures_says_why(tmp_path: Path) -> None:
    paint(tmp_path / "an", RED)
    (tmp_path / "an" / "1.png").write_bytes(b"hello")

    with pytest.raises(EvaluationError, match=r"none of the 1 pictures .* not a picture"):
        evaluated(tmp_path)


def test_listed_pairs_are_all_that_is_compared(people: Path, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("an/1.png,an/2.png,1\nan/1.png,ben/1.png,0\nben/4.png,cem/1.png,0\n")

    document = evaluate_pairs(
        people, file, Colours(), on_progress=nothing, on_step=nothing
    ).as_json()

    assert (document["genuine_pairs"], document["impostor_pairs"]) == (1, 1)
    assert (document["images"], document["identities"], document["not_detected"]) == (5, 3, 1)
    assert (document["eer"], document["rank1"], document["open_set"]) == (0, None, [])
    assert any("1 pair left out for want of" in note for note in document["notes"])


def test_listed_pictures_need_no_folder_of_their_own(tmp_path: Path) -> None:
    paint(tmp_path, RED, RED, BLUE)
    (tmp_path / "pairs.csv").write_text("1.png,2.png,1\n1.png,3.png,0\n")

    report = evaluate_pairs(
        tmp_path, tmp_path / "pairs.csv", Colours(), on_progress=nothing, on_step=nothing
    )

    assert (report.eer, report.found.pictures.identities) == (0, 3)


def test_the_figures_of_ten_people_are_those_that_were_measured_before(
    shared: Path, production: Pipeline
) -> None:
    report = evaluate_folder(
        shared / "faces" / "lfw10x10", production, on_progress=nothing, on_step=nothing
    )

    # Measured 2026-11-23 with the same networks and another program.
    assert (report.found.pictures.images, len(report.found.comparisons.genuine)) == (100, 450)
    assert report.eer == pytest.approx(0.0002, abs=0.0001)
    assert (report.rank1, report.tar_at_far[0.01].tar, report.tar_at_far[0.001].tar) == (1, 1, 1)
    assert report.tar_at_far[0.01].threshold == pytest.approx(0.280, abs=0.001)
    assert report.tar_at_far[0.001].threshold == pytest.approx(0.331, abs=0.001)
    assert (report.open_set[0].n, report.open_set[0].fnir) == (5, 0)


def test_the_shipped_thresholds_are_looked_at_where_a_gate_has_some(
    shared: Path, production: Pipeline, people: Path
) -> None:
    few = evaluate_folder(
        shared / "faces" / "lfw10x10", production, sizes=[5], on_progress=nothing, on_step=nothing
    )

    (point,) = few.shipped
    assert (point.n, point.pictures, point.fpir, point.far) == (5, 3, 0, 0)
    assert point.step_up < point.accept
    assert point.fnir is not None
    assert point.fnir < 0.05
    assert evaluated(people).shipped == ()
