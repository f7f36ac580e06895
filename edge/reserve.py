"""Room on the disk that is taken while there is some, and given back when there is none.

A database needs room even to delete. Who finds the disk full gives the reserve back, lets go of
what may go, and takes the reserve again once there is room.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

SIZE_BYTES: Final = 2_000_000
"""A write-ahead log grows by less while thousands of events are deleted."""


class Reserve:
    """One file of zeros."""

    def __init__(self, path: Path, *, size_bytes: int = SIZE_BYTES) -> None:
        """Keep so much beside what may need it."""
        self._path, self._size_bytes = path, size_bytes

    def take(self) -> bool:
        """Take the room where it is not taken yet; return whether it is now."""
        try:
            if self._path.exists() and self._path.stat().st_size == self._size_bytes:
                return True
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size_bytes)
        except OSError:
            self.give_back()
            return False
        return True

    def give_back(self) -> bool:
        """Free the room; return whether there was any to free."""
        with contextlib.suppress(OSError):
            had_any = self._path.stat().st_size > 0
            self._path.unlink()
            return had_any
        return False
