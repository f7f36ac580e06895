"""The weekly proof that a backup can be restored: into a throwaway place, from which nothing stays.

Whoever tries it may be another process than central, which alone may write its database; so the
outcome is a small file beside the database, which central reads (``central.backup.watch``).
"""

import contextlib
import dataclasses
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from pydantic import ValidationError
from sqlalchemy import URL

from central.backup.container import BackupError
from central.backup.proof import Proof
from central.backup.records import Manifest
from central.backup.recovery import Secret
from central.backup.restoring import Wish, restore
from central.backup.sources import Progress, place_of
from central.keys import write_private
from central.postgresql import first_line
from config.contract.identifiers import Frozen

FILE_NAME: Final = "restore-verified.json"
PREFIX: Final = ".verify-"
DATABASE_PREFIX: Final = "menshen_verify_"
"""Then the second in which it was made, so that one which was left is known by its age."""
INTERRUPTED: Final = timedelta(days=1)
"""No attempt takes so long."""
OVERDUE: Final = timedelta(days=8)
"""A week, and a day for a machine that was off."""


class Outcome(Frozen):
    """What became of the newest attempt.

    Attributes:
        tried_at: Aware UTC.
        proved_at: Of the newest attempt that proved a backup; None where there was none.
        backup_made_at: Of the backup that was tried; None where it could not even be opened.
        problem: One line; empty where it was proved.
    """

    tried_at: datetime
    proved_at: datetime | None = None
    backup_made_at: datetime | None = None
    problem: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What to try. Attributes: home: central's. database_url: As central has it."""

    file: Path
    home: Path
    database_url: str | None


def verify(
    trial: Trial, secret: Secret, *, now: datetime, progress: Progress
) -> tuple[Manifest, Proof]:
    """Restore a backup into a throwaway place and prove it; leaves nothing of it.

    Raises:
        BackupError: It could not be restored, or not be proved.
    """
    try:
        _forget_interrupted(trial.home, now=now)
        with (
            tempfile.TemporaryDirectory(dir=trial.home, prefix=PREFIX) as folder,
            _database(trial.database_url, now=now) as url,
        ):
            wish = Wish(home=Path(folder) / "central", database_url=url, from_home=trial.home)
            return restore(trial.file, wish, secret, now=now, progress=progress)
    except OSError as error:
        raise BackupError(f"cannot write to {trial.home}: {error.strerror or error}") from error


def _forget_interrupted(home: Path, *, now: datetime) -> None:
    """Remove what an attempt left that was killed: it holds all that the backup does."""
    for folder in home.glob(f"{PREFIX}*"):
        if now.timestamp() - folder.stat().st_mtime > INTERRUPTED.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


def keep_outcome(home: Path, problem: str, made_at: datetime | None, *, now: datetime) -> Outcome:
    """Write down what became of an attempt; an earlier proof is not forgotten by a failure."""
    earlier = read_outcome(home)
    proved_at = now if not problem else (None if earlier is None else earlier.proved_at)
    outcome = Outcome(tried_at=now, proved_at=proved_at, backup_made_at=made_at, problem=problem)
    write_private(home / FILE_NAME, outcome.model_dump_json())
    return outcome


def read_outcome(home: Path) -> Outcome | None:
    """Return what became of the newest attempt; None where there was none."""
    try:
        return Outcome.model_validate_json((home / FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def trouble(outcome: Outcome | None, *, since: datetime, now: datetime) -> str | None:
    """Return ``failed`` or ``overdue``; None where a restore was proved within the time.

    Args:
        outcome: Of the newest attempt.
        since: From when on one is expected.
        now: Aware UTC.
    """
    if outcome is not None and outcome.problem:
        return "failed"
    proved_at = since if outcome is None or outcome.proved_at is None else outcome.proved_at
    return "overdue" if now - proved_at > OVERDUE else None


@contextlib.contextmanager
def _database(url: str | None, *, now: datetime) -> Iterator[str | None]:
    """Make an empty PostgreSQL database beside central's, and drop it; SQLite needs none."""
    if url is None or not url.startswith("postgres"):
        yield None
        return
    place, address = place_of(url)
    _drop_interrupted(address, now=now)
    name = f"{DATABASE_PREFIX}{int(now.timestamp())}_{secrets.token_hex(6)}"
    _run(address, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    throwaway = address.set(database=name)
    try:
        if place.schema is not None:
            # Its role is the server's, and there already.
            schema = sql.Identifier(place.schema)
            _run(throwaway, sql.SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(schema))
            throwaway = throwaway.update_query_dict({"schema": place.schema})
        yield throwaway.render_as_string(hide_password=False)
    finally:
        _drop(address, name)


def _drop_interrupted(address: URL, *, now: datetime) -> None:
    """Drop what an attempt left that was killed: it holds all that the backup does."""
    begun_before = (now - INTERRUPTED).timestamp()
    query = sql.SQL("SELECT datname FROM pg_database WHERE starts_with(datname, {})")
    for (name,) in _run(address, query.format(sql.Literal(DATABASE_PREFIX))):
        begun = name.removeprefix(DATABASE_PREFIX).partition("_")[0]
        if begun.isdecimal() and int(begun) < begun_before:
            _drop(address, name)


def _drop(address: URL, name: str) -> None:
    _run(address, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(address: URL, statement: sql.Composed) -> list[tuple[str]]:
    try:
        text = address.render_as_string(hide_password=False)
        with psycopg.connect(text, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError(
            f"a throwaway database cannot be made ({first_line(error)}): give central's role"
            " CREATEDB"
        ) from error
    except psycopg.Error as error:
        raise BackupError(f"the database does not answer: {first_line(error)}") from error
