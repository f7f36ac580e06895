"""A folder of backups that a timer makes: named by their moment, the oldest go."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SUFFIX: Final = ".menshen"
_MADE_HERE: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z\.menshen")


def name_of(moment: datetime) -> str:
    """Return the file name of a backup made at a moment, aware UTC; names sort by time."""
    return f"{moment:%Y-%m-%dT%H%M%SZ}{SUFFIX}"


def moment_of(file: Path) -> datetime:
    """Return when a timer made a backup, aware UTC; of a path that ``newest`` returned."""
    return datetime.strptime(file.name, f"%Y-%m-%dT%H%M%SZ{SUFFIX}").replace(tzinfo=UTC)


def newest(folder: Path) -> Path | None:
    """Return the newest backup that a timer made in a folder; None where there is none."""
    return max(_made_in(folder), default=None)


def remove_old(folder: Path, *, keep: int) -> list[Path]:
    """Remove the oldest backups that a timer made; returns them. Others are nobody's to remove.

    Args:
        folder: Of the backups.
        keep: So many stay, 1 or more.
    """
    old = sorted(_made_in(folder))[:-keep]
    for path in old:
        path.unlink()
    return old


def _made_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _MADE_HERE.fullmatch(path.name)]
