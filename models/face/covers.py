"""What hides a face from recognition: a mask, dark glasses, a cap, the sun behind.

No network: a lower face without structure, dark eyes, a dark forehead, or a dark face before a
bright ground. Who is recognised in spite of it never learns of it; the answer is for telling a
person what would help.

The limits were chosen with the photographs of ten people of LFW in view, covers drawn on them, so
``benchmarks.face_covers`` measures on pictures that are no clean holdout. Nobody wore anything:
real cloth has folds, real lenses mirror. Dark hair over the forehead looks like a cap, and hides
as much.
"""

import dataclasses
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.face.types import Box, Face, Image

WIDTH_PX: Final = 96
HEIGHT_PX: Final = 112
EYE_DISTANCE_PX: Final = 32.0
EYES_AT_PX: Final = (48.0, 48.0)
"""The middle between the eyes in the levelled face."""
REACH: Final = 2.2
"""Of the picture, in eye distances around the middle between the eyes."""
SMOOTHING_PX: Final = 1.0
"""So that a sensor's noise is no structure."""
GROUND_PX: Final = 64
"""The ground beside the face is looked at this small."""

_Grey = npt.NDArray[np.float32]
_Part = tuple[float, float, float, float]
"""Left, right, top, bottom in eye distances from between the eyes."""
LOWER_FACE: Final = (-0.5, 0.5, 0.7, 1.4)
UPPER_FACE: Final = (-0.8, 0.8, -0.4, 0.25)
LENSES: Final = ((-0.72, -0.28, -0.12, 0.2), (0.28, 0.72, -0.12, 0.2))
FOREHEAD: Final = (-0.6, 0.6, -1.15, -0.6)
CHEEKS: Final = ((-0.7, -0.35, 0.45, 0.75), (0.35, 0.7, 0.45, 0.75))


class Cover(StrEnum):
    """What hides a face."""

    MASK = "mask"
    DARK_GLASSES = "dark_glasses"
    CAP = "cap"
    """Or hair: the forehead is dark."""
    SUN_BEHIND = "sun_behind"


@dataclasses.dataclass(frozen=True, slots=True)
class CoverLimits:
    """From where on something is said to hide a face.

    Attributes:
        structure_max: Mean gradient across the lower face over that across the upper: nose and
            mouth have as much structure as eyes and brows, cloth has little. Folds lie level, so
            what changes downwards does not count.
        lens_max: Light of the eyes' region over that of the cheeks, the median.
        lens_brightest_max: The same for the brightest tenth of it: open eyes have a white.
        forehead_max: Light of the forehead over that of the cheeks, the median.
        face_max: Median grey of a face that the sun behind it leaves dark, 0..255.
        ground_min: Median grey of what lies beside such a face.
    """

    structure_max: float = 0.28
    lens_max: float = 0.3
    lens_brightest_max: float = 0.4
    forehead_max: float = 0.42
    face_max: float = 100.0
    ground_min: float = 200.0


LIMITS: Final = CoverLimits()


@dataclasses.dataclass(frozen=True, slots=True)
class CoverMeasures:
    """What was measured, in the terms of ``CoverLimits``; None where there was nothing to see."""

    structure: float
    lens: float
    lens_brightest: float
    forehead: float
    face: float
    ground: float | None


def find_cover(image: Image, face: Face, *, limits: CoverLimits = LIMITS) -> Cover | None:
    """Return what hides a face; None where nothing does, or nothing can be told.

    Args:
        image: Shape (height, width, 3), uint8, BGR; grey pictures in three channels, too.
        face: As a pipeline found it; one without ``eyes`` is not judged.
        limits: From where on.
    """
    found = measure(image, face)
    if found is None:
        return None
    if found.structure <= limits.structure_max:
        return Cover.MASK
    # Before a bright ground even open eyes are dark.
    is_bright = found.ground is not None and found.ground >= limits.ground_min
    if is_bright and found.face <= limits.face_max:
        return Cover.SUN_BEHIND
    is_dark = found.lens <= limits.lens_max and found.lens_brightest <= limits.lens_brightest_max
    if is_dark:
        return Cover.DARK_GLASSES
    return Cover.CAP if found.forehead <= limits.forehead_max else None


