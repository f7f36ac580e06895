"""What no program can do to the ledger, whatever it sends to the database."""

import asyncio
import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from central.ledger.repository import hold, post
from tests.central.ledger.ledgering import CANTEEN, CASH, LATER, NOW, meal, opened, with_cash
from tests.central.migrated import migrated_file
from tests.central.postgresql import fresh_database

GENESIS = "0" * 64
_ROW = {
    "sequence": "4",
    "transfer_id": "'fresh'",
    "kind": "'posted'",
    "debit": f"'{CASH}'",
    "credit": f"'{CANTEEN}'",
    "amount_fen": "1",
    "unit": "'CNY'",
    "reason": "'by hand'",
    "happened_at": "'2026-11-30 04:00:00.000000'",
    "recorded_at": "'2026-11-30 04:00:00.000000'",
    "expires_at": "NULL",
    "pending_id": "NULL",
    "reverses": "NULL",
    "detail": "'{}'",
    "previous": "(SELECT hash FROM ledger_transfers WHERE sequence = 3)",
    "hash": f"'{'1' * 64}'",
}


def insertion(verb: str = "INSERT INTO", **other: str) -> str:
    """Return a transfer of Anna's cash made by hand, after the three that are there."""
    row = {**_ROW, **other}
    return f"{verb} ledger_transfers ({', '.join(row)}) VALUES ({', '.join(row.values())})"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a database with three transfers, for programs that are not ours."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("guards") / "central.sqlite3"
        shutil.copy(migrated_file(), path)
        url = f"sqlite:///{path}"
    else:
        url = fresh_database(request.getfixturevalue("postgresql"))

    async def begin() -> None:
        async with opened(url) as database, database.write() as transaction:
            await with_cash(transaction, 1_000)
            await post(transaction, [meal(300)], now=NOW)
            await hold(transaction, [meal(200, group=uuid4())], expires_at=LATER, now=NOW)

    asyncio.run(begin())
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def connection(kept: str) -> Iterator[Connection]:
    """A program of somebody's, of whose doings nothing is kept."""
    engine = create_engine(kept, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def refused(connection: Connection, statement: str) -> str:
    """Return why the database refuses a statement."""
    with pytest.raises(DBAPIError) as refusal:
        connection.execute(text(statement))
    return str(refusal.value.orig)


def test_a_transfer_by_hand_that_is_all_right_is_taken(connection: Connection) -> None:
    connection.execute(text(insertion(amount_fen="500")))

    balance = "SELECT credits_posted_fen - debits_posted_fen FROM ledger_accounts"
    query = text(f"{balance} WHERE account = '{CASH}'")
    assert connection.execute(query).scalar_one() == 200


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE ledger_transfers SET amount_fen = 1 WHERE sequence = 2", "only added to"),
        ("DELETE FROM ledger_transfers WHERE sequence = 3", "only added to"),
        ("DELETE FROM ledger_accounts", "only added to"),
        ("UPDATE ledger_accounts SET credits_posted_fen = 99999", "are those of the transfers"),
        ("UPDATE ledger_accounts SET floor_fen = -99999", "are those of the transfers"),
        ("UPDATE ledger_accounts SET last_sequence = 3", "are those of the transfers"),
        ("DELETE FROM ledger_pendings", "are those of the transfers"),
        ("UPDATE ledger_pendings SET expires_at = '2036-01-01'", "are those of the transfers"),
        (
            "INSERT INTO ledger_pendings (transfer_id, expires_at) VALUES ('x', '2026-01-01')",
            "are those of the transfers",
        ),
        (
            "INSERT INTO ledger_accounts VALUES"
            " ('person/bert/cash', 'CNY', 0, 0, 0, 500, 0, '2026-11-30', 0)",
            "are those of the transfers",
        ),
        (
            "INSERT INTO ledger_accounts VALUES"
            " ('person/bert/cash', 'CNY', NULL, 0, 0, 0, 0, '2026-11-30', 0)",
            "ck_ledger_accounts_wallets",
        ),
        (
            "INSERT INTO ledger_accounts VALUES"
            " ('points/person/bert', 'CNY', 0, 0, 0, 0, 0, '2026-11-30', 0)",
            "ck_ledger_accounts_unit",
        ),
        (insertion(amount_fen="501"), "ck_ledger_accounts_floor"),
        (insertion(amount_fen="0"), "ck_ledger_transfers_amount"),
        (insertion(amount_fen="-1"), "ck_ledger_transfers_amount"),
        (insertion(credit=f"'{CASH}'"), "ck_ledger_transfers_two"),
        (insertion(unit="'POINTS'"), "ck_ledger_transfers_unit"),
        (insertion(kind="'gift'"), "ck_ledger_transfers_kind"),
        (insertion(kind="'pending'"), "ck_ledger_transfers_pending"),
        (insertion(kind="'post'"), "ck_ledger_transfers_pending"),
        (insertion(sequence="6"), "end of the ledger"),
        (insertion(previous=f"'{GENESIS}'"), "end of the ledger"),
        (insertion(kind="'post'", pending_id="'nobody'"), "resolved once"),
        (
            insertion(
                kind="'post'",
                pending_id="(SELECT transfer_id FROM ledger_transfers WHERE sequence = 3)",
                amount_fen="199",
            ),
            "resolved once",
        ),
        (insertion(reverses="'nobody'"), "no more is reversed"),
        (
            insertion(
                debit=f"'{CANTEEN}'",
                credit=f"'{CASH}'",
                reverses="(SELECT transfer_id FROM ledger_transfers WHERE sequence = 2)",
                amount_fen="301",
            ),
            "no more is reversed",
        ),
    ],
)
def test_the_database_refuses(connection: Connection, statement: str, why: str) -> None:
    assert why in refused(connection, statement)


