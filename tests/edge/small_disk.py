"""A small file system of its own for one process, where the machine lets one be made."""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path


def on_small_disk(command: Sequence[str], folder: Path, *, size: str) -> list[str]:
    """Return a command that sees a fresh tmpfs at a folder, which goes with it.

    Args:
        command: To run there.
        folder: Exists.
        size: As ``mount -o size=`` takes it.
    """
    mount = f"mount -t tmpfs -o size={size} tmpfs {shlex.quote(str(folder))}"
    return ["unshare", "-rm", "sh", "-c", f"{mount} && exec {shlex.join(command)}"]


def can_mount(folder: Path) -> bool:
    """Return whether this machine lets a process have a disk of its own."""
    try:
        tried = subprocess.run(
            on_small_disk(["true"], folder, size="1m"), capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0
