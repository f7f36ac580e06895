"""The command ``menshen ledger``: whether the ledger is whole, and all of it for other programs.

It reads the database itself, while central runs or not, and changes nothing.
"""

import dataclasses
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from sqlalchemy import func, select

from central.database import Transaction
from central.ledger import export as written
from central.ledger.tables import ledger_accounts, ledger_transfers
from central.ledger.verify import Report, all_transfers, verified
from central.offline import DatabaseOption, Head, Home, Json, address_of, read, say
from config.contract.money import MoneyUnit

ledger = typer.Typer(add_completion=False)


class Format(StrEnum):
    """What the ledger is written as."""

    BEANCOUNT = "beancount"
    CSV = "csv"


@ledger.callback()
def commands() -> None:
    """The ledger: whose money is where, and every move of it."""


@ledger.command()
def verify(
    *,
    database: DatabaseOption = None,
    home: Home = None,
    head: Head = None,
    as_json: Json = False,
) -> None:
    """Work every balance out anew and follow the chain; exit code 0 only when all of it holds."""

    async def act(transaction: Transaction) -> Report:
        return await verified(transaction, known=head)

    report = read(address_of(database, home), act, what="the ledger")
    if as_json:
        say(json.dumps(dataclasses.asdict(report)))
    elif report.ok:
        end = (
            "nothing was moved yet" if report.head is None else f"note down its head: {report.head}"
        )
        say(f"whole: {report.transfers} transfers, {report.accounts} accounts; {end}")
    else:
        for each in report.broken:
            say(f"broken: {each.what} {each.where}")
        say(f"{report.broken_count} broken in {report.transfers} transfers")
    if not report.ok:
        raise typer.Exit(1)


@ledger.command()
def export(
    *,
    format_: Annotated[Format, typer.Option("--format", help="beancount or csv.")],
    zone: Annotated[
        str, typer.Option(help="In which a day begins and ends, for beancount.")
    ] = "Asia/Shanghai",
    database: DatabaseOption = None,
    home: Home = None,
) -> None:
    """Print every transfer; beancount is given what each account must come to, and checks it."""
    try:
        days = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise typer.BadParameter(f"--zone: no such time zone: {zone}") from error

    async def act(transaction: Transaction) -> None:
        await (_csv(transaction) if format_ is Format.CSV else _journal(transaction, days))

    read(address_of(database, home), act, what="the ledger")


async def _csv(transaction: Transaction) -> None:
    say(",".join(written.COLUMNS))
    async for transfer, digest in all_transfers(transaction):
        say(written.csv_line(transfer, digest))


async def _journal(transaction: Transaction, zone: ZoneInfo) -> None:
    happened_at, accounts = ledger_transfers.c.happened_at, ledger_accounts.c
    bounds = select(func.min(happened_at), func.max(happened_at))
    now = datetime.now(UTC)
    first, last = (
        (at or now).astimezone(zone).date() for at in (await transaction.execute(bounds)).one()
    )
    balance = accounts.credits_posted_fen - accounts.debits_posted_fen
    query = select(accounts.account, accounts.unit, balance.label("balance_fen"))
    rows = await transaction.execute(query.order_by(accounts.account))
    kept = [(row.account, MoneyUnit(row.unit), row.balance_fen) for row in rows]
    for line in written.opening(((name, unit) for name, unit, _ in kept), on=first):
        say(line)
    async for transfer, digest in all_transfers(transaction):
        if lines := written.entry(transfer, digest, zone=zone):
            say(f"\n{lines}")
    for line in written.closing(kept, last=last):
        say(line)