def test_a_key_that_was_used_is_not_used_again(connection: Connection) -> None:
    twice = "(SELECT transfer_id FROM ledger_transfers WHERE sequence = 2)"

    why = refused(connection, insertion(transfer_id=twice))

    assert "end of the ledger" in why or "uq_ledger_transfers_transfer_id" in why


def test_no_money_goes_where_there_is_no_account(connection: Connection) -> None:
    why = refused(connection, insertion(credit="'merchant/nobody'"))

    assert "between two accounts" in why or "fk_ledger_transfers_credit" in why


def test_what_is_resolved_is_not_resolved_again(connection: Connection) -> None:
    pending = "(SELECT transfer_id FROM ledger_transfers WHERE sequence = 3)"
    resolution = {"kind": "'void'", "pending_id": pending, "amount_fen": "200"}
    connection.execute(text(insertion(**resolution)))
    newest = "(SELECT hash FROM ledger_transfers WHERE sequence = 4)"
    again = {"sequence": "5", "previous": newest, "transfer_id": "'again'"}

    why = refused(connection, insertion(**{**resolution, **again}))

    assert "resolved once" in why or "uq_ledger_transfers_pending_id" in why


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "other",
    [
        {"sequence": "2"},
        {"transfer_id": "(SELECT transfer_id FROM ledger_transfers WHERE sequence = 2)"},
    ],
)
def test_sqlite_replaces_no_transfer(connection: Connection, other: dict[str, str]) -> None:
    assert "end of the ledger" in refused(connection, insertion("REPLACE INTO", **other))


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_sqlite_replaces_no_account(connection: Connection) -> None:
    anna = "REPLACE INTO ledger_accounts VALUES ('person/anna/cash', 'CNY', 0, 0, 0, 0, 0, '', 0)"

    assert "are those of the transfers" in refused(connection, anna)


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["ledger_transfers", "ledger_pendings"])
def test_postgresql_empties_no_table(connection: Connection, table: str) -> None:
    assert "only added to" in refused(connection, f"TRUNCATE {table} CASCADE")
