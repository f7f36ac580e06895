"""Vector: facility 123, card 45678, computed apart from the format's description."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import FrameError
from drivers.protocols.wiegand import (
    Card26,
    WiegandBits,
    decode_26,
    decode_left_aligned,
    encode_26,
)
from tests.fuzz.targets import wiegand as fuzz_target

CARDS = st.builds(Card26, st.integers(0, 255), st.integers(0, 65535))


def test_a_card_is_its_bits_and_back() -> None:
    bits = encode_26(Card26(123, 45678))

    assert bits.text == "10111101110110010011011101"
    assert bits.left_aligned == bytes.fromhex("BD D9 37 40")
    assert decode_left_aligned(bytes.fromhex("BD D9 37 40"), 26) == bits
    assert decode_26(bits) == Card26(123, 45678)


@given(CARDS)
def test_every_card_comes_back(card: Card26) -> None:
    assert decode_26(encode_26(card)) == card


@given(CARDS, st.integers(0, 25))
def test_one_flipped_bit_is_refused(card: Card26, bit: int) -> None:
    flipped = WiegandBits(26, encode_26(card).value ^ 1 << bit)

    with pytest.raises(FrameError, match="parity"):
        decode_26(flipped)


@pytest.mark.parametrize(
    ("bit_length", "value", "number"),
    [(34, 0x1, "000000001"), (37, 0x1FFFFFFFFF, "1FFFFFFFFF"), (26, 0x2F7649D, "2F764DD")],
)
def test_leading_zeros_count(bit_length: int, value: int, number: str) -> None:
    assert len(WiegandBits(bit_length, value).number) == len(number)


def test_bits_of_other_lengths_are_kept_and_not_interpreted() -> None:
    bits = decode_left_aligned(bytes.fromhex("80 00 00 00 40"), 34)

    assert (bits.number, bits.bit_length) == ("200000001", 34)
    with pytest.raises(FrameError, match="34 bits instead of 26"):
        decode_26(bits)


@pytest.mark.parametrize(("size_bytes", "bit_length"), [(0, 0), (3, 26), (5, 26), (80, 600)])
def test_bytes_that_do_not_fit_the_bits_are_refused(size_bytes: int, bit_length: int) -> None:
    with pytest.raises(FrameError):
        decode_left_aligned(bytes(size_bytes), bit_length)


@pytest.mark.parametrize(("facility", "card"), [(-1, 0), (256, 0), (0, -1), (0, 65536)])
def test_a_card_that_is_none_is_our_own_mistake(facility: int, card: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.255"):
        encode_26(Card26(facility, card))


@pytest.mark.parametrize(("bit_length", "value"), [(0, 0), (513, 0), (8, 256), (8, -1)])
def test_bits_that_do_not_fit_are_our_own_mistake(bit_length: int, value: int) -> None:
    with pytest.raises(ValueError, match="bit"):
        WiegandBits(bit_length, value)


def test_a_number_is_not_shown_by_accident() -> None:
    assert "45678" not in repr(Card26(123, 45678))
    assert str(encode_26(Card26(123, 45678)).value) not in repr(encode_26(Card26(123, 45678)))


@given(st.binary(max_size=70))
def test_the_fuzz_target_holds(data: bytes) -> None:
    fuzz_target.run(data)
