"""A file of SQLite is written all of it or nothing, also where its disk is full."""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def in_one_piece(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Write what the block writes, all of it or nothing.

    Args:
        connection: One that begins no transactions by itself (``isolation_level=None``).

    Raises:
        sqlite3.Error: Nothing is written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back already; then there is no transaction to end.
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
