"""Commands and held-open points in a file that is written before anything is done about them."""

import contextlib
import dataclasses
import logging
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from config.contract.command_events import CommandAnswered
from edge.commands.book import Entry

_log = logging.getLogger("edge.commands")

SCHEMA_VERSION: Final = 1


class CommandsStoreError(Exception):
    """The file cannot be read or written now: what should be kept is not."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What the file holds.

    Attributes:
        holds: Points that are held open, and until when.
        is_damaged: What was kept before is lost, so nobody knows what was begun.
    """

    entries: Sequence[Entry]
    holds: Mapping[str, datetime]
    is_damaged: bool = False


class CommandsStore:
    """One node's file; every method blocks for the disk, and any thread may call."""

    def __init__(self, path: Path) -> None:
        """Keep commands in ``path``, whose folder exists; nothing is opened yet."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._in_use = threading.Lock()
        self._is_closed = False

    def load(self) -> Kept:
        """Return what is kept; a damaged file is set aside and begun anew.

        Raises:
            CommandsStoreError: The disk refuses.
        """
        with self._in_use:
            return self._load()

    def _load(self) -> Kept:
        try:
            return Kept(self._entries(), self._holds())
        except (sqlite3.DatabaseError, ValidationError, ValueError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise CommandsStoreError(f"cannot read {self._path.name}: {error}") from error
        self._let_go()
        damaged = self._path.with_name(self._path.name + ".damaged")
        try:
            self._path.replace(damaged)
            _log.error("what operators had this node do is damaged, it begins anew: %s", damaged)
            return Kept(self._entries(), self._holds(), is_damaged=True)
        except (OSError, sqlite3.Error) as error:
            raise CommandsStoreError(f"cannot read {self._path.name}: {error}") from error

    def _entries(self) -> Sequence[Entry]:
        rows = self._rows("SELECT about, expires_at, is_answered, is_told FROM command")
        return [
            Entry(
                CommandAnswered.model_validate_json(about),
                datetime.fromisoformat(expires_at),
                is_answered=bool(is_answered),
                is_told=bool(is_told),
            )
            for about, expires_at, is_answered, is_told in rows
        ]

    def _holds(self) -> Mapping[str, datetime]:
        rows = self._rows("SELECT access_point, until FROM hold")
        return {point: datetime.fromisoformat(until) for point, until in rows}

    def put(self, entry: Entry) -> None:
        """Keep a command as it is now; when this returns, it is on the disk.

        Raises:
            CommandsStoreError: It is not.
        """
        self._write(
            "INSERT OR REPLACE INTO command VALUES (?, ?, ?, ?, ?)",
            [
                (
                    str(entry.command_id),
                    entry.expires_at.astimezone(UTC).isoformat(),
                    entry.fact.model_dump_json(),
                    entry.is_answered,
                    entry.is_told,
                )
            ],
        )

    def remove(self, command_ids: Iterable[UUID]) -> None:
        """Forget commands.

        Raises:
            CommandsStoreError: They may come back at the next start.
        """
        rows = [(str(command_id),) for command_id in command_ids]
        self._write("DELETE FROM command WHERE command_id = ?", rows)

    def put_hold(self, access_point: str, until: datetime | None) -> None:
        """Keep that a point is held open until then; None ends it.

        Raises:
            CommandsStoreError: It is as before.
        """
        if until is None:
            self._write("DELETE FROM hold WHERE access_point = ?", [(access_point,)])
        else:
            row = (access_point, until.astimezone(UTC).isoformat())
            self._write("INSERT OR REPLACE INTO hold VALUES (?, ?)", [row])

    def close(self) -> None:
        """Close the file for good, after whoever is writing; idempotent."""
        with self._in_use:
            self._is_closed = True
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, query: str) -> Sequence[tuple[str, ...]]:
        return self._open().execute(query).fetchall()

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._in_use:
            self._write_alone(statement, rows)

    def _write_alone(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise CommandsStoreError(f"cannot write {self._path.name}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        if self._is_closed:
            raise sqlite3.OperationalError("closed")
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=1.0, check_same_thread=False
            )
            try:
                # A command that is begun must be known to be after a power cut.
                connection.execute("PRAGMA synchronous=FULL")
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                for step in range(version + 1, SCHEMA_VERSION + 1):
                    script = Path(__file__).with_name(f"commands_schema_v{step}.sql")
                    connection.executescript(script.read_text(encoding="utf-8"))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection
