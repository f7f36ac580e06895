"""A site moves to PostgreSQL whole and proved, or it stays where it is."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from central.database import DatabaseError
from central.ledger.repository import post
from central.moving.mark import mark_of
from central.moving.service import move
from central.moving.source import MoveError
from tests.central.audit.log import in_transaction
from tests.central.backup.places import menshen
from tests.central.bench import running_central
from tests.central.ledger.ledgering import top_up
from tests.central.postgresql import empty_database, fresh_database
from tests.central.test_database import opened_and_closed


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a central that has worked: people, a card, events, money, an audit log."""
    home = tmp_path_factory.mktemp("worked") / "home"
    with running_central(home) as bench:
        node = bench.node()
        bench.person("王小明")
        node.send(*(node.event(n) for n in range(1, 4)))
        in_transaction(bench, lambda t: post(t, [top_up(500)], now=bench.clock()))
    return home


@pytest.fixture
def home(worked: Path, tmp_path: Path) -> Path:
    """A home of its own for one test."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for file in worked.iterdir():
        if file.is_file():
            (home / file.name).write_bytes(file.read_bytes())
            (home / file.name).chmod(0o600)
    return home


def changed(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "central.sqlite3")) as database:
        database.execute("PRAGMA ignore_check_constraints=ON")
        database.execute(statement)
        database.commit()


def is_empty(url: str) -> bool:
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        return connection.execute(query).fetchone() == (0,)


def test_what_moved_is_the_site_and_goes_on(
    home: Path, postgresql: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty_database(postgresql)

    code, said = menshen(capsys, "central", "move", "--to", url, "--home", home, "--json")

    assert (code, isinstance(said, dict)) == (0, True)
    assert isinstance(said, dict)
    assert said["verified"] is True
    assert (said["tables"]["people"], said["tables"]["ledger_transfers"]) == (1, 1)
    assert said["ledger_head"].startswith("1:")
    with running_central(home, database=url) as bench:
        client = bench.signed_in()
        (person,) = client.get("/api/v1/people").json()["items"]
        assert person["name"] == "王小明"
        asked = {"purpose": "maintenance", "reference": "test"}
        events = client.get("/api/v1/events", params=asked).json()["items"]
        assert [each["event"]["sequence"] for each in events] == [1, 2, 3]
        in_transaction(bench, lambda t: post(t, [top_up(700)], now=bench.clock()))
        bench.person("李四")
    for what in ("ledger", "audit"):
        code, verdict = menshen(capsys, what, "verify", "--database", url, "--json")
        assert code == 0, verdict


def test_a_site_on_sm_moves_and_goes_on_as_one(
    tmp_path: Path, postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home, url = tmp_path / "home", empty_database(postgresql)
    with running_central(home, crypto="sm") as bench:
        bench.person("王小明")
    move(home / "central.sqlite3", url, lambda *_: None)

    with running_central(home, database=url) as bench:
        client = bench.signed_in()
        assert client.get("/api/v1/keys").json()["crypto"] == "sm"
        assert bench.person("李四")
    code, verdict = menshen(capsys, "audit", "verify", "--database", url, "--json")
    assert code == 0, verdict


def test_central_does_not_start_on_what_was_left(home: Path, postgresql: str) -> None:
    url = empty_database(postgresql).replace("menshen@", "menshen:s3cret@")
    move(home / "central.sqlite3", url, lambda *_: None)

    with pytest.raises(
        DatabaseError, match=r"has moved to postgresql://menshen:\*\*\*@.*remove"
    ) as said:
        opened_and_closed(f"sqlite:///{home / 'central.sqlite3'}")

    assert "s3cret" not in str(said.value)
    with pytest.raises(MoveError, match="holds this very site already"):
        move(home / "central.sqlite3", url, lambda *_: None)
    mark_of(home / "central.sqlite3").unlink()
    with running_central(home) as bench:
        assert bench.signed_in().get("/api/v1/people").status_code == 200


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DELETE FROM event_ranges", "3 events are in no range"),
        ("UPDATE site_values SET value = '1' || value WHERE name = 'audit_head'", "audit log"),
        ("DROP TABLE site_values", "not the database of a central"),
        ("UPDATE alembic_version SET version_num = '0034'", "another version"),
    ],
)
def test_what_cannot_be_proved_is_not_moved(
    home: Path, postgresql: str, damage: str, words: str
) -> None:
    url = empty_database(postgresql)
    changed(home, damage)

    with pytest.raises(MoveError, match=words):
        move(home / "central.sqlite3", url, lambda *_: None)

    assert is_empty(url)
    assert not mark_of(home / "central.sqlite3").exists()


def test_a_ledger_that_was_changed_is_not_moved(home: Path, postgresql: str) -> None:
    url = empty_database(postgresql)
    with closing(sqlite3.connect(home / "central.sqlite3")) as database:
        database.execute("DROP TRIGGER ledger_transfers_update")
        database.execute("UPDATE ledger_transfers SET amount_fen = 5")
        database.commit()

    with pytest.raises(MoveError, match="the ledger is broken, first chain 1"):
        move(home / "central.sqlite3", url, lambda *_: None)

    assert is_empty(url)


def test_a_database_that_holds_something_is_left_alone(home: Path, postgresql: str) -> None:
    with pytest.raises(MoveError, match="is not empty"):
        move(home / "central.sqlite3", fresh_database(postgresql), lambda *_: None)


def test_a_running_central_is_not_moved(
    home: Path, postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_central(home):
        code, line = menshen(
            capsys, "central", "move", "--to", empty_database(postgresql), "--home", home
        )

    assert code != 0
    assert "stop it first" in str(line)
    assert "\n" not in str(line)
