"""Where a picture differs from one that was searched before: only there may a face be new."""

import cv2
import numpy as np
import numpy.typing as npt

from models.face.types import Box, Image

THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 80, 60
DIFFERENCE_MIN = 14.0
"""Grey levels, of 255: above the noise of a sensor averaged over a thumbnail's pixel."""
CHANGED_SHARE_MIN = 0.004
"""Nineteen of 4,800 pixels; the smallest face of a person at the gate covers ten times as many."""
MARGIN = 2
"""Thumbnail pixels around what changed."""


class Motion:
    """Compares pictures with the last one that was searched as a whole. Pure."""

    def __init__(self) -> None:
        self._reference: npt.NDArray[np.float32] | None = None

    def searched(self, image: Image) -> None:
        """Take a picture as the one to compare with."""
        self._reference = _thumbnail(image)

    def region(self, image: Image) -> Box | None:
        """Return the part of the picture that changed, or None when nothing did.

        Before the first search everything is new.
        """
        height, width = image.shape[:2]
        if self._reference is None:
            return Box(0.0, 0.0, float(width), float(height))
        is_changed = np.abs(_thumbnail(image) - self._reference) > DIFFERENCE_MIN
        if float(np.mean(is_changed)) <= CHANGED_SHARE_MIN:
            return None
        rows, columns = (
            np.flatnonzero(is_changed.any(axis=1)),
            np.flatnonzero(is_changed.any(axis=0)),
        )
        across, down = width / THUMBNAIL_WIDTH, height / THUMBNAIL_HEIGHT
        return Box(
            max(0.0, float(columns[0] - MARGIN) * across),
            max(0.0, float(rows[0] - MARGIN) * down),
            min(float(width), float(columns[-1] + 1 + MARGIN) * across),
            min(float(height), float(rows[-1] + 1 + MARGIN) * down),
        )


def _thumbnail(image: Image) -> npt.NDArray[np.float32]:
    size = (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)
