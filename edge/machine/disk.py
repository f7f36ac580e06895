"""When a disk is short, what a terminal has on it, and how long a card lasts. Pure."""

import dataclasses
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from config.contract.machine import DiskStatus

MEGABYTE: Final = 1_000_000
CALM_FACTOR: Final = 1.2
"""A disk is short until so much more is free than makes it short."""
DAY_S: Final = 86_400.0
WRITTEN_AFTER_S: Final = 3_600.0
"""Before that, the start counts for too much."""
FREE_STEP_MB: Final = 10
_FIGURES: Final = 2


def is_short(free_mb: float, *, limit_mb: float, was_short: bool) -> bool:
    """Return whether too little is free, with hysteresis.

    Args:
        free_mb: For the terminal.
        limit_mb: The site's.
        was_short: What was said before.
    """
    return free_mb < limit_mb * (CALM_FACTOR if was_short else 1.0)


def kind_of(path: PurePath) -> str:
    """Return what a file of the state folder is counted as.

    Args:
        path: Relative to the folder.
    """
    name = path.name
    if ".damaged" in name:
        return "set_aside"
    if path.parts[0] == "clips":
        return "clips"
    for kind in ("journal", "replica"):
        if name.startswith(f"{kind}."):
            return kind
    return "other"


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What the program has written. Attributes: at_s: monotonic. size_bytes: since its start."""

    at_s: float
    size_bytes: int


def written_mb_a_day(first: Written, last: Written) -> int | None:
    """Return the pace between two readings to two figures; None before ``WRITTEN_AFTER_S``."""
    took_s = last.at_s - first.at_s
    if took_s < WRITTEN_AFTER_S:
        return None
    pace = max(0, last.size_bytes - first.size_bytes) / MEGABYTE * DAY_S / took_s
    return int(_figures(pace))


def card_years(written_mb: float | None, *, endurance_tb: float | None) -> float | None:
    """Return for how many years a card lasts that endures so many TB written, 99 at most."""
    if written_mb is None or endurance_tb is None:
        return None
    a_year_tb = written_mb * 365.25 / 1e6
    return 99.0 if a_year_tb * 99 <= endurance_tb else round(endurance_tb / a_year_tb, 1)


def status(
    *,
    free_bytes: int,
    size_bytes: int,
    used_bytes: Mapping[str, int],
    before: DiskStatus | None,
    limit_mb: float,
    written_mb: int | None,
    endurance_tb: float | None,
) -> DiskStatus:
    """Return what is reported.

    Args:
        free_bytes: For the terminal.
        size_bytes: Of the file system.
        used_bytes: By ``kind_of``.
        before: What was reported last.
        limit_mb: Less free than this is short.
        written_mb: A day.
        endurance_tb: Of the card; None where the site does not say.
    """
    free_mb = free_bytes / MEGABYTE
    return DiskStatus(
        free_mb=int(free_mb) // FREE_STEP_MB * FREE_STEP_MB,
        size_mb=size_bytes // MEGABYTE,
        is_short=is_short(
            free_mb, limit_mb=limit_mb, was_short=before is not None and before.is_short
        ),
        used_mb={
            kind: -(-size // MEGABYTE) for kind, size in sorted(used_bytes.items()) if size > 0
        },
        written_mb_a_day=written_mb,
        card_years=card_years(written_mb, endurance_tb=endurance_tb),
    )


def _figures(value: float) -> float:
    return float(f"{value:.{_FIGURES}g}")
