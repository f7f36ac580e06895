from datetime import UTC, datetime, timedelta
from pathlib import Path

from central.backup.folders import name_of, newest, remove_old

NIGHT = datetime(2026, 11, 30, 2, 30, tzinfo=UTC)


def test_only_the_oldest_of_the_timers_own_backups_go(tmp_path: Path) -> None:
    names = [name_of(NIGHT + timedelta(days=day)) for day in range(4)]
    for name in (*names, "2020-01-01T000000Z-before-0.1.0.menshen", "mine.menshen"):
        (tmp_path / name).touch()

    removed = remove_old(tmp_path, keep=2)

    assert [path.name for path in removed] == names[:2]
    assert newest(tmp_path) == tmp_path / names[3]
    assert len(list(tmp_path.iterdir())) == 4
