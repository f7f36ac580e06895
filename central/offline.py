"""Commands that read central's database themselves, whether central runs or not."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from central.database import Database, DatabaseError, Transaction
from config.settings import menshen_home

DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="As central has it; else the one in --home.")
]
Home = Annotated[Path | None, typer.Option(help="Central's state folder.")]
Json = Annotated[bool, typer.Option("--json", help="One document for machines.")]
_Read = TypeVar("_Read")


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
                return await act(transaction)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        line = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise typer.TyperException(f"{what} cannot be read: {line}") from error


def say(line: str) -> None:
    """Print an answer."""
    print(line)  # noqa: T201 - the answer that was asked for
