"""What is wrong with a journal's file, told apart; and a damaged one set aside."""

import sqlite3
from datetime import datetime
from pathlib import Path


class JournalError(Exception):
    """The journal cannot be written or read now; what was asked has not happened."""


class JournalUnusableError(JournalError):
    """A person must act: another process has the file, or a newer version made it."""


class DamagedError(Exception):
    """The file's own check found damage."""


def is_damage(error: Exception) -> bool:
    """Return whether an error says that the file itself is broken."""
    # sqlite3 raises DatabaseError itself for "malformed" and "not a database"; everything about
    # disk, locks and permissions is its subclass OperationalError.
    return isinstance(error, DamagedError) or type(error) is sqlite3.DatabaseError


def is_busy(error: Exception) -> bool:
    """Return whether another process has the file."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def is_full(error: sqlite3.Error) -> bool:
    """Return whether the disk has no room; a limit of a file's size is told as an I/O error."""
    code = getattr(error, "sqlite_errorcode", None)
    return code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file and what belongs to it; return where it went.

    Raises:
        OSError: It cannot be renamed.
    """
    kept = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S%fZ}")
    for suffix in ("-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    path.rename(kept)
    return kept
