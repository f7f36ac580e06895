"""Presentation attacks of the shared folder, with the real networks."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.evaluation.attacks import AttackReport, Presentations, evaluate_attacks
from models.evaluation.folder import EvaluationError, read_picture
from models.face.types import Pipeline
from models.liveness import Liveness
from tests.models.evaluation.colours import BLACK, nothing, paint

NETWORKS = {
    "liveness-2.7": "minifasnet_v2_2.7_80x80.onnx",
    "liveness-4.0": "minifasnet_v1se_4.0_80x80.onnx",
    "face-mesh": "mediapipe_face_landmark_468.onnx",
}


@pytest.fixture(scope="module")
def liveness(shared: Path) -> Liveness:
    """The anti-spoof pair and the face mesh."""
    return Liveness({name: shared / "models" / file for name, file in NETWORKS.items()})


@pytest.fixture
def attacks(shared: Path, tmp_path: Path) -> Path:
    """A print, a tablet, and a living person."""
    for kind, name in {"print": "image_F1", "tablet": "image_F2", "live": "image_T1"}.items():
        (tmp_path / "attacks" / kind).mkdir(parents=True)
        shutil.copy(shared / "faces" / "spoof" / f"{name}.jpg", tmp_path / "attacks" / kind)
    return tmp_path / "attacks"


@pytest.fixture
def measured(attacks: Path, production: Pipeline, liveness: Liveness) -> AttackReport:
    """The report of that folder."""
    return evaluate_attacks(attacks, production, liveness, on_progress=nothing)


def test_held_up_pictures_do_not_pass_and_the_person_does(measured: AttackReport) -> None:
    document = measured.as_json()

    assert document["apcer"] == {"print": 0.0, "tablet": 0.0}
    assert document["bpcer"] == 0.0
    assert document["n"] == {"live": 1, "print": 1, "tablet": 1}
    assert document["refused"] == {"live": 0.0, "print": 1.0, "tablet": 1.0}


def test_none_of_one_is_no_promise(measured: AttackReport) -> None:
    assert measured.as_json()["apcer_interval"]["print"] == (0, pytest.approx(0.793, abs=1e-3))
    assert "print: none of 1 passed, yet up to 79 % may (95 %)" in measured.notes


def film(path: Path, *images: np.ndarray, count: int) -> None:
    """Write a film of 30 frames a second that shows the images, one after the other."""
    height, width = images[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*("MJPG" if path.suffix == ".avi" else "mp4v"))
    writer = cv2.VideoWriter(str(path), code, 30, (width, height))
    for image in images:
        for _ in range(count):
            writer.write(image)
    writer.release()


@pytest.mark.parametrize("suffix", [".avi", ".MP4"])
def test_a_film_is_one_presentation(
    attacks: Path, production: Pipeline, liveness: Liveness, suffix: str
) -> None:
    for kind in ("tablet", "live"):
        (still,) = (attacks / kind).iterdir()
        image = read_picture(still)
        still.unlink()
        film(attacks / kind / f"film{suffix.lower()}", np.zeros_like(image), image, count=30)
        (attacks / kind / f"film{suffix.lower()}").rename(attacks / kind / f"film{suffix}")

    found = evaluate_attacks(attacks, production, liveness, on_progress=nothing)

    assert (found.attacks["tablet"].n, found.attacks["tablet"].refused) == (1, 1)
    # A film in which nothing moves is no picture of life, whoever it shows.
    assert found.live == Presentations(stepped_up=1)


def test_a_film_is_of_the_face_that_it_began_with(
    shared: Path, tmp_path: Path, production: Pipeline, liveness: Liveness
) -> None:
    faces = shared / "faces" / "spoof"
    person, tablet = (read_picture(faces / f"image_{name}.jpg") for name in ("T1", "F2"))
    nearer = cv2.resize(tablet, None, fx=1.5, fy=1.5)[160:800].astype(np.uint8)
    (tmp_path / "live").mkdir()
    alone, both = (np.hstack([person, beside]) for beside in (nearer * 0, nearer))
    film(tmp_path / "live" / "two.avi", alone, *[both] * 6, count=2)

    found = evaluate_attacks(tmp_path, production, liveness, on_progress=nothing)

    assert found.live == Presentations(stepped_up=1)


def test_a_person_on_film_who_turns_the_head_passes(
    shared: Path, tmp_path: Path, production: Pipeline, liveness: Liveness
) -> None:
    (tmp_path / "Live").mkdir()
    capture = cv2.VideoCapture(str(shared / "faces" / "video" / "computer_pointer_demo.mp4"))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 36)
    frames = [np.asarray(capture.read()[1]) for _ in range(45)]
    capture.release()
    film(tmp_path / "Live" / "turning.avi", *frames, count=1)

    found = evaluate_attacks(tmp_path, production, liveness, on_progress=nothing)

    assert found.live == Presentations(passed=1)
    assert any("no folder of attacks" in note for note in found.notes)


def test_who_shows_no_face_and_what_cannot_be_read_are_in_no_rate(
    attacks: Path, production: Pipeline, liveness: Liveness
) -> None:
    paint(attacks / "print" / "more", BLACK)
    (attacks / "print" / "cut.mp4").write_bytes(b"no film")
    (attacks / "print" / "cut.jpg").write_bytes(b"no picture")

    found = evaluate_attacks(attacks, production, liveness, on_progress=nothing)

    kind = found.attacks["print"]
    assert (kind.n, kind.no_face, len(kind.unreadable)) == (1, 1, 2)
    assert "print: no face found in 1 of 2, in no rate" in found.notes


def test_without_living_people_there_is_no_bpcer(
    attacks: Path, production: Pipeline, liveness: Liveness
) -> None:
    shutil.rmtree(attacks / "live")

    document = evaluate_attacks(attacks, production, liveness, on_progress=nothing).as_json()

    assert document["bpcer"] is None
    assert list(document["n"]) == ["print", "tablet"]
    assert any("no folder live" in note for note in document["notes"])


def test_a_doubt_is_neither_passed_nor_refused() -> None:
    kind = Presentations(passed=1, stepped_up=2, refused=1)
    report = AttackReport(
        pipeline="production", live=kind, attacks={"print": kind}, networks=(), notes=()
    )

    document = report.as_json()

    assert (document["apcer"], document["bpcer"]) == ({"print": 0.25}, 0.25)
    assert document["step_up"] == {"live": 0.5, "print": 0.5}


def test_a_flat_folder_says_what_it_needs(
    shared: Path, production: Pipeline, liveness: Liveness
) -> None:
    with pytest.raises(EvaluationError, match="it needs live/ with living people"):
        evaluate_attacks(shared / "faces" / "spoof", production, liveness, on_progress=nothing)


def test_a_weaker_pair_is_told(attacks: Path, production: Pipeline, shared: Path) -> None:
    near = Liveness({"liveness-2.7": shared / "models" / NETWORKS["liveness-2.7"]})

    found = evaluate_attacks(attacks, production, near, on_progress=nothing)

    assert any("judged without liveness-4.0" in note for note in found.notes)
