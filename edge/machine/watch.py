"""Looks at the disk now and then; on a short one the journal grows no more and other things go.

What goes first: files that were set aside, the oldest first; then clips give way to newer ones and
to nothing else. The replica stays: without it nobody is known. Logs are the journal service's.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from config.contract.machine import DiskStatus
from edge.machine import disk
from edge.retention import damaged_files

_log = logging.getLogger("edge.machine")

INTERVAL_S: Final = 30.0
WRITTEN_OF: Final = Path("/proc/self/io")


class DiskWatch:
    """The disk of one terminal, in the loop of whoever calls ``run``."""

    def __init__(
        self,
        folder: Path,
        *,
        limit_mb: float,
        endurance_tb: float | None,
        follow: Callable[[bool], None],
        on_change: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch a state folder.

        Args:
            folder: Of the terminal.
            limit_mb: Less free than this is short.
            endurance_tb: Of the card, in TB written; None where the site does not say.
            follow: Told at every look whether the disk is short; must be quick.
            on_change: Called when it becomes short, or is no more.
            monotonic: Seconds.
        """
        self._folder, self._limit_mb, self._endurance_tb = folder, limit_mb, endurance_tb
        self._follow, self._on_change, self._monotonic = follow, on_change, monotonic
        self._first: disk.Written | None = None
        self.status: DiskStatus | None = None

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(INTERVAL_S)

    def look(self) -> None:
        """Look once; a disk that cannot be asked is left as it was reported."""
        before = self.status
        try:
            now = self._read(before)
            if now.is_short and _let_go_of_set_aside(self._folder):
                now = self._read(now)
        except OSError as error:
            _log.warning("the disk cannot be asked: %s", error.strerror)
            return
        self.status = now
        self._follow(now.is_short)
        if now.is_short != (before is not None and before.is_short):
            said = "is short" if now.is_short else "has room again"
            _log.warning("the disk %s: %d MB free", said, now.free_mb)
            self._on_change()

    def _read(self, before: DiskStatus | None) -> DiskStatus:
        room = shutil.disk_usage(self._folder)
        return disk.status(
            free_bytes=room.free,
            size_bytes=room.total,
            used_bytes=used_bytes(self._folder),
            before=before,
            limit_mb=self._limit_mb,
            written_mb=self._written(),
            endurance_tb=self._endurance_tb,
        )

    def _written(self) -> int | None:
        size_bytes = written_bytes()
        if size_bytes is None:
            return None
        now = disk.Written(self._monotonic(), size_bytes)
        self._first = self._first or now
        return disk.written_mb_a_day(self._first, now)


def used_bytes(folder: Path) -> Counter[str]:
    """Return what a state folder takes on the disk, by ``disk.kind_of``."""
    used = Counter[str]()
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            with contextlib.suppress(OSError):  # gone meanwhile
                used[disk.kind_of(path.relative_to(folder))] += path.lstat().st_blocks * 512
    return used


def written_bytes(source: Path = WRITTEN_OF) -> int | None:
    """Return what this process had written to disks; None where the kernel does not say."""
    try:
        lines = source.read_text().splitlines()
    except OSError:
        return None
    said = dict(line.split(": ") for line in lines)
    return int(said["write_bytes"]) if "write_bytes" in said else None


def _let_go_of_set_aside(folder: Path) -> bool:
    """Remove what was set aside; return whether there was any."""
    files = damaged_files(folder)
    for path, _ in files:
        with contextlib.suppress(OSError):
            path.unlink()
            _log.warning("the disk is short: %s, which was set aside, is removed", path.name)
    return bool(files)
