"""Vectors: MODBUS Application Protocol V1.1b3, section 6; the check sums are computed apart."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import NEED_DATA, FrameError
from drivers.protocols import modbus_rtu as rtu
from tests.drivers.lines import request_in

# Request, reply; the PDUs are the examples of the specification's sections.
READS = {
    "6.1 coils": ("01 01 00 13 00 13", "01 01 03 CD 6B 05"),
    "6.2 discrete inputs": ("01 02 00 C4 00 16", "01 02 03 AC DB 35"),
    "6.3 holding registers": ("01 03 00 6B 00 03", "01 03 06 02 2B 00 00 00 64"),
    "6.4 input register": ("01 04 00 08 00 01", "01 04 02 00 0A"),
}
WRITES = {
    "6.5 coil on": ("01 05 00 AC FF 00", "01 05 00 AC FF 00"),
    "6.12 registers": ("01 10 00 01 00 02 04 00 0A 01 02", "01 10 00 01 00 02"),
}
ENCODERS: dict[str, Callable[[], rtu.Request]] = {
    "6.1 coils": lambda: rtu.encode_read_coils(1, address=0x13, count=0x13),
    "6.2 discrete inputs": lambda: rtu.encode_read_discrete_inputs(1, address=0xC4, count=0x16),
    "6.3 holding registers": lambda: rtu.encode_read_holding_registers(1, address=0x6B, count=3),
    "6.4 input register": lambda: rtu.encode_read_input_registers(1, address=8, count=1),
    "6.5 coil on": lambda: rtu.encode_write_coil(1, address=0xAC, value=0xFF00),
    "6.12 registers": lambda: rtu.encode_write_registers(1, address=1, values=[10, 0x102]),
}
VECTORS = {**READS, **WRITES}


def crc(frame: bytes) -> bytes:
    """Return the check sum bit by bit, as the serial line guide's 6.2.2 describes it."""
    register = 0xFFFF
    for byte in frame:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register.to_bytes(2, "little")


def sound(text: str) -> bytes:
    frame = bytes.fromhex(text)
    return frame + crc(frame)


def decoder_of(name: str) -> tuple[rtu.ReplyDecoder, bytes]:
    request, reply = VECTORS[name]
    return rtu.ReplyDecoder(request_in(sound(request))), sound(reply)


def decode(decoder: rtu.ReplyDecoder, data: bytes) -> object:
    decoder.receive_data(data)
    return decoder.next_frame()


@pytest.mark.parametrize("name", VECTORS)
def test_requests_are_the_specification_s(name: str) -> None:
    assert ENCODERS[name]().frame == sound(VECTORS[name][0])


@pytest.mark.parametrize("name", VECTORS)
def test_a_server_reads_what_a_client_writes(name: str) -> None:
    assert request_in(ENCODERS[name]().frame) == ENCODERS[name]()


@pytest.mark.parametrize("name", VECTORS)
def test_replies_are_the_specification_s(name: str) -> None:
    decoder, reply = decoder_of(name)
    request = request_in(sound(VECTORS[name][0]))
    payload = reply[3:-2] if name in READS else b""

    assert rtu.encode_reply(request, payload) == reply
    assert isinstance(decode(decoder, reply), rtu.Reply)


