"""The production pipeline: YuNet and face-reidentification-retail-0095, for sites with their files.

Error rates: ``thresholds.FAR_0095``; at a gallery of 1,000 and one stranger in 1,000 it refuses
17 % of enrolled people's single pictures (LFW, one picture enrolled), 4 % with three.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import onnxruntime as ort

from models.face.align import aligned_face
from models.face.gallery import ExactGallery
from models.face.region import cut, largest_first, moved
from models.face.thresholds import FAR_0095, threshold_for
from models.face.types import Box, Embedding, Face, Gallery, Image
from models.face.yunet import YuNetDetector


class ProductionPipeline:
    """See ``types.Pipeline``."""

    name: Final = "production"
    dimension: Final = 256

    def __init__(
        self, *, detector: ort.InferenceSession, recogniser: ort.InferenceSession, network: str
    ) -> None:
        """Join the networks; ``network`` is the hash of the recogniser's file."""
        self._detector = YuNetDetector(detector)
        self._recogniser, self._network = recogniser, network
        self._input = recogniser.get_inputs()[0].name

    @property
    def network(self) -> str:
        """SHA-256 of the recognition network."""
        return self._network

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        """Return the faces, largest first."""
        part, left, top = cut(image, region)
        found = self._detector.detect(part, face_size_px_min=face_size_px_min)
        return largest_first(moved(found, left, top))

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding, shape (256,), float32, of unit length.

        Raises:
            ValueError: The face is of another pipeline and has no landmarks.
        """
        if face.points is None:
            raise ValueError("this pipeline embeds faces that it found itself")
        picture = aligned_face(image, face.points).transpose(2, 0, 1)[None].astype(np.float32)
        raw: Embedding = self._recogniser.run(None, {self._input: picture})[0].ravel()
        return raw / max(float(np.linalg.norm(raw)), 1e-12)

    def mean(self, embeddings: Sequence[Embedding]) -> Embedding:
        """Return the mean, brought back to unit length."""
        mean: Embedding = np.mean(np.stack(embeddings), axis=0, dtype=np.float32)
        return mean / max(float(np.linalg.norm(mean)), 1e-12)

    def similarity(self, one: Embedding, other: Embedding) -> float:
        """Return the cosine."""
        return float(one @ other)

    def threshold(self, *, gallery_size: int, false_positive_rate: float) -> float:
        """See ``types.Pipeline``."""
        return threshold_for(
            FAR_0095, gallery_size=gallery_size, false_positive_rate=false_positive_rate
        )

    def new_gallery(self) -> Gallery:
        """Return an empty gallery."""
        return ExactGallery(dimension=self.dimension, measure="cosine")
