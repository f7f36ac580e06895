import shutil
from pathlib import Path

from edge.machine.disk import MEGABYTE
from edge.machine.watch import DiskWatch, used_bytes, written_bytes


def watch(folder: Path, limit_mb: float, told: list[bool], changes: list[str]) -> DiskWatch:
    return DiskWatch(
        folder,
        limit_mb=limit_mb,
        endurance_tb=None,
        follow=told.append,
        on_change=lambda: changes.append("changed"),
    )


def test_a_short_disk_takes_what_was_set_aside_and_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3.damaged-1").write_bytes(b"x" * 5_000)
    (tmp_path / "journal.sqlite3").write_bytes(b"x" * 5_000)
    told, changes = list[bool](), list[str]()
    limit_mb = 2 * shutil.disk_usage(tmp_path).free / MEGABYTE + 1
    watched = watch(tmp_path, limit_mb, told, changes)

    watched.look()
    watched.look()

    assert (told, changes) == ([True, True], ["changed"])
    assert [path.name for path in tmp_path.iterdir()] == ["journal.sqlite3"]


def test_with_room_nothing_is_removed_and_what_there_is_is_counted(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "one").write_bytes(b"x" * 5_000)
    (tmp_path / "replica.sqlite3.damaged-1").write_bytes(b"x" * 5_000)
    told, changes = list[bool](), list[str]()
    watched = watch(tmp_path, 0.0, told, changes)

    watched.look()

    assert (told, changes) == ([False], [])
    assert watched.status is not None
    assert watched.status.used_mb == {"clips": 1, "set_aside": 1}
    assert set(used_bytes(tmp_path)) == {"clips", "set_aside"}


def test_a_folder_that_is_gone_leaves_the_report_as_it_was(tmp_path: Path) -> None:
    told = list[bool]()
    watched = watch(tmp_path / "gone", 0.0, told, [])

    watched.look()

    assert (watched.status, told) == (None, [])


def test_what_was_written_is_the_kernel_s_count(tmp_path: Path) -> None:
    source = tmp_path / "io"
    source.write_text("rchar: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 0\n")

    assert written_bytes(source) == 4096
    assert written_bytes(tmp_path / "none") is None
