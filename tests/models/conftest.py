"""Networks and photographs for the tests of recognition."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from config.demo.photographs import find_photographs
from models.face import open_pipeline
from models.face.types import Image, Pipeline
from models.store import Store


@pytest.fixture(scope="session")
def built_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the built-in networks, converted in this run."""
    store = Store(tmp_path_factory.mktemp("models"))
    assert list(store.build()) == ["dlib-mmod", "dlib-five-points", "dlib-resnet"]
    return store


@pytest.fixture(scope="session")
def builtin(built_store: Store) -> Pipeline:
    """The built-in pipeline."""
    return open_pipeline("builtin", built_store)


@pytest.fixture(scope="session")
def production(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The production pipeline, its files added as a technician adds them."""
    store = Store(tmp_path_factory.mktemp("production"))
    for name in ("yunet_s_dynamic.onnx", "face-reidentification-retail-0095.onnx"):
        store.add(shared / "models" / name)
    return open_pipeline("production", store)


@pytest.fixture(scope="session")
def photographs() -> dict[str, Image]:
    """The two photographs that installed packages carry, 480 pixels high."""
    return {
        key: at_height(read(photograph.path), 480) for key, photograph in find_photographs().items()
    }


def read(path: Path) -> Image:
    """Return a picture, BGR."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8, copy=False)


def at_height(image: Image, height: int) -> Image:
    """Return a picture scaled to a height."""
    width = round(image.shape[1] * height / image.shape[0])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def at_most(image: Image, long_side: int) -> Image:
    """Return a picture made smaller, if it is larger than this."""
    scale = long_side / max(image.shape)
    return image if scale >= 1 else at_height(image, round(image.shape[0] * scale))
