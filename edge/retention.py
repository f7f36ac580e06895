"""What a terminal forgets by itself: places of people who were not seen for long, damaged files.

What central tells it to forget goes with the replica; a journal's row goes when central holds it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from config.contract.nodes import RetentionStatus
from config.retention import Retention

_log = logging.getLogger("edge.retention")

INTERVAL: Final = timedelta(hours=1)
DAMAGED_FILES: Final = "*.damaged*"
WHEREABOUTS_CLASS: Final = "terminal_whereabouts"
DAMAGED_CLASS: Final = "terminal_damaged_files"


class Places(Protocol):
    """The part of the memory that is needed here."""

    def oldest_place(self) -> datetime | None:
        """See ``Memory.oldest_place``."""
        ...

    def forget_places(self, until: datetime) -> int:
        """See ``Memory.forget_places``."""
        ...


def due(files: Sequence[tuple[Path, datetime]], *, until: datetime) -> list[Path]:
    """Return the files that were last written until then."""
    return [path for path, written_at in files if written_at <= until]


def damaged_files(folder: Path) -> list[tuple[Path, datetime]]:
    """Return the files that were set aside, and when each was last written, oldest first."""
    found = [
        (path, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        for path in folder.glob(DAMAGED_FILES)
        if path.is_file()
    ]
    return sorted(found, key=lambda each: each[1])


class TerminalRetention:
    """The timers of one terminal, in the loop of whoever calls ``run``."""

    def __init__(
        self, folder: Path, places: Places, limits: Retention, *, now: Callable[[], datetime]
    ) -> None:
        """Look after a state folder.

        Args:
            folder: Of the node.
            places: Who was last seen where.
            limits: Of the site.
            now: Aware UTC.
        """
        self._folder, self._places, self._limits, self._now = folder, places, limits, now
        self._statuses = {
            name: RetentionStatus(name=name) for name in (WHEREABOUTS_CLASS, DAMAGED_CLASS)
        }

    @property
    def statuses(self) -> tuple[RetentionStatus, ...]:
        """What the timers did."""
        return tuple(self._statuses.values())

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.to_thread(self.run_once)
            await asyncio.sleep(INTERVAL.total_seconds())

    def run_once(self) -> None:
        """Delete what is due; what cannot be deleted is said, and tried again."""
        now = self._now()
        count = self._places.forget_places(now - self._limits.of("whereabouts_days"))
        self._note(WHEREABOUTS_CLASS, count, self._places.oldest_place(), now=now)
        over = due(damaged_files(self._folder), until=now - self._limits.of("damaged_files_days"))
        count = sum(_is_removed(path) for path in over)
        left = damaged_files(self._folder)
        self._note(DAMAGED_CLASS, count, left[0][1] if left else None, now=now)

    def _note(self, name: str, count: int, oldest_at: datetime | None, *, now: datetime) -> None:
        before = self._statuses[name]
        self._statuses[name] = RetentionStatus(
            name=name,
            oldest_at=oldest_at,
            last_run_at=now,
            next_run_at=now + INTERVAL,
            last_deleted_at=now if count else before.last_deleted_at,
            last_count=count or before.last_count,
            deleted_count=before.deleted_count + count,
        )


def _is_removed(path: Path) -> bool:
    try:
        path.unlink()
    except OSError as error:
        _log.error("%s is over its time and cannot be deleted: %s", path.name, error.strerror)
        return False
    return True
