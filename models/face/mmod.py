"""dlib's MMOD face detector on ONNX Runtime.

The network is a sliding window of 80 x 80 pixels over a pyramid of the image. dlib tiles the whole
pyramid into one canvas; ``whole_pyramid`` does the same and finds the same boxes. A gate looks only
for faces that are near, so ``near_pyramid`` begins with a smaller image.

Source: dlib 20.0, ``dnn/input.h`` (input_rgb_image_pyramid), ``image_processing/
generic_image_pyramid`` (compute_tiled_image_pyramid_details) and ``dnn/loss.h`` (loss_mmod_).
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.face.types import Box, Face, Image

MEAN_RGB: Final = (122.782, 117.001, 104.298)
"""What dlib's networks subtract before they divide by 256."""
WINDOW_PX: Final = 80
PADDING_PX, OUTER_PADDING_PX = 10, 11
LEVEL_HEIGHT_MIN_PX: Final = 5
OVERLAP_MAX: Final = 0.3382761351109955
"""Non-maximum suppression: share of the box around both that two boxes may have in common."""
CANVAS_PX_MIN: Final = 29
"""The network's last layers take no smaller canvas, on which no face would fit either."""
STRIDE, OFFSET = 8, 14
"""A score at (row, column) belongs to the canvas pixel (8 column + 14, 8 row + 14)."""
NEAR_STEP: Final = 0.7
"""Ratio of one level's size to the last in the gate's pyramid; dlib's is 5/6.

On 100 faces of 120 to 250 pixels 0.7 found as many as 5/6 (all), with descriptors as near to those
of dlib's own boxes (median 0.967, 5 % below 0.913), in half the time.
"""

Planes = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """One size of the image on the canvas.

    Attributes:
        left, top: Of its upper left pixel on the canvas.
        scale: Image pixels per level pixel, for the gate's pyramid; unused in dlib's.
    """

    left: int
    top: int
    width: int
    height: int
    scale_x: float = 1.0
    scale_y: float = 1.0


def tile(sizes: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], int, int]:
    """Return where dlib puts the levels, and the canvas's width and height without its border.

    The first levels stand below each other at the left; the rest goes back up at the right.

    Args:
        sizes: Width and height of each level, largest first.
    """
    width, first_height = sizes[0]
    total = sum(height + PADDING_PX for _, height in sizes) - 2 * PADDING_PX
    column_height, width_before = 0, 0
    for level_width, level_height in sizes:
        fits = level_width <= width - width_before - PADDING_PX
        if fits and (column_height - first_height) * 2 >= total - first_height:
            break
        column_height += level_height + PADDING_PX
        width_before = level_width
    column_height -= PADDING_PX
    places, y, index = [], 0, 0
    while y < column_height:
        places.append((0, y))
        y += sizes[index][1] + PADDING_PX
        index += 1
    y -= PADDING_PX
    for level_width, level_height in sizes[index:]:
        places.append((width - level_width, y - level_height))
        y -= level_height + PADDING_PX
    return places, width, column_height


def _lay_out(sizes: Sequence[tuple[int, int]]) -> tuple[list[Level], int, int]:
    places, width, height = tile(sizes)
    levels = [
        Level(
            left + OUTER_PADDING_PX,
            top + OUTER_PADDING_PX,
            w,
            h,
            scale_x=sizes[0][0] / w,
            scale_y=sizes[0][1] / h,
        )
        for (left, top), (w, h) in zip(places, sizes, strict=True)
    ]
    return levels, width + 2 * OUTER_PADDING_PX, height + 2 * OUTER_PADDING_PX


def _normalised(image: Image) -> Planes:
    """Return (3, height, width) RGB, as the network wants it."""
    rgb = image[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)
    rgb -= np.array(MEAN_RGB, dtype=np.float32)[:, None, None]
    rgb /= np.float32(256)
    return rgb


def _corner_aligned(planes: Planes, width: int, height: int) -> Planes:
    """Resize bilinearly, corner pixels on corner pixels, in float32 as dlib does."""
    _, height_before, width_before = planes.shape
    y = np.arange(height, dtype=np.float64) * ((height_before - 1) / max(height - 1, 1))
    x = np.arange(width, dtype=np.float64) * ((width_before - 1) / max(width - 1, 1))
    top, left = y.astype(np.int64), x.astype(np.int64)
    bottom, right = np.minimum(top + 1, height_before - 1), np.minimum(left + 1, width_before - 1)
    y_part = (y - top).astype(np.float32)[None, :, None]
    x_part = (x - left).astype(np.float32)
    rows = planes[:, top] * (1 - y_part) + planes[:, bottom] * y_part
    resized: Planes = rows[:, :, left] * (1 - x_part) + rows[:, :, right] * x_part
    return resized


def whole_pyramid(image: Image) -> tuple[Planes, list[Level]]:
    """Return dlib's canvas, shape (1, 3, height, width), and its levels."""
    planes = _normalised(image)
    sizes = [(image.shape[1], image.shape[0])]
    while True:
        width, height = (sizes[-1][0] * 5) // 6, (sizes[-1][1] * 5) // 6
        if width * height == 0 or height < LEVEL_HEIGHT_MIN_PX:
            break
        sizes.append((width, height))
    levels, canvas_width, canvas_height = _lay_out(sizes)
    canvas = np.zeros((1, 3, canvas_height, canvas_width), dtype=np.float32)
    for level in levels:
        if (level.width, level.height) != (planes.shape[2], planes.shape[1]):
            planes = _corner_aligned(planes, level.width, level.height)
        _place(canvas, level, planes)
    return canvas, levels


