import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.doctor.findings import Level
from config.doctor.machine import judge_clock, judge_disk

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_synchronised", "level"),
    [
        (NOW, True, Level.OK),
        (NOW, None, Level.OK),
        (NOW, False, Level.WARNING),
        (datetime(1970, 1, 1, tzinfo=UTC), True, Level.PROBLEM),
    ],
)
def test_a_clock_is_judged(now: datetime, is_synchronised: bool | None, level: Level) -> None:
    (finding,) = judge_clock(now, is_synchronised=is_synchronised)

    assert finding.level is level


@pytest.mark.parametrize(
    ("free_bytes", "error", "level"),
    [
        (50_000_000_000, None, Level.OK),
        (500_000_000, None, Level.WARNING),
        (1_000, None, Level.PROBLEM),
        (50_000_000_000, OSError(errno.EROFS, "Read-only file system"), Level.PROBLEM),
    ],
)
def test_a_disk_is_judged(free_bytes: int, error: OSError | None, level: Level) -> None:
    assert judge_disk(Path("/"), free_bytes=free_bytes, error=error).level is level
