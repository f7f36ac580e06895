"""The model store: a folder of networks that are known by their hashes.

``build`` converts what an installed package carries, once; ``add`` takes a file. Every write is a
temporary file that is renamed, so two processes may build at once and a power cut leaves no half
file. A file is checked whenever it is opened.
"""

import dataclasses
import hashlib
import io
import json
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from models.convert.dlib_stream import (
    ShapePredictor,
    read_descriptor_network,
    read_detector_network,
    read_shape_predictor,
)

WEIGHTS_PACKAGE: Final = "face_recognition_models"
DEFAULT_PIPELINE: Final = "builtin"


class StoreError(Exception):
    """The store cannot do what was asked; the message is one line that says what to do."""


class MissingFilesError(StoreError):
    """A pipeline's networks are not all in the store. Attributes: names: of those missing."""

    def __init__(self, names: Sequence[str], advice: str) -> None:
        super().__init__(f"missing: {', '.join(names)}; {advice}")
        self.names = tuple(names)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One entry of the catalogue.

    Attributes:
        sha256: Of the file, or of the weights that it is converted from.
        file: Its name in the store.
        source: Name of the weights in the installed package; None for files that are added.
        fnir_at_fpir_0001_n1000: Share of enrolled people's pictures refused where one stranger in
            1,000 passes a gallery of 1,000; None where it is no recogniser.
    """

    name: str
    role: str
    pipelines: tuple[str, ...]
    origin: str
    licence: str
    commercial_use: bool
    sha256: str
    file: str
    input: str
    output: str
    source: str | None = None
    fnir_at_fpir_0001_n1000: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class StoredNetwork:
    """A network that lies in the store. Attributes: sha256: the catalogue's, its identity."""

    path: Path
    sha256: str


@cache
def catalogue() -> tuple[Network, ...]:
    """Return every network that can be used."""
    text = Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8")
    return tuple(
        Network(**{**entry, "pipelines": tuple(entry["pipelines"])})
        for entry in tomllib.loads(text)["network"]
    )


def default_folder() -> Path:
    """Return ``MENSHEN_MODELS``, else a folder in the user's cache."""
    if named := os.environ.get("MENSHEN_MODELS"):
        return Path(named).expanduser()
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(cache_home) if cache_home else Path.home() / ".cache") / "menshen" / "models"


def default_store() -> "Store":
    """Return the store of this user."""
    return Store(default_folder())


