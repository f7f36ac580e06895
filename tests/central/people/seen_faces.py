"""Pictures whose person is known, and a pipeline that knows them: recognition for central's tests.

The networks themselves are tested in ``tests/models``.
"""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow

from models.face.gallery import ExactGallery
from models.face.types import Box, Embedding, Face, Gallery, Image

SIZE_PX = 200
NOBODY, CROWD, HIDDEN = 40, 80, 120
"""Left of a face the picture is this grey: nobody, a crowd, or a face that `OtherFaces` misses."""


def photograph(person: int, *, marker: int = 0, blurred: bool = False) -> bytes:
    """Return a PNG of a person; another marker makes it another picture."""
    noise = np.random.default_rng(person).integers(0, 255, (20, 20), dtype=np.uint8)
    face = np.kron(noise, np.ones((10, 10), dtype=np.uint8))
    if blurred:
        face = np.full_like(face, 128) + face // 64
    picture = np.concatenate([np.full((SIZE_PX, 20), marker, dtype=np.uint8), face], axis=1)
    file = io.BytesIO()
    Pillow.fromarray(picture).convert("RGB").save(file, "PNG")
    return file.getvalue()


class SeenFaces:
    """A pipeline; people are alike as their pictures are."""

    name, network, dimension = "seen", "5" * 64, 400

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        face = Face(Box(20, 0, 20 + SIZE_PX, SIZE_PX), score=1.0)
        return {NOBODY: [], CROWD: [face, face]}.get(int(image[0, 0, 0]), [face])

    def embed(self, image: Image, face: Face) -> Embedding:
        cells = image[5::10, 25::10, 0].astype(np.float32).ravel() - 127
        return np.asarray(cells / np.linalg.norm(cells), dtype=np.float32)

    def mean(self, embeddings: Sequence[Embedding]) -> Embedding:
        mean = np.mean(np.stack(embeddings), axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def similarity(self, one: Embedding, other: Embedding) -> float:
        return float(one @ other)

    def threshold(self, *, gallery_size: int, false_positive_rate: float) -> float:
        return 0.5

    def new_gallery(self) -> Gallery:
        return ExactGallery(dimension=self.dimension, measure="cosine")


class OtherFaces(SeenFaces):
    """Another network, for which not every face is one; the two cannot compare each other's."""

    network = "6" * 64

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        # A kept picture is a JPEG, whose greys are near those of the file that was sent.
        is_hidden = abs(int(image[0, 0, 0]) - HIDDEN) < 10
        return [] if is_hidden else super().detect(image)

    def embed(self, image: Image, face: Face) -> Embedding:
        return np.ascontiguousarray(super().embed(image, face)[::-1])
