"""A process that is killed before any of the things that it does to the files of a folder.

Python says what it is about to do to files (``sys.addaudithook``); from the chosen one on nothing
reaches the disk any more, as after the death of a process, whatever it tries in its handlers.

Source: Python 3.11, "Audit events table": open, os.rename, os.remove.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Killed(BaseException):
    """The process is dead."""


class _Watch:
    folder: Path | None = None
    left = 0


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _Watch.folder is None or event not in ("open", "os.rename", "os.remove"):
        return
    path, flags = arguments[0], arguments[2] if event == "open" else WRITING
    is_change = isinstance(flags, int) and flags & WRITING
    if not is_change or not isinstance(path, str | os.PathLike):
        return
    if _Watch.folder not in Path(path).parents:
        return
    if _Watch.left == 0:
        raise Killed
    _Watch.left -= 1


sys.addaudithook(_hear)


@contextlib.contextmanager
def killed_after(count: int, folder: Path) -> Iterator[list[bool]]:
    """Let so many changes of files happen; the list holds one item where more were wanted."""
    deaths = list[bool]()
    _Watch.folder, _Watch.left = folder, count
    try:
        yield deaths
    except Killed:
        deaths.append(True)
    finally:
        _Watch.folder = None
