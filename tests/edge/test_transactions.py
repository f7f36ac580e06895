"""What a terminal's files are written by: all of it or nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from edge.transactions import in_one_piece


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY)")
        yield connection


def numbers(file: sqlite3.Connection) -> list[int]:
    return [number for (number,) in file.execute("SELECT number FROM kept")]


def test_what_the_block_writes_is_kept_when_it_is_left(file: sqlite3.Connection) -> None:
    with in_one_piece(file) as writing:
        writing.execute("INSERT INTO kept VALUES (1)")

    assert (numbers(file), file.in_transaction) == ([1], False)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_of_a_block_that_fails_nothing_is_kept(
    file: sqlite3.Connection, error: type[BaseException]
) -> None:
    def fail() -> None:
        with in_one_piece(file) as writing:
            writing.execute("INSERT INTO kept VALUES (1)")
            raise error

    with pytest.raises(error):
        fail()

    assert (numbers(file), file.in_transaction) == ([], False)


def test_what_the_database_took_back_by_itself_is_not_taken_back_twice(
    file: sqlite3.Connection,
) -> None:
    file.execute("INSERT INTO kept VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError), in_one_piece(file) as writing:
        writing.execute("INSERT OR ROLLBACK INTO kept VALUES (1)")

    assert (numbers(file), file.in_transaction) == ([1], False)
