"""dlib's five landmarks: a cascade of regression trees, all trees of a cascade at once.

Source: dlib 20.0, ``image_processing/shape_predictor.h``; Kazemi and Sullivan, "One Millisecond
Face Alignment with an Ensemble of Regression Trees", CVPR 2014.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.convert.dlib_stream import ShapePredictor
from models.face.types import Box, Image, Points

TREE_DEPTH: Final = 4


class FivePoints:
    """The predictor: right eye's outer and inner corner, left eye's, and below the nose."""

    def __init__(self, predictor: ShapePredictor) -> None:
        self._predictor = predictor
        self._split_count = predictor.split_thresholds.shape[2]
        initial = predictor.initial.astype(np.float64)
        self._initial_centre = initial.mean(axis=0)
        self._initial_offset = initial - self._initial_centre
        self._initial_energy = float((self._initial_offset**2).sum())

    def locate(self, image: Image, box: Box) -> Points:
        """Return the points, shape (5, 2): whole pixels, x and y.

        Args:
            image: Shape (height, width, 3), uint8, BGR.
            box: Of the face, as the detector gave it.
        """
        predictor = self._predictor
        corner = np.array([box.left, box.top], dtype=np.float32)
        # dlib's rectangles include their right and bottom pixels.
        size = np.array([box.right - 1 - box.left, box.bottom - 1 - box.top], dtype=np.float32)
        shape = predictor.initial.copy()
        for cascade in range(len(predictor.anchors)):
            turn = self._turn(shape)
            places = shape[predictor.anchors[cascade]] + predictor.deltas[cascade] @ turn.T
            pixels = np.floor(corner + places * size + np.float32(0.5)).astype(np.int64)
            shape = self._moved(shape, cascade, _look_up(image, pixels))
        return np.floor(corner + shape * size + np.float32(0.5)).astype(np.float32)

    def _turn(self, shape: Points) -> npt.NDArray[np.float32]:
        """Return rotation and scale from the initial shape to this one, shape (2, 2)."""
        offset = shape.astype(np.float64)
        offset -= offset.mean(axis=0)
        before = self._initial_offset
        a = float((before * offset).sum()) / self._initial_energy
        b = float((before[:, 0] * offset[:, 1] - before[:, 1] * offset[:, 0]).sum())
        b /= self._initial_energy
        return np.array([[a, -b], [b, a]], dtype=np.float32)

    def _moved(self, shape: Points, cascade: int, values: npt.NDArray[np.float32]) -> Points:
        """Let every tree look at two pixels per split, and add up what their leaves say."""
        predictor = self._predictor
        pairs = predictor.split_pixels[cascade]
        goes_left = (
            values[pairs[:, :, 0]] - values[pairs[:, :, 1]] > predictor.split_thresholds[cascade]
        )
        trees = np.arange(len(pairs))
        node = np.zeros(len(pairs), dtype=np.int64)
        for _ in range(TREE_DEPTH):
            node = 2 * node + 2 - goes_left[trees, node]
        steps = predictor.leaves[cascade][trees, node - self._split_count]
        # dlib adds leaf by leaf in float32; cumsum keeps that order, a pairwise sum would not.
        sums = np.cumsum(np.concatenate([shape[None], steps]), axis=0, dtype=np.float32)
        last: Points = sums[-1]
        return last


def _look_up(image: Image, pixels: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the brightness at each pixel, 0 outside the image."""
    height, width = image.shape[:2]
    x, y = pixels[:, 0], pixels[:, 1]
    is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    colours = image[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    values = colours.astype(np.int32).sum(axis=1) // 3
    return np.where(is_inside, values, 0).astype(np.float32)
