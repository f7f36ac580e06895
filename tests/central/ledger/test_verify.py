"""Whoever gets past the guards is found out."""

import dataclasses

import pytest
from sqlalchemy import text

from central.audit.chain import Mark
from central.database import Transaction
from central.ledger.repository import post
from central.ledger.verify import Broken, Report, verified
from tests.central.ledger.ledgering import NOW, Ledger, lunch, meal

ORIGINAL = "UPDATE ledger_transfers SET {} WHERE sequence = 2"


def report_after(ledger: Ledger, *statements: str) -> Report:
    """Return what is found after lunch, the guards put aside, and somebody's statements."""

    async def act(transaction: Transaction) -> Report:
        await lunch(transaction)
        for statement in (*(_off(transaction) if statements else ()), *statements):
            await transaction.execute(text(statement))
        return await verified(transaction)

    return ledger.undone(act)


def _off(transaction: Transaction) -> list[str]:
    tables = ("ledger_accounts", "ledger_transfers", "ledger_pendings")
    if transaction.is_postgresql:
        return [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
    names = ("update", "delete")
    triggers = [f"ledger_transfers_{name}" for name in names]
    triggers += ["ledger_accounts_counted", "ledger_pendings_resolved"]
    return [f"DROP TRIGGER {name}" for name in triggers]


def test_a_ledger_that_nobody_touched_is_whole(ledger: Ledger) -> None:
    report = report_after(ledger)

    assert (report.ok, report.transfers, report.accounts) == (True, 4, 3)
    assert report.sum_fen == {"CNY": 0, "POINTS": 0}
    assert report.broken == ()


def test_an_empty_ledger_is_whole(ledger: Ledger) -> None:
    report = ledger.undone(verified)

    assert (report.ok, report.transfers, report.head) == (True, 0, None)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (ORIGINAL.format("amount_fen = 200"), {"chain", "balance"}),
        (ORIGINAL.format("reason = 'other'"), {"chain"}),
        (ORIGINAL.format("happened_at = '2026-01-01 00:00:00.000000'"), {"chain"}),
        (ORIGINAL.format("detail = '[]'"), {"chain"}),
        (ORIGINAL.format("amount_fen = 50"), {"chain", "balance", "reversal"}),
        (ORIGINAL.format("amount_fen = 1001"), {"chain", "balance", "floor"}),
        ("DELETE FROM ledger_transfers WHERE sequence = 3", {"chain", "balance"}),
        ("DELETE FROM ledger_transfers WHERE sequence = 4", {"balance", "pending"}),
        (
            "UPDATE ledger_accounts SET credits_posted_fen = 5000 WHERE account LIKE '%/cash'",
            {"balance", "sum"},
        ),
        ("UPDATE ledger_accounts SET floor_fen = 100 WHERE account LIKE '%/cash'", {"floor"}),
        ("DELETE FROM ledger_pendings", {"pending"}),
        ("DROP INDEX uq_ledger_transfers_pending_id", set()),
    ],
)
def test_what_was_changed_is_named(ledger: Ledger, statement: str, found: set[str]) -> None:
    report = report_after(ledger, statement)

    assert not report.ok
    assert {each.what for each in report.broken} == {*found, "guard"}


@pytest.mark.parametrize(
    ("changes", "is_there"),
    [({}, True), ({"hash": "f" * 64}, False), ({"sequence": 9}, False)],
)
def test_a_head_that_was_noted_down_must_still_be_there(
    ledger: Ledger, changes: dict[str, object], is_there: bool
) -> None:
    async def act(transaction: Transaction) -> bool:
        await lunch(transaction)
        head = Mark.parse((await verified(transaction)).head or "")
        await post(transaction, [meal(1)], now=NOW)
        known = dataclasses.replace(head, **changes)  # type: ignore[arg-type]
        return (await verified(transaction, known=known)).ok

    assert ledger.undone(act) is is_there


def test_a_guard_that_was_made_to_do_nothing_is_named(ledger: Ledger) -> None:
    async def weakened(transaction: Transaction) -> tuple[str, Report]:
        name, statements = (
            "ledger_transfers_delete",
            [
                "DROP TRIGGER ledger_transfers_delete",
                "CREATE TRIGGER ledger_transfers_delete BEFORE DELETE ON ledger_transfers"
                " BEGIN SELECT 1; END",
            ],
        )
        if transaction.is_postgresql:
            name, statements = (
                "menshen_ledger_refuse",
                [
                    "CREATE OR REPLACE FUNCTION menshen_ledger_refuse() RETURNS trigger"
                    " LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
                ],
            )
        for statement in statements:
            await transaction.execute(text(statement))
        return name, await verified(transaction)

    name, report = ledger.undone(weakened)
    assert report.broken == (Broken("guard", name),)
