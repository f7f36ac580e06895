import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract.order_code import code_hash, encode_order_code

TEXT = encode_order_code(bytes(range(20)))


def test_code_is_short_and_in_the_letters_of_a_compact_qr_code() -> None:
    assert TEXT == "MO1.AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT"


def test_hash_is_that_of_the_whole_text() -> None:
    assert code_hash(TEXT) == hashlib.sha256(TEXT.encode()).hexdigest()


def test_scanner_that_types_small_letters_and_a_line_feed_reads_the_same_code() -> None:
    assert code_hash(f" {TEXT.lower()}\r\n") == code_hash(TEXT)


@pytest.mark.parametrize("text", ["", "MO1.", TEXT[:-1], f"{TEXT}A", "MV1.AAAA", "1" * 36])
def test_what_is_no_code_of_an_order_has_no_hash(text: str) -> None:
    assert code_hash(text) is None


@given(st.text())
def test_anything_may_be_scanned(text: str) -> None:
    assert code_hash(text) is None or len(text.strip()) == len(TEXT)


def test_secret_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="20 bytes, not 16"):
        encode_order_code(bytes(16))
