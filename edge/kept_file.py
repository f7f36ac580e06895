"""A small SQLite file in which something is kept before anything is done about it."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from edge.transactions import in_one_piece

_log = logging.getLogger("edge.kept_file")
_Kept = TypeVar("_Kept")


class KeptFileError(Exception):
    """The file cannot be read or written now: what should be kept is not."""


class KeptFile:
    """One file, opened when it is first used. Every method blocks for the disk; any thread calls.

    What a transaction returned from outlives a power cut.
    """

    def __init__(self, path: Path, *, schema: Path, version: int, pragmas: str = "") -> None:
        """Keep things in ``path``, whose folder exists; nothing is opened yet.

        Args:
            path: Of the file.
            schema: Beginning of its scripts: to it ``_v1.sql`` is added, and so on.
            version: Of the newest script.
            pragmas: SQL of its own, run whenever the file is opened.
        """
        self._path, self._schema, self._version = path, schema, version
        self._pragmas = pragmas
        self._connection: sqlite3.Connection | None = None
        self._in_use = threading.Lock()
        self._is_closed = False

    def load(self, read: Callable[[sqlite3.Connection], _Kept]) -> tuple[_Kept, bool]:
        """Return what is kept; a damaged file is set aside and begun anew.

        Args:
            read: Reads all of it; ``ValueError`` (pydantic's, too) says that it is damaged.

        Returns:
            What was read, and whether what was kept before is lost.

        Raises:
            KeptFileError: The disk refuses, or a newer version made the file.
        """
        with self._in_use:
            try:
                return read(self._open()), False
            except sqlite3.OperationalError as error:
                raise self._unreadable(error) from error
            except (sqlite3.DatabaseError, ValueError) as error:
                _log.critical("%s is damaged, it begins anew: %s", self._path.name, error)
            self._let_go()
            try:
                self._path.replace(self._path.with_name(self._path.name + ".damaged"))
                return read(self._open()), True
            except (OSError, sqlite3.Error) as error:
                raise self._unreadable(error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read in the block.

        Raises:
            KeptFileError: It cannot be read.
        """
        with self._in_use:
            try:
                yield self._open()
            except (sqlite3.Error, ValueError, KeyError) as error:
                raise self._unreadable(error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in the block, all of it or nothing; once it is left all of it is on the disk.

        Raises:
            KeptFileError: Nothing is.
        """
        with self._in_use:
            try:
                with in_one_piece(self._open()) as connection:
                    yield connection
            except sqlite3.Error as error:
                raise KeptFileError(f"cannot write {self._path.name}: {error}") from error

    def write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Write these rows; see ``writing``.

        Raises:
            KeptFileError: None of them is written.
        """
        with self.writing() as connection:
            connection.executemany(statement, rows)

    def close(self) -> None:
        """Close the file for good, after whoever uses it; idempotent."""
        with self._in_use:
            self._is_closed = True
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _unreadable(self, error: Exception) -> KeptFileError:
        return KeptFileError(f"cannot read {self._path.name}: {error}")

    def _open(self) -> sqlite3.Connection:
        if self._is_closed:
            raise sqlite3.OperationalError("closed")
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=1.0, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(self._pragmas)
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(problem)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > self._version:
            raise sqlite3.OperationalError(f"made by a newer version (schema {version})")
        for step in range(version + 1, self._version + 1):
            script = self._schema.with_name(f"{self._schema.name}_v{step}.sql")
            connection.executescript(script.read_text(encoding="utf-8"))
