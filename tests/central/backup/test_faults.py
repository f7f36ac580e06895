"""Power cuts, full disks and bad copies: one line, and nothing that looks like a backup."""

import contextlib
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from central.backup.container import SEALED_BYTES, BackupError, decode_header
from central.backup.recovery import RecoveryKey, make_recovery_key, read_recovery_key
from config.command import main
from tests.central.backup.places import (
    backed_up,
    changed,
    listing,
    menshen,
    names_in,
    restored,
)
from tests.central.bench import running_central


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a central that has worked, with more than one chunk of what cannot be packed."""
    home = tmp_path_factory.mktemp("stopped") / "home"
    with running_central(home) as bench:
        bench.person("Anna")
    changed(
        home,
        "INSERT INTO site_values (name, value) SELECT 'noise', hex(randomblob(1500000))",
    )
    return home


@pytest.fixture(scope="module")
def backup(stopped: Path) -> Path:
    """A backup of it."""
    return backed_up(stopped, stopped.parent / "b.menshen")


@contextlib.contextmanager
def a_disk_of(size_bytes: int) -> Iterator[None]:
    """Let no file grow beyond this; the system says so as it does of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def killed(*words: str | Path) -> int:
    program = [sys.executable, "-m", "tests.central.backup.killed", *map(str, words)]
    return subprocess.run(program, check=False).returncode


def test_a_backup_that_was_killed_half_way_has_no_name(stopped: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.menshen"

    assert killed("backup", file, stopped, "sealing") == -signal.SIGKILL

    assert [name.endswith(".unfinished") for name in listing(tmp_path)] == [True]
    backed_up(stopped, file)
    assert listing(tmp_path) == ["b.menshen"]
    assert [name for name in listing(stopped) if name.startswith(".")] == []


def test_a_restore_that_was_killed_half_way_is_begun_again(backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "new"

    assert killed("restore", backup, home, "proving") == -signal.SIGKILL

    assert not (home / "central.sqlite3").exists()
    assert restored(backup, home).problems == []
    assert names_in(home) == ["Anna"]
    assert [name for name in listing(home) if name.startswith(".")] == []


def test_a_full_disk_is_one_line_and_leaves_nothing(stopped: Path, tmp_path: Path) -> None:
    with a_disk_of(600_000), pytest.raises(BackupError, match=r"cannot be copied: .*disk"):
        backed_up(stopped, tmp_path / "b.menshen")

    assert listing(tmp_path) == []
    assert [name for name in listing(stopped) if name.startswith(".")] == []


def test_a_disk_that_is_too_full_to_restore_keeps_the_place_empty(
    backup: Path, tmp_path: Path
) -> None:
    with a_disk_of(600_000), pytest.raises(BackupError, match=r"cannot write to .*new: File too"):
        restored(backup, tmp_path / "new")

    assert listing(tmp_path / "new") == ["central.sqlite3.lock"]


def test_a_folder_that_is_not_there_is_one_line(stopped: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"cannot write to .*nowhere: No such file"):
        backed_up(stopped, tmp_path / "nowhere" / "b.menshen")


@pytest.fixture(scope="module")
def key_file(stopped: Path) -> Path:
    """A recovery key in its file."""
    make_recovery_key(stopped.parent / "recovery.key")
    return stopped.parent / "recovery.key"


@pytest.fixture(scope="module")
def good(stopped: Path, key_file: Path) -> Path:
    """A backup that this key opens."""
    words = ["backup", stopped.parent / "good", "--home", stopped, "--key", key_file, "--json"]
    assert main([str(word) for word in words]) == 0
    return stopped.parent / "good"


def header(data: bytes) -> int:
    return len(decode_header(data)[1])


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


Spoil = Callable[[bytes], bytes]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "cut_in_a_chunk": (lambda data: data[:-7], "damaged at its end, or ends early"),
    "cut_between_chunks": (lambda data: data[: header(data) + SEALED_BYTES], "ends early"),
    "cut_in_the_header": (lambda data: data[:40], "ends early"),
    "a_bit": (lambda data: flipped(data, header(data) + 5_000), "damaged in its chunk 1"),
    "a_bit_at_the_end": (lambda data: flipped(data, len(data) - 1), "damaged at its end"),
    "longer": (lambda data: data + b"\x00", "damaged"),
    "foreign": (lambda data: b"PK\x03\x04" + data, "no backup of menshen"),
    "empty": (lambda data: b"", "no backup of menshen"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_bad_copy_is_one_line_and_touches_nothing(
    good: Path, key_file: Path, tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, expected = SPOILT[how]
    bad, home = tmp_path / "bad", tmp_path / "new"
    bad.write_bytes(spoil(good.read_bytes()))

    checked = menshen(capsys, "backup", "--check", bad, "--key", key_file, "--json")
    tried = menshen(capsys, "restore", bad, "--home", home, "--key", key_file, "--json")

    assert checked == tried
    assert checked[0] != 0
    assert expected in checked[1]
    assert len(str(checked[1]).splitlines()) == 1
    assert not home.exists() or listing(home) == ["central.sqlite3.lock"]


def test_a_wrong_key_is_one_line(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_recovery_key(tmp_path / "other.key")

    code, line = menshen(capsys, "backup", "--check", good, "--key", tmp_path / "other.key")

    assert code != 0
    assert line == ("menshen: this recovery key does not open the backup: it was made with another")


def test_a_good_copy_is_checked_without_being_restored(
    good: Path, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = menshen(capsys, "backup", "--check", good, "--key", key_file, "--json")

    assert code == 0
    assert isinstance(document, dict)
    assert (document["database"], document["parts"]) == ("sqlite", [])
    assert document["size_bytes"] == good.stat().st_size


def test_a_copy_of_the_file_restores_as_well(
    good: Path, key_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(good, tmp_path / "copied")
    new = tmp_path / "new"

    code, found = menshen(
        capsys, "restore", tmp_path / "copied", "--home", new, "--key", key_file, "--json"
    )

    assert code == 0
    assert isinstance(found, dict)
    assert (found["problems"], found["has_keys"]) == ([], False)
    assert names_in(new) == ["Anna"]


def test_the_key_is_for_its_owner_alone(good: Path, key_file: Path, tmp_path: Path) -> None:
    shutil.copy(key_file, tmp_path / "open.key")
    (tmp_path / "open.key").chmod(0o644)

    assert isinstance(read_recovery_key(key_file), RecoveryKey)
    with pytest.raises(BackupError, match="others may read"):
        read_recovery_key(tmp_path / "open.key")
