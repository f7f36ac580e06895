"""A world of coloured squares: a face is a square, its colour is the person. For tests of time."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from edge.vision.reader import Frame
from models.face.gallery import ExactGallery
from models.face.types import Box, Embedding, Face, Image
from models.liveness.types import LivenessLook

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)
Colour = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class Square:
    """One person in the picture. Attributes: x: of the middle, in pixels."""

    colour: Colour
    x: int = 320
    size: int = 160


def picture(*squares: Square, shade: int = 128) -> Image:
    """Return 640 x 480 grey pixels with squares in it, the first in front."""
    image = np.full((480, 640, 3), shade, np.uint8)
    for square in reversed(squares):
        half = square.size // 2
        image[240 - half : 240 + half, max(0, square.x - half) : square.x + half] = square.colour
    return image


@dataclasses.dataclass(frozen=True)
class ColourDemand:
    """What is demanded of a colour, whatever the gallery's size."""

    accept: float = 0.6
    step_up: float = 0.5
    margin: float = 0.02


def demand(gallery_size: int) -> ColourDemand:
    """Demand the same of every gallery."""
    return ColourDemand()


class Film:
    """Numbers pictures and stamps them, 15 a second."""

    def __init__(self) -> None:
        self.now_s, self._sequence = 100.0, 0

    def frame(self, *squares: Square) -> Frame:
        """Return the next frame."""
        self._sequence += 1
        self.now_s += 1 / 15
        return Frame(picture(*squares), self._sequence, self.now_s)


class ColourPipeline:
    """Finds squares and embeds colours; a stranger's colour resembles nobody's."""

    name, network, dimension = "colours", "0" * 64, 3

    def __init__(self) -> None:
        self.regions: list[Box | None] = []
        self.failure: Exception | None = None

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        """Return the squares, largest first."""
        if self.failure is not None:
            raise self.failure
        self.regions.append(region)
        small = image[::4, ::4]
        saturation = small.max(axis=2).astype(int) - small.min(axis=2)
        found = []
        for colour in (RED, GREEN, BLUE):
            is_colour = (small[..., np.argmax(colour)] > 200) & (saturation > 150)
            _, _, stats, _ = cv2.connectedComponentsWithStats(is_colour.astype(np.uint8))
            for left, top, width, height, area in 4 * stats[1:]:
                box = Box(float(left), float(top), float(left + width), float(top + height))
                if area > 1000 and _is_within(box, region):
                    found.append(Face(box, score=1.0))
        return sorted(found, key=lambda face: -face.box.width)

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the colour, of unit length."""
        box = face.box
        colour = image[round((box.top + box.bottom) / 2), round((box.left + box.right) / 2)]
        vector = colour.astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def mean(self, embeddings: Sequence[Embedding]) -> Embedding:
        """Return the mean."""
        return np.asarray(np.mean(embeddings, axis=0), np.float32)

    def similarity(self, one: Embedding, other: Embedding) -> float:
        """Return the cosine."""
        return float(one @ other)

    def threshold(self, *, gallery_size: int, false_positive_rate: float) -> float:
        """Return a constant; colours are not that alike."""
        return 0.6

    def new_gallery(self) -> "ColourGallery":
        """Return an empty gallery."""
        return ColourGallery()


class ColourGallery(ExactGallery):
    """People by colour."""

    def __init__(self, **people: Colour) -> None:
        super().__init__(dimension=ColourPipeline.dimension, measure="cosine")
        for key, colour in people.items():
            self.put(key, [unit(colour)])


class ColourLooker:
    """Looks at squares; how alive they are is set by hand.

    Attributes:
        live_share: What both anti-spoof networks say, 0..1.
        turns: Next turns of the head; the last one stays.
    """

    def __init__(self, live_share: float = 0.99, *, turns: Sequence[float] = (0.0,)) -> None:
        self.live_share, self.turns = live_share, list(turns)

    def look(
        self,
        image: Image,
        face: Face,
        *,
        captured_at_s: float,
        earlier: Sequence[LivenessLook] = (),
    ) -> LivenessLook:
        """Return a look at a bright, big face before a wall that stands still."""
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return LivenessLook(
            captured_at_s=captured_at_s,
            box=face.box,
            brightness=128.0,
            contrast=40.0,
            live_near=self.live_share,
            live_wide=self.live_share,
            surroundings=np.zeros((48, 48), np.uint8),
            is_seen=np.zeros((48, 48), np.uint8),
            turn=turn,
        )


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the quality gate says of every picture."""

    reason: str | None
    score: float


def good(image: Image, face: Face) -> Verdict:
    """Find every picture good."""
    return Verdict(None, 1.0)


def blurred(image: Image, face: Face) -> Verdict:
    """Find every picture blurred."""
    return Verdict("blurred", 0.1)


def _is_within(box: Box, region: Box | None) -> bool:
    if region is None:
        return True
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return region.left <= x < region.right and region.top <= y < region.bottom


def unit(colour: Colour) -> Embedding:
    """Return a colour as an embedding."""
    vector = np.array(colour, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
