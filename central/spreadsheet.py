"""Tables that a spreadsheet opens: marked as UTF-8, and no cell is a formula."""

import csv
import io
from collections.abc import Sequence
from typing import Final

CSV_TYPE: Final = "text/csv; charset=utf-8"
UTF8_MARK: Final = "\ufeff"
"""At the beginning of a table."""
FORMULA_BEGIN: Final = ("=", "+", "-", "@", "\t", "\r")


def plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \n").startswith(FORMULA_BEGIN) else text


def csv_line(values: Sequence[str]) -> str:
    """Return one line of a table, its end included."""
    file = io.StringIO()
    csv.writer(file).writerow([plain(value) for value in values])
    return file.getvalue()
