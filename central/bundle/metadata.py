"""What a wheel says of itself: name, version, licence, and what it requires."""

import dataclasses
import email
import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from central.bundle.errors import BundleError

READ_BYTES: Final = 1 << 20
_CLASSIFIER: Final = "License :: OSI Approved :: "
_LONG: Final = 80
"""A field that is longer holds the licence's text and not its name."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel.

    Attributes:
        licence: As it is declared: an SPDX expression where ``is_expression``.
        installed_bytes: What its files take when it is installed.
    """

    path: Path
    name: NormalizedName
    version: str
    licence: str
    is_expression: bool
    requires: tuple[Requirement, ...]
    sha256: str
    installed_bytes: int


def read_wheel(path: Path) -> Wheel:
    """Read a wheel.

    Raises:
        BundleError: It is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = (
                each
                for each in archive.namelist()
                if each.endswith(".dist-info/METADATA") and each.count("/") == 1
            )
            message = email.message_from_bytes(archive.read(name))
            installed_bytes = sum(info.file_size for info in archive.infolist())
        requires = tuple(Requirement(line) for line in message.get_all("Requires-Dist", []))
        expression = message.get("License-Expression")
        return Wheel(
            path=path,
            name=canonicalize_name(message["Name"]),
            version=message["Version"],
            licence=expression
            or _licence(message.get("License"), message.get_all("Classifier", [])),
            is_expression=expression is not None,
            requires=requires,
            sha256=sha256_of(path),
            installed_bytes=installed_bytes,
        )
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, InvalidRequirement) as error:
        raise BundleError(f"{path} is no sound wheel: delete it and try again") from error


def sha256_of(path: Path) -> str:
    """Return the hash of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _licence(field: str | None, classifiers: Sequence[str]) -> str:
    named = [each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER)]
    if field and len(field) <= _LONG and "\n" not in field and field != "UNKNOWN":
        return field
    return " AND ".join(named) or "not declared"