def near_pyramid(image: Image, *, face_size_px_min: int) -> tuple[Planes, list[Level]]:
    """Return a canvas for faces of at least this size; the image is made smaller first."""
    height, width = image.shape[:2]
    scale = min(1.0, WINDOW_PX / face_size_px_min)
    sizes = [(max(round(width * scale), 1), max(round(height * scale), 1))]
    while min(sizes[-1]) * NEAR_STEP >= WINDOW_PX * 0.75:
        scale *= NEAR_STEP
        sizes.append((round(width * scale), round(height * scale)))
    levels, canvas_width, canvas_height = _lay_out(sizes)
    # The background is the mean colour, which is 0 once it is normalised.
    canvas = np.full((canvas_height, canvas_width, 3), np.rint(MEAN_RGB[::-1]), dtype=np.uint8)
    picture = image
    for index, level in enumerate(levels):
        picture = cv2.resize(
            picture, (level.width, level.height), interpolation=cv2.INTER_AREA
        ).astype(np.uint8, copy=False)
        levels[index] = dataclasses.replace(
            level, scale_x=width / level.width, scale_y=height / level.height
        )
        canvas[level.top : level.top + level.height, level.left : level.left + level.width] = (
            picture
        )
    blob = cv2.dnn.blobFromImage(canvas, 1 / 256, mean=MEAN_RGB, swapRB=True)
    return blob.astype(np.float32, copy=False), levels


def _place(canvas: Planes, level: Level, planes: Planes) -> None:
    canvas[0, :, level.top : level.top + level.height, level.left : level.left + level.width] = (
        planes
    )


def suppress(faces: Sequence[Face]) -> list[Face]:
    """Return the faces that no better one covers, best first."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_common_share(face.box, other.box) <= OVERLAP_MAX for other in kept):
            kept.append(face)
    return kept


def _common_share(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    around = (max(one.right, other.right) - min(one.left, other.left)) * (
        max(one.bottom, other.bottom) - min(one.top, other.top)
    )
    return width * height / around


class MmodDetector:
    """The detector."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def detect_all(self, image: Image) -> list[Face]:
        """Return every face that dlib finds, best first, with dlib's own boxes.

        Args:
            image: Shape (height, width, 3), uint8, BGR.
        """
        canvas, levels = whole_pyramid(image)
        faces = []
        for x, y, score in self._peaks(canvas):
            index, (left, top, right, bottom) = _on_level(x, y, levels)
            for _ in range(index):
                left, top, right, bottom = (v * 1.2 + 0.3 for v in (left, top, right, bottom))
            # dlib's rectangles include their right and bottom pixels.
            box = Box(_round(left), _round(top), _round(right) + 1, _round(bottom) + 1)
            faces.append(Face(box, score))
        return suppress(faces)

    def detect_near(self, image: Image, *, face_size_px_min: int) -> list[Face]:
        """Return the faces of at least this size, best first."""
        if min(image.shape[:2]) < face_size_px_min / 2:
            return []  # no face of this size fits, and the network's stride does not either
        canvas, levels = near_pyramid(image, face_size_px_min=face_size_px_min)
        faces = []
        for x, y, score in self._peaks(canvas):
            index, (left, top, right, bottom) = _on_level(x, y, levels)
            level = levels[index]
            box = Box(
                _round(left * level.scale_x),
                _round(top * level.scale_y),
                _round(right * level.scale_x) + 1,
                _round(bottom * level.scale_y) + 1,
            )
            faces.append(Face(box, score))
        return suppress(faces)

    def _peaks(self, canvas: Planes) -> list[tuple[int, int, float]]:
        if min(canvas.shape[2:]) < CANVAS_PX_MIN:
            return []
        scores = self._session.run(None, {"canvas": canvas})[0][0, 0]
        rows, columns = np.nonzero(scores > 0)
        return [
            (int(column) * STRIDE + OFFSET, int(row) * STRIDE + OFFSET, float(scores[row, column]))
            for row, column in zip(rows, columns, strict=True)
        ]


def _on_level(
    x: int, y: int, levels: Sequence[Level]
) -> tuple[int, tuple[float, float, float, float]]:
    """Return the level that a canvas pixel belongs to, and the window around it on that level."""
    index = min(range(len(levels)), key=lambda i: (_distance(levels[i], x, y), i))
    left, top = x - levels[index].left, y - levels[index].top
    half = (WINDOW_PX - 1) / 2
    return index, (left - half, top - half, left + half, top + half)


def _distance(level: Level, x: int, y: int) -> float:
    dx = max(level.left - x, 0, x - (level.left + level.width - 1))
    dy = max(level.top - y, 0, y - (level.top + level.height - 1))
    return float(dx * dx + dy * dy)


def _round(value: float) -> int:
    """Round as C's lround does: halves away from zero."""
    return int(np.floor(value + 0.5)) if value >= 0 else -int(np.floor(-value + 0.5))
