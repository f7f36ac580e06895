import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract.money import FEN_MAX
from edge.canteen.keypad import fen_of, typed_amount, typed_count

KEYS = st.lists(st.sampled_from([*"0123456789.", "back", "clear"]), max_size=30)


@pytest.mark.parametrize(
    ("keys", "typed", "fen"),
    [
        ("12.5", "12.5", 1250),
        ("12.50", "12.50", 1250),
        ("12.505", "12.50", 1250),
        (".5", "0.5", 50),
        ("007", "7", 700),
        ("0", "0", None),
        ("", "", None),
        ("1.2.3", "1.23", 123),
        ("1234567890", "123456789", None),
    ],
)
def test_an_amount_is_typed_in_yuan_and_kept_in_fen(keys: str, typed: str, fen: int | None) -> None:
    found = ""
    for key in keys:
        found = typed_amount(found, key)

    assert (found, fen_of(found)) == (typed, fen)


@given(keys=KEYS)
def test_whatever_is_typed_is_an_amount_or_none(keys: list[str]) -> None:
    typed = ""
    for key in keys:
        typed = typed_amount(typed, key)

    fen = fen_of(typed)
    assert fen is None or 0 < fen <= FEN_MAX


@given(keys=KEYS)
def test_a_count_is_a_number_that_begins_with_no_nought(keys: list[str]) -> None:
    typed = ""
    for key in keys:
        typed = typed_count(typed, key)

    assert not typed or 1 <= int(typed) <= 999
