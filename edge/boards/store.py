"""Updates of boards in a file that is written before anything is done about them."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from config.contract.board_events import BoardUpdateEnded, UpdateStage
from edge.boards.book import Asked, Entry

_log = logging.getLogger("edge.boards")

SCHEMA_VERSION: Final = 1
_ASKED: Final = TypeAdapter[Asked](Asked)


class UpdatesStoreError(Exception):
    """The file cannot be read or written now: what should be kept is not."""


class UpdatesStore:
    """One node's file. Every method blocks for the disk, and any thread may call."""

    def __init__(self, path: Path) -> None:
        """Keep updates in ``path``, whose folder exists; nothing is opened yet."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._in_use = threading.Lock()
        self._is_closed = False

    def load(self) -> Sequence[Entry]:
        """Return what is kept; a damaged file is set aside and begun anew.

        Whoever asked for what is lost so hears of no end; a board on trial goes back by itself.

        Raises:
            UpdatesStoreError: The disk refuses.
        """
        with self._in_use:
            try:
                return self._entries()
            except (sqlite3.DatabaseError, ValidationError, ValueError) as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise UpdatesStoreError(f"cannot read {self._path.name}: {error}") from error
            self._let_go()
            damaged = self._path.with_name(self._path.name + ".damaged")
            try:
                self._path.replace(damaged)
                _log.error("the updates of boards are damaged and begin anew: %s", damaged)
                return self._entries()
            except (OSError, sqlite3.Error) as error:
                raise UpdatesStoreError(f"cannot read {self._path.name}: {error}") from error

    def put(self, entry: Entry) -> None:
        """Keep an update as it is now; when this returns, it is on the disk.

        Raises:
            UpdatesStoreError: It is not.
        """
        self._write(
            f"INSERT OR REPLACE INTO board_update VALUES ({', '.join('?' * 12)})",  # noqa: S608 - question marks alone
            [
                (
                    str(entry.update_id),
                    entry.number,
                    entry.device,
                    None if entry.asked is None else entry.asked.model_dump_json(),
                    _text(entry.taken_at),
                    _text(entry.begun_at),
                    entry.target,
                    entry.stage,
                    entry.is_cancelled,
                    None if entry.ended is None else entry.ended.model_dump_json(),
                    _text(entry.ended_at),
                    entry.is_told,
                )
            ],
        )

    def remove(self, update_ids: Iterable[UUID]) -> None:
        """Forget updates.

        Raises:
            UpdatesStoreError: They may come back at the next start.
        """
        rows = [(str(update_id),) for update_id in update_ids]
        self._write("DELETE FROM board_update WHERE update_id = ?", rows)

    def close(self) -> None:
        """Close the file for good, after whoever is writing; idempotent."""
        with self._in_use:
            self._is_closed = True
            self._let_go()

    def _entries(self) -> Sequence[Entry]:
        rows = self._open().execute("SELECT * FROM board_update ORDER BY number").fetchall()
        return [_entry(row) for row in rows]

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._in_use:
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
                raise UpdatesStoreError(f"cannot write {self._path.name}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        if self._is_closed:
            raise sqlite3.OperationalError("closed")
        if self._connection is None:
            connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=1.0, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            try:
                # A board that was told something must be known to be after a power cut.
                connection.execute("PRAGMA synchronous=FULL")
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                for step in range(version + 1, SCHEMA_VERSION + 1):
                    script = Path(__file__).with_name(f"boards_schema_v{step}.sql")
                    connection.executescript(script.read_text(encoding="utf-8"))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _entry(row: sqlite3.Row) -> Entry:
    asked, stage, ended = row["asked"], row["stage"], row["ended"]
    return Entry(
        update_id=UUID(row["update_id"]),
        number=row["number"],
        device=row["device"],
        asked=None if asked is None else _ASKED.validate_json(asked),
        taken_at=datetime.fromisoformat(row["taken_at"]),
        begun_at=_time(row["begun_at"]),
        target=row["target"],
        stage=None if stage is None else UpdateStage(stage),
        is_cancelled=bool(row["is_cancelled"]),
        ended=None if ended is None else BoardUpdateEnded.model_validate_json(ended),
        ended_at=_time(row["ended_at"]),
        is_told=bool(row["is_told"]),
    )
