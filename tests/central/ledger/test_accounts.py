"""A name says what holds for an account."""

from uuid import UUID

import pytest

from central.ledger import accounts
from central.ledger.errors import OrderError
from config.contract.money import MoneyUnit, Wallet

CHARGE = UUID(int=7)


@pytest.mark.parametrize(
    ("name", "unit", "floor_fen"),
    [
        (accounts.wallet("anna", Wallet.SUBSIDY), MoneyUnit.CNY, 0),
        (accounts.wallet("anna", Wallet.CASH), MoneyUnit.CNY, 0),
        (accounts.wallet("anna", Wallet.DEBT), MoneyUnit.CNY, None),
        (accounts.merchant("canteen"), MoneyUnit.CNY, None),
        (accounts.unit("workshop-2"), MoneyUnit.CNY, None),
        (accounts.source("connector"), MoneyUnit.CNY, None),
        (accounts.fund("company"), MoneyUnit.CNY, None),
        (accounts.points("anna"), MoneyUnit.POINTS, 0),
        (accounts.points_source("recycling"), MoneyUnit.POINTS, None),
    ],
)
def test_every_kind_has_its_unit_and_its_floor(
    name: str, unit: MoneyUnit, floor_fen: int | None
) -> None:
    rules = accounts.rules_of(name)

    assert (rules.unit, rules.floor_fen) == (unit, floor_fen)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "person",
        "person/anna",
        "person//cash",
        "person/anna/gold",
        "person/anna/cash/x",
        "person/an na/cash",
        "person/anna/cash\n",
        "Person/anna/cash",
        "source/pocket",
        "merchant/-",
        "merchant/" + "a" * 65,
    ],
)
def test_another_name_is_no_account(name: str) -> None:
    with pytest.raises(OrderError):
        accounts.rules_of(name)


def test_an_account_of_a_person_says_whose_it_is() -> None:
    names = ("person/anna/debt", "points/person/anna", "merchant/anna", "points/source/anna")

    assert [accounts.holder_of(name) for name in names] == ["anna", "anna", None, None]


def test_the_parts_of_a_charge_have_the_same_keys_wherever_they_are_made() -> None:
    assert accounts.part_id(CHARGE, "cash") == UUID("b251fd9b-5240-538d-bed0-b926c6d8fb10")
    assert accounts.part_id(CHARGE, "hold", "cash") != accounts.part_id(CHARGE, "cash")