class Store:
    """One folder of networks."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which may not exist yet."""
        self.folder = folder

    def has(self, network: Network) -> bool:
        """Return whether a network is there; its content is checked when it is opened."""
        return (self.folder / network.file).is_file() and self._recorded(network) is not None

    def missing(self, pipeline: str) -> list[str]:
        """Return the roles of a pipeline that no file of the store fills, by network name."""
        wanted: dict[str, list[Network]] = {}
        for network in catalogue():
            if pipeline in network.pipelines:
                wanted.setdefault(network.role, []).append(network)
        return [
            " or ".join(network.name for network in networks)
            for networks in wanted.values()
            if not any(self.has(network) for network in networks)
        ]

    def find(self, pipeline: str) -> dict[str, StoredNetwork]:
        """Return a pipeline's networks by role, each checked against its recorded hash.

        Raises:
            MissingFilesError: Some are not there.
            StoreError: A file is damaged.
        """
        if missing := self.missing(pipeline):
            advice = "run `menshen models build`"
            if pipeline != DEFAULT_PIPELINE:
                advice = "add each with `menshen models add FILE`"
            raise MissingFilesError(missing, advice)
        found: dict[str, StoredNetwork] = {}
        for network in catalogue():
            if pipeline in network.pipelines and network.role not in found and self.has(network):
                path = self.folder / network.file
                if not self._is_sound(network):
                    command = "build" if network.source else "add FILE"
                    raise StoreError(f"{path.name} is damaged: run `menshen models {command}`")
                found[network.role] = StoredNetwork(path, network.sha256)
        return found

    def build(self) -> Iterator[str]:
        """Convert the built-in networks that are absent or damaged; yields each name when done.

        Raises:
            StoreError: The weights are not installed, or are not the ones of the catalogue.
        """
        for network in catalogue():
            if network.source is None or self._is_sound(network):
                continue
            raw = _read_weights(network.source)
            if _sha256(raw) != network.sha256:
                advice = f"reinstall {WEIGHTS_PACKAGE}"
                raise StoreError(f"{network.source} is not the catalogue's file: {advice}")
            self._put(network, _CONVERTERS[network.name](raw))
            yield network.name

    def add(self, path: Path) -> Network:
        """Take a file into the store, if the catalogue knows it.

        Raises:
            StoreError: It cannot be read, or is not in the catalogue.
        """
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        found = _sha256(raw)
        network = next((n for n in catalogue() if n.sha256 == found and n.source is None), None)
        if network is None:
            raise StoreError(
                f"{path.name} has the hash {found[:16]}..., which is not in the catalogue: "
                "see `menshen models list` for the files that can be used"
            )
        self._put(network, raw)
        return network

    def _put(self, network: Network, raw: bytes) -> None:
        record = {"file_sha256": _sha256(raw), "catalogue_sha256": network.sha256}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(self.folder / network.file, raw)
            _replace(self._record_path(network), json.dumps(record, indent=1).encode())
        except OSError as error:
            raise StoreError(f"cannot write {self.folder}: {error.strerror}") from error

    def _is_sound(self, network: Network) -> bool:
        try:
            raw = (self.folder / network.file).read_bytes()
        except OSError:
            return False
        return _sha256(raw) == self._recorded(network)

    def _recorded(self, network: Network) -> str | None:
        """Return the hash that the file had when it was written, if it is of this network."""
        try:
            record = json.loads(self._record_path(network).read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(record, dict):
            return None
        is_ours = record.get("catalogue_sha256") == network.sha256
        return record.get("file_sha256") if is_ours else None

    def _record_path(self, network: Network) -> Path:
        return self.folder / f"{network.file}.json"


def load_shape_predictor(path: Path) -> ShapePredictor:
    """Read the five-point predictor as ``build`` wrote it."""
    with np.load(path) as arrays:
        return ShapePredictor(**{name: arrays[name] for name in arrays.files})


def _read_weights(name: str) -> bytes:
    # The package itself cannot be imported everywhere: it asks for pkg_resources.
    spec = find_spec(WEIGHTS_PACKAGE)
    for folder in [] if spec is None else list(spec.submodule_search_locations or []):
        path = Path(folder) / "models" / name
        if path.is_file():
            return path.read_bytes()
    raise StoreError(f"the built-in networks need the package {WEIGHTS_PACKAGE}: install it")


def _points_file(raw: bytes) -> bytes:
    predictor = read_shape_predictor(raw)
    target = io.BytesIO()
    np.savez(target, allow_pickle=False, **dataclasses.asdict(predictor))
    return target.getvalue()


def _detector_file(raw: bytes) -> bytes:
    # Imported when it is needed: a gate that only opens networks does without 40 MB of onnx.
    from models.convert.dlib_onnx import detector_model

    return detector_model(read_detector_network(raw))


def _descriptor_file(raw: bytes) -> bytes:
    from models.convert.dlib_onnx import descriptor_model

    return descriptor_model(read_descriptor_network(raw))


_CONVERTERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "dlib-mmod": _detector_file,
    "dlib-resnet": _descriptor_file,
    "dlib-five-points": _points_file,
}


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _replace(path: Path, raw: bytes) -> None:
    """Write a file at once or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as new:
        temporary = Path(new.name)
        try:
            new.write(raw)
            new.flush()
            os.fsync(new.fileno())
            new.close()
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
