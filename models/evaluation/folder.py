"""Folders of pictures: a folder per identity, read and embedded with one pipeline."""

import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.face.picture import FORMATS, PictureError, decode_picture
from models.face.types import Box, Embedding, Face, Image, Pipeline

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".gif", ".pgm", ".ppm", ".pnm"}
)
FORMATS_READ: Final = (*FORMATS, "PPM", "GIF")
"""The last two are of research data; nobody's telephone sends them."""
PIXELS_MAX: Final = 100_000_000
SIZE_BYTES_MAX: Final = 256 * 1024 * 1024
LONG_SIDE_MAX: Final = 1280
FACE_SIZE_PX_MIN: Final = 48
"""Smaller than at a gate: research pictures are small, and YuNet then sees them unreduced."""
BORDER_SHARE: Final = 0.25
ENLARGEMENT: Final = 2.0

OnProgress = Callable[[int, int], None]


class EvaluationError(Exception):
    """Nothing can be measured; the message is one line that says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """One picture file. Attributes: path: as it can be opened; identity: index."""

    path: Path
    identity: int


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """What lies below a folder.

    Attributes:
        pictures: Files that are named like pictures, sorted.
        others: Files that are not, without hidden ones, sorted.
        closed: Folders that could not be looked into.
    """

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]
    closed: tuple[Path, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """What lies in a folder of identities.

    Attributes:
        identities: Names, sorted; those without a picture are left out.
        pictures: By identity, then by name.
        empty_count: Folders without a picture.
        strays: Pictures beside the identities' folders, which belong to nobody.
        other_count: Files below them that are no pictures.
        closed: Folders that could not be looked into.
    """

    identities: tuple[str, ...]
    pictures: tuple[Picture, ...]
    empty_count: int
    strays: tuple[Path, ...]
    other_count: int
    closed: tuple[Path, ...]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The embeddings of pictures.

    Attributes:
        rows: Shape (n, dimension), float32; one for each picture in which a face was found.
        indices: Shape (n,), the index of each row's picture among those that were given.
        not_detected: Indices of the pictures in which no face was found.
        unreadable: Why, by index of the files that are no usable pictures.
        ms_per_image: Wall time of detection and embedding; None without a picture.
    """

    rows: npt.NDArray[np.float32]
    indices: npt.NDArray[np.int32]
    not_detected: tuple[int, ...]
    unreadable: Mapping[int, str]
    ms_per_image: float | None

    @property
    def image_count(self) -> int:
        """Files that could be read."""
        return len(self.indices) + len(self.not_detected)


def list_folder(folder: Path) -> Folder:
    """Return the identities of a folder and their pictures, which may lie in deeper folders.

    Raises:
        EvaluationError: It is no folder, or cannot be read.
    """
    found = entries(folder)
    below = {path.name: contents(path) for path in found if is_folder(path)}
    named = {name: people for name, people in below.items() if people.pictures}
    return Folder(
        identities=tuple(named),
        pictures=tuple(
            Picture(path, identity)
            for identity, people in enumerate(named.values())
            for path in people.pictures
        ),
        empty_count=len(below) - len(named),
        strays=tuple(path for path in found if is_picture(path)),
        other_count=sum(len(people.others) for people in below.values()),
        closed=tuple(path for people in below.values() for path in people.closed),
    )


def entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without hidden files.

    Raises:
        EvaluationError: It is no folder, or cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError as error:
        raise EvaluationError(f"there is no folder {folder}: check the path") from error
    except NotADirectoryError as error:
        raise EvaluationError(f"{folder} is a file: name the folder that it lies in") from error
    except OSError as error:
        raise EvaluationError(f"cannot read {folder}: {error.strerror}") from error


