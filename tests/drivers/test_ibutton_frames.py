"""Vectors: Maxim's application note 27 (check byte) and In-Touch's example key, S1 to S5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols.ibutton import Decoder, Key, Order, crc8, encode_key
from drivers.protocols.stx_hex import encode_stx_hex
from tests.drivers.heard import cut, frames_of
from tests.fuzz.targets import ibutton as fuzz_target

# The key AE 01 0000030D45EB of "iButton Wedge Configurations".
PRINTED = {
    Order.ENGRAVED: "AE0000030D45EB01",
    Order.SERIAL: "0000030D45EB",
    Order.WIRE: "01EB450D030000AE",
    Order.WIRE_SERIAL: "EB450D030000",
    Order.FAMILY_SERIAL: "010000030D45EB",
}
KEY = Key(0x01, bytes.fromhex("0000030D45EB"))


def test_the_check_byte_is_the_application_note_s() -> None:
    assert crc8(bytes.fromhex("02 1C B8 01 00 00 00")) == 0xA2


def test_the_check_byte_is_the_one_on_the_example_key() -> None:
    assert KEY.wire == bytes.fromhex("01 EB 45 0D 03 00 00 AE")


@pytest.mark.parametrize("order", Order)
def test_every_order_gives_the_same_number(order: Order) -> None:
    keys, refusals = frames_of(Decoder(order), [encode_stx_hex(PRINTED[order])])

    assert [key.number for key in keys] == ["AE0000030D45EB01"]
    assert refusals == []


@pytest.mark.parametrize("order", Order)
def test_what_a_reader_prints_is_the_example_s(order: Order) -> None:
    assert encode_key(KEY, order) == b"\x02" + PRINTED[order].encode() + b"\x03"


@given(
    st.sampled_from(Order),
    st.binary(min_size=6, max_size=6),
    st.sampled_from(["", "\r\n", "\r"]),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_a_key_is_the_same_in_pieces_of_any_size(
    order: Order, serial: bytes, line_end: str, sizes: list[int]
) -> None:
    data = encode_key(Key(0x01, serial), order, line_end=line_end)

    assert frames_of(Decoder(order), cut(data, sizes)) == ([Key(0x01, serial)], [])


@pytest.mark.parametrize("order", [Order.ENGRAVED, Order.WIRE])
def test_a_wrong_digit_is_refused_and_not_quoted(order: Order) -> None:
    damaged = encode_stx_hex(PRINTED[order].replace("45", "46"))

    keys, refusals = frames_of(Decoder(order), [damaged + encode_stx_hex(PRINTED[order])])

    assert keys == [KEY]
    assert refusals == ["the check byte of a key does not fit"]


@pytest.mark.parametrize(
    ("order", "printed"), [(Order.WIRE, Order.ENGRAVED), (Order.ENGRAVED, Order.WIRE)]
)
def test_the_wrong_order_is_named(order: Order, printed: Order) -> None:
    _, refusals = frames_of(Decoder(order), [encode_stx_hex(PRINTED[printed])])

    assert refusals == [f"the check byte does not fit; it would in the order {printed}"]


@pytest.mark.parametrize("order", [Order.ENGRAVED, Order.WIRE, Order.FAMILY_SERIAL])
def test_a_key_of_another_family_is_refused(order: Order) -> None:
    other = encode_key(Key(0x02, KEY.serial), order)

    assert frames_of(Decoder(order), [other]) == ([], ["a key of family 02 instead of 01"])
    assert frames_of(Decoder(order, family=0x02), [other])[0] == [Key(0x02, KEY.serial)]


def test_a_shorted_line_is_no_key() -> None:
    keys, _ = frames_of(Decoder(Order.WIRE), [encode_stx_hex("0" * 16)])

    assert keys == []


@given(st.sampled_from(Order), st.binary(max_size=40))
def test_what_stands_before_a_frame_does_not_hide_it(order: Order, junk: bytes) -> None:
    keys, _ = frames_of(Decoder(order), [junk + encode_key(KEY, order)])

    assert keys[-1] == KEY


@given(st.binary(max_size=200))
def test_the_fuzz_target_holds(data: bytes) -> None:
    fuzz_target.run(data)


def test_a_key_does_not_show_its_number_by_accident() -> None:
    assert "45" not in repr(KEY)
