"""Commands and held-open points in a file that is written before anything is done about them."""

import dataclasses
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from config.contract.command_events import CommandAnswered
from edge.commands.book import Entry
from edge.kept_file import KeptFile

SCHEMA_VERSION: Final = 1


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
        schema = Path(__file__).with_name("commands_schema")
        self._file = KeptFile(path, schema=schema, version=SCHEMA_VERSION)

    def load(self) -> Kept:
        """Return what is kept; a damaged file is set aside and begun anew.

        Raises:
            KeptFileError: The disk refuses.
        """
        kept, is_damaged = self._file.load(_kept)
        return dataclasses.replace(kept, is_damaged=is_damaged)

    def put(self, entry: Entry) -> None:
        """Keep a command as it is now; when this returns, it is on the disk.

        Raises:
            KeptFileError: It is not.
        """
        self._file.write(
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
            KeptFileError: They may come back at the next start.
        """
        rows = [(str(command_id),) for command_id in command_ids]
        self._file.write("DELETE FROM command WHERE command_id = ?", rows)

    def put_hold(self, access_point: str, until: datetime | None) -> None:
        """Keep that a point is held open until then; None ends it.

        Raises:
            KeptFileError: It is as before.
        """
        if until is None:
            self._file.write("DELETE FROM hold WHERE access_point = ?", [(access_point,)])
        else:
            row = (access_point, until.astimezone(UTC).isoformat())
            self._file.write("INSERT OR REPLACE INTO hold VALUES (?, ?)", [row])

    def close(self) -> None:
        """Close the file for good, after whoever is writing; idempotent."""
        self._file.close()


def _kept(db: sqlite3.Connection) -> Kept:
    rows = db.execute("SELECT about, expires_at, is_answered, is_told FROM command").fetchall()
    entries = [
        Entry(
            CommandAnswered.model_validate_json(about),
            datetime.fromisoformat(expires_at),
            is_answered=bool(is_answered),
            is_told=bool(is_told),
        )
        for about, expires_at, is_answered, is_told in rows
    ]
    holds = db.execute("SELECT access_point, until FROM hold").fetchall()
    return Kept(entries, {point: datetime.fromisoformat(until) for point, until in holds})
