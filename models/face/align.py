"""The upright picture of a face that face-reidentification-retail-0095 looks at.

Source: Open Model Zoo 2023.0, face-reidentification-retail-0095, "Use Case and High-Level
Description" (reference landmarks).
"""

from typing import Any, Final

import cv2
import numpy as np

from models.face.types import Image, Points

SIZE_PX: Final = 128
REFERENCE: Final = SIZE_PX * np.array(
    [
        [30.2946 / 96, 51.6963 / 112],
        [65.5318 / 96, 51.5014 / 112],
        [48.0252 / 96, 71.7366 / 112],
        [33.5493 / 96, 92.3655 / 112],
        [62.7299 / 96, 92.2041 / 112],
    ],
    dtype=np.float32,
)


def aligned_face(image: Image, points: Points) -> Image:
    """Return the face, shape (128, 128, 3), uint8, BGR; black where the image ends.

    Args:
        image: Shape (height, width, 3), uint8, BGR.
        points: Shape (5, 2): eyes, nose, corners of the mouth, from left to right in the image.
    """
    # OpenCV's annotation leaves out that there may be no such transform.
    estimate: Any = cv2.estimateAffinePartial2D(points, REFERENCE, method=cv2.LMEDS)
    matrix = estimate[0]
    if matrix is None:
        # Points on one line or in one place: no face, and an embedding of nothing matches nobody.
        return np.zeros((SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    return cv2.warpAffine(image, matrix, (SIZE_PX, SIZE_PX)).astype(np.uint8, copy=False)
