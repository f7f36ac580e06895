"""What the demo says of lunch: the till, central and the printer agree to the fen, or it tells."""

from collections import Counter
from uuid import UUID

import pytest

from config.contract.money import MerchantPlan
from config.demo.canteen import PLAN, PURSE_FEN, Charge, LunchFindings, Tally


def charge(number: int, holder_id: str, amount_fen: int, *, is_posted: bool = True) -> Charge:
    """Return a charge of the demo's till."""
    return Charge(
        charge_id=UUID(int=number), holder_id=holder_id, amount_fen=amount_fen, is_posted=is_posted
    )


def findings(**changes: object) -> LunchFindings:
    """Return what is found of two meals, one of them while the cable was out."""
    fields: dict[str, object] = {
        "tally": Tally(paid=Counter(astronaut=1, admiral=1), offline=1),
        "charges": [charge(1, "a", 768), charge(2, "b", 1092)],
        "left_fen": {"astronaut": PURSE_FEN - 768, "admiral": PURSE_FEN - 1092},
        "holders": {"astronaut": "a", "admiral": "b"},
        "receipt_count": 2,
    }
    return LunchFindings(**{**fields, **changes})  # type: ignore[arg-type]  # one dict for five types


def test_a_lunch_that_agrees_has_no_problems() -> None:
    found = findings()

    assert found.problems() == []
    assert found.to_json() == {
        "paid": 2, "offline": 1, "charges": 2, "amount_fen": 1860, "receipts": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"charges": [charge(1, "a", 768)], "left_fen": {"astronaut": 19232, "admiral": 20000}},
            "2 meals were paid at the till, central has 1",
        ),
        (
            {"charges": [charge(1, "a", 768), charge(2, "b", 1092, is_posted=False)]},
            "2 meals were paid at the till, central has 2 charges and 1 of them in its ledger",
        ),
        ({"receipt_count": 1}, "2 meals were paid, 1 receipts were printed"),
        (
            {"left_fen": {"astronaut": 19232, "admiral": 17816}},
            "admiral paid 10.92 yuan of 200.00 yuan and has 178.16 yuan left",
        ),
        ({"tally": Tally(paid=Counter(astronaut=2))}, "nobody paid while the till's cable was out"),
    ],
)
def test_whatever_does_not_agree_is_a_problem(change: dict[str, object], problem: str) -> None:
    assert any(line.startswith(problem) for line in findings(**change).problems())


def test_its_prices_are_ones_that_tills_take() -> None:
    (merchant,) = (MerchantPlan.model_validate(each) for each in PLAN["merchants"])

    assert [dish.id for dish in merchant.dishes] == ["buffet"]
    assert merchant.dishes[0].per_g == 100
