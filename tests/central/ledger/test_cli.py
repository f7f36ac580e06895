"""``menshen ledger``: whether the ledger is whole, and all of it for programs that are not ours."""

import asyncio
import csv
import json
from pathlib import Path

import pytest
from beancount import loader
from sqlalchemy import text

from central.ledger import accounts
from central.ledger.repository import post
from config.command import main
from config.contract.money import MoneyUnit
from tests.central.ledger.ledgering import NOW, lunch, opened, order


@pytest.fixture
def eaten(database_url: str) -> str:
    """Address of a database after lunch."""
    points = order(
        accounts.points_source("recycling"), accounts.points("anna"), 7, unit=MoneyUnit.POINTS
    )

    async def act() -> None:
        async with opened(database_url) as database, database.write() as transaction:
            await lunch(transaction)
            await post(transaction, [points], now=NOW)

    asyncio.run(act())
    return database_url


def execute(url: str, statements: list[str]) -> None:
    async def act() -> None:
        async with opened(url) as database, database.write() as transaction:
            for statement in statements:
                await transaction.execute(text(statement))

    asyncio.run(act())


def test_a_whole_ledger_is_a_document_and_exit_code_0(
    eaten: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify", "--json", "--database", eaten]) == 0

    document = json.loads(capsys.readouterr().out)
    head = document.pop("head")
    assert head.startswith("5:")
    assert document == {
        "ok": True, "transfers": 5, "accounts": 5, "sum_fen": {"CNY": 0, "POINTS": 0},
        "broken_count": 0, "broken": [],
    }  # fmt: skip
    assert main(["ledger", "verify", "--head", head, "--database", eaten]) == 0
    assert main(["ledger", "verify", "--head", f"9{head[1:]}", "--database", eaten]) == 1
    assert "broken: chain 6" in capsys.readouterr().out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broken_ledger_says_what_and_exits_with_1(
    eaten: str, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = "ledger_transfers_update"
    execute(eaten, [f"DROP TRIGGER {guard}", "UPDATE ledger_transfers SET detail = ''"])

    assert main(["ledger", "verify", "--database", eaten]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "broken: chain 1"
    assert lines[-2:] == [f"broken: guard {guard}", "6 broken in 5 transfers"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_ledger_is_verified_while_central_writes(eaten: str) -> None:
    async def act() -> int:
        async with opened(eaten) as database, database.write() as transaction:
            await post(transaction, [order("source/csv", "person/bert/cash", 5)], now=NOW)
            return await asyncio.to_thread(main, ["ledger", "verify", "--database", eaten])

    assert asyncio.run(act()) == 0


def test_what_is_no_database_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify", "--home", str(tmp_path)]) != 0

    assert "there is no" in capsys.readouterr().err


def journal(url: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main(["ledger", "export", "--format", "beancount", "--database", url, *more]) == 0
    return capsys.readouterr().out


def test_beancount_comes_to_the_same_balances(
    eaten: str, capsys: pytest.CaptureFixture[str]
) -> None:
    entries, errors, options = loader.load_string(journal(eaten, capsys))

    assert errors == []
    kinds = [type(entry).__name__ for entry in entries]
    assert [kinds.count(kind) for kind in ("Open", "Transaction", "Balance")] == [5, 4, 5]
    assert options["operating_currency"] == ["CNY"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_beancount_misses_what_is_cut_out_of_the_journal(
    eaten: str, capsys: pytest.CaptureFixture[str]
) -> None:
    paragraphs = journal(eaten, capsys).split("\n\n")

    _, errors, _ = loader.load_string("\n\n".join(paragraphs[:2] + paragraphs[3:]))

    assert {type(error).__name__ for error in errors} == {"BalanceError"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_breakfast_is_of_the_day_that_the_canteen_has(
    eaten: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "2026-11-30 * " in journal(eaten, capsys)
    assert "2026-11-29 * " in journal(eaten, capsys, "--zone", "Pacific/Honolulu")
    assert main(["ledger", "export", "--format", "csv", "--zone", "Moon", "--database", eaten]) == 2


def test_every_transfer_is_a_line_of_csv(eaten: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "export", "--format", "csv", "--database", eaten]) == 0

    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["kind"] for row in rows] == ["posted", "posted", "posted", "pending", "posted"]
    assert [row["previous"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert rows[1]["amount_fen"] == "300"
    assert rows[1]["happened_at"] == "2026-11-30T04:00:00.000000+00:00"
