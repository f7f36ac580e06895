"""The audit log in both databases: one chain, which nobody shortens or changes unseen."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from central.audit import repository
from central.audit.notes import Note
from central.database import Database
from tests.central.audit.log import (
    actions,
    entries,
    execute,
    in_transaction,
    is_refused,
    verdict_of,
)
from tests.central.bench import Bench, running_central
from tests.central.postgresql import fresh_database, together


@pytest.fixture
def database_after_work(tmp_path: Path, database_url: str) -> str:
    """The address of a database whose central has added people and stopped."""
    with running_central(tmp_path / "home", database=database_url) as bench:
        for name in "ABCDEF":
            bench.person(name)
    return database_url


def test_the_log_is_whole_while_central_runs_and_after(tmp_path: Path, database_url: str) -> None:
    with running_central(tmp_path / "home", database=database_url) as bench:
        bench.person("A")
        running = verdict_of(database_url)

    stopped = verdict_of(database_url)

    assert running == stopped
    assert (running.ok, running.first, running.last) == (True, 1, running.entries)
    assert running.entries > 2


def test_what_was_refused_leaves_no_entry(any_bench: Bench) -> None:
    any_bench.person("A", number="1")
    before = actions(any_bench)

    any_bench.administrator.post("/api/v1/people", json={"name": "B", "number": "1"})

    assert actions(any_bench) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'user:2' WHERE sequence = 2",
        "DELETE FROM audit_log WHERE sequence = 2",
        "DELETE FROM audit_log",
        "INSERT INTO audit_anchors (sequence, hash, at, signature)"
        " SELECT sequence, hash, at, '' FROM audit_log WHERE sequence = 3",
    ],
)
def test_the_database_itself_refuses(database_after_work: str, statement: str) -> None:
    assert is_refused(database_after_work, statement)
    assert verdict_of(database_after_work).ok


def test_an_entry_is_not_replaced_either(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'central.sqlite3'}"
    with running_central(tmp_path / "home", database=url) as bench:
        bench.person("A")

    assert is_refused(
        url, "INSERT OR REPLACE INTO audit_log SELECT sequence, at, 'user:2', address, action,"
             " objects, purpose, detail, previous, hash FROM audit_log WHERE sequence = 1"
    )  # fmt: skip


def test_the_table_is_not_emptied_at_once(postgresql: str, tmp_path: Path) -> None:
    url = fresh_database(postgresql)
    with running_central(tmp_path / "home", database=url) as bench:
        bench.person("A")

    assert is_refused(url, "TRUNCATE audit_log")


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_log SET actor = 'user:2' WHERE sequence = 3", 3),
        ("UPDATE audit_log SET at = '2026-01-01 00:00:00.000000' WHERE sequence = 4", 4),
        ("DELETE FROM audit_log WHERE sequence = 4", 4),
        ("DELETE FROM audit_log WHERE sequence > 5", 6),
        ("DELETE FROM audit_log", 1),
        ("UPDATE audit_log SET sequence = -sequence WHERE sequence IN (2, 3)", 1),
        ("DELETE FROM site_values WHERE name = 'audit_head'", 1),
    ],
)
def test_tampering_behind_the_guards_is_found(
    database_after_work: str, statement: str, broken_at: int
) -> None:
    execute(database_after_work, statement)

    assert verdict_of(database_after_work).broken_at == broken_at


def test_two_entries_that_changed_places_are_found(database_after_work: str) -> None:
    execute(
        database_after_work,
        "UPDATE audit_log SET sequence = 0 WHERE sequence = 3",
        "UPDATE audit_log SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit_log SET sequence = 4 WHERE sequence = 0",
    )

    assert verdict_of(database_after_work).broken_at == 3


def test_many_writers_do_not_fork_the_chain(database_url: str, tmp_path: Path) -> None:
    with running_central(tmp_path / "home", database=database_url) as bench:
        before = len(actions(bench))
        clock = bench.clock

    async def write() -> None:
        count = 3 if database_url.startswith("postgresql") else 1
        databases = [Database(database_url) for _ in range(count)]
        for database in databases:
            await database.open()
            database.before_commit = repository.recorder(clock)

        async def one(database: Database, number: int) -> None:
            async with database.write() as transaction:
                transaction.note(Note(actor="central", action="x", objects=(f"n:{number}",)))

        await together(one(d, number) for number in range(20) for d in databases)
        await asyncio.gather(*(database.close() for database in databases))

    asyncio.run(write())

    count = 3 if database_url.startswith("postgresql") else 1
    verdict = verdict_of(database_url)
    assert (verdict.ok, verdict.entries) == (True, before + 20 * count)


def test_old_entries_are_retired_and_the_rest_still_verifies(
    tmp_path: Path, database_url: str
) -> None:
    with running_central(tmp_path / "home", database=database_url) as bench:
        bench.clock.advance(days=-400)
        bench.person("A")
        bench.clock.advance(days=400)
        bench.signed_in_again()
        bench.person("B")
        old = [e["sequence"] for e in entries(bench) if e["action"] == "people_post"][-1]

        count = in_transaction(
            bench,
            lambda transaction: repository.retire(
                transaction, kept_days=180, now=bench.clock(), sign=lambda mark: f"signed {mark}"
            ),
        )

        assert count >= old
        assert entries(bench)[0]["action"] == "audit_retired"
        assert entries(bench)[0]["detail"]["count"] == count
        assert min(e["sequence"] for e in entries(bench)) == count + 1
    verdict = verdict_of(database_url)
    assert (verdict.ok, verdict.first) == (True, count + 1)


def test_nothing_young_is_retired(any_bench: Bench) -> None:
    any_bench.person("A")
    any_bench.clock.advance(days=170)

    count = in_transaction(
        any_bench,
        lambda transaction: repository.retire(
            transaction, kept_days=180, now=any_bench.clock(), sign=str
        ),
    )

    assert count == 0


def test_a_clock_that_is_turned_forward_retires_nothing(any_bench: Bench) -> None:
    any_bench.person("A")

    with pytest.raises(Exception, match="180 days"):
        in_transaction(
            any_bench,
            lambda transaction: repository.retire(
                transaction,
                kept_days=180,
                now=any_bench.clock() + timedelta(days=730),
                sign=str,
            ),
        )


def test_less_than_the_laws_time_is_a_mistake_of_ours(bench: Bench) -> None:
    with pytest.raises(ValueError, match="at least 180"):
        in_transaction(
            bench,
            lambda transaction: repository.retire(
                transaction, kept_days=179, now=bench.clock(), sign=str
            ),
        )
