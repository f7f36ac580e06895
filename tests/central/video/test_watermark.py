import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from central.video.watermark import NoPictureError, marked
from tests.central.video.keeping import jpeg


def decoded(data: bytes) -> NDArray[np.int16]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return image.astype(np.int16)


def changed(grey: int, text: str = "li  2026-11-29 03:12:45") -> NDArray[np.bool_]:
    plain = jpeg(grey=grey, width=640, height=360)
    difference = np.abs(decoded(marked(plain, text)) - decoded(plain))
    return np.asarray(difference > 20, np.bool_)


@pytest.mark.parametrize("grey", [5, 128, 250])
def test_who_looks_is_seen_on_dark_grey_and_light_ground(grey: int) -> None:
    assert changed(grey).mean() > 0.005


def test_no_quarter_of_the_picture_is_without_the_mark() -> None:
    mark = changed(128)
    quarters = [mark[y : y + 180, x : x + 320] for y in (0, 180) for x in (0, 320)]

    assert all(quarter.any() for quarter in quarters)


def test_the_mark_hides_little_of_what_is_to_be_seen() -> None:
    assert changed(128).mean() < 0.2


def test_each_viewer_has_a_mark_of_their_own() -> None:
    plain = jpeg(width=640, height=360)

    assert marked(plain, "li  03:12:45") != marked(plain, "wang  03:12:45")


def test_what_is_no_picture_is_not_shown_unmarked() -> None:
    with pytest.raises(NoPictureError):
        marked(b"\xff\xd8\xff no picture", "li")
