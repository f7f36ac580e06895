"""The 150-pixel picture of a face that dlib's descriptor looks at: turned upright, scaled, cut out.

Source: dlib 20.0, ``image_transforms/interpolation.h`` (get_face_chip_details,
extract_image_chips) and ``image_transforms/image_pyramid.h`` (pyramid_down<2>).
"""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.face.types import Image, Points

CHIP_PX: Final = 150
PADDING: Final = 0.25
MEAN_SHAPE: Final = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
_BINOMIAL: Final = np.array([1, 4, 6, 4, 1], dtype=np.float32)
Vector = npt.NDArray[np.float64]


def similarity_transform(source: Vector, target: Vector) -> tuple[npt.NDArray[np.float64], Vector]:
    """Return matrix (2, 2) and shift (2,) that map source points to target points, least squares.

    Source: Umeyama, "Least-squares estimation of transformation parameters", 1991.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    s, t = source - source_mean, target - target_mean
    energy = float((s**2).sum())
    a = float((s * t).sum()) / energy
    b = float((s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()) / energy
    matrix = np.array([[a, -b], [b, a]])
    return matrix, target_mean - matrix @ source_mean


def face_chip(image: Image, points: Points) -> Image:
    """Return the chip, shape (150, 150, 3), uint8, RGB; black where the image ends.

    Args:
        image: Shape (height, width, 3), uint8, BGR.
        points: Shape (5, 2), dlib's five landmarks.
    """
    mean = (PADDING + MEAN_SHAPE) / (2 * PADDING + 1) * CHIP_PX
    matrix, shift = similarity_transform(mean, points.astype(np.float64))
    centre = matrix @ np.array([CHIP_PX / 2, CHIP_PX / 2]) + shift
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    angle = math.atan2(matrix[1, 0], matrix[0, 0])
    half = (CHIP_PX * scale - 1) / 2
    top_left, bottom_right = centre - half, centre + half
    depth, grow = _levels_below(top_left, bottom_right)
    corners = _turned(top_left, bottom_right, angle)
    picture, corner = _cut(image, corners, grow)
    top_left, bottom_right = top_left - corner, bottom_right - corner
    for _ in range(depth):
        picture = _half(picture)
        top_left, bottom_right = _down(top_left), _down(bottom_right)
    return _sample(picture, _turned(top_left, bottom_right, angle))[:, :, ::-1]


def _levels_below(top_left: Vector, bottom_right: Vector) -> tuple[int, float]:
    """Return how often the picture is halved first, and the border that this needs."""
    depth, grow = 0, 2.0
    top_left, bottom_right = _down(top_left), _down(bottom_right)
    while np.prod(bottom_right - top_left + 1) > CHIP_PX * CHIP_PX:
        top_left, bottom_right = _down(top_left), _down(bottom_right)
        depth, grow = depth + 1, grow * 2 + 2
    return depth, grow


def _down(point: Vector) -> Vector:
    """Return where a point lies on the next level."""
    halved: Vector = point / 2 - np.array([1.25, 0.75])
    return halved


def _turned(top_left: Vector, bottom_right: Vector, angle: float) -> Vector:
    """Return the corners, turned about the middle: shape (4, 2), from the upper left clockwise."""
    (left, top), (right, bottom) = top_left, bottom_right
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    middle = (top_left + bottom_right) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = (corners - middle).T
    turned: Vector = middle + np.stack([cos * x - sin * y, sin * x + cos * y], axis=1)
    return turned


def _cut(image: Image, corners: Vector, grow: float) -> tuple[Image, Vector]:
    """Return the part of the image around the corners, and where it begins."""
    height, width = image.shape[:2]
    low = np.maximum(corners.min(axis=0) - grow, 0)
    high = np.minimum(corners.max(axis=0) + grow, [width - 1, height - 1])
    left, top = (math.floor(v + 0.5) for v in low)
    right, bottom = (math.floor(v + 0.5) for v in high)
    part = image[top : bottom + 1, left : right + 1]
    if part.size == 0:
        part = np.zeros((1, 1, 3), dtype=np.uint8)
    return part, np.array([left, top], dtype=np.float64)


def _half(picture: Image) -> Image:
    """Halve a picture with dlib's 5 x 5 binomial filter; sums stay exact in float32."""
    height, width = picture.shape[:2]
    rows, columns = (height - 3) // 2, (width - 3) // 2
    if rows <= 0 or columns <= 0:
        return np.zeros((1, 1, 3), dtype=np.uint8)
    smooth = cv2.sepFilter2D(picture, cv2.CV_32F, _BINOMIAL, _BINOMIAL)
    return (smooth[2 : 2 * rows + 2 : 2, 2 : 2 * columns + 2 : 2] / 256).astype(np.uint8)


def _sample(picture: Image, corners: Vector) -> Image:
    """Return the chip whose upper corners and lower left corner lie at the given points."""
    height, width = picture.shape[:2]
    origin, last = corners[0], CHIP_PX - 1
    across, down = (corners[1] - origin) / last, (corners[3] - origin) / last
    steps = np.arange(CHIP_PX, dtype=np.float64)
    x = origin[0] + across[0] * steps[None, :] + down[0] * steps[:, None]
    y = origin[1] + across[1] * steps[None, :] + down[1] * steps[:, None]
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    is_inside = (left >= 0) & (top >= 0) & (left + 1 < width) & (top + 1 < height)
    left, top = np.where(is_inside, left, 0), np.where(is_inside, top, 0)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx, fy = (x - left)[:, :, None], (y - top)[:, :, None]
    upper = (1 - fx) * picture[top, left] + fx * picture[top, right]
    lower = (1 - fx) * picture[bottom, left] + fx * picture[bottom, right]
    values = (1 - fy) * upper + fy * lower
    return np.where(is_inside[:, :, None], values, 0).astype(np.uint8)
