import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from models.evaluation.plots import PlotsError, det_curve, draw, prepare
from models.evaluation.report import evaluate_folder, evaluate_pairs
from tests.models.evaluation.colours import BLUE, GREEN, RED, Colours, nothing, paint


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Eight people whose colours are alike enough that strangers pass."""
    random = np.random.default_rng(1)
    for name in "abcdefgh":
        shades = random.integers(60, 200, 3) + random.integers(-50, 50, (6, 3))
        paint(tmp_path / "people" / name, *[(int(r), int(g), int(b)) for r, g, b in shades])
    return tmp_path / "people"


def drawn(people: Path, folder: Path) -> list[str]:
    """Return the names of the plots that a folder gives."""
    prepare(folder)
    report = evaluate_folder(people, Colours(), on_progress=nothing, on_step=nothing)
    return [path.name for path in draw(report, Colours(), folder)]


def test_three_plots_are_pictures_that_are_not_empty(people: Path, tmp_path: Path) -> None:
    names = drawn(people, tmp_path / "plots")

    assert names == ["det.png", "scores.png", "fpir.png"]
    images = [np.asarray(Pillow.open(tmp_path / "plots" / name)) for name in names]
    assert all(image.shape[1] > 1000 for image in images)
    assert all(len(np.unique(image.reshape(-1, image.shape[2]), axis=0)) > 50 for image in images)


def test_one_person_gives_the_one_plot_that_there_are_figures_for(tmp_path: Path) -> None:
    paint(tmp_path / "people" / "an", RED, RED)

    assert drawn(tmp_path / "people", tmp_path / "plots") == ["scores.png"]


def test_pictures_without_pairs_give_no_plot(tmp_path: Path) -> None:
    paint(tmp_path / "people" / "an", RED)

    assert drawn(tmp_path / "people", tmp_path / "plots") == []


def test_a_plot_of_galleries_that_nobody_passes_is_not_drawn(tmp_path: Path) -> None:
    for name, colour in {"an": RED, "ben": GREEN, "cem": BLUE}.items():
        paint(tmp_path / "people" / name, *[colour] * 6)

    assert drawn(tmp_path / "people", tmp_path / "plots") == ["det.png", "scores.png"]


def test_listed_pairs_have_no_plot_of_galleries(people: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "plots")
    (tmp_path / "pairs.csv").write_text("a/1.png,a/2.png,1\na/1.png,b/1.png,0\n")
    report = evaluate_pairs(
        people, tmp_path / "pairs.csv", Colours(), on_progress=nothing, on_step=nothing
    )

    names = [path.name for path in draw(report, Colours(), tmp_path / "plots")]

    assert names == ["det.png", "scores.png"]


def test_the_curve_counts_who_passes_and_who_is_refused() -> None:
    genuine = np.array([0.3, 0.6, 0.9], np.float32)

    fars, frrs = det_curve(genuine, np.array([0.1, 0.4, 0.7, 0.8], np.float32))

    # Thresholds 0.8, 0.7, 0.4, 0.1: what is equal passes.
    assert fars.tolist() == [0.25, 0.5, 0.75, 1]
    assert frrs == pytest.approx([2 / 3, 2 / 3, 1 / 3, 0])


def test_without_the_drawing_library_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PlotsError, match="uv sync --extra evaluation"):
        prepare(tmp_path)


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "plots").write_text("")

    with pytest.raises(PlotsError, match=r"cannot write into .*plots"):
        prepare(tmp_path / "plots")
