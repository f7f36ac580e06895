"""Tables are brought up to date: by migrations, or in one message where there are none yet."""

import contextlib
import functools
import io
import threading
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from central.first_tables import FirstTables

_FIRST_TABLES: Final = FirstTables()
_MIGRATING: Final = threading.Lock()
"""Alembic knows one connection at a time in a process: ``op`` of one site would change another."""


def migrate(connection: Connection, *, first: FirstTables = _FIRST_TABLES) -> None:
    """Bring the tables up to date in the transaction that is open.

    Args:
        connection: Whose transaction it is.
        first: What is known of a schema without tables.
    """
    revision = revision_of(connection)
    # Another process may have been first.
    if revision == newest_revision():
        return
    is_empty = revision is None and connection.dialect.name == "postgresql"
    if is_empty and first.make(connection):
        return
    with _MIGRATING:
        if not (is_empty and first.is_known):
            config = _migrations()
            config.attributes["connection"] = connection
            with first.kept_from(connection) if is_empty else contextlib.nullcontext():
                command.upgrade(config, "head")
            return
    # Another site of this process was first.
    first.make(connection)


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the tables that are there; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def _migrations() -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", "central:migrations")
    return config


@functools.cache
def newest_revision() -> str | None:
    """Return the revision of the tables that this program works with."""
    return ScriptDirectory.from_config(_migrations()).get_current_head()


def knows_revision(revision: str) -> bool:
    """Return whether tables of this revision can be brought up to date by this program."""
    return revision in _revisions()


@functools.cache
def _revisions() -> frozenset[str]:
    script = ScriptDirectory.from_config(_migrations())
    return frozenset(each.revision for each in script.walk_revisions())
