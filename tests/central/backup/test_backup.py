"""A backup that is made while central works comes back as a central, proved to its end."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.backup import making
from central.backup.container import BackupError
from central.backup.reading import Backup
from central.backup.records import Part
from central.backup.recovery import Passphrase
from central.ledger.repository import post
from tests.central.audit.log import actions, execute, in_transaction
from tests.central.backup.places import (
    KEY,
    NOW,
    backed_up,
    changed,
    listing,
    names_in,
    restored,
)
from tests.central.bench import Bench, running_central
from tests.central.consent.test_erasures import start
from tests.central.ledger.ledgering import top_up
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import photograph


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A central that goes on working while it is backed up."""
    home = tmp_path_factory.mktemp("working") / "home"
    with running_central(home) as bench:
        bench.person("Anna")
        yield bench


@pytest.fixture
def home(working: Bench) -> Path:
    found: Path = working.app.state.services.settings.home
    return found


def bring_key(home: Path, to: Path) -> Path:
    to.mkdir(mode=0o700)
    (to / "kek").write_text((home / "kek").read_text())
    (to / "kek").chmod(0o600)
    return to


def test_what_is_restored_is_proved_and_runs(home: Path, tmp_path: Path) -> None:
    file = backed_up(home, tmp_path / "b.menshen")

    proof = restored(file, bring_key(home, tmp_path / "new"))

    assert (proof.problems, proof.has_keys) == ([], True)
    with running_central(tmp_path / "new") as bench:
        people = bench.signed_in().get("/api/v1/people").json()["items"]
        assert "Anna" in {each["name"] for each in people}
        assert "restored" in actions(bench)


def test_it_is_of_one_moment_while_central_goes_on(
    working: Bench, home: Path, tmp_path: Path
) -> None:
    added = list[str]()

    def add(doing: str, done: int, total: int | None) -> None:
        if doing == "copying" and not added and done < (total or 0):
            added.append(working.person("Late"))

    url = f"sqlite:///{home / 'central.sqlite3'}"
    file = tmp_path / "b.menshen"
    making.make_backup(file, making.Wish(home=home, database_url=url), KEY, now=NOW, progress=add)

    assert len(added) == 1
    restored(file, tmp_path / "new")
    assert "Late" not in names_in(tmp_path / "new")
    assert "Late" in names_in(home)


def test_an_erasure_is_not_held_up_by_a_backup(working: Bench, home: Path, tmp_path: Path) -> None:
    holder_id, waits_s = working.person("Gone"), list[float]()

    def erase(doing: str, done: int, total: int | None) -> None:
        if doing == "copying" and not waits_s and done < (total or 0):
            reply = working.administrator.delete(f"/api/v1/people/{holder_id}")
            waits_s.append(reply.elapsed.total_seconds())

    url = f"sqlite:///{home / 'central.sqlite3'}"
    making.make_backup(
        tmp_path / "b", making.Wish(home=home, database_url=url), KEY, now=NOW, progress=erase
    )

    # The log of writes cannot be cut while a copy is read from it: nobody waits 5 s for that.
    assert max(waits_s) < 4


def test_nothing_readable_and_no_key_is_in_the_file(home: Path, tmp_path: Path) -> None:
    lying = backed_up(home, tmp_path / "b.menshen").read_bytes()

    kek = (home / "kek").read_bytes()
    assert [word in lying for word in (b"Anna", b"SQLite format", kek)] == [False] * 3
    assert (tmp_path / "b.menshen").stat().st_mode & 0o077 == 0
    assert listing(tmp_path) == ["b.menshen"]
    assert [name for name in listing(home) if name.startswith(".")] == []


def test_pictures_and_clips_are_in_it_only_where_they_were_asked_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_central(home):
        pass
    changed(
        home,
        "INSERT INTO blobs VALUES (hex(zeroblob(32)), 'gate-1', x'ff', '2027-01-01 00:00:00')",
        "INSERT INTO alarm_media_contents VALUES"
        " (hex(zeroblob(32)), 'gate-1', 'clip', 'video/mp4', x'ff', '2026-11-29 00:00:00')",
    )

    restored(backed_up(home, tmp_path / "less"), tmp_path / "1")
    restored(backed_up(home, tmp_path / "more", parts=(Part.BLOBS, Part.CLIPS)), tmp_path / "2")

    assert counts(tmp_path / "1") == (0, 0)
    assert counts(tmp_path / "2") == (1, 1)


def counts(home: Path) -> tuple[int, int]:
    query = "SELECT (SELECT count(*) FROM blobs), (SELECT count(*) FROM alarm_media_contents)"
    found: tuple[int, int] = sqlite3.connect(home / "central.sqlite3").execute(query).fetchone()
    return found


def test_the_key_comes_back_only_by_a_passphrase_of_its_own(home: Path, tmp_path: Path) -> None:
    words = Passphrase("a passphrase of the key alone")
    file = backed_up(home, tmp_path / "b", parts=(Part.KEK,), keys_passphrase=words)

    with pytest.raises(BackupError, match="does not open the key-encryption key"):
        restored(file, tmp_path / "1", keys_passphrase=Passphrase("another passphrase"))
    restored(file, tmp_path / "2")
    proof = restored(file, tmp_path / "3", keys_passphrase=words)

    assert not (tmp_path / "2" / "kek").exists()
    assert (tmp_path / "3" / "kek").read_text() == (home / "kek").read_text()
    assert (tmp_path / "3" / "kek").stat().st_mode & 0o077 == 0
    assert proof.has_keys


