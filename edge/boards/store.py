"""Updates of boards in a file that is written before anything is done about them."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from config.contract.board_events import BoardUpdateEnded, UpdateStage
from edge.boards.book import Asked, Entry
from edge.kept_file import KeptFile

SCHEMA_VERSION: Final = 1
_ASKED: Final = TypeAdapter[Asked](Asked)


class UpdatesStore:
    """One node's file. Every method blocks for the disk, and any thread may call."""

    def __init__(self, path: Path) -> None:
        """Keep updates in ``path``, whose folder exists; nothing is opened yet."""
        schema = Path(__file__).with_name("boards_schema")
        self._file = KeptFile(path, schema=schema, version=SCHEMA_VERSION)

    def load(self) -> Sequence[Entry]:
        """Return what is kept; a damaged file is set aside and begun anew.

        Whoever asked for what is lost so hears of no end; a board on trial goes back by itself.

        Raises:
            KeptFileError: The disk refuses.
        """
        entries, _ = self._file.load(_entries)
        return entries

    def put(self, entry: Entry) -> None:
        """Keep an update as it is now; when this returns, it is on the disk.

        Raises:
            KeptFileError: It is not.
        """
        self._file.write(
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
            KeptFileError: They may come back at the next start.
        """
        rows = [(str(update_id),) for update_id in update_ids]
        self._file.write("DELETE FROM board_update WHERE update_id = ?", rows)

    def close(self) -> None:
        """Close the file for good, after whoever is writing; idempotent."""
        self._file.close()


def _entries(db: sqlite3.Connection) -> Sequence[Entry]:
    rows = db.execute("SELECT * FROM board_update ORDER BY number").fetchall()
    return [_entry(row) for row in rows]


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
