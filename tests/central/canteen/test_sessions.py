"""Both sides of a till's session, and each difference by its name."""

import dataclasses
from typing import Any

import pytest

from central.canteen.sessions import Difference, Session, Sums, differences
from tests.central.canteen.dining import NOON, NOW

SUMS = Sums(charge_count=2, charge_fen=3_000, void_count=1, void_fen=700, digest="a")
BALANCED = Session(
    session_id="s",
    node="counter-1",
    till="till-1",
    merchant="canteen",
    opened_at=NOON,
    opened_by="",
    closed_at=NOW,
    closed_by="",
    counted_charges=2,
    counted_fen=3_000,
    till_sums=SUMS,
    centre_sums=SUMS,
    unposted_fen=0,
    open_exception_count=0,
)


def centre(**more: Any) -> dict[str, Sums]:  # noqa: ANN401 - fields of any type
    return {"centre_sums": dataclasses.replace(SUMS, **more)}


def test_a_session_whose_sums_are_equal_balances() -> None:
    assert differences(BALANCED) == ()


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"opened_at": None}, [Difference("not_opened")]),
        ({"till_sums": None}, [Difference("not_closed")]),
        (
            centre(charge_count=1, charge_fen=1_800, digest="b"),
            [Difference("charges_missing", 3, 2), Difference("amount", 3_000, 1_800)],
        ),
        (
            centre(charge_count=3, charge_fen=4_000, digest="b"),
            [Difference("charges_more", 3, 4), Difference("amount", 3_000, 4_000)],
        ),
        (
            centre(charge_count=3, charge_fen=3_700, void_count=0, void_fen=0, digest="b"),
            [
                Difference("amount", 3_000, 3_700),
                Difference("voids", 1, 0),
                Difference("void_amount", 700, 0),
            ],
        ),
        (centre(digest="b"), [Difference("other_charges", 2, 2)]),
        ({"unposted_fen": 900}, [Difference("unposted", None, 900)]),
        ({"open_exception_count": 1}, [Difference("exceptions", None, 1)]),
        ({"counted_charges": 1}, [Difference("count", 2, 1)]),
        ({"counted_fen": 2_900}, [Difference("counted_amount", 3_000, 2_900)]),
        ({"counted_charges": None, "counted_fen": None}, []),
    ],
)
def test_what_does_not_fit_is_named_with_both_figures(
    more: dict[str, Any], found: list[Difference]
) -> None:
    assert list(differences(dataclasses.replace(BALANCED, **more))) == found
