"""Where this process keeps its state: from the environment, with defaults for people."""

import os
import sys
from pathlib import Path


def menshen_home() -> Path:
    """Return the state folder: ``MENSHEN_HOME``, else in the user's data; may not exist."""
    named = os.environ.get("MENSHEN_HOME")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "menshen"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "menshen"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "menshen"


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner enters, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
