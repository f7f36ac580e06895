"""Many rows at once, as each database takes them fastest.

SQLite gets one statement for hundreds of rows: between two statements of one row each, its thread
would wait for the interpreter as often. PostgreSQL gets a ``COPY``. Values go to the driver as they
are, so times are prepared here as ``UtcDateTime`` does it.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table

from central.database import Transaction
from central.metadata import UtcDateTime

Row = tuple[Any, ...]
"""Text, numbers, None and aware times, in the order of the table's columns."""
AT_ONCE: Final = tuple(2**power for power in range(11, -1, -1))
"""Rows of one statement of SQLite: few lengths, so that each is compiled once."""
VALUE_COUNT_MAX: Final = 32_766
"""Of one statement. Source: SQLite documentation, "Limits", SQLITE_MAX_VARIABLE_NUMBER."""
COPY_COUNT_MIN: Final = 8
_UTC: Final = "+00:00"
_NULL: Final = "\\N"
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
    for part in parts(rows, width=len(table.columns)):
        values = list[Any]()
        for row in part if not times else sqlite_rows(part, times):
            values += row
        statement = statement_of(table, len(part), place=place, is_upsert=is_upsert)
        await transaction.execute_sql(statement, tuple(values))


@functools.cache
def time_columns(table: Table) -> tuple[int, ...]:
    """Return which columns hold times."""
    return tuple(
        index for index, column in enumerate(table.columns) if isinstance(column.type, UtcDateTime)
    )


def sqlite_rows(rows: Iterable[Row], times: Sequence[int]) -> Iterator[list[Any]]:
    """Yield rows as SQLite holds them: times in UTC without a zone, as text."""
    before = dict[int, tuple[datetime | None, str | None]]()
    for row in rows:
        cells = list(row)
        for index in times:
            at = cells[index]
            known, text = before.get(index, (None, None))
            if at is not known:  # what was received together has the same time
                text = _sqlite_time(at)
                before[index] = at, text
            cells[index] = text
        yield cells


def _sqlite_time(at: datetime | None) -> str | None:
    if at is None:
        return None
    text = at.isoformat(" ", "microseconds")
    if text.endswith(_UTC):
        return text.removesuffix(_UTC)
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def parts(rows: Sequence[Row], *, width: int) -> Iterator[Sequence[Row]]:
    """Yield rows of so many values in lengths of ``AT_ONCE``, the longest first."""
    begin = 0
    for length in (length for length in AT_ONCE if length * width <= VALUE_COUNT_MAX):
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
    times, lines = dict[int, str](), list[str]()
    for row in rows:
        cells = list[str]()
        for value in row:
            if isinstance(value, str):
                cells.append(value)
            elif isinstance(value, datetime):
                # By the object, which the row holds: what came together has the same one.
                key = id(value)
                cells.append(times.get(key) or times.setdefault(key, value.isoformat()))
            else:
                cells.append(_NULL if value is None else str(value))
        line = "\t".join(cells)
        # Looked at once for all cells: almost no row has a sign that is to be escaped.
        is_plain = line.count("\t") == len(cells) - 1 and line.count("\\") == row.count(None)
        if not is_plain or "\n" in line or "\r" in line:
            line = "\t".join(_escaped(value, cell) for value, cell in zip(row, cells, strict=True))
        lines.append(line)
    return "\n".join(lines) + "\n"


def _escaped(value: object, cell: str) -> str:
    return cell.translate(_ESCAPES) if isinstance(value, str) else cell
