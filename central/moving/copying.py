"""Every table from SQLite to PostgreSQL, and a hash of its rows on either side.

Rows are hashed as what they say and not as either database writes it: times in UTC, JSON as its
text. The hash of a table is the sum of its rows' hashes, so the order does not matter, which the
two databases see differently.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final

import psycopg
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Select,
    Table,
    Text,
    cast,
    func,
    select,
    type_coerce,
)

PAGE_LENGTH: Final = 5_000
_MODULUS: Final = 1 << 256
Counting = Callable[[int], None]
"""Told how many more rows are done."""


class Digest:
    """What rows a table has. Attributes: rows: how many."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def take(self, row: Iterable[Any]) -> None:
        """Take one more row into account."""
        text = "\x1f".join("\0" if value is None else _said(value) for value in row)
        self._sum += int.from_bytes(hashlib.sha256(text.encode()).digest())
        self.rows += 1

    @property
    def said(self) -> tuple[int, str]:
        """Return how many rows, and the hash of what they say."""
        return self.rows, f"{self._sum % _MODULUS:064x}"


def _said(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return repr(value) if isinstance(value, bool | float) else str(value)


def rows_of(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table; JSON as the text that it is kept as."""
    is_sqlite = connection.dialect.name == "sqlite"
    query: Select[Any] = select(*(_plain(column, is_sqlite=is_sqlite) for column in table.c))
    query = query.execution_options(stream_results=True, max_row_buffer=PAGE_LENGTH)
    for page in connection.execute(query).partitions(PAGE_LENGTH):
        yield from (tuple(row) for row in page)


def _plain(column: Column[Any], *, is_sqlite: bool) -> Any:  # noqa: ANN401 - a column of any type
    if not isinstance(column.type, JSON):
        return column
    return type_coerce(column, Text) if is_sqlite else cast(column, Text)


def copy(
    source: Connection, target: psycopg.Connection[Any], table: Table, counting: Counting
) -> Digest:
    """Copy all rows of a table in an open transaction; returns what was copied."""
    digest, pending = Digest(), 0
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    with (
        target.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN'.encode()) as copying,
    ):
        for row in rows_of(source, table):
            copying.write_row(row)
            digest.take(row)
            pending += 1
            if pending == PAGE_LENGTH:
                counting(pending)
                pending = 0
    counting(pending)
    return digest


def digest_of(connection: Connection, table: Table, counting: Counting) -> Digest:
    """Return what rows a table has."""
    digest = Digest()
    for row in rows_of(connection, table):
        digest.take(row)
        if digest.rows % PAGE_LENGTH == 0:
            counting(PAGE_LENGTH)
    counting(digest.rows % PAGE_LENGTH)
    return digest


def size_of(connection: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
