"""A new schema is made in one message, and is the same as one that the migrations made."""

import subprocess
from collections.abc import Callable

from sqlalchemy import create_engine, event

from central.first_tables import FirstTables, Said
from central.migrating import migrate
from tests.central.postgresql import empty_database, installation
from tests.central.test_database import sync_url


def made(address: str, first: FirstTables) -> tuple[str, int]:
    """Make the tables; returns the schema as PostgreSQL writes it out, and the round trips."""
    engine, said = create_engine(sync_url(address)), list[str]()
    note: Callable[..., None] = lambda *given: said.append(given[2])  # noqa: E731 - as events want it
    event.listen(engine, "before_cursor_execute", note)
    with engine.begin() as connection:
        migrate(connection, first=first)
    engine.dispose()
    binaries = installation()
    assert binaries is not None
    words = [str(binaries / "bin" / "pg_dump"), "--schema-only", "--restrict-key=x", address]
    dump = subprocess.run(words, check=True, capture_output=True, text=True)
    return dump.stdout, len(said)


def test_the_second_schema_of_a_process_is_as_the_first_and_made_at_once(postgresql: str) -> None:
    first = FirstTables()

    by_migrations, steps = made(empty_database(postgresql), first)
    at_once, steps_at_once = made(empty_database(postgresql), first)

    assert "CREATE TABLE" in by_migrations
    assert at_once == by_migrations
    assert steps_at_once < steps / 50


def test_what_was_said_with_values_is_not_said_again_without_them() -> None:
    said = Said()

    said.note("CREATE TABLE a ()", has_values=False)
    said.note("SELECT 1 WHERE %(name)s = 'x'", has_values=True)
    said.end()
    looked_only = said.script
    said.note("INSERT INTO a VALUES (%(value)s)", has_values=True)
    said.end()

    assert (looked_only, said.script) == ("CREATE TABLE a ()", None)
