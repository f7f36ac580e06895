"""Lists of pairs: which pictures to compare, and whether they are of one person.

Two kinds of lines, in UTF-8 or as a Chinese Excel writes them, with commas, semicolons or tabs:

    one,other,same           paths below the folder; same is 1 or 0
    name,1,4                 as LFW writes them: pictures 1 and 4 of name
    name,1,other name,2      picture 1 of one and 2 of another, name/name_0001.jpg and so on

A heading is not needed, and is passed over.
"""

import csv
import dataclasses
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from models.evaluation.folder import SUFFIXES, EvaluationError, is_picture

SAME: Final = frozenset({"1", "true", "same", "yes", "genuine"})
DIFFERENT: Final = frozenset({"0", "-1", "false", "different", "no", "impostor"})
DELIMITERS: Final = "\t;,"
ENCODINGS: Final = ("utf-8-sig", "gb18030")


@dataclasses.dataclass(frozen=True, slots=True)
class ListedPair:
    """One line. Attributes: line: its number, from 1 on."""

    one: Path
    other: Path
    is_same: bool
    line: int


@dataclasses.dataclass(frozen=True, slots=True)
class PairList:
    """What a list says.

    Attributes:
        pairs: Those whose pictures are there.
        absent: The others, each as the number of its line and the picture that is not there.
    """

    pairs: tuple[ListedPair, ...]
    absent: tuple[tuple[int, str], ...]


def read_pairs(file: Path, folder: Path) -> PairList:
    """Return the pairs of a list.

    Args:
        file: The list.
        folder: Where the pictures lie.

    Raises:
        EvaluationError: It cannot be read, or a line is no pair; the message has its number.
    """
    pairs, absent = list[ListedPair](), list[tuple[int, str]]()
    for index, (line, cells) in enumerate(_lines(file)):
        if index == 0 and _is_heading(cells):
            continue
        try:
            one, other, is_same = _pair(cells, folder)
        except FileNotFoundError as error:
            absent.append((line, str(error)))
        except ValueError as error:
            raise EvaluationError(f"{file} line {line}: {error}") from error
        else:
            pairs.append(ListedPair(one, other, is_same, line))
    if not pairs and not absent:
        raise EvaluationError(f"{file} lists no pairs: each line is one,other,same")
    if not pairs:
        line, name = absent[0]
        raise EvaluationError(
            f"{file} line {line}: there is no picture {name} below {folder}, nor those of any "
            "other line: name the folder that the list's paths begin in"
        )
    return PairList(tuple(pairs), tuple(absent))


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    text = _text(file)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((mark for mark in DELIMITERS if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise EvaluationError(f"{file} line {reader.line_num}: {error}") from error


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise EvaluationError(f"cannot read {file}: {error.strerror}") from error
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise EvaluationError(f"{file} is no text: save it as CSV in UTF-8")


def _pair(cells: Sequence[str], folder: Path) -> tuple[Path, Path, bool]:
    """Return one line's pair.

    Raises:
        FileNotFoundError: A picture is not there; the message is its name.
        ValueError: The line is no pair.
    """
    match cells:
        case [name, one, other] if one.isdecimal() and other.isdecimal():
            found = _numbered(folder, name, one), _numbered(folder, name, other), True
        case [name, one, other_name, other] if one.isdecimal() and other.isdecimal():
            found = _numbered(folder, name, one), _numbered(folder, other_name, other), False
        case [one, other, same] if (said := same.lower()) in SAME | DIFFERENT:
            found = _placed(folder, one), _placed(folder, other), said in SAME
        case [_, _, same]:
            raise ValueError(f"{same!r} is neither 1 (one person) nor 0 (two): one,other,same")
        case _:
            raise ValueError(
                f"{len(cells)} columns are no pair: write one,other,same or, as LFW, name,1,2"
            )
    if found[0] == found[1]:
        raise ValueError("a picture is compared with itself: name two pictures")
    return found


def _placed(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / name.replace("\\", "/")):
        if is_picture(path):
            return path
    raise FileNotFoundError(name)


def _numbered(folder: Path, name: str, number: str) -> Path:
    stem = f"{name}_{int(number):04d}"
    for suffix in sorted(SUFFIXES):
        for ending in (suffix, suffix.upper()):
            if is_picture(path := folder / name / f"{stem}{ending}"):
                return path
    raise FileNotFoundError(f"{name}/{stem}.jpg")


def _is_heading(cells: Sequence[str]) -> bool:
    """Return whether a line names columns, or counts what follows, as LFW's own lists do."""
    if all(cell.isdecimal() for cell in cells):
        return len(cells) < 3
    return not any(cell.isdecimal() or Path(cell).suffix.lower() in SUFFIXES for cell in cells)
