"""Machines that a bundle is for, and which wheels run there.

Source: PyPA, Platform compatibility tags and Dependency specifiers, as ``packaging`` has them.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Final, Self

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from central.bundle.errors import BundleError

ARCHITECTURES: Final = ("x86_64", "aarch64")
PYTHONS: Final = ("3.11", "3.12", "3.13")
GLIBC_MINOR_MIN: Final = 5
GLIBC_MINOR: Final = 28
"""Of glibc 2.28: Debian 10, Kylin V10, openEuler 20.03 and everything newer."""
_LEGACY: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Target:
    """A kind of machine. Attributes: python: as ``3.11``; CPython on Linux with glibc."""

    architecture: str
    python: str

    @classmethod
    def parse(cls, name: str) -> Self:
        """Return the target of a name as ``x86_64-3.11``.

        Raises:
            BundleError: It is none.
        """
        architecture, _, python = name.partition("-")
        if architecture not in ARCHITECTURES or python not in PYTHONS:
            raise BundleError(
                f"there is no target {name!r}: an architecture ({', '.join(ARCHITECTURES)}) and a"
                f" Python ({', '.join(PYTHONS)}), as x86_64-3.11"
            )
        return cls(architecture, python)

    def __str__(self) -> str:
        return f"{self.architecture}-{self.python}"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Every platform tag that fits, the newest first."""
        return tuple(_platforms(self.architecture))

    @property
    def environment(self) -> dict[str, str]:
        """What markers of requirements are evaluated in."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.architecture,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    def fits(self, wheel: str) -> bool:
        """Return whether the wheel of this file name runs there."""
        return not _tags(self).isdisjoint(parse_wheel_filename(wheel)[3])


@functools.cache
def _tags(target: Target) -> frozenset[Tag]:
    version = tuple(int(part) for part in target.python.split("."))
    abi = f"cp{version[0]}{version[1]}"
    platforms = target.platforms
    return frozenset(
        [
            *cpython_tags(version, abis=[abi], platforms=platforms),
            *compatible_tags(version, interpreter=abi, platforms=platforms),
        ]
    )


def _platforms(architecture: str) -> Iterator[str]:
    for minor in range(GLIBC_MINOR, GLIBC_MINOR_MIN - 1, -1):
        yield f"manylinux_2_{minor}_{architecture}"
        if minor in _LEGACY and (architecture == "x86_64" or minor == max(_LEGACY)):
            yield f"{_LEGACY[minor]}_{architecture}"
