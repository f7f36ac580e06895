"""The content of a transfer has one form, and its hash depends on all of it."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from central.ledger.transfers import Kind, Transfer
from config.contract.money import MoneyUnit

AT = datetime(2026, 11, 30, 4, 0, 0, 250_000, tzinfo=UTC)
MEAL = Transfer(
    sequence=7,
    transfer_id=UUID(int=1),
    kind=Kind.POSTED,
    debit="person/anna/cash",
    credit="merchant/canteen",
    amount_fen=1250,
    unit=MoneyUnit.CNY,
    reason="meal",
    happened_at=AT,
    recorded_at=AT,
    group=UUID(int=2),
    detail='{"till":"till-1"}',
)


def test_the_hash_of_a_transfer_is_the_same_for_ever() -> None:
    assert MEAL.hash == "6d70091f3aa40df44885cb649d78eb94335fa4cfbc66cda09a8edab6038701f3"


def test_the_same_moment_in_another_zone_is_the_same_transfer() -> None:
    in_beijing = AT.astimezone(timezone(timedelta(hours=8)))

    assert dataclasses.replace(MEAL, happened_at=in_beijing).hash == MEAL.hash


@pytest.mark.parametrize(
    "other",
    [
        {"sequence": 8},
        {"transfer_id": UUID(int=9)},
        {"kind": Kind.PENDING},
        {"debit": "person/bert/cash"},
        {"credit": "merchant/shop"},
        {"amount_fen": 1251},
        {"unit": MoneyUnit.POINTS},
        {"reason": "shop"},
        {"happened_at": AT + timedelta(microseconds=1)},
        {"recorded_at": AT + timedelta(microseconds=1)},
        {"expires_at": AT},
        {"group": None},
        {"pending_id": UUID(int=2)},
        {"reverses": UUID(int=2)},
        {"detail": "{}"},
        {"previous": "1" * 64},
    ],
)
def test_whatever_is_changed_changes_the_hash(other: dict[str, Any]) -> None:
    assert dataclasses.replace(MEAL, **other).hash != MEAL.hash


def test_only_what_moves_money_changes_a_balance() -> None:
    held = dataclasses.replace(MEAL, kind=Kind.PENDING)

    accounts = ("person/anna/cash", "merchant/canteen", "fund/company")
    assert [MEAL.change_fen(account) for account in accounts] == [-1250, 1250, 0]
    assert [held.change_fen(account) for account in accounts] == [0, 0, 0]
