"""Commands that read central's database themselves, whether central runs or not."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from central.audit.chain import Mark
from central.database import (
    Database,
    DatabaseError,
    Transaction,
)
from central.migrating import knows_revision, newest_revision
from config.settings import menshen_home

DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="As central has it; else the one in --home.")
]
Home = Annotated[Path | None, typer.Option(help="Central's state folder.")]
Json = Annotated[bool, typer.Option("--json", help="One document for machines.")]
_Read = TypeVar("_Read")


def _mark(words: str) -> Mark:
    try:
        return Mark.parse(words)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Head = Annotated[
    Mark | None,
    typer.Option(
        "--head", parser=_mark, help="An end that was noted down: it must still be there."
    ),
]


def address_of(database: str | None, home: Path | None) -> str:
    """Return the address that central's options name."""
    if database is not None:
        return database
    return f"sqlite:///{(home or menshen_home() / 'central') / 'central.sqlite3'}"


def read(address: str, act: Callable[[Transaction], Awaitable[_Read]], *, what: str) -> _Read:
    """Return what a reading transaction finds, all of one moment.

    Args:
        address: Of the database.
        act: Reads.
        what: Named when it cannot be read, as ``the audit log``.

    Raises:
        typer.TyperException: It cannot be read; one line that says why.
    """

    async def run() -> _Read:
        database = Database(address)
        database.open_to_read()
        try:
            async with database.read() as transaction:
                await _check_tables(transaction)
                return await act(transaction)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        raise typer.TyperException(f"{what} cannot be read: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Return why a database cannot be read, in one line."""
    line = (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]
    is_broken = any(words in line for words in ("malformed", "not a database"))
    return f"{line}: restore a backup of it" if is_broken else line


class Tables(StrEnum):
    """What the tables of a database are to this program."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


async def tables_of(transaction: Transaction) -> Tables:
    """Return of which program the tables are.

    Raises:
        DatabaseError: They are not central's.
    """
    try:
        query = text("SELECT version_num FROM alembic_version")
        revision = (await transaction.execute(query)).scalar_one_or_none()
    except (OperationalError, ProgrammingError) as error:
        if not any(words in str(error.orig) for words in ("no such table", "does not exist")):
            raise
        raise DatabaseError("this is no database of central's") from error
    if revision == newest_revision():
        return Tables.CURRENT
    return Tables.OLDER if revision is not None and knows_revision(revision) else Tables.NEWER


async def _check_tables(transaction: Transaction) -> None:
    tables = await tables_of(transaction)
    if tables is Tables.OLDER:
        raise DatabaseError(
            "its tables are of an older program: start central once, which brings them up to date"
        )
    if tables is Tables.NEWER:
        raise DatabaseError("its tables are of a newer program: use that one")


def say(line: str) -> None:
    """Print an answer."""
    print(line)  # noqa: T201 - the answer that was asked for
