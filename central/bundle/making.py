"""Making a bundle: what belongs to it, in one signed file."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.bundle.container import MANIFEST, write_bundle
from central.bundle.errors import BundleError
from central.bundle.metadata import Wheel
from central.bundle.pins import read_pins
from central.bundle.sbom import encoded, sbom
from central.bundle.targets import Target
from central.bundle.wheels import Report, Shelf, build_own
from models.catalogue import Network, catalogue
from models.store import DEFAULT_PIPELINE, Store, StoreError

FORMAT: Final = 1
INSTALLER: Final = "install.py"
SBOM: Final = "sbom.cdx.json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to make.

    Attributes:
        source: Folder of Menshen's source.
        shelf: Folder of wheels that were got before.
        pipelines: Whose networks belong to it, as far as they are in the store.
    """

    source: Path
    shelf: Path
    targets: tuple[Target, ...]
    pipelines: tuple[str, ...]
    store: Store


def make_bundle(path: Path, wish: Wish, key: Ed25519PrivateKey, report: Report) -> dict[str, Any]:
    """Make a bundle; returns its manifest.

    Raises:
        BundleError: Something cannot be had; what was got is kept for the next attempt.
    """
    pins = read_pins(wish.source)
    try:
        networks = list(_networks(wish.store, wish.pipelines, report))
    except StoreError as error:
        raise BundleError(str(error)) from error
    own = build_own(wish.source, wish.shelf / "own")
    shelf = Shelf(wish.shelf, pins, report)
    by_target = {str(target): shelf.collect(own, target) for target in sorted(wish.targets)}
    wheels = {wheel.path.name: wheel for each in by_target.values() for wheel in each}
    parts: dict[str, Path | bytes] = dict(_deployment())
    for wheel in (own, *wheels.values()):
        parts[f"wheels/{wheel.path.name}"] = wheel.path
    for target, needed in by_target.items():
        parts[f"requirements/{target}.txt"] = _requirements((own, *needed))
    for _, file in networks:
        for each in (file, file.with_name(f"{file.name}.json")):
            parts[f"models/{each.name}"] = each
    parts[SBOM] = encoded(sbom(own, wheels.values(), networks))
    manifest = {
        "format": FORMAT,
        "version": own.version,
        "targets": {
            target: {"installed_bytes": _installed_bytes((own, *needed), networks)}
            for target, needed in by_target.items()
        },
        "pipelines": sorted(wish.pipelines),
        "networks": sorted(network.name for network, _ in networks),
        "packages": {wheel.name: wheel.version for wheel in (own, *wheels.values())},
        "parts": {name: _size_bytes(part) for name, part in sorted(parts.items())},
    }
    parts[MANIFEST] = encoded(manifest)
    write_bundle(path, parts, key)
    return manifest


def _networks(
    store: Store, pipelines: Sequence[str], report: Report
) -> Iterator[tuple[Network, Path]]:
    for pipeline in pipelines:
        if pipeline == DEFAULT_PIPELINE:
            for name in store.build():
                report(f"built {name}")
        for missing in store.missing(pipeline):
            report(f"pipeline {pipeline} lacks {missing}: it is not in the bundle")
    wanted = [each for each in catalogue() if not set(pipelines).isdisjoint(each.pipelines)]
    for network in wanted:
        if (found := store.find(network.name)) is not None:
            yield network, found.path


def _deployment() -> Iterator[tuple[str, bytes]]:
    folder = files("config")
    yield INSTALLER, folder.joinpath("installer.py").read_bytes()
    yield "deployment/example.toml", folder.joinpath("example.toml").read_bytes()
    for each in sorted(folder.joinpath("deployment").iterdir(), key=lambda each: each.name):
        if each.is_file():
            yield f"deployment/{each.name}", each.read_bytes()


def _requirements(wheels: Iterable[Wheel]) -> bytes:
    lines = sorted(f"{each.name}=={each.version} --hash=sha256:{each.sha256}" for each in wheels)
    return ("\n".join(lines) + "\n").encode()


def _installed_bytes(wheels: Iterable[Wheel], networks: Iterable[tuple[Network, Path]]) -> int:
    return sum(wheel.installed_bytes for wheel in wheels) + sum(
        file.stat().st_size for _, file in networks
    )


def _size_bytes(part: Path | bytes) -> int:
    return len(part) if isinstance(part, bytes) else part.stat().st_size
