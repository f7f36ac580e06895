"""Folders of pictures: a folder per identity, read and embedded with one pipeline."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.face.picture import PictureError, decode_picture
from models.face.types import Box, Embedding, Face, Image, Pipeline
from models.store import StoreError

SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm")
PLAIN_SUFFIXES: Final = (".pgm", ".ppm")
"""Formats of research data that ``decode_picture`` does not take from people."""
LONG_SIDE_MAX: Final = 1280
BORDER_SHARE: Final = 0.25
ENLARGEMENT: Final = 2.0

OnProgress = Callable[[int, int], None]


class FolderError(StoreError):
    """A folder cannot be evaluated; the message is one line that says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """One picture file. Attributes: path: as it can be opened; identity: index."""

    path: Path
    identity: int


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """What lies in a folder of identities.

    Attributes:
        identities: Names, sorted; those without a picture are left out.
        pictures: By identity, then by name.
        stray_count: Pictures beside the identities' folders, which belong to nobody.
    """

    identities: tuple[str, ...]
    pictures: tuple[Picture, ...]
    stray_count: int


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The embeddings of pictures.

    Attributes:
        rows: Shape (n, dimension), float32; one for each picture in which a face was found.
        indices: Shape (n,), the index of each row's picture among those that were given.
        not_detected: Indices of the pictures in which no face was found.
        unreadable: Indices of the files that are no pictures.
        ms_per_image: Wall time of detection and embedding; None without a picture.
    """

    rows: npt.NDArray[np.float32]
    indices: npt.NDArray[np.int32]
    not_detected: tuple[int, ...]
    unreadable: tuple[int, ...]
    ms_per_image: float | None

    @property
    def image_count(self) -> int:
        """Files that could be read."""
        return len(self.indices) + len(self.not_detected)


def list_folder(folder: Path) -> Folder:
    """Return the identities of a folder and their pictures, which may lie in deeper folders.

    Raises:
        FolderError: It is no folder, or cannot be read.
    """
    return Folder(*_listed(entries(folder)))


def _listed(found: Sequence[Path]) -> tuple[tuple[str, ...], tuple[Picture, ...], int]:
    people = {path.name: pictures_in(path) for path in found if path.is_dir()}
    named = {name: paths for name, paths in people.items() if paths}
    pictures = tuple(
        Picture(path, identity) for identity, paths in enumerate(named.values()) for path in paths
    )
    return tuple(named), pictures, sum(is_picture(path) for path in found)


def entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without hidden files.

    Raises:
        FolderError: It is no folder, or cannot be read.
    """
    if not folder.exists():
        raise FolderError(f"there is no folder {folder}: check the path")
    if not folder.is_dir():
        raise FolderError(f"{folder} is a file: name the folder that holds a folder per identity")
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise FolderError(f"cannot read {folder}: {error.strerror}") from error


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if is_picture(path))


def is_picture(path: Path) -> bool:
    """Return whether a file is named like a picture that can be read."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def read_picture(path: Path) -> Image | None:
    """Return a picture, shape (height, width, 3), uint8, BGR; None where the file is none.

    Grey pictures are given three equal channels; large ones are made smaller.
    """
    try:
        data = path.read_bytes()
        image = _decode_plain(data) if path.suffix.lower() in PLAIN_SUFFIXES else None
        image = decode_picture(data) if image is None else image
    except (OSError, PictureError):
        return None
    scale = LONG_SIDE_MAX / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(round(side * scale), 1) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _decode_plain(data: bytes) -> Image | None:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def find_face(pipeline: Pipeline, image: Image) -> tuple[Image, Face] | None:
    """Return the face that the picture is of, and the image that it was found in.

    Of several it is the one nearest the middle. Where there is none the picture is tried again
    with a border and enlarged, for those that are cut close to the face.
    """
    for tried in (lambda: image, lambda: _enlarged(image)):
        seen = tried()
        if faces := pipeline.detect(seen):
            height, width = seen.shape[:2]
            return seen, min(faces, key=lambda face: _distance(face.box, width / 2, height / 2))
    return None


def _distance(box: Box, x: float, y: float) -> float:
    return float(np.hypot((box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y))


def _enlarged(image: Image) -> Image:
    down, right = (round(side * BORDER_SHARE) for side in image.shape[:2])
    framed = cv2.copyMakeBorder(image, down, down, right, right, cv2.BORDER_REPLICATE)
    scale = min(ENLARGEMENT, LONG_SIDE_MAX / max(framed.shape[:2]))
    enlarged = cv2.resize(framed, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return enlarged.astype(np.uint8, copy=False)


def embed_pictures(
    paths: Sequence[Path], pipeline: Pipeline, *, on_progress: OnProgress
) -> Embedded:
    """Read and embed pictures, one after the other.

    Args:
        paths: In any order.
        pipeline: The networks to measure.
        on_progress: Is called with the count of those that are done, and of all.
    """
    rows, unreadable = dict[int, Embedding](), list[int]()
    duration_s, not_detected = 0.0, list[int]()
    for index, path in enumerate(paths):
        image = read_picture(path)
        if image is None:
            unreadable.append(index)
        else:
            began_at_s = time.perf_counter()
            found = find_face(pipeline, image)
            if found is None:
                not_detected.append(index)
            else:
                rows[index] = pipeline.embed(*found)
            duration_s += time.perf_counter() - began_at_s
        on_progress(index + 1, len(paths))
    image_count = len(rows) + len(not_detected)
    return Embedded(
        rows=stacked(rows, pipeline.dimension),
        indices=np.fromiter(rows, np.int32, len(rows)),
        not_detected=tuple(not_detected),
        unreadable=tuple(unreadable),
        ms_per_image=1e3 * duration_s / image_count if image_count else None,
    )


def stacked(rows: Mapping[int, Embedding], dimension: int) -> npt.NDArray[np.float32]:
    """Return rows as one matrix, which has a width even without a row."""
    if not rows:
        return np.empty((0, dimension), np.float32)
    return np.stack(list(rows.values())).astype(np.float32, copy=False)
