"""The machine itself: its clock and its disk."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from config.doctor.findings import Finding, Level

FREE_BYTES_LOW: Final = 1_000_000_000
FREE_BYTES_MIN: Final = 100_000_000
YEAR_MIN: Final = 2026
"""Of this program; a clock before it was never set."""
_CLOCK_UNSYNCHRONISED: Final = 5
"""``TIME_ERROR`` of adjtimex(2)."""
_TIMEX_SIZE_BYTES: Final = 512
"""More than ``struct timex`` takes on any Linux; all zero asks and sets nothing."""


def judge_clock(now: datetime, *, is_synchronised: bool | None) -> Iterator[Finding]:
    """Yield what the clock is like; ``is_synchronised`` is None where nobody can tell."""
    if now.year < YEAR_MIN:
        yield Finding(
            "clock",
            Level.PROBLEM,
            f"the clock says {now:%Y-%m-%d}",
            "set the date; replace the battery if it happens again after a power cut",
        )
    elif is_synchronised is False:
        yield Finding(
            "clock",
            Level.WARNING,
            "the clock is not synchronised",
            "enable a time service (systemd-timesyncd or chrony)",
        )
    else:
        yield Finding("clock", Level.OK, f"{now:%Y-%m-%d %H:%M} UTC")


def is_clock_synchronised() -> bool | None:
    """Return what the kernel says; None where it cannot be asked."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(
            ctypes.create_string_buffer(_TIMEX_SIZE_BYTES)
        )
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _CLOCK_UNSYNCHRONISED


def judge_disk(folder: Path, *, free_bytes: int, error: OSError | None) -> Finding:
    """Return what the disk below the state folder is like.

    Args:
        folder: The state folder, or the nearest folder above it that exists.
        free_bytes: For this user.
        error: Of an attempt to write; None when it worked.
    """
    if error is not None:
        advice = "make it writable for this user, or set MENSHEN_HOME"
        return Finding("disk", Level.PROBLEM, f"cannot write {folder}: {error.strerror}", advice)
    free = f"{free_bytes / 1e9:.1f} GB free below {folder}"
    if free_bytes < FREE_BYTES_MIN:
        return Finding("disk", Level.PROBLEM, free, "make room: the journal cannot grow any more")
    if free_bytes < FREE_BYTES_LOW:
        return Finding("disk", Level.WARNING, free, "make room before the journal needs it")
    return Finding("disk", Level.OK, free)


def check_disk(home: Path) -> Iterator[Finding]:
    """Yield whether the state folder can be written, after trying it."""
    folder = next(path for path in (home, *home.parents) if path.exists())
    failure: OSError | None = None
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        failure = error
    yield judge_disk(folder, free_bytes=shutil.disk_usage(folder).free, error=failure)
