"""Writes who looks, and when, into a picture, before it leaves central.

A mark that the page draws is gone with two clicks in the browser's own tools; one in the pixels
goes with the photograph that somebody takes of the screen. It is repeated over the picture so that
no part of it is without, and has a dark and a light edge so that it is seen on any ground.
"""

import functools
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

QUALITY: Final = 70
STRENGTH: Final = 0.32
"""How much of the mark is seen: read at a glance, and no face is hidden by it."""
_ROW_SHARE: Final = 0.24
_LETTER_SHARE: Final = 0.036
LETTER_PX_MIN: Final = 11
FONTS: Final = (
    "NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
)
"""For names in Chinese, the first that this machine has."""


class NoPictureError(ValueError):
    """The bytes are no JPEG."""


def marked(jpeg: bytes, text: str) -> bytes:
    """Return a JPEG with a text over all of it.

    Args:
        jpeg: Of any size.
        text: One line: who, and when.

    Raises:
        NoPictureError: It cannot be decoded.
    """
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise NoPictureError("no JPEG that can be decoded")
    height, width = image.shape[:2]
    light, dark = _layer(text, width, height)
    for layer, colour in ((dark, 0), (light, 255)):
        image[layer] = (image[layer] * (1 - STRENGTH) + colour * STRENGTH).astype(np.uint8)
    is_encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not is_encoded:
        raise NoPictureError("cannot be encoded")
    return data.tobytes()


@functools.lru_cache(maxsize=64)
def _layer(text: str, width: int, height: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where the letters and their shadows are; one text stands for a second."""
    letter_px = max(LETTER_PX_MIN, round(height * _LETTER_SHARE))
    font = _font(letter_px)
    canvas = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(canvas)
    length = max(1, int(draw.textlength(text, font=font)))
    row_px, gap_px = max(1, round(height * _ROW_SHARE)), 3 * letter_px
    for row, y in enumerate(range(letter_px, height, row_px)):
        # Rows are moved against each other, so that no column of the picture is without.
        begin = -(row % 3) * (length + gap_px) // 3
        for x in range(begin, width, length + gap_px):
            draw.text((x, y), text, fill=255, font=font)
    light = np.asarray(canvas) > 127
    dark = np.roll(light, (1, 1), axis=(0, 1)) & ~light
    return light, dark


@functools.lru_cache(maxsize=16)
def _font(letter_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, letter_px)
        except OSError:
            continue
    return ImageFont.load_default(letter_px)
