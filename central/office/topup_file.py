"""A file of top-ups: a line is a personnel number and an amount in yuan. Pure."""

import csv
import dataclasses
import hashlib
import re
from typing import Final

FILE_LENGTH_MAX: Final = 1_000_000
LINE_LENGTH_MAX: Final = 1_000
ROW_COUNT_MAX: Final = 20_000
AMOUNT_FEN_MAX: Final = 1_000_000
"""10 000 yuan: more for one person is a slip of the keyboard."""
_AMOUNT: Final = re.compile(r"[¥￥]?\s*(\d{1,7})(?:\.(\d{1,2}))?\s*元?")
_HEAD: Final = frozenset({"number", "personnel number", "工号", "编号", "人员编号"})


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A line.

    Attributes:
        row: 1 is the file's first line.
        amount_fen: 0 where ``code`` says what is wrong.
        code: ``no_number``, ``bad_amount``, ``too_much``, ``twice`` or empty.
    """

    row: int
    number: str
    amount_fen: int
    code: str = ""


def digest(text: str) -> str:
    """Return by what a file is known again, whatever its line ends are."""
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    return hashlib.sha256("\n".join(line for line in lines if line).encode()).hexdigest()


def read(text: str) -> list[Row]:
    """Return the lines of a file; a first line with titles and empty lines are passed over.

    Args:
        text: Separated by commas, semicolons or tabs, at most ``FILE_LENGTH_MAX`` long.
    """
    text = text.removeprefix("\ufeff")
    first = text[:LINE_LENGTH_MAX].partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows, seen = list[Row](), set[str]()
    for at, line in enumerate(text.splitlines(), start=1):
        cells = next(csv.reader([line[:LINE_LENGTH_MAX]], delimiter=separator), [])
        number, amount = (*(cell.strip() for cell in cells), "", "")[:2]
        if not any(cell.strip() for cell in cells):
            continue
        if at == 1 and number.lower() in _HEAD:
            continue
        fen, code = amount_of(amount)
        if not number:
            fen, code = 0, "no_number"
        elif number in seen:
            fen, code = 0, "twice"
        seen.add(number)
        rows.append(Row(at, number, fen, code))
    return rows


def amount_of(text: str) -> tuple[int, str]:
    """Return an amount as fen, or 0 and what is wrong with it."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return 0, "bad_amount"
    fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if fen == 0:
        return 0, "bad_amount"
    return (fen, "") if fen <= AMOUNT_FEN_MAX else (0, "too_much")