def measure(image: Image, face: Face) -> CoverMeasures | None:
    """Return what can be measured on one face; None where its eyes are not known."""
    if face.eyes is None:
        return None
    level = _levelled(image, face.eyes)
    if level is None:
        return None
    smooth = cv2.GaussianBlur(level, (0, 0), SMOOTHING_PX)
    gradient = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0))
    lenses = np.concatenate([_part(level, lens).ravel() for lens in LENSES])
    cheeks = max(float(np.median([_part(level, cheek) for cheek in CHEEKS])), 1.0)
    face_grey, ground = _face_and_ground(image, face.box)
    upper = max(float(_part(gradient, UPPER_FACE).mean()), 1.0)
    return CoverMeasures(
        structure=float(_part(gradient, LOWER_FACE).mean()) / upper,
        lens=float(np.median(lenses)) / cheeks,
        lens_brightest=float(np.percentile(lenses, 90)) / cheeks,
        forehead=float(np.median(_part(level, FOREHEAD))) / cheeks,
        face=face_grey,
        ground=ground,
    )


def _levelled(image: Image, eyes: npt.NDArray[np.float32]) -> _Grey | None:
    """Return the face in grey, its eyes level and ``EYE_DISTANCE_PX`` apart."""
    left, right = eyes.astype(np.float64)
    across = right - left
    distance = float(np.hypot(*across))
    if distance < 1:
        return None
    reach = REACH * distance
    middle = (left + right) / 2
    box = Box(middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
    part, corner = _cut(image, box)
    if part is None:
        return None
    scale, inside = EYE_DISTANCE_PX / distance, middle - corner
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    if scale < 1:
        # Many pixels become one: made smaller by area, or single ones would be picked.
        size = [max(2, round(side * scale)) for side in grey.shape]
        inside = inside * (size[1] / grey.shape[1], size[0] / grey.shape[0])
        grey, scale = cv2.resize(grey, size[::-1], interpolation=cv2.INTER_AREA), 1.0
    angle_deg = float(np.degrees(np.arctan2(across[1], across[0])))
    matrix = cv2.getRotationMatrix2D((float(inside[0]), float(inside[1])), angle_deg, scale)
    matrix[:, 2] += np.array(EYES_AT_PX) - inside
    level = cv2.warpAffine(grey, matrix, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(level, np.float32)


def _part(picture: _Grey, part: _Part) -> _Grey:
    left, right, top, bottom = (
        round(middle + EYE_DISTANCE_PX * value)
        for middle, value in zip(
            (EYES_AT_PX[0], EYES_AT_PX[0], EYES_AT_PX[1], EYES_AT_PX[1]), part, strict=True
        )
    )
    return picture[top:bottom, left:right]


def _face_and_ground(image: Image, box: Box) -> tuple[float, float | None]:
    """Return the median grey of a face and of the ground on both sides of it."""
    width, height = box.width, box.height
    inner = Box(
        box.left + 0.2 * width,
        box.top + 0.25 * height,
        box.right - 0.2 * width,
        box.bottom - 0.1 * height,
    )
    top, bottom = box.top - 0.3 * height, box.bottom - 0.2 * height
    sides = (
        Box(box.left - 0.9 * width, top, box.left - 0.35 * width, bottom),
        Box(box.right + 0.35 * width, top, box.right + 0.9 * width, bottom),
    )
    seen = [grey for side in sides if (grey := _median_grey(image, side)) is not None]
    return _median_grey(image, inner) or 0.0, min(seen, default=None)


def _median_grey(image: Image, box: Box) -> float | None:
    part, _ = _cut(image, box)
    if part is None:
        return None
    size = (min(GROUND_PX, part.shape[1]), min(GROUND_PX, part.shape[0]))
    small = cv2.resize(part, size, interpolation=cv2.INTER_NEAREST)
    return float(np.median(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)))


def _cut(image: Image, box: Box) -> tuple[Image | None, npt.NDArray[np.float64]]:
    """Return what of a box lies in the picture, if anything does, and its corner."""
    height, width = image.shape[:2]
    left, right = (int(np.clip(value, 0, width)) for value in (box.left, box.right))
    top, bottom = (int(np.clip(value, 0, height)) for value in (box.top, box.bottom))
    corner = np.array([left, top], np.float64)
    if right - left < 2 or bottom - top < 2:
        return None, corner
    return image[top:bottom, left:right], corner
