"""Whether a picture of a face is good enough to decide on, and why not.

Bad pictures do not only refuse the right person; with dlib's descriptor they let strangers pass
(1.5 times as many at 9 pixels of motion blur). Enrolment asks for more than the gate, because one
bad template is compared with everybody for years.
"""

import dataclasses
from enum import StrEnum
from typing import Final, Literal

import cv2
import numpy as np

from models.face.types import Box, Face, Image

CROP_PX: Final = 112
"""Sharpness and light are measured on the face, made grey and this large."""


class QualityReason(StrEnum):
    """Why a picture is not good enough."""

    TOO_SMALL = "too_small"
    CUT_OFF = "cut_off"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    FLAT = "flat"
    TURNED_AWAY = "turned_away"
    TILTED = "tilted"


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What is demanded.

    Attributes:
        sharpness_min: Variance of the Laplacian of the crop.
        brightness_min, brightness_max: Mean grey of the crop, 0..255.
        contrast_min: Standard deviation of the crop.
        visible_min: Share of the box that lies in the picture.
        turn_max: See ``Face.turn``.
    """

    size_px_min: float
    sharpness_min: float
    brightness_min: float
    brightness_max: float
    contrast_min: float
    visible_min: float
    turn_max: float
    tilt_deg_max: float


LIMITS: Final = {
    "gate": Limits(
        size_px_min=60, sharpness_min=25, brightness_min=35, brightness_max=225,
        contrast_min=15, visible_min=0.85, turn_max=0.35, tilt_deg_max=30,
    ),
    "enrolment": Limits(
        size_px_min=80, sharpness_min=32, brightness_min=50, brightness_max=210,
        contrast_min=20, visible_min=0.95, turn_max=0.3, tilt_deg_max=20,
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on one face.

    Attributes:
        reason: Why it is not good enough; None when it is.
        score: 0..1, for choosing between frames of one person.
        size_px: Smaller side of the box.
    """

    reason: QualityReason | None
    score: float
    size_px: float
    sharpness: float
    brightness: float
    contrast: float


def assess(image: Image, face: Face, purpose: Literal["gate", "enrolment"] = "gate") -> Quality:
    """Measure one face.

    Args:
        image: Shape (height, width, 3), uint8, BGR.
        face: As the pipeline found it.
        purpose: Enrolment asks for more.
    """
    limits, box = LIMITS[purpose], face.box
    size_px = min(box.width, box.height)
    crop = _grey_crop(image, box)
    sharpness = float(cv2.Laplacian(crop, cv2.CV_64F).var())
    brightness, contrast = float(crop.mean()), float(crop.std())
    turn, tilt_deg = abs(face.turn or 0.0), abs(face.tilt_deg or 0.0)
    failed = (
        (QualityReason.TOO_SMALL, size_px < limits.size_px_min),
        (QualityReason.CUT_OFF, _visible_share(image, box) < limits.visible_min),
        (QualityReason.TOO_DARK, brightness < limits.brightness_min),
        (QualityReason.TOO_BRIGHT, brightness > limits.brightness_max),
        (QualityReason.FLAT, contrast < limits.contrast_min),
        (QualityReason.BLURRED, sharpness < limits.sharpness_min),
        (QualityReason.TURNED_AWAY, turn > limits.turn_max),
        (QualityReason.TILTED, tilt_deg > limits.tilt_deg_max),
    )
    reason = next((reason for reason, has_failed in failed if has_failed), None)
    score = (
        min(sharpness / 400, 1.0)
        * min(size_px / 200, 1.0)
        * max(0.0, 1 - turn)
        * min(contrast / 50, 1.0)
    )
    return Quality(reason, score, size_px, sharpness, brightness, contrast)


def _grey_crop(image: Image, box: Box) -> Image:
    height, width = image.shape[:2]
    left, top = (
        int(np.clip(v, 0, limit - 1)) for v, limit in ((box.left, width), (box.top, height))
    )
    right = int(np.clip(box.right, left + 1, width))
    bottom = int(np.clip(box.bottom, top + 1, height))
    grey = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )


def _visible_share(image: Image, box: Box) -> float:
    height, width = image.shape[:2]
    visible = max(0.0, min(box.right, width) - max(box.left, 0.0)) * max(
        0.0, min(box.bottom, height) - max(box.top, 0.0)
    )
    return float(visible / max(box.width * box.height, 1e-6))
