"""Which version of what belongs to Menshen: the pins of ``pyproject.toml``, and nothing else.

There is nothing to resolve: every package is pinned, so what belongs to a target follows from what
wheels say of themselves, and two makers get the same.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from central.bundle.errors import BundleError
from central.bundle.metadata import Wheel
from central.bundle.targets import Target

Chosen = Mapping[NormalizedName, frozenset[str]]
"""Packages that are wanted, with the extras that are wanted of them."""


def read_pins(source: Path) -> dict[NormalizedName, str]:
    """Return the version of every package that the source's ``pyproject.toml`` pins.

    Raises:
        BundleError: It is not the source of Menshen.
    """
    path = source / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        lines = [
            *document["project"]["dependencies"],
            *document["tool"]["uv"]["constraint-dependencies"],
        ]
        if document["project"]["name"] != "menshen":
            raise BundleError(f"{path} is another project's")
    except (OSError, KeyError, ValueError) as error:
        raise BundleError(
            f"{path} is not that of Menshen's source: name the folder with --source"
        ) from error
    pins = dict[NormalizedName, str]()
    for requirement in map(Requirement, lines):
        for specifier in requirement.specifier:
            if specifier.operator == "==" and "*" not in specifier.version:
                pins[canonicalize_name(requirement.name)] = specifier.version
    return pins


def closure(root: Wheel, wheels: Mapping[NormalizedName, Wheel], target: Target) -> Chosen:
    """Return every package that the root needs at a target, as far as the wheels are known.

    Args:
        root: Menshen's own wheel.
        wheels: Of the target, as far as they are here; what is missing is named, not followed.
        target: Markers are evaluated for it.
    """
    wanted: dict[NormalizedName, frozenset[str]] = {}
    waiting = list(_required(root, frozenset(), target))
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if name in wanted and extras <= wanted[name]:
            continue
        wanted[name] = wanted.get(name, frozenset()) | extras
        if name in wheels:
            waiting += _required(wheels[name], wanted[name], target)
    return wanted


def check_pins(root: Wheel, wheels: Sequence[Wheel], target: Target) -> None:
    """Refuse a set whose pins contradict each other.

    Raises:
        BundleError: A wheel wants another version than is pinned.
    """
    versions = {wheel.name: wheel.version for wheel in wheels}
    for wheel in (root, *wheels):
        for requirement in _required(wheel, frozenset(), target):
            version = versions.get(canonicalize_name(requirement.name))
            if version is not None and not requirement.specifier.contains(
                version, prereleases=True
            ):
                raise BundleError(
                    f"{wheel.name} wants {requirement}, and {version} is pinned in pyproject.toml"
                )


def _required(wheel: Wheel, extras: frozenset[str], target: Target) -> Iterator[Requirement]:
    for requirement in wheel.requires:
        environments = ({**target.environment, "extra": extra} for extra in ("", *sorted(extras)))
        if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
            yield requirement
