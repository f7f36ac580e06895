"""A folder or a ZIP of photographs, by personnel number.

``0017.jpg``, ``0017_2.jpg`` and ``0017 (3).jpg`` are of 0017, and so is everything in a folder of
that name.
"""

import dataclasses
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Final

PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
PICTURE_COUNT_MAX: Final = 5
PICTURE_BYTES_MAX: Final = 20_000_000
"""What central takes at once: no entry of a ZIP is unpacked beyond it."""
_SEVERAL: Final = re.compile(r"(.+?)(?:_\d{1,2}| ?\(\d{1,2}\))")


@dataclasses.dataclass(frozen=True, slots=True)
class Photo:
    """One picture. Attributes: name: below the folder. read: its bytes; OSError."""

    name: str
    read: Callable[[], bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class PhotoFolder:
    """What was found. Attributes: people: pictures by number, in order. ignored: other files."""

    people: dict[str, list[Photo]]
    ignored: tuple[str, ...]


def photo_folder(path: Path) -> PhotoFolder:
    """Return the pictures of a folder, or of a ZIP.

    Raises:
        OSError: It cannot be read.
        zipfile.BadZipFile: The file is no ZIP.
    """
    if path.is_dir():
        found = (p for p in sorted(path.rglob("*")) if p.is_file())
        return _grouped(Photo(p.relative_to(path).as_posix(), p.read_bytes) for p in found)
    with zipfile.ZipFile(path) as archive:
        names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
    return _grouped(Photo(name, _reader(path, name)) for name in names)


def number_of(name: str) -> str:
    """Return the personnel number that a picture's name below the folder says."""
    path = PurePosixPath(name)
    if path.parent.name:
        return path.parent.name
    several = _SEVERAL.fullmatch(path.stem)
    return several[1] if several else path.stem


def _grouped(photos: Iterable[Photo]) -> PhotoFolder:
    people, ignored = dict[str, list[Photo]](), list[str]()
    for photo in photos:
        if PurePosixPath(photo.name).suffix.lower() in PICTURE_SUFFIXES:
            people.setdefault(number_of(photo.name), []).append(photo)
        else:
            ignored.append(photo.name)
    return PhotoFolder(people, tuple(ignored))


def _reader(path: Path, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            content = file.read(PICTURE_BYTES_MAX + 1)
        if len(content) > PICTURE_BYTES_MAX:
            raise OSError(f"{name} is larger than {PICTURE_BYTES_MAX // 1_000_000} MB")
        return content

    return read
