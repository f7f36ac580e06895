"""Face recognition: ``open_pipeline`` gives detection, embedding, threshold and gallery as one.

To add a pipeline: one module that satisfies ``types.Pipeline``, its networks in ``catalog.toml``,
and its line in ``_OPENERS``.
"""

from collections.abc import Callable, Mapping

from models.face.builtin import BuiltinPipeline
from models.face.five_points import FivePoints
from models.face.onnx_session import open_session
from models.face.production import ProductionPipeline
from models.face.types import Pipeline
from models.store import MissingFilesError, Store, StoredNetwork, load_shape_predictor

__all__ = ["MissingFilesError", "open_pipeline"]


def open_pipeline(name: str, store: Store) -> Pipeline:
    """Open a pipeline; threads may share it, and should: its networks are large.

    Args:
        name: ``builtin`` or ``production``.
        store: Where the networks lie.

    Raises:
        MissingFilesError: The store lacks some; the message says the command that adds them.
        StoreError: A file is damaged.
        ValueError: No such pipeline.
    """
    try:
        opener = _OPENERS[name]
    except KeyError as error:
        raise ValueError(f"no pipeline {name!r}; there are: {', '.join(_OPENERS)}") from error
    return opener(store.find_pipeline(name))


def _open_builtin(networks: Mapping[str, StoredNetwork]) -> Pipeline:
    descriptor = networks["face-recogniser"]
    return BuiltinPipeline(
        detector=open_session(str(networks["face-detector"].path)),
        points=FivePoints(load_shape_predictor(networks["landmarks"].path)),
        descriptor=open_session(str(descriptor.path)),
        network=descriptor.sha256,
    )


def _open_production(networks: Mapping[str, StoredNetwork]) -> Pipeline:
    recogniser = networks["face-recogniser"]
    return ProductionPipeline(
        detector=open_session(str(networks["face-detector"].path)),
        recogniser=open_session(str(recogniser.path)),
        network=recogniser.sha256,
    )


_OPENERS: dict[str, Callable[[Mapping[str, StoredNetwork]], Pipeline]] = {
    "builtin": _open_builtin,
    "production": _open_production,
}