def test_registers_and_bits_are_as_the_specification_says() -> None:
    registers = decode(*decoder_of("6.3 holding registers"))
    coils = decode(*decoder_of("6.1 coils"))

    assert isinstance(registers, rtu.Reply)
    assert registers.registers == (555, 0, 100)
    assert isinstance(coils, rtu.Reply)
    # Coils 27 down to 20 of the example are 1100 1101, coil 20 (the first asked for) is lowest.
    assert [coils.bit(index) for index in range(8)] == [
        True, False, True, True, False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("name", VECTORS)
def test_an_exception_is_a_reply_with_its_code(name: str) -> None:
    decoder, _ = decoder_of(name)
    request = request_in(sound(VECTORS[name][0]))

    reply = decode(decoder, rtu.encode_exception(request, 2))

    assert reply == rtu.Reply(1, request.function, b"", exception_code=2)


@given(st.sampled_from(sorted(VECTORS)), st.lists(st.integers(1, 8), min_size=1))
def test_the_reply_is_the_same_in_pieces_of_any_size(name: str, sizes: list[int]) -> None:
    whole, reply = decoder_of(name)
    expected = decode(whole, reply)
    decoder, rest, results = decoder_of(name)[0], reply, list[object]()

    while rest:
        size = sizes[len(results) % len(sizes)]
        results.append(decode(decoder, rest[:size]))
        rest = rest[size:]

    assert results == [NEED_DATA] * (len(results) - 1) + [expected]


@given(st.sampled_from(sorted(VECTORS)), st.binary(max_size=20))
def test_what_follows_a_reply_is_left_alone(name: str, rest: bytes) -> None:
    whole, reply = decoder_of(name)
    expected = decode(whole, reply)

    assert decode(decoder_of(name)[0], reply + rest) == expected


@given(st.sampled_from(sorted(VECTORS)), st.lists(st.binary(max_size=300), max_size=4))
def test_garbage_escapes_as_nothing_but_frame_error(name: str, pieces: list[bytes]) -> None:
    decoder, _ = decoder_of(name)

    for piece in pieces:
        try:
            decode(decoder, piece)
        except FrameError as error:
            assert str(error)  # noqa: PT017 - any piece may be garbage, none must be


@given(st.sampled_from(sorted(VECTORS)), st.data())
def test_one_flipped_bit_is_never_an_answer(name: str, data: st.DataObject) -> None:
    decoder, reply = decoder_of(name)
    bit = data.draw(st.integers(0, 8 * len(reply) - 1))
    flipped = bytearray(reply)
    flipped[bit // 8] ^= 1 << bit % 8

    try:
        result = decode(decoder, bytes(flipped))
    except FrameError:
        return
    assert result is NEED_DATA


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("6.3 holding registers", "02 03 06 02 2B 00 00 00 64"),
        ("6.3 holding registers", "01 04 06 02 2B 00 00 00 64"),
        ("6.3 holding registers", "01 03 04 02 2B 00 00"),
        ("6.3 holding registers", "01 84 02"),
        ("6.5 coil on", "01 05 00 AD FF 00"),
        ("6.5 coil on", "01 05 00 AC 00 00"),
        ("6.12 registers", "01 10 00 02 00 02"),
        ("6.12 registers", "01 10 00 01 00 01"),
    ],
    ids=["unit", "function", "length", "exception", "address", "value", "first", "count"],
)
def test_a_sound_frame_that_answers_another_request_is_refused(name: str, other: str) -> None:
    decoder, _ = decoder_of(name)

    with pytest.raises(FrameError):
        decode(decoder, sound(other))


def test_the_echo_of_a_read_is_no_answer() -> None:
    decoder, _ = decoder_of("6.3 holding registers")

    with pytest.raises(FrameError):
        decode(decoder, sound(READS["6.3 holding registers"][0]))


@given(st.sampled_from(sorted(VECTORS)), st.binary(max_size=40))
def test_the_reply_is_found_behind_whatever_stands_before_it(name: str, junk: bytes) -> None:
    whole, reply = decoder_of(name)
    expected = decode(whole, reply)
    decoder, found = decoder_of(name)[0], list[object]()

    # Junk may look like the beginning of a reply: so much must come before it is sure.
    decoder.receive_data(junk + reply * 3)
    while not found:
        with contextlib.suppress(FrameError):
            found.append(decoder.next_frame())

    assert found == [expected]


def test_a_line_that_babbles_fills_no_memory_and_the_reply_is_found() -> None:
    decoder, reply = decoder_of("6.3 holding registers")
    decoder.receive_data(bytes(10_000) + reply)

    with pytest.raises(FrameError) as caught:
        decoder.next_frame()

    assert len(str(caught.value)) < 300
    assert isinstance(decoder.next_frame(), rtu.Reply)


@given(st.binary(max_size=12))
def test_a_server_finds_requests_again_after_noise(junk: bytes) -> None:
    decoder = rtu.RequestDecoder()
    request, found = ENCODERS["6.3 holding registers"](), list[object]()
    decoder.receive_data(junk)

    # Noise may look like the beginning of the longest frame: so much must come before it is sure.
    for _ in range(2 * rtu.FRAME_SIZE_BYTES_MAX // len(request.frame)):
        decoder.receive_data(request.frame)
        found.append(decoder.next_frame())

    assert found[-1] == request


@given(st.lists(st.binary(max_size=600), max_size=5))
def test_a_server_survives_any_bytes(pieces: list[bytes]) -> None:
    decoder = rtu.RequestDecoder()

    for piece in pieces:
        decoder.receive_data(piece)
        while decoder.next_frame() is not NEED_DATA:
            pass


@pytest.mark.parametrize("unit_id", [-1, 0, 248, 300])
def test_a_unit_id_that_is_none_is_our_own_mistake(unit_id: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.247"):
        rtu.encode_read_coils(unit_id, address=0, count=1)
