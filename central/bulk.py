"""Many rows at once, as each database takes them fastest.

SQLite gets one statement for hundreds of rows: between two statements of one row each, its thread
would wait for the interpreter as often. PostgreSQL gets a ``COPY``. Values go to the driver as they
are, so times are prepared here as ``UtcDateTime`` does it.
"""

import functools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table

from central.database import Transaction
from central.metadata import UtcDateTime

Row = tuple[Any, ...]
"""Text, numbers, None and aware times, in the order of the table's columns."""
AT_ONCE: Final = (512, 64, 8, 1)
"""Rows of one statement of SQLite: few lengths, so that each is compiled once."""
COPY_COUNT_MIN: Final = 8
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


async def insert_rows(transaction: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that are new.

    Args:
        transaction: A writing one.
        table: Without columns that the database fills.
        rows: A value for every column of it.
    """
    if transaction.is_postgresql and len(rows) >= COPY_COUNT_MIN:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        await transaction.copy(f'COPY "{table.name}" ({columns}) FROM STDIN', copy_text(rows))
        return
    await _insert(transaction, table, rows)


async def upsert_rows(transaction: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or give those that are there under the same key their other values."""
    await _insert(transaction, table, rows, is_upsert=True)


async def _insert(
    transaction: Transaction, table: Table, rows: Sequence[Row], *, is_upsert: bool = False
) -> None:
    place = "%s" if transaction.is_postgresql else "?"
    times = () if transaction.is_postgresql else time_columns(table)
    for part in parts(rows):
        values = list[Any]()
        for row in part:
            values += row if not times else sqlite_row(row, times)
        statement = statement_of(table, len(part), place=place, is_upsert=is_upsert)
        await transaction.execute_sql(statement, tuple(values))


@functools.cache
def time_columns(table: Table) -> tuple[int, ...]:
    """Return which columns hold times."""
    return tuple(
        index for index, column in enumerate(table.columns) if isinstance(column.type, UtcDateTime)
    )


def sqlite_row(row: Row, times: Sequence[int]) -> list[Any]:
    """Return a row as SQLite holds it: times in UTC without a zone, as text."""
    cells = list(row)
    for index in times:
        if (at := cells[index]) is not None:
            naive = at.astimezone(UTC).replace(tzinfo=None)
            cells[index] = naive.isoformat(" ", "microseconds")
    return cells


def parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield rows in lengths of ``AT_ONCE``, the longest first."""
    begin = 0
    for length in AT_ONCE:
        while len(rows) - begin >= length:
            yield rows[begin : begin + length]
            begin += length


@functools.cache
def statement_of(table: Table, length: int, *, place: str, is_upsert: bool = False) -> str:
    """Return what inserts so many rows."""
    names = [f'"{column.name}"' for column in table.columns]
    row = f"({', '.join([place] * len(names))})"
    text = f'INSERT INTO "{table.name}" ({", ".join(names)}) VALUES {", ".join([row] * length)}'  # noqa: S608 - our own tables
    if is_upsert:
        keys = [f'"{column.name}"' for column in table.primary_key.columns]
        others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
        text += f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {others}"
    return text


def copy_text(rows: Sequence[Row]) -> str:
    """Return rows as ``COPY`` reads them.

    Source: PostgreSQL documentation, "COPY", section "Text Format".
    """
    times = dict[datetime, str]()
    lines = list[str]()
    for row in rows:
        cells = list[str]()
        for value in row:
            if isinstance(value, str):
                cells.append(value.translate(_ESCAPES) if _is_special(value) else value)
            elif value is None:
                cells.append("\\N")
            elif isinstance(value, datetime):
                cells.append(times.get(value) or times.setdefault(value, value.isoformat()))
            else:
                cells.append(str(value))
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def _is_special(text: str) -> bool:
    return "\\" in text or "\n" in text or "\t" in text or "\r" in text
