"""Whether others than a service can read its keys and its data, and whether it still can."""

import contextlib
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from config.doctor.findings import Finding, Level

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_private(folder: Path, *beside: Path) -> Iterator[Finding]:
    """Yield whether a state folder is its owner's alone, with every file and folder in it.

    Args:
        folder: Of one service.
        beside: Files elsewhere that must be as private; those that are not there are passed over.
    """
    try:
        folder.stat()
        modes = _modes([folder, *_within(folder), *beside])
    except OSError as error:
        advice = "run this as the user of its service: `sudo -u menshen menshen doctor`"
        said = f"cannot look into {folder}: {error.strerror}"
        yield Finding(f"files of {folder.name}", Level.PROBLEM, said, advice)
        return
    yield from judge_files(folder, modes)


def judge_files(folder: Path, modes: Mapping[Path, tuple[int, int]]) -> Iterator[Finding]:
    """Yield who may use files and folders.

    Args:
        folder: The state folder.
        modes: Mode and owner of it and of each file.
    """
    check, (own, owner) = f"files of {folder.name}", modes[folder]
    open_to_others = [path for path, (mode, _) in modes.items() if mode & _OTHERS]
    # What lies in a folder that nobody else enters is read by nobody else, whatever its mode.
    if not own & _OTHERS:
        open_to_others = [path for path in open_to_others if not path.is_relative_to(folder)]
    foreign = [path for path, (_, user) in modes.items() if user != owner]
    if open_to_others:
        said = f"others than its owner may use {_named(open_to_others)}"
        is_open = bool(own & _OTHERS)
        advice = f"chmod -R go= {folder}" if is_open else f"chmod go= {_named(open_to_others)}"
        yield Finding(check, Level.PROBLEM, said, advice)
    if foreign:
        said = f"the service cannot use {_named(foreign)}: not its own"
        yield Finding(check, Level.PROBLEM, said, f"chown -R --reference={folder} {folder}")
    if not open_to_others and not foreign:
        yield Finding(check, Level.OK, f"nobody but their owner uses {folder}")


def _modes(paths: list[Path]) -> dict[Path, tuple[int, int]]:
    """Return what each is; one that a running service has removed meanwhile is none."""
    found = dict[Path, tuple[int, int]]()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            if not stat.S_ISLNK(status.st_mode):
                found[path] = (status.st_mode, status.st_uid)
    return found


def _within(folder: Path) -> Iterator[Path]:
    """Yield files and folders in a folder, and in its folders, but no further down."""
    for path in folder.iterdir():
        yield path
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(FileNotFoundError):
                yield from path.iterdir()


def _named(paths: list[Path]) -> str:
    others = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(str(path) for path in sorted(paths)[:3]) + others
