"""Compares the built-in pipeline with dlib itself: boxes, points, chips, descriptors.

``python -m tests.models.face.against_dlib FOLDER...`` compares every photograph below some folders,
in one to two minutes for a hundred; the tests compare some of them.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import dlib
import numpy as np
from rich.progress import track

from models.face import open_pipeline
from models.face.builtin import BuiltinPipeline
from models.face.chip import face_chip
from models.face.types import Image
from models.store import Store
from tests.models.conftest import at_most, read

LONG_SIDE_PX = 250
DESCRIPTOR_DIFFERENCE_MAX = 1e-5


class Rectangle(Protocol):
    """What dlib calls a rectangle; its right and bottom are included."""

    def left(self) -> int: ...
    def top(self) -> int: ...
    def right(self) -> int: ...
    def bottom(self) -> int: ...


def edges(rectangle: Rectangle) -> tuple[float, float, float, float]:
    """Return dlib's rectangle in our way: right and bottom excluded."""
    return (
        rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1,
    )  # fmt: skip


class Oracle:
    """dlib with the weights that face_recognition brings."""

    def __init__(self) -> None:
        spec = find_spec("face_recognition_models")
        assert spec is not None
        assert spec.submodule_search_locations
        weights = Path(spec.submodule_search_locations[0]) / "models"
        self._detector = dlib.cnn_face_detection_model_v1(
            str(weights / "mmod_human_face_detector.dat")
        )
        self._predictor = dlib.shape_predictor(
            str(weights / "shape_predictor_5_face_landmarks.dat")
        )
        self._network = dlib.face_recognition_model_v1(
            str(weights / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def compare(self, builtin: BuiltinPipeline, image: Image, *, name: str) -> int:
        """Assert that everything found in a picture is the same; returns how many faces."""
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        theirs = {edges(found.rect): found for found in self._detector(rgb, 0)}
        ours = {
            (face.box.left, face.box.top, face.box.right, face.box.bottom): face
            for face in builtin.detect(image, face_size_px_min=80)
        }
        assert set(ours) == set(theirs), name
        for box, face in ours.items():
            shape = self._predictor(rgb, theirs[box].rect)
            points = [[float(part.x), float(part.y)] for part in shape.parts()]
            face = face if face.points is not None else builtin.with_points(image, face)
            assert face.points is not None
            assert face.points.tolist() == points, name
            chip = dlib.get_face_chip(rgb, shape, 150, 0.25)
            assert np.array_equal(face_chip(image, face.points), chip), name
            descriptor = np.array(self._network.compute_face_descriptor(rgb, shape))
            difference = np.abs(builtin.embed(image, face) - descriptor).max()
            assert difference <= DESCRIPTOR_DIFFERENCE_MAX, name
        return len(ours)


def pictures_of(folders: Iterable[Path]) -> list[Path]:
    """Return every photograph below some folders."""
    return [
        path
        for folder in folders
        for end in ("jpg", "png")
        for path in sorted(folder.rglob(f"*.{end}"))
    ]


def small(paths: Iterable[Path]) -> Iterator[tuple[str, Image]]:
    """Yield each picture's name and itself, made small enough to be compared quickly."""
    for path in paths:
        yield path.name, at_most(read(path), LONG_SIDE_PX)


def main() -> None:
    """Compare every photograph."""
    parser = argparse.ArgumentParser(prog="tests.models.face.against_dlib", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    paths = pictures_of(parser.parse_args().folders)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        list(store.build())
        builtin, oracle = open_pipeline("builtin", store), Oracle()
        assert isinstance(builtin, BuiltinPipeline)
        faces = sum(
            oracle.compare(builtin, image, name=name)
            for name, image in track(small(paths), total=len(paths), description="compared")
        )
    print(f"{faces} faces of {len(paths)} photographs are as dlib has them")  # noqa: T201
    sys.exit(0 if faces else 1)


if __name__ == "__main__":
    main()
