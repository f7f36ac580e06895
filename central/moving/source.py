"""The SQLite database that is moved: read by one who keeps all others out, and never written."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from central.migrating import newest_revision


class MoveError(Exception):
    """The site cannot be moved; the message says why in one line."""


@contextlib.contextmanager
def opened(file: Path) -> Iterator[Connection]:
    """Open a database for reading while no central has it.

    Raises:
        MoveError: It is not there, in use, damaged, or of another version of the program.
    """
    if not file.is_file():
        raise MoveError(f"there is no {file}: give central's state folder as --home")
    with file.with_name(f"{file.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise MoveError(f"central uses {file}: stop it first") from error
        engine = create_engine(f"sqlite:///{file}", hide_parameters=True)
        try:
            with engine.connect() as connection:
                _check(connection, file)
                yield connection
        finally:
            engine.dispose()


def _check(connection: Connection, file: Path) -> None:
    try:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("SELECT value FROM site_values LIMIT 1"))
        problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    except SQLAlchemyError as error:
        raise MoveError(f"{file} is not the database of a central") from error
    if problem != "ok" or orphan is not None:
        raise MoveError(f"{file} is damaged ({orphan or problem}): restore a backup of it first")
    if revision != newest_revision():
        raise MoveError(
            f"{file} has the tables of another version: start and stop this one's central once"
        )
