"""The networks that the benchmarks of recognition work with, and where their pictures lie."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models.face import open_pipeline
from models.face.types import Pipeline
from models.store import MissingFilesError, Store, default_store

PIPELINES: Final = ("production", "builtin")
SHARED_FILES: Final = (
    "yunet_s_dynamic.onnx",
    "face-reidentification-retail-0095.onnx",
    "minifasnet_v2_2.7_80x80.onnx",
    "minifasnet_v1se_4.0_80x80.onnx",
    "mediapipe_face_landmark_468.onnx",
)


def shared_folder() -> Path:
    """Return ``MENSHEN_SHARED``, else the folder ``shared`` beside the project, if any."""
    named = os.environ.get("MENSHEN_SHARED")
    return Path(named) if named else Path(__file__).parents[2] / "shared"


@contextlib.contextmanager
def networks() -> Iterator[Store]:
    """Give a store with the built-in networks and whatever else is at hand.

    It is the user's own where that is complete, else a temporary one, filled with the files of
    the shared folder and removed in the end.

    Raises:
        StoreError: The built-in networks cannot be converted, or a file is not the catalogue's.
    """
    own = default_store()
    if not any(own.missing(name) for name in (*PIPELINES, "liveness")):
        yield own
        return
    with tempfile.TemporaryDirectory(prefix="menshen-benchmark-") as folder:
        store = Store(Path(folder))
        list(store.build())
        for name in SHARED_FILES:
            path = shared_folder() / "models" / name
            if path.is_file():
                store.add(path)
        yield store


def pipelines(store: Store) -> dict[str, Pipeline | None]:
    """Return the pipelines by name; None where a pipeline's files are absent."""
    found: dict[str, Pipeline | None] = {}
    for name in PIPELINES:
        try:
            found[name] = open_pipeline(name, store)
        except MissingFilesError:
            found[name] = None
    return found
