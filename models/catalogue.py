"""The catalogue: every network that can be used, with where it comes from and what it does.

An entry that a buyer could not use, or that could not be checked when it arrives, is a mistake of
ours and stops the program: the catalogue is part of the product and nobody edits it on a site.
"""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

LICENCES: Final = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT"})
"""SPDX names of licences that let a buyer use a network in a business."""
IR_SUFFIXES: Final = (".xml", ".bin")


class CatalogueError(ValueError):
    """An entry of the catalogue may not be used; the message names it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file as its publisher made it.

    Attributes:
        name: Its usual name.
        size_bytes: Its exact length; a download that grows beyond it is stopped.
        sha384: As the Open Model Zoo states it, for its own files.
        url: Its official place, HTTPS; None where nobody publishes exactly this file.
    """

    name: str
    size_bytes: int
    sha256: str
    sha384: str | None = None
    url: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One entry of the catalogue.

    Attributes:
        pipelines: Those that use it; none where it is only measured.
        sha256: Its identity, which templates carry: of the ONNX file, or of the weights where a
            file is only ever converted. It does not depend on how the file came here.
        file: Its name in the store.
        input: Shape and type.
        colour: Order of the channels.
        preprocessing: Range of the values and what is cut out.
        remark: What a buyer should know before use.
        source: Name of the weights in the installed package; None for all other networks.
        files: What it is made of otherwise: one ONNX file, or xml and bin of an IR.
        fnir_at_fpir_0001_n1000: Share of enrolled people's pictures refused where one stranger in
            1,000 passes a gallery of 1,000, one picture enrolled; None where it is no recogniser.
        fnir_at_fpir_0001_n1000_mean_of_three: The same with the mean of three pictures enrolled.
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
    colour: str
    preprocessing: str
    output: str
    remark: str | None = None
    source: str | None = None
    files: tuple[SourceFile, ...] = ()
    fnir_at_fpir_0001_n1000: float | None = None
    fnir_at_fpir_0001_n1000_mean_of_three: float | None = None

    @property
    def is_converted(self) -> bool:
        """Whether it is made from an IR."""
        return len(self.files) == len(IR_SUFFIXES)

    @property
    def is_published(self) -> bool:
        """Whether it can be downloaded from its official place."""
        return bool(self.files) and all(file.url for file in self.files)


@cache
def catalogue() -> tuple[Network, ...]:
    """Return every network that can be used."""
    return read_catalogue(Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8"))


def read_catalogue(text: str) -> tuple[Network, ...]:
    """Return the networks of a catalogue in TOML.

    Raises:
        CatalogueError: A network may not be used commercially, or an entry is wrong.
    """
    networks = tuple(_network(entry) for entry in tomllib.loads(text).get("network", []))
    for key in ("name", "sha256", "file"):
        values = [getattr(network, key) for network in networks]
        if twice := next((value for value in values if values.count(value) > 1), None):
            raise CatalogueError(f"two networks have the {key} {twice!r}")
    return networks


def _network(entry: Mapping[str, Any]) -> Network:
    name = entry.get("name", "a network without a name")
    try:
        files = tuple(SourceFile(**file) for file in entry.get("files", []))
        network = Network(**{**entry, "pipelines": tuple(entry["pipelines"]), "files": files})
    except (TypeError, KeyError) as error:
        raise CatalogueError(f"{name}: {error}") from error
    if network.commercial_use is not True or network.licence not in LICENCES:
        raise CatalogueError(f"{name}: its licence ({network.licence}) lets no buyer use it")
    if (network.source is None) == (not files):
        raise CatalogueError(f"{name}: needs either source or files")
    suffixes = tuple(Path(file.name).suffix for file in files)
    if files and suffixes not in ((".onnx",), IR_SUFFIXES):
        raise CatalogueError(f"{name}: its files are neither one ONNX file nor xml and bin")
    _check_hash(name, network.sha256, bits=256)
    for file in files:
        _check_hash(name, file.sha256, bits=256)
        if file.sha384 is not None:
            _check_hash(name, file.sha384, bits=384)
        if file.url is not None and urlsplit(file.url).scheme != "https":
            raise CatalogueError(f"{name}: {file.url} is not https")
    if not network.is_converted and files and files[0].sha256 != network.sha256:
        raise CatalogueError(f"{name}: the file's hash is not the network's")
    return network


def _check_hash(name: str, value: str, *, bits: int) -> None:
    if not re.fullmatch(rf"[0-9a-f]{{{bits // 4}}}", value):
        raise CatalogueError(f"{name}: {value!r} is no SHA-{bits}")
