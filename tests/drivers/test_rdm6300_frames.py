"""Vectors: readings of RDM6300 modules whose sums were computed apart; EM4100's printed forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import rdm6300
from drivers.protocols.rdm6300 import Decoder, Tag, encode_tag, printed_3_5, printed_10
from tests.drivers.heard import cut, frames_of
from tests.fuzz.targets import rdm6300 as fuzz_target

# 02 "010063E9AE" "25" 03, and 02 "100086F444" "26" 03.
VECTORS = {
    "010063E9AE": "02 30 31 30 30 36 33 45 39 41 45 32 35 03",
    "100086F444": "02 31 30 30 30 38 36 46 34 34 34 32 36 03",
}
FRAME = bytes.fromhex(VECTORS["010063E9AE"])
NUMBERS = st.binary(min_size=5, max_size=5).map(lambda raw: raw.hex().upper())


@pytest.mark.parametrize("number", VECTORS)
def test_a_recorded_frame_is_its_tag(number: str) -> None:
    frame = bytes.fromhex(VECTORS[number])

    assert frames_of(Decoder(), [frame]) == ([Tag(number)], [])
    assert encode_tag(number) == frame


@given(NUMBERS, st.sampled_from(["", "\r\n", "\r", "\n"]), st.lists(st.integers(1, 9), min_size=1))
def test_a_tag_is_the_same_in_pieces_of_any_size(
    number: str, line_end: str, sizes: list[int]
) -> None:
    data = encode_tag(number, line_end=line_end)

    assert frames_of(Decoder(), cut(data, sizes)) == ([Tag(number)], [])


def test_digits_in_lower_case_and_line_ends_outside_the_frame_are_understood() -> None:
    data = FRAME.lower() + b"\r\n" + FRAME + b"\r\n"

    assert frames_of(Decoder(), [data]) == ([Tag("010063E9AE")] * 2, [])


@given(st.binary(max_size=40))
def test_what_stands_before_a_frame_does_not_hide_it(junk: bytes) -> None:
    tags, _ = frames_of(Decoder(), [junk + FRAME])

    assert tags[-1] == Tag("010063E9AE")


@given(st.integers(0, 8 * len(FRAME) - 1))
def test_a_damaged_frame_does_not_hide_the_good_one_behind_it(bit: int) -> None:
    damaged = bytearray(FRAME)
    damaged[bit // 8] ^= 1 << bit % 8

    tags, refusals = frames_of(Decoder(), [bytes(damaged) + FRAME])

    # A flipped case bit of a letter is the same digit.
    assert set(tags) == {Tag("010063E9AE")}
    assert len(tags) == 2 or refusals


def test_one_wrong_digit_is_refused_and_not_quoted() -> None:
    tags, refusals = frames_of(Decoder(), [FRAME.replace(b"63", b"64")])

    assert tags == []
    assert refusals == ["the check sum of a tag does not fit"]


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_garbage_escapes_as_nothing_but_frame_error(pieces: list[bytes]) -> None:
    frames_of(Decoder(), pieces)


@given(st.binary(max_size=200))
def test_the_fuzz_target_holds(data: bytes) -> None:
    fuzz_target.run(data)


def test_a_line_that_babbles_fills_no_memory_and_the_tag_is_found() -> None:
    tags, refusals = frames_of(Decoder(), [b"\x02" * 100_000 + FRAME])

    assert tags == [Tag("010063E9AE")]
    assert len(refusals) < 5000


def test_the_printed_forms_are_the_low_bytes_in_decimal() -> None:
    assert printed_10("010063E9AE") == "0006547886"
    assert printed_3_5("010063E9AE") == "099,59822"


def test_a_tag_does_not_show_its_number_by_accident() -> None:
    assert "63E9AE" not in repr(Tag("010063E9AE"))


@pytest.mark.parametrize("number", ["", "010063E9A", "010063e9ae", "010063E9AE0", "0x0063E9AE"])
def test_a_number_that_is_none_is_our_own_mistake(number: str) -> None:
    for function in (encode_tag, rdm6300.printed_10, rdm6300.printed_3_5):
        with pytest.raises(ValueError, match="ten hexadecimal digits"):
            function(number)