def contents(folder: Path) -> Contents:
    """Return what lies below a folder; links are followed, hidden files are not looked at.

    A link to the folder that holds this one leads nowhere, or it would hold everybody's pictures.
    """
    files, closed, seen = list[Path](), list[Path](), {os.path.realpath(folder.parent)}

    def note(error: OSError) -> None:
        closed.append(Path(error.filename))

    for place, folders, names in os.walk(folder, followlinks=True, onerror=note):
        # A link may lead back to where it lies.
        folders[:] = [] if (real := os.path.realpath(place)) in seen else _visible(folders)
        names = [] if real in seen else _visible(names)
        seen.add(real)
        files += [path for name in names if _is_file(path := Path(place) / name)]
    files.sort()
    return Contents(
        pictures=tuple(path for path in files if _is_named_so(path)),
        others=tuple(path for path in files if not _is_named_so(path)),
        closed=tuple(closed),
    )


def _visible(names: Sequence[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))


def is_picture(path: Path) -> bool:
    """Return whether a file is named like a picture that can be read."""
    return _is_named_so(path) and _is_file(path)


def _is_named_so(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; one that may not even be asked about is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def read_picture(path: Path) -> Image:
    """Return a picture, shape (height, width, 3), uint8, BGR.

    Grey pictures are given three equal channels; large ones are made smaller.

    Raises:
        PictureError: The file is no picture that can be used.
    """
    try:
        if path.stat().st_size > SIZE_BYTES_MAX:
            raise PictureError(f"the file is larger than {SIZE_BYTES_MAX >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"the file cannot be read: {error.strerror}") from error
    return shrunk(decode_picture(data, pixels_max=PIXELS_MAX, formats=FORMATS_READ))


def shrunk(image: Image) -> Image:
    """Return a picture whose long side is at most ``LONG_SIDE_MAX``."""
    scale = LONG_SIDE_MAX / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(round(side * scale), 1) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def find_face(pipeline: Pipeline, image: Image) -> tuple[Image, Face] | None:
    """Return the face that the picture is of, and the image that it was found in.

    Of several it is the one nearest the middle. Where there is none the picture is tried again
    with a border and enlarged, for those that are cut close to the face.
    """
    for seen in _tries(image):
        if faces := pipeline.detect(seen, face_size_px_min=FACE_SIZE_PX_MIN):
            height, width = seen.shape[:2]
            return seen, min(faces, key=lambda face: _distance(face.box, width / 2, height / 2))
    return None


def _tries(image: Image) -> Iterator[Image]:
    yield image
    down, right = (round(side * BORDER_SHARE) for side in image.shape[:2])
    framed = cv2.copyMakeBorder(image, down, down, right, right, cv2.BORDER_REPLICATE)
    scale = min(ENLARGEMENT, LONG_SIDE_MAX / max(framed.shape[:2]))
    size = [max(round(side * scale), 1) for side in framed.shape[1::-1]]
    yield cv2.resize(framed, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _distance(box: Box, x: float, y: float) -> float:
    return float(np.hypot((box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y))


def embed_pictures(
    paths: Sequence[Path], pipeline: Pipeline, *, on_progress: OnProgress
) -> Embedded:
    """Read and embed pictures, one after the other.

    Args:
        paths: In any order.
        pipeline: The networks to measure.
        on_progress: Is called with the count of those that are done, and of all.
    """
    rows, unreadable = dict[int, Embedding](), dict[int, str]()
    duration_s, not_detected = 0.0, list[int]()
    for index, path in enumerate(paths):
        on_progress(index, len(paths))
        try:
            image = read_picture(path)
        except PictureError as error:
            unreadable[index] = str(error)
            continue
        began_at_s = time.perf_counter()
        found = find_face(pipeline, image)
        if found is None:
            not_detected.append(index)
        else:
            rows[index] = pipeline.embed(*found)
        duration_s += time.perf_counter() - began_at_s
    on_progress(len(paths), len(paths))
    image_count = len(rows) + len(not_detected)
    return Embedded(
        rows=_stacked(rows.values(), pipeline.dimension),
        indices=np.fromiter(rows, np.int32, len(rows)),
        not_detected=tuple(not_detected),
        unreadable=unreadable,
        ms_per_image=1e3 * duration_s / image_count if image_count else None,
    )


def _stacked(rows: Iterable[Embedding], dimension: int) -> npt.NDArray[np.float32]:
    """Return rows as one matrix, which has a width even without a row."""
    return np.array([*rows], np.float32).reshape(-1, dimension)
