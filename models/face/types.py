"""The interface of face recognition: image in, faces, embeddings and candidates out.

Images are ``(height, width, 3)`` uint8 in BGR order, as OpenCV cameras deliver them. Boxes are in
pixels of the image, right and bottom excluded. A similarity is larger when more alike, for every
pipeline; its scale belongs to the pipeline, so a threshold is asked of the pipeline and is never a
constant.
"""

import dataclasses
from collections.abc import Collection, Sequence
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
        eyes: Shape (2, 2), x and y in pixels: the middle of each eye, the left one in the image
            first. None where the pipeline does not say.
    """

    box: Box
    score: float
    points: Points | None = None
    turn: float | None = None
    tilt_deg: float | None = None
    eyes: Points | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """One person whom a probe resembles. Attributes: key: as given to the gallery."""

    key: str
    similarity: float


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Two different people of a gallery. Attributes: one, other: keys; similarity: their best."""

    one: str
    other: str
    similarity: float


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """How many pairs of different people are how much alike.

    Attributes:
        edges: Shape (n + 1,), ascending; similarities beyond them count in the outer bins.
        counts: Shape (n,).
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]

    @property
    def pair_count(self) -> int:
        """Pairs in all."""
        return int(self.counts.sum())

    def share_at(self, similarity: float) -> float:
        """Return the share of pairs of at least a similarity, 0..1; never less than it is.

        Raises:
            ValueError: There is no pair.
        """
        if not self.pair_count:
            raise ValueError("there are no two people to compare")
        first = int(np.searchsorted(self.edges, similarity, side="right")) - 1
        return int(self.counts[min(max(first, 0), len(self.counts) - 1) :].sum()) / self.pair_count


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

    def search(
        self, probe: Embedding, *, count: int = 2, keys: Collection[str] | None = None
    ) -> Sequence[Candidate]:
        """Return the best people, best first, at most ``count``, each person once.

        With ``keys`` only those people are searched; whoever does so often uses ``select``, which
        prepares it once.
        """
        ...

    def select(self, keys: Collection[str]) -> "Selection":
        """Return the people of some keys, to be searched often.

        The selection follows the gallery: a selected person who is put later is found, one who is
        forgotten is not. Make a new one when it is other people who may pass.
        """
        ...

    def pairs_above(self, similarity: float, *, count_max: int) -> Sequence[Pair]:
        """Return the pairs of people whose best templates are at least so much alike.

        Returns:
            The most alike first, at most ``count_max``.
        """
        ...

    def impostor_scores(self, *, people_count_max: int = 10_000) -> ScoreHistogram:
        """Return how much alike different people of the gallery are, each pair once.

        Args:
            people_count_max: Of more people, so many at even distances are compared.
        """
        ...


class Selection(Protocol):
    """Some people of a gallery."""

    def __len__(self) -> int:
        """Return how many of them the gallery holds now."""
        ...

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best of them, best first, at most ``count``, each person once."""
        ...
