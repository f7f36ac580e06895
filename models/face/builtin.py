"""The built-in pipeline: dlib's networks, which every installation has. Needs no download.

MMOD finds faces, regression trees five points, a residual network the 128 numbers. Error rates:
``thresholds.FAR_BUILTIN``; at a gallery of 1,000 and one stranger in 1,000 it refuses 64 % of
enrolled people's single pictures (LFW, one picture enrolled), 33 % with three pictures enrolled.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
import onnxruntime as ort

from models.face.chip import face_chip
from models.face.five_points import FivePoints
from models.face.gallery import ExactGallery
from models.face.mmod import MmodDetector
from models.face.region import cut, enlarged, largest_first, moved, shrunk
from models.face.thresholds import FAR_BUILTIN, threshold_for
from models.face.types import Box, Embedding, Face, Gallery, Image, Points

WHOLE_PYRAMID_BELOW_PX: Final = 80
"""Who asks for smaller faces than the network's window gets dlib's own pyramid."""
PIXELS_MAX: Final = 1920 * 1080
"""Larger images are searched at this size: 12 megapixels would take 1.7 GB of memory."""
POINTED_COUNT_MAX: Final = 4
"""Faces of one image that get landmarks at once; the others get theirs when embedded."""


class BuiltinPipeline:
    """See ``types.Pipeline``."""

    name: Final = "builtin"
    dimension: Final = 128

    def __init__(
        self,
        *,
        detector: ort.InferenceSession,
        points: FivePoints,
        descriptor: ort.InferenceSession,
        network: str,
    ) -> None:
        """Join the networks; ``network`` is the hash of the descriptor's file."""
        self._detector, self._points = MmodDetector(detector), points
        self._descriptor, self._network = descriptor, network

    @property
    def network(self) -> str:
        """SHA-256 of the descriptor network."""
        return self._network

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        """Return the faces, largest first; 80 and below finds exactly what dlib finds.

        An image of more than ``PIXELS_MAX`` is searched at that size, so the smallest face that is
        found grows with it.
        """
        part, left, top = cut(image, region)
        part, factor = shrunk(part, pixels_max=PIXELS_MAX)
        if face_size_px_min <= WHOLE_PYRAMID_BELOW_PX:
            found = self._detector.detect_all(part)
        else:
            found = self._detector.detect_near(part, face_size_px_min=face_size_px_min)
        faces = largest_first(moved(enlarged(found, factor), left, top))
        return [
            self.with_points(image, face) if index < POINTED_COUNT_MAX else face
            for index, face in enumerate(faces)
        ]

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return dlib's descriptor, shape (128,), float32; not of unit length."""
        points = self._points.locate(image, face.box) if face.points is None else face.points
        return self.describe(face_chip(image, points))

    def describe(self, chip: Image) -> Embedding:
        """Return the descriptor of a chip, shape (150, 150, 3), uint8, RGB."""
        descriptor: Embedding = self._descriptor.run(None, {"chips": chip[None]})[0][0]
        return descriptor

    def mean(self, embeddings: Sequence[Embedding]) -> Embedding:
        """Return the plain mean, which for this descriptor is the better template."""
        mean: Embedding = np.mean(np.stack(embeddings), axis=0, dtype=np.float32)
        return mean

    def similarity(self, one: Embedding, other: Embedding) -> float:
        """Return 1 - Euclidean distance."""
        return 1 - float(np.linalg.norm(one - other))

    def threshold(self, *, gallery_size: int, false_positive_rate: float) -> float:
        """See ``types.Pipeline``; never dlib's 0.6, which lets 94 % pass a gallery of 1,000."""
        return threshold_for(
            FAR_BUILTIN, gallery_size=gallery_size, false_positive_rate=false_positive_rate
        )

    def new_gallery(self) -> Gallery:
        """Return an empty gallery."""
        return ExactGallery(dimension=self.dimension, measure="euclidean")

    def with_points(self, image: Image, face: Face) -> Face:
        """Return the face with its landmarks and what they say of the pose."""
        points = self._points.locate(image, face.box)
        return dataclasses.replace(
            face,
            points=points,
            turn=_turn(points),
            tilt_deg=_tilt_deg(points),
            eyes=np.stack([points[2:4].mean(axis=0), points[:2].mean(axis=0)]),
        )


def _turn(points: Points) -> float:
    """Return the nose's way from the middle of the eyes, in eye distances; see ``Face.turn``."""
    right, left = points[:2].mean(axis=0), points[2:4].mean(axis=0)
    across = right - left
    return float((points[4] - (right + left) / 2) @ across / max(float(across @ across), 1e-6))


def _tilt_deg(points: Points) -> float:
    across = points[:2].mean(axis=0) - points[2:4].mean(axis=0)
    return float(np.degrees(np.arctan2(across[1], across[0])))
