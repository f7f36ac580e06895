"""The command ``menshen audit``: whether the audit log is whole, with central stopped or not."""

import asyncio
import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from sqlalchemy.exc import SQLAlchemyError

from central.audit import repository
from central.audit.chain import Mark, Verdict
from central.database import Database, DatabaseError, Transaction
from central.keys import KeysError, load_key_encryption_key
from central.site_values import read_value
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
    verdict, end = _read(_address(database, home), known, home or menshen_home() / "central")
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
    _, end = _read(_address(database, home), None, None)
    _say(json.dumps({"head": None if end is None else str(end)}) if as_json else str(end))


def _address(database: str | None, home: Path | None) -> str:
    if database is not None:
        return database
    return f"sqlite:///{(home or menshen_home() / 'central') / 'central.sqlite3'}"


def _read(address: str, known: Mark | None, home: Path | None) -> tuple[Verdict, Mark | None]:
    async def read() -> tuple[Verdict, Mark | None]:
        database = Database(address)
        database.open_to_read()
        try:
            async with database.read() as transaction:
                key = None if home is None else await _signing_key(transaction, home)
                verdict = await repository.verified(transaction, known=known, key=key)
                return verdict, await repository.head_of(transaction)
        finally:
            await database.close()

    try:
        return asyncio.run(read())
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        line = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise typer.TyperException(f"the audit log cannot be read: {line}") from error


async def _signing_key(transaction: Transaction, home: Path) -> Ed25519PublicKey | None:
    """Return the key that signs what takes the place of retired entries, if it can be had here."""
    if not (home / "kek").exists() and "CREDENTIALS_DIRECTORY" not in os.environ:
        typer.echo(
            f"there is no key in {home}: signatures of retired entries are not checked", err=True
        )
        return None
    try:
        wrapped = await read_value(transaction, "central-key")
        raw = load_key_encryption_key(home).unwrap(wrapped, purpose="central-key")
    except (KeysError, LookupError) as error:
        raise typer.TyperException(f"signatures cannot be checked: {error}") from error
    return Ed25519PrivateKey.from_private_bytes(raw).public_key()


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the answer that was asked for
