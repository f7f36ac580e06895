"""Pictures as cameras send them: JPEG in, checked array out."""

import math
from collections.abc import Iterable

import cv2
import numpy as np

from config.cameras import Mask
from edge.vision.errors import CameraError, DamagedPictureError
from models.face.types import Image

WORKING_LENGTH_PX_MAX = 1280
"""Long side of the arrays that recognition works on; larger pictures are made smaller."""
PIXEL_COUNT_MAX = 26_000_000
"""More than any camera sends; a picture that claims more is not decoded."""


def decode_jpeg(data: bytes) -> Image:
    """Return the picture, BGR, long side at most ``WORKING_LENGTH_PX_MAX``.

    Raises:
        DamagedPictureError: It is cut off or cannot be decoded.
        CameraError: It is no JPEG or far too large; the next one will not be better.
    """
    if not data:
        raise DamagedPictureError("the picture is empty")
    if not data.startswith(b"\xff\xd8"):
        raise CameraError("the camera sends something that is not a JPEG picture")
    width, height = jpeg_size(data)
    if width * height > PIXEL_COUNT_MAX:
        raise CameraError(f"the camera's pictures are too large: {width} x {height} pixels")
    if not is_whole(data):
        raise DamagedPictureError("the end of the picture is missing")
    is_huge = max(width, height) >= 2 * WORKING_LENGTH_PX_MAX
    flags = cv2.IMREAD_REDUCED_COLOR_2 if is_huge else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise DamagedPictureError("the picture cannot be decoded") from error
    if image is None:
        raise DamagedPictureError("the picture cannot be decoded")
    return fit(np.asarray(image, np.uint8))


def is_whole(data: bytes) -> bool:
    """Return whether a JPEG has its end; some decoders paint a missing rest grey."""
    return b"\xff\xd9" in data[-64:]


def fit(image: Image) -> Image:
    """Return the picture with a long side of at most ``WORKING_LENGTH_PX_MAX``."""
    height, width = image.shape[:2]
    scale = WORKING_LENGTH_PX_MAX / max(height, width)
    if scale >= 1:
        return image
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def burn(image: Image, masks: Iterable[Mask]) -> None:
    """Make what masks cover black, in place; a pixel that is covered in part goes, too."""
    height, width = image.shape[:2]
    for mask in masks:
        top, bottom = math.floor(mask.top * height), math.ceil(mask.bottom * height)
        left, right = math.floor(mask.left * width), math.ceil(mask.right * width)
        image[top:bottom, left:right] = 0


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the frame header, without decoding.

    Raises:
        DamagedPictureError: There is no frame header.

    Source: ITU-T T.81, B.1.1.3 (markers), B.2.2 (frame header).
    """
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return int.from_bytes(data[at + 7 : at + 9], "big"), height
        if marker == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise DamagedPictureError("the picture has no header")
