"""Looking at a part of an image while boxes stay those of the whole."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from models.face.types import Box, Face, Image, Points


def cut(image: Image, region: Box | None) -> tuple[Image, int, int]:
    """Return the part of an image in a region, and its left and top; all of it without region."""
    height, width = image.shape[:2]
    if region is None:
        return image, 0, 0
    left, top = int(np.clip(region.left, 0, width - 1)), int(np.clip(region.top, 0, height - 1))
    right = int(np.clip(region.right, left + 1, width))
    bottom = int(np.clip(region.bottom, top + 1, height))
    return image[top:bottom, left:right], left, top


def shrunk(image: Image, *, pixels_max: int) -> tuple[Image, float]:
    """Return an image of at most so many pixels, and how many of the first one's make one of it."""
    height, width = image.shape[:2]
    factor = (height * width / pixels_max) ** 0.5
    if factor <= 1:
        return image, 1.0
    size = (max(int(width / factor), 1), max(int(height / factor), 1))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False), factor


def enlarged(faces: Sequence[Face], factor: float) -> list[Face]:
    """Return faces without landmarks, found in a shrunk image, as faces of the first one."""
    if factor == 1:
        return list(faces)
    return [
        dataclasses.replace(
            face,
            box=Box(
                round(face.box.left * factor),
                round(face.box.top * factor),
                round(face.box.right * factor),
                round(face.box.bottom * factor),
            ),
        )
        for face in faces
    ]


def moved(faces: Sequence[Face], left: int, top: int) -> list[Face]:
    """Return faces found in a part as faces of the whole image."""
    if left == top == 0:
        return list(faces)
    return [
        dataclasses.replace(
            face,
            box=Box(
                face.box.left + left,
                face.box.top + top,
                face.box.right + left,
                face.box.bottom + top,
            ),
            points=_shifted(face.points, left, top),
            eyes=_shifted(face.eyes, left, top),
        )
        for face in faces
    ]


def _shifted(points: Points | None, left: int, top: int) -> Points | None:
    return None if points is None else points + np.array([left, top], dtype=np.float32)


def largest_first(faces: Sequence[Face]) -> list[Face]:
    """Return faces in the order that a gate cares for: the nearest person first."""
    return sorted(faces, key=lambda face: -face.box.width * face.box.height)