def test_who_was_erased_since_is_erased_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with start(home) as bench:
        gone = bench.person("司徒明月")
        bench.person("Bert")
        enrol(bench.administrator, gone, photograph(1))
    file = backed_up(home, tmp_path / "b")
    with start(home) as bench:
        bench.administrator.delete(f"/api/v1/people/{gone}")

    proof = restored(file, tmp_path / "new", from_home=home)

    assert (proof.erased_again, proof.problems) == (1, [])
    lying = b"".join(each.read_bytes() for each in (tmp_path / "new").iterdir())
    assert "司徒明月".encode() not in lying
    assert b"Bert" in lying


def test_who_was_signed_in_then_is_not_any_more(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_central(home) as bench:
        cookie = dict(bench.administrator.cookies)
    file = backed_up(home, tmp_path / "b")

    restored(file, bring_key(home, tmp_path / "new"))

    with running_central(tmp_path / "new") as bench:
        client = bench.client()
        client.cookies.update(cookie)
        assert client.get("/api/v1/people").status_code == 401


def test_another_history_tells_consoles_to_begin_anew(home: Path, tmp_path: Path) -> None:
    restored(backed_up(home, tmp_path / "b"), tmp_path / "new")

    query = "SELECT value FROM site_values WHERE name = 'epoch'"
    epochs = {
        sqlite3.connect(place / "central.sqlite3").execute(query).fetchone()[0]
        for place in (home, tmp_path / "new")
    }
    assert len(epochs) == 2


def test_a_key_of_another_central_is_told_before_anything_is_in_place(
    home: Path, tmp_path: Path
) -> None:
    file, new = backed_up(home, tmp_path / "b"), bring_key(home, tmp_path / "new")
    (new / "kek").write_text("A" * 43)

    with pytest.raises(BackupError, match="does not fit this database"):
        restored(file, new)

    assert listing(new) == ["central.sqlite3.lock", "kek"]


def test_a_broken_audit_log_is_told_and_taken_only_when_somebody_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_central(home) as bench:
        bench.person("Anna")
    execute(
        f"sqlite:///{home / 'central.sqlite3'}",
        "UPDATE audit_log SET objects = '' WHERE sequence = 2",
    )
    file = backed_up(home, tmp_path / "b")

    with pytest.raises(BackupError, match="audit log is broken at entry 2"):
        restored(file, tmp_path / "new")
    proof = restored(file, tmp_path / "new", despite_problems=True)

    assert proof.problems == ["the audit log is broken at entry 2"]
    assert names_in(tmp_path / "new") == ["Anna"]


def test_a_ledger_that_was_changed_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_central(home) as bench:
        in_transaction(bench, lambda t: post(t, [top_up(500), top_up(700)], now=NOW))
    file = backed_up(home, tmp_path / "b")
    assert restored(file, tmp_path / "whole").ledger_transfers == 2
    changed(home, "DROP TRIGGER ledger_transfers_update", "UPDATE ledger_transfers SET reason = ''")

    with pytest.raises(BackupError, match=r"the ledger is broken in .* places, first"):
        restored(backed_up(home, tmp_path / "b2"), tmp_path / "new")


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_central(home):
        pass
    changed(home, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(BackupError, match="made by a newer menshen"):
        restored(backed_up(home, tmp_path / "b"), tmp_path / "new")


def test_a_home_that_is_in_use_is_not_touched(home: Path, tmp_path: Path) -> None:
    file = backed_up(home, tmp_path / "b")
    before = digest(home)

    with pytest.raises(BackupError, match=r"central uses .*: stop it"):
        restored(file, home)

    assert digest(home) == before


def test_a_home_that_is_not_empty_is_not_touched(home: Path, tmp_path: Path) -> None:
    file, new = backed_up(home, tmp_path / "b"), tmp_path / "new"
    new.mkdir()
    (new / "central.sqlite3").write_text("somebody's")

    with pytest.raises(BackupError, match=r"is not empty \(it holds central.sqlite3\)"):
        restored(file, new)

    assert (new / "central.sqlite3").read_text() == "somebody's"


def digest(home: Path) -> str:
    return hashlib.sha256((home / "central.sqlite3").read_bytes()).hexdigest()


def test_a_backup_is_never_written_over(home: Path, tmp_path: Path) -> None:
    file = backed_up(home, tmp_path / "b")
    before = file.read_bytes()

    with pytest.raises(BackupError, match="there already"):
        backed_up(home, file)

    assert file.read_bytes() == before


def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_central(home):
        pass
    with (home / "central.sqlite3").open("r+b") as file:
        file.seek(4096 * 20)
        file.write(os.urandom(4096 * 20))

    with pytest.raises(BackupError, match=r"damaged|cannot be copied|not the database"):
        backed_up(home, tmp_path / "b")

    assert listing(tmp_path) == ["home"]


def test_a_check_reads_it_to_its_end(home: Path, tmp_path: Path) -> None:
    file = backed_up(home, tmp_path / "b")
    seen = list[tuple[int, int | None]]()

    with Backup(file, KEY) as backup:
        manifest = backup.check(lambda _, done, total: seen.append((done, total)))

    assert seen[-1] == (file.stat().st_size,) * 2
    assert NOW - manifest.made_at == timedelta(0)
