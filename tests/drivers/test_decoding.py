"""What is said of bytes on a line: Modbus paired, other codecs by their name, the rest noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.decoding import TextInterpreter, codecs, drivers_of, interpreter, protocols_of
from drivers.meaning import Meaning
from drivers.protocols import ibutton
from drivers.protocols import modbus_rtu as rtu
from drivers.protocols.rdm6300 import encode_tag

READ = rtu.encode_read_discrete_inputs(1, address=0, count=8)
ANSWER = rtu.encode_reply(READ, b"\x05")


def heard(protocol: str, *pieces: bytes, is_sent: bool | None = None) -> list[Meaning]:
    """Return what is made of pieces, a tenth of a second apart, and of the silence after them."""
    listener = interpreter(protocol)
    meanings = list[Meaning]()
    for index, piece in enumerate(pieces):
        meanings += listener.hear(piece, at_s=index / 10, is_sent=is_sent)
    return meanings + listener.flush(at_s=len(pieces) / 10)


def texts(meanings: list[Meaning]) -> list[str]:
    return [meaning.text for meaning in meanings]


def test_a_request_and_its_reply_are_paired_on_a_line_that_is_only_listened_to() -> None:
    meanings = heard("modbus", READ.frame, ANSWER)

    assert texts(meanings) == [
        "unit 1: read discrete inputs 0..7",
        "unit 1: discrete inputs 0..7 = 1 0 1 0 0 0 0 0",
    ]
    assert meanings[1].latency_s == pytest.approx(0.1)
    assert [meaning.data for meaning in meanings] == [READ.frame, ANSWER]


@pytest.mark.parametrize(
    ("request_", "reply", "asked", "answered"),
    [
        (
            rtu.encode_read_holding_registers(9, address=16, count=2),
            "00 0A 01 00",
            "unit 9: read holding registers 16..17",
            "unit 9: holding registers 16..17 = 10 256",
        ),
        (
            rtu.encode_write_coil(2, address=3, value=0xFF00),
            "",
            "unit 2: write coil 3 = on",
            "unit 2 confirms coil 3",
        ),
        (
            rtu.encode_write_registers(2, address=0, values=[1, 2]),
            "",
            "unit 2: write holding registers 0..1 = 1 2",
            "unit 2 confirms holding registers 0..1",
        ),
    ],
)
def test_functions_are_said_in_words(
    request_: rtu.Request, reply: str, asked: str, answered: str
) -> None:
    frame = rtu.encode_reply(request_, bytes.fromhex(reply))

    assert texts(heard("modbus", request_.frame + frame)) == [asked, answered]


def test_a_refusal_names_its_reason() -> None:
    meanings = heard("modbus", READ.frame, rtu.encode_exception(READ, 2))

    assert meanings[1].text == "unit 1 refuses: illegal data address (2)"


def test_who_did_not_answer_is_named_when_the_next_is_asked() -> None:
    other = rtu.encode_read_coils(2, address=0, count=1)

    assert "unit 1 did not answer" in texts(heard("modbus", READ.frame, other.frame))


def test_a_frame_behind_noise_is_found_and_the_noise_is_shown() -> None:
    meanings = heard("modbus", b"\x01\xff\x33" + READ.frame)

    assert [(meaning.data, meaning.is_noise) for meaning in meanings] == [
        (b"\x01\xff\x33", True),
        (READ.frame, False),
    ]


def test_a_makers_own_function_is_found_by_the_silence_behind_it() -> None:
    reset = rtu.encode_frame(1, 0x42, b"")

    assert texts(heard("modbus", reset)) == ["unit 1: function 66, "]


def test_what_we_received_is_never_taken_for_a_request() -> None:
    (meaning,) = heard("modbus", ANSWER, is_sent=False)

    assert meaning.text == "unit 1: a reply that nobody asked for: function 2, 01 05"


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=20))
def test_no_byte_is_lost_and_none_is_shown_twice(pieces: list[bytes]) -> None:
    meanings = heard("modbus", READ.frame, *pieces, ANSWER)

    assert b"".join(one.data for one in meanings) == READ.frame + b"".join(pieces) + ANSWER


@given(st.lists(st.integers(1, 16), min_size=1))
def test_frames_in_pieces_mean_the_same(sizes: list[int]) -> None:
    stream = READ.frame + ANSWER
    cuts = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
    pieces = [stream[a:b] for a, b in zip(cuts, [*cuts[1:], len(stream)], strict=True) if a < b]

    assert texts(heard("modbus", *pieces)) == texts(heard("modbus", stream))


def test_another_codec_is_found_by_its_name() -> None:
    meanings = heard("rdm6300", b"??", encode_tag("010063E9AE"))

    assert texts(meanings) == ["tag"]


def test_a_code_is_shown_as_text() -> None:
    assert texts(heard("line_text", b"STAFF-1\r\n")) == ["text 'STAFF-1'"]


def test_a_key_is_known_in_either_order_that_has_a_check_byte() -> None:
    key = ibutton.Key(1, bytes.fromhex("00000A1B2C3D"))
    frames = [ibutton.encode_key(key, order) for order in ibutton.WITH_CHECK_BYTE]

    assert texts(heard("ibutton", *frames)) == ["key: family 1", "key: family 1"]


def test_what_no_codec_knows_is_noise_after_a_silence() -> None:
    (meaning,) = heard("rdm6300", b"hello")

    assert meaning.is_noise
    assert meaning.text == "noise: bytes outside a frame"


def test_osdp_is_put_into_words_by_its_codec() -> None:
    (meaning,) = heard("osdp", bytes.fromhex("FF 53 00 08 00 04 60 EB AA"))

    assert meaning.text == "> reader 0 POLL sequence 0"


@pytest.mark.parametrize("protocol", sorted(codecs()))
@given(junk=st.binary(max_size=300))
def test_no_bytes_make_an_interpreter_fail(protocol: str, junk: bytes) -> None:
    assert all(isinstance(one, Meaning) for one in heard(protocol, junk[:99], junk[99:]))


def test_a_driver_is_known_by_the_codec_that_it_imports() -> None:
    assert protocols_of("waveshare_relay") == ["modbus"]
    assert protocols_of("rdm6300") == ["rdm6300"]
    assert "osdp" in protocols_of("osdp_reader")
    assert {"speed_gate", "waveshare_relay"} <= set(drivers_of("modbus"))


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no protocol 'morse'; there are: .*modbus.*osdp"):
        interpreter("morse")


def test_a_protocol_that_is_text_is_shown_as_its_words() -> None:
    (meaning,) = TextInterpreter().hear(b"200 OK\r\n\xff<x/>", at_s=1.0, is_sent=False)

    assert meaning.text == "200 OK \ufffd<x/>"
    assert TextInterpreter().hear(b"\r\n", at_s=1.0, is_sent=False) == []
