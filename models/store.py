"""The model store: a folder of networks that are known by their hashes.

``build`` converts what an installed package carries, once; ``add`` takes a file, ``put`` what
``fetch`` downloaded; the IR of the Open Model Zoo is converted on its way in. Every write is a
temporary file that is renamed, so two processes may build at once and a power cut leaves no half
file. A file is checked whenever it is opened.
"""

import dataclasses
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from models.catalogue import IR_SUFFIXES, Network, SourceFile, catalogue
from models.convert.dlib_stream import (
    ShapePredictor,
    read_descriptor_network,
    read_detector_network,
    read_shape_predictor,
)

__all__ = ["MissingFilesError", "Network", "Store", "StoreError", "StoredNetwork", "catalogue"]

WEIGHTS_PACKAGE: Final = "face_recognition_models"
DEFAULT_PIPELINE: Final = "builtin"


class StoreError(Exception):
    """The store cannot do what was asked; the message is one line that says what to do."""


class MissingFilesError(StoreError):
    """A pipeline's networks are not all in the store. Attributes: names: of those missing."""

    def __init__(self, names: Sequence[str], advice: str) -> None:
        super().__init__(f"missing: {', '.join(names)}; {advice}")
        self.names = tuple(names)


@dataclasses.dataclass(frozen=True, slots=True)
class StoredNetwork:
    """A network that lies in the store. Attributes: sha256: the catalogue's, its identity."""

    path: Path
    sha256: str


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

    def find(self, name: str) -> StoredNetwork | None:
        """Return one network, checked against its recorded hash; None where it is not there.

        Raises:
            StoreError: Its file is damaged.
            ValueError: The catalogue has no such network.
        """
        network = network_of(name)
        return self._open(network) if self.has(network) else None

    def find_pipeline(self, pipeline: str) -> dict[str, StoredNetwork]:
        """Return a pipeline's networks by role, each checked against its recorded hash.

        Raises:
            MissingFilesError: Some are not there.
            StoreError: A file is damaged.
        """
        if missing := self.missing(pipeline):
            advice = "run `menshen models build`"
            if pipeline != DEFAULT_PIPELINE:
                advice = (
                    f"run `menshen models fetch --pipeline {pipeline}`, or without internet "
                    "add each with `menshen models add FILE`"
                )
            raise MissingFilesError(missing, advice)
        found: dict[str, StoredNetwork] = {}
        for network in catalogue():
            if pipeline in network.pipelines and network.role not in found and self.has(network):
                found[network.role] = self._open(network)
        return found

    def _open(self, network: Network) -> StoredNetwork:
        if not self._is_sound(network):
            command = "build" if network.source else "add FILE"
            raise StoreError(f"{network.file} is damaged: run `menshen models {command}`")
        return StoredNetwork(self.folder / network.file, network.sha256)

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

        Args:
            path: An ONNX file, or either file of an IR, whose other file lies beside it.

        Raises:
            StoreError: It cannot be read, or is not in the catalogue.
        """
        raw = _read(path)
        found = _sha256(raw)
        for network in catalogue():
            if network.is_converted and found in (file.sha256 for file in network.files):
                parts = [path.with_suffix(suffix) for suffix in IR_SUFFIXES]
                self.put(network, [raw if part == path else _read(part) for part in parts])
                return network
            if network.sha256 == found and network.source is None:
                self._put(network, raw)
                return network
        raise StoreError(
            f"{path.name} has the hash {found[:16]}..., which is not in the catalogue: "
            "see `menshen models list` for the files that can be used"
        )

    def put(self, network: Network, files: Sequence[bytes]) -> None:
        """Take a network's files, in the order of the catalogue; an IR is converted.

        Raises:
            StoreError: A file is not the catalogue's, or the store cannot be written.
        """
        for expected, raw in zip(network.files, files, strict=True):
            check(expected, raw)
        self._put(network, _ir_file(*files) if network.is_converted else files[0])

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


def network_of(name: str) -> Network:
    """Return the catalogue's network of a name.

    Raises:
        ValueError: There is none.
    """
    for network in catalogue():
        if network.name == name:
            return network
    names = ", ".join(network.name for network in catalogue())
    raise ValueError(f"no network {name!r}; there are: {names}")


def check(expected: SourceFile, raw: bytes) -> None:
    """Compare a file with the hashes of the catalogue.

    Raises:
        StoreError: It is another file; the message gives both hashes.
    """
    for kind, wanted in (("sha256", expected.sha256), ("sha384", expected.sha384)):
        got = hashlib.new(kind, raw).hexdigest()
        if wanted is not None and got != wanted:
            raise StoreError(
                f"{expected.name} is not the catalogue's file: expected {kind} {wanted}, got {got}"
            )


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


def _ir_file(xml: bytes, weights: bytes) -> bytes:
    from models.convert.openvino import convert

    return convert(xml, weights)


_CONVERTERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "dlib-mmod": _detector_file,
    "dlib-resnet": _descriptor_file,
    "dlib-five-points": _points_file,
}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


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
