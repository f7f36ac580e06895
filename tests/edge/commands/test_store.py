"""The file of operators' commands: several threads write it, and one closes it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from edge.commands.store import CommandsStore
from edge.kept_file import KeptFileError

UNTIL = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
COUNT = 64


def holds(path: Path) -> set[str]:
    store = CommandsStore(path)
    try:
        return set(store.load().holds)
    finally:
        store.close()


def test_threads_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    store, points = CommandsStore(tmp_path / "commands.sqlite3"), [f"p{n}" for n in range(COUNT)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda point: store.put_hold(point, UNTIL), points))
    store.close()

    assert holds(tmp_path / "commands.sqlite3") == set(points)


def test_closing_waits_for_who_writes_and_whoever_comes_later_is_told(tmp_path: Path) -> None:
    store = CommandsStore(tmp_path / "commands.sqlite3")
    store.load()

    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(store.put_hold, f"p{n}", UNTIL) for n in range(COUNT)]
        store.close()
        ends = [each.exception() for each in writing]

    assert all(end is None or isinstance(end, KeptFileError) for end in ends)
    assert len(holds(tmp_path / "commands.sqlite3")) == ends.count(None)
