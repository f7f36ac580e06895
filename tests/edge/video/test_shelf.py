from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.contract.video_events import MediaFormat, MediaKind
from config.crypto.suite import Suite
from config.crypto.suites import SUITES, SuiteSecret
from edge.video.shelf import Losses, Shelf

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SECRET = b"s" * 32
HOUR = timedelta(hours=1)


def a_shelf(folder: Path, *, secret: bytes | None = SECRET, size_bytes_max: int = 10_000) -> Shelf:
    shelf = Shelf(folder / "clips", secret=secret, size_bytes_max=size_bytes_max, lifetime=HOUR)
    shelf.load()
    return shelf


def put(shelf: Shelf, content: bytes, *, at_s: float = 0) -> str | None:
    now = NOW + timedelta(seconds=at_s)
    return shelf.put(content, MediaKind.CLIP, MediaFormat.PICTURES, now=now)


def sent(shelf: Shelf, *, now: datetime = NOW) -> list[bytes | None]:
    contents = []
    while (waiting := shelf.next(now=now)) is not None:
        contents.append(shelf.content(waiting))
        shelf.remove(waiting.name)
    return contents


def test_the_newest_is_sent_first_because_a_guard_waits_for_it(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path)
    for number in range(3):
        put(shelf, b"clip %d" % number, at_s=number)

    assert sent(shelf) == [b"clip 2", b"clip 1", b"clip 0"]


def test_what_waits_is_found_after_a_restart(tmp_path: Path) -> None:
    sha256 = put(a_shelf(tmp_path), b"a clip")

    waiting = a_shelf(tmp_path).next(now=NOW)

    assert waiting is not None
    assert (waiting.sha256, waiting.format) == (sha256, MediaFormat.PICTURES)
    assert sent(a_shelf(tmp_path)) == [b"a clip"]


def test_a_stolen_disk_shows_nobody(tmp_path: Path) -> None:
    put(a_shelf(tmp_path), b"somebody's face")

    (path,) = (tmp_path / "clips").iterdir()
    assert b"face" not in path.read_bytes()
    assert sent(a_shelf(tmp_path, secret=b"another key, of 32 bytes, or more")) == [None]


def test_without_a_key_nothing_is_written_to_the_disk(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, secret=None)
    put(shelf, b"a clip")

    assert not (tmp_path / "clips").exists()
    assert sent(shelf) == [b"a clip"]


def test_on_a_short_disk_a_clip_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path)
    for number in range(3):
        put(shelf, b"clip %d" % number, at_s=number)

    shelf.follow_disk(is_short=True)
    put(shelf, b"clip 3", at_s=3)

    assert sent(shelf) == [b"clip 3", b"clip 2", b"clip 1"]
    assert shelf.losses() == Losses(displaced=1)


def test_what_is_in_memory_alone_does_not_give_way_to_a_short_disk(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, secret=None)
    shelf.follow_disk(is_short=True)

    for number in range(3):
        put(shelf, b"clip %d" % number, at_s=number)

    assert sent(shelf) == [b"clip 2", b"clip 1", b"clip 0"]


def test_a_full_folder_lets_the_oldest_go_and_counts_it(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, size_bytes_max=1_000)
    for number in range(5):
        put(shelf, bytes(300), at_s=number)

    assert len(shelf) == 3
    assert shelf.losses() == Losses(displaced=2)
    assert shelf.losses() == Losses()


def test_what_central_did_not_get_in_time_is_let_go_and_counted(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path)
    put(shelf, b"a clip")

    assert shelf.next(now=NOW + HOUR) is None
    assert shelf.losses() == Losses(expired=1)
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_content_that_no_folder_could_hold_displaces_nothing(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, size_bytes_max=1_000)
    put(shelf, b"a clip")

    assert put(shelf, bytes(2_000), at_s=1) is None
    assert (len(shelf), shelf.losses()) == (1, Losses(unwritten=1))


@pytest.mark.parametrize("name", ["notes.txt", "1764385200000-clip-pictures-aa", "x.part"])
def test_a_foreign_or_half_written_file_is_removed_at_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / name).write_bytes(b"?")

    assert len(a_shelf(tmp_path)) == 0
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_disk_that_refuses_loses_a_picture_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "clips").write_bytes(b"a file where the folder should be")

    assert put(a_shelf(tmp_path), b"a clip") is None


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_content_opens_with_the_suite_of_its_secret_alone(suite: Suite, tmp_path: Path) -> None:
    put(a_shelf(tmp_path, secret=SuiteSecret(SECRET, suite)), b"a clip")
    (other,) = (each for each in SUITES.values() if each is not suite)

    assert sent(a_shelf(tmp_path, secret=SuiteSecret(SECRET, suite))) == [b"a clip"]
    put(a_shelf(tmp_path, secret=SuiteSecret(SECRET, suite)), b"a clip")
    assert sent(a_shelf(tmp_path, secret=SuiteSecret(SECRET, other))) == [None]
