"""Which version runs here, and which is the newest that was installed."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from config.doctor.findings import Finding, Level
from config.installer import COMPLETE, Machine

CHECK: Final = "version"


def check_versions(prefix: Path = Path("/opt/menshen")) -> Iterator[Finding]:
    """Yield the version of this program, and what lies beside it.

    Args:
        prefix: Where bundles are installed; it need not be there.
    """
    machine = Machine(Path("/"), prefix)
    used = machine.name_of(machine.current)
    own = f"menshen {version('menshen')}"
    if used is None:
        yield Finding(CHECK, Level.OK, f"{own}, not installed from a bundle")
        return
    complete = {name: (prefix / name / COMPLETE).stat().st_mtime for name in machine.versions()}
    newest = max(complete, key=complete.__getitem__, default=used)
    if used not in complete:
        said = f"{used} is in use and is not there whole"
        yield Finding(CHECK, Level.PROBLEM, said, "install its bundle again")
    elif newest != used:
        said = f"{used} is in use; {newest} was installed later"
        yield Finding(CHECK, Level.WARNING, said, f"`menshen bundle switch {newest}` uses it")
    else:
        yield Finding(CHECK, Level.OK, f"{used} is in use, the newest of {len(complete)} here")
    if not Path(sys.prefix).resolve().is_relative_to((prefix / used).resolve()):
        said = f"this command is another one than the services': {sys.prefix}"
        yield Finding(CHECK, Level.WARNING, said, f"use {machine.current / 'bin' / 'menshen'}")
    for folder in _interrupted(machine, prefix):
        said = f"{folder} was interrupted while it was installed"
        yield Finding(CHECK, Level.WARNING, said, "install its bundle again, or remove the folder")


def _interrupted(machine: Machine, prefix: Path) -> list[Path]:
    whole = machine.versions()
    folders = [path for path in prefix.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted(folder for folder in folders if folder.name not in whole)
