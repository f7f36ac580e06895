"""Whether anything changed before an idle camera, so that looking for faces can be saved."""

import cv2
import numpy as np
import numpy.typing as npt

from models.face.types import Image

THUMBNAIL_SIZE = (80, 60)
DIFFERENCE_MIN = 14.0
"""Grey levels, of 255: above the noise of a sensor averaged over a thumbnail's pixel."""
CHANGED_SHARE_MIN = 0.004
"""Nineteen of 4,800 pixels; the smallest face of a person at the gate covers ten times as many."""


class Motion:
    """Compares pictures with the last one that was examined. Pure."""

    def __init__(self) -> None:
        self._reference: npt.NDArray[np.float32] | None = None

    def examined(self, image: Image) -> None:
        """Take a picture in which faces were looked for as the one to compare with."""
        self._reference = _thumbnail(image)

    def is_seen(self, image: Image) -> bool:
        """Return whether the picture differs from the one examined last."""
        if self._reference is None:
            return True
        difference = np.abs(_thumbnail(image) - self._reference)
        return float(np.mean(difference > DIFFERENCE_MIN)) > CHANGED_SHARE_MIN


def _thumbnail(image: Image) -> npt.NDArray[np.float32]:
    small = cv2.resize(image, THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)
