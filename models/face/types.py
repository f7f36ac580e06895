"""The interface of face recognition: image in, faces, embeddings and candidates out.

Images are ``(height, width, 3)`` uint8 in BGR order, as OpenCV cameras deliver them. Boxes are in
pixels of the image, right and bottom excluded. A similarity is larger when more alike, for every
pipeline; its scale belongs to the pipeline, so a threshold is asked of the pipeline and is never a
constant.
"""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Embedding = npt.NDArray[np.float32]
Points = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; right and bottom are excluded. It may reach beyond the image."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top


@dataclasses.dataclass(frozen=True, slots=True)
class Face:
    """One face found in an image.

    Attributes:
        score: The detector's own confidence; comparable only within one pipeline.
        points: Shape (5, 2), x and y in pixels, in the pipeline's own order.
        turn: How far the nose lies beside the middle of the eyes, in eye distances; 0 looks
            straight ahead, 0.5 is about half profile. None where the pipeline does not say.
        tilt_deg: Of the line of the eyes, clockwise. None where the pipeline does not say.
    """

    box: Box
    score: float
    points: Points | None = None
    turn: float | None = None
    tilt_deg: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """One person whom a probe resembles. Attributes: key: as given to the gallery."""

    key: str
    similarity: float


class Pipeline(Protocol):
    """Detection to embedding with one set of networks; any number of threads may share it."""

    @property
    def name(self) -> str:
        """``builtin`` or ``production``, or another name of the catalogue."""
        ...

    @property
    def network(self) -> str:
        """SHA-256 (hex) of the embedding network; templates of another are not comparable."""
        ...

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        ...

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        """Return the faces, largest first.

        Args:
            image: Shape (height, width, 3), uint8, BGR.
            face_size_px_min: Faces of smaller boxes may be missed; larger is faster.
            region: Look only there (a track's neighbourhood); boxes stay in image coordinates.
        """
        ...

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding, shape (dimension,), float32, ready for ``new_gallery()``."""
        ...

    def mean(self, embeddings: Sequence[Embedding]) -> Embedding:
        """Return the template of one person from several pictures of that person."""
        ...

    def similarity(self, one: Embedding, other: Embedding) -> float:
        """Return how alike two embeddings are, on the gallery's scale."""
        ...

    def threshold(self, *, gallery_size: int, false_positive_rate: float) -> float:
        """Return the similarity to demand so that few enough strangers are taken for somebody.

        Args:
            gallery_size: People searched, 0 or more.
            false_positive_rate: 0..1, per attempt, over the whole gallery (FPIR).
        """
        ...

    def new_gallery(self) -> "Gallery":
        """Return an empty gallery with this pipeline's measure."""
        ...


class Gallery(Protocol):
    """Exact 1:N search. Several templates may belong to one key; the best counts."""

    def __len__(self) -> int:
        """Return the number of people (keys)."""
        ...

    def put(self, key: str, templates: Sequence[Embedding]) -> None:
        """Replace what the gallery holds of one person; an empty sequence forgets the person."""
        ...

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best people, best first, at most ``count``, each person once."""
        ...
