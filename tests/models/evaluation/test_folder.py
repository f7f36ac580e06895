"""Folders as people have them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from models.evaluation.folder import (
    LONG_SIDE_MAX,
    EvaluationError,
    embed_pictures,
    entries,
    find_face,
    list_folder,
    read_picture,
)
from models.face.picture import PictureError
from models.face.types import Pipeline
from tests.models.evaluation.colours import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    Colours,
    nothing,
    paint,
    unit,
)


def test_a_folder_holds_a_folder_per_identity_however_deep(tmp_path: Path) -> None:
    paint(tmp_path / "王芳 (2)" / "2024" / "spring", RED, BLUE)
    paint(tmp_path / "an", GREEN)

    found = list_folder(tmp_path)

    assert found.identities == ("an", "王芳 (2)")
    assert [picture.identity for picture in found.pictures] == [0, 1, 1]


def test_what_is_no_picture_of_anybody_is_counted(tmp_path: Path) -> None:
    paint(tmp_path / "an", RED)
    paint(tmp_path, BLUE)
    (tmp_path / "empty").mkdir()
    (tmp_path / "an" / "readme.txt").write_text("hello")
    (tmp_path / "an" / ".hidden.png").write_bytes(b"")
    (tmp_path / "__MACOSX" / ".x").mkdir(parents=True)

    found = list_folder(tmp_path)

    assert (found.identities, len(found.pictures)) == (("an",), 1)
    assert (found.strays, found.other_count) == ((tmp_path / "1.png",), 1)
    assert found.empty_count == 2


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    paint(tmp_path / "elsewhere", RED, BLUE)
    (tmp_path / "people" / "an").mkdir(parents=True)
    (tmp_path / "people" / "an" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "people" / "an" / "round").symlink_to(tmp_path / "people" / "an")
    (tmp_path / "people" / "everybody").symlink_to(tmp_path / "people")
    (tmp_path / "people" / "an" / "gone.png").symlink_to(tmp_path / "gone.png")

    assert len(list_folder(tmp_path / "people").pictures) == 2


@pytest.mark.parametrize(
    ("name", "message"), [("none", "there is no folder"), ("1.png", "is a file: name the folder")]
)
def test_a_wrong_path_says_what_it_is(tmp_path: Path, name: str, message: str) -> None:
    paint(tmp_path, RED)

    with pytest.raises(EvaluationError, match=message):
        entries(tmp_path / name)


def test_grey_pictures_have_three_equal_channels(tmp_path: Path) -> None:
    ramp = np.arange(0, 200, 2, dtype=np.uint8).reshape(10, 10)
    Pillow.fromarray(ramp).save(tmp_path / "a.pgm")

    image = read_picture(tmp_path / "a.pgm")

    assert np.array_equal(image, np.stack([ramp] * 3, axis=2))


@pytest.mark.parametrize("name", ["deep.png", "deep.pgm"])
def test_sixteen_bits_become_eight(tmp_path: Path, name: str) -> None:
    ramp = np.arange(0, 65536, 656, dtype=np.uint16).reshape(10, 10)
    (tmp_path / name).write_bytes(cv2.imencode(Path(name).suffix, ramp)[1].tobytes())

    image = read_picture(tmp_path / name)

    assert np.array_equal(image[:, :, 0], (ramp >> 8).astype(np.uint8))


def test_a_picture_in_printers_colours_is_read(tmp_path: Path) -> None:
    Pillow.new("RGB", (20, 20), (200, 30, 30)).convert("CMYK").save(tmp_path / "a.JPG", "JPEG")

    assert read_picture(tmp_path / "a.JPG")[5, 5] == pytest.approx([30, 30, 200], abs=6)


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    Pillow.new("L", (9000, 5000), 90).save(tmp_path / "a.png")

    assert read_picture(tmp_path / "a.png").shape == (711, LONG_SIDE_MAX, 3)


def test_a_cut_off_picture_is_none(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:3000])

    with pytest.raises(PictureError, match="cut off"):
        read_picture(tmp_path / "a.jpg")


def test_pictures_without_a_face_and_files_that_are_none_are_counted_apart(
    tmp_path: Path,
) -> None:
    paint(tmp_path, RED, BLACK, BLUE)
    (tmp_path / "4.png").write_bytes(b"no picture")
    paths = [tmp_path / f"{index}.png" for index in (1, 2, 3, 4)]

    found = embed_pictures(paths, Colours(), on_progress=nothing)

    assert found.indices.tolist() == [0, 2]
    assert np.allclose(found.rows, [unit([0, 0, 255]), unit([255, 0, 0])])
    assert (found.not_detected, list(found.unreadable)) == ((1,), [3])
    assert found.image_count == 3


def test_no_picture_at_all_still_has_a_width(tmp_path: Path) -> None:
    found = embed_pictures([tmp_path / "none.png"], Colours(), on_progress=nothing)

    assert found.rows.shape == (0, 3)
    assert found.ms_per_image is None


def test_of_several_faces_the_one_in_the_middle_counts(shared: Path, production: Pipeline) -> None:
    image = read_picture(shared / "faces/lfw10x10/Tony_Blair/Tony_Blair_0001.jpg")
    row = np.hstack([image, image, image])

    found = find_face(production, row)

    assert found is not None
    assert 250 < (found[1].box.left + found[1].box.right) / 2 < 500


def test_a_face_cut_close_is_found_with_a_border(shared: Path, builtin: Pipeline) -> None:
    folder = shared / "faces" / "lfw10x10" / "Arnold_Schwarzenegger"
    close = read_picture(folder / "Arnold_Schwarzenegger_0001.jpg")[80:170, 80:170]

    assert not builtin.detect(close)
    assert not builtin.detect(cv2.resize(close, None, fx=2, fy=2).astype(np.uint8))
    assert find_face(builtin, close) is not None


@pytest.mark.parametrize("shape", [(1, 1), (1, 1280), (1280, 2), (3, 3)])
@pytest.mark.parametrize("name", ["builtin", "production"])
def test_a_picture_of_any_size_can_be_searched(
    request: pytest.FixtureRequest, name: str, shape: tuple[int, int]
) -> None:
    image = np.full((*shape, 3), 127, np.uint8)

    assert find_face(request.getfixturevalue(name), image) is None
