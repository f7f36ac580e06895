import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.errors import CameraError, DamagedPictureError
from edge.vision.picture import WORKING_LENGTH_PX_MAX, decode_jpeg, fit, jpeg_size
from tests.edge.vision.people import RED, Square, picture

JPEG = cv2.imencode(".jpg", picture(Square(RED)))[1].tobytes()


def claiming(width: int, height: int) -> bytes:
    """Return the picture with another size in its frame header."""
    at = JPEG.index(b"\xff\xc0") + 5
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return JPEG[:at] + size + JPEG[at + 4 :]


def test_the_size_is_read_without_decoding() -> None:
    assert jpeg_size(JPEG) == (640, 480)


def test_a_large_picture_is_made_smaller() -> None:
    large = cv2.imencode(".jpg", np.zeros((2160, 3840, 3), np.uint8))[1].tobytes()

    assert decode_jpeg(large).shape == (720, WORKING_LENGTH_PX_MAX, 3)


def test_a_small_picture_is_left_alone() -> None:
    image = picture()

    assert fit(image) is image


def test_a_picture_that_claims_fifty_megapixels_is_not_decoded() -> None:
    with pytest.raises(CameraError, match="too large: 8660 x 5773"):
        decode_jpeg(claiming(8660, 5773))


@pytest.mark.parametrize("length", [2, 3, 20, 400, len(JPEG) // 2, len(JPEG) - 2])
def test_a_cut_picture_is_damaged(length: int) -> None:
    with pytest.raises(DamagedPictureError):
        decode_jpeg(JPEG[:length])


@given(st.binary(max_size=300))
def test_garbage_is_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(CameraError):
        decode_jpeg(b"\xff\xd8" + data + b"\xff\xd9")
