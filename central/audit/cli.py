"""The command ``menshen audit``: whether the audit log is whole, with central stopped or not."""

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from central.audit import repository
from central.audit.chain import Mark, Verdict
from central.database import Database, DatabaseError
from config.settings import menshen_home

audit = typer.Typer(add_completion=False)

DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="As central has it; else the one in --home.")
]
Home = Annotated[Path | None, typer.Option(help="Central's state folder.")]
Json = Annotated[bool, typer.Option("--json", help="One document for machines.")]


@audit.callback()
def commands() -> None:
    """The audit log: who did or looked at what."""


@audit.command()
def verify(
    *,
    database: DatabaseOption = None,
    home: Home = None,
    head: Annotated[
        str | None, typer.Option(help="A mark that was noted down: it must still be there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Follow the whole chain; exit code 0 only when nothing is changed, misplaced or gone."""
    try:
        known = None if head is None else Mark.parse(head)
    except ValueError as error:
        raise typer.BadParameter(f"--head: {error}") from error
    verdict, end = _read(_address(database, home), known)
    if as_json:
        _say(json.dumps(dataclasses.asdict(verdict)))
    elif verdict.ok:
        _say(f"whole: {verdict.entries} entries; note down its end: {end}")
    else:
        _say(f"broken at entry {verdict.broken_at}: something was changed, moved or removed there")
    if not verdict.ok:
        raise typer.Exit(1)


@audit.command()
def head(*, database: DatabaseOption = None, home: Home = None, as_json: Json = False) -> None:
    """Print where the log ends, to be kept elsewhere and given to ``verify --head``."""
    _, end = _read(_address(database, home), None)
    _say(json.dumps({"head": None if end is None else str(end)}) if as_json else str(end))


def _address(database: str | None, home: Path | None) -> str:
    if database is not None:
        return database
    return f"sqlite:///{(home or menshen_home() / 'central') / 'central.sqlite3'}"


def _read(address: str, known: Mark | None) -> tuple[Verdict, Mark | None]:
    async def read() -> tuple[Verdict, Mark | None]:
        database = Database(address)
        database.open_to_read()
        try:
            async with database.read() as transaction:
                verdict = await repository.verified(transaction, known=known)
                return verdict, await repository.head_of(transaction)
        finally:
            await database.close()

    try:
        return asyncio.run(read())
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        line = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise typer.TyperException(f"the audit log cannot be read: {line}") from error


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the answer that was asked for
