"""A pipeline whose faces are colours, and folders of such pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from models.face.gallery import ExactGallery
from models.face.types import Box, Embedding, Face, Gallery, Image

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
DARK_RED = (255, 51, 0)

Colour = tuple[int, int, int]


class Colours:
    """A ``Pipeline``: whatever is not black is a face, and its colour is the person."""

    name = "colours"
    network = "c" * 64
    dimension = 3

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        height, width = image.shape[:2]
        return [Face(Box(0, 0, width, height), 1.0)] if image.any() else []

    def embed(self, image: Image, face: Face) -> Embedding:
        return unit(image.reshape(-1, 3).mean(axis=0))

    def mean(self, embeddings: Sequence[Embedding]) -> Embedding:
        return unit(np.mean(np.stack(embeddings), axis=0))

    def similarity(self, one: Embedding, other: Embedding) -> float:
        return float(one @ other)

    def threshold(self, *, gallery_size: int, false_positive_rate: float) -> float:
        return 0.5

    def new_gallery(self) -> Gallery:
        return ExactGallery(dimension=self.dimension, measure="cosine")


def unit(vector: Sequence[float] | np.ndarray) -> Embedding:
    """Return a vector of length 1."""
    row = np.asarray(vector, np.float32)
    return (row / np.linalg.norm(row)).astype(np.float32)


def at_degrees(*angles: float) -> np.ndarray:
    """Return unit vectors in the plane, a row each."""
    radians = np.radians(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def paint(folder: Path, *colours: Colour) -> Path:
    """Write a picture of each colour into a folder, as 1.png, 2.png, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, colour in enumerate(colours):
        Pillow.new("RGB", (40, 40), colour).save(folder / f"{index + 1}.png")
    return folder


def nothing(*_: object) -> None:
    """Take progress, and say nothing of it."""
