"""The command ``menshen audit``: whether the audit log is whole, with central stopped or not."""

import dataclasses
import json
import os
from pathlib import Path

import typer

from central.audit import repository
from central.audit.chain import Mark, Verdict
from central.database import Transaction
from central.keys import KeysError, load_key_encryption_key
from central.offline import DatabaseOption, Head, Home, Json, address_of, read, say
from central.site_values import read_value
from config.crypto.keys import VerifyingKey
from config.settings import menshen_home

audit = typer.Typer(add_completion=False)


@audit.callback()
def commands() -> None:
    """The audit log: who did or looked at what."""


@audit.command()
def verify(
    *,
    database: DatabaseOption = None,
    home: Home = None,
    head: Head = None,
    as_json: Json = False,
) -> None:
    """Follow the whole chain; exit code 0 only when nothing is changed, misplaced or gone."""
    verdict, end = _read(address_of(database, home), head, home or menshen_home() / "central")
    if as_json:
        say(json.dumps(dataclasses.asdict(verdict)))
    elif verdict.ok:
        say(f"whole: {verdict.entries} entries; note down its end: {end}")
    else:
        say(f"broken at entry {verdict.broken_at}: something was changed, moved or removed there")
    if not verdict.ok:
        raise typer.Exit(1)


@audit.command()
def head(*, database: DatabaseOption = None, home: Home = None, as_json: Json = False) -> None:
    """Print where the log ends, to be kept elsewhere and given to ``verify --head``."""
    _, end = _read(address_of(database, home), None, None)
    say(json.dumps({"head": None if end is None else str(end)}) if as_json else str(end))


def _read(address: str, known: Mark | None, home: Path | None) -> tuple[Verdict, Mark | None]:
    async def act(transaction: Transaction) -> tuple[Verdict, Mark | None]:
        key = None if home is None else await _signing_key(transaction, home)
        verdict = await repository.verified(transaction, known=known, key=key)
        return verdict, await repository.head_of(transaction)

    return read(address, act, what="the audit log")


async def _signing_key(transaction: Transaction, home: Path) -> VerifyingKey | None:
    """Return the key that signs what takes the place of retired entries, if it can be had here."""
    if not (home / "kek").exists() and "CREDENTIALS_DIRECTORY" not in os.environ:
        typer.echo(
            f"there is no key in {home}: signatures of retired entries are not checked", err=True
        )
        return None
    try:
        wrapped = await read_value(transaction, "central-key")
        kek = load_key_encryption_key(home)
        raw = kek.unwrap(wrapped, purpose="central-key")
    except (KeysError, LookupError) as error:
        raise typer.TyperException(f"signatures cannot be checked: {error}") from error
    return kek.suite.signing_key(raw).public_key()
