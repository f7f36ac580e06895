import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import NEED_DATA, FrameError
from firmware_bridge.rom_frames import (
    Answer,
    AnswerDecoder,
    Command,
    Follows,
    encode_address,
    encode_block,
    encode_command,
    encode_erase,
    encode_erase_all,
    encode_read_count,
)
from tests.drivers.heard import cut, frames_of

ID = bytes.fromhex("79 01 04 10 79")
"""AN3155 3.3: ACK, two bytes less one, the chip, ACK."""


def decoder(follows: Follows = Follows.COUNTED, size_bytes: int = 64) -> AnswerDecoder:
    return AnswerDecoder(follows, size_bytes=size_bytes)


def decoded(raw: bytes, follows: Follows, size_bytes: int = 64) -> object:
    made = decoder(follows, size_bytes)
    made.receive_data(raw)
    return made.next_frame()


def test_parts_are_as_an3155_has_them() -> None:
    assert encode_command(Command.EXTENDED_ERASE).hex(" ") == "44 bb"
    assert encode_address(0x08000100).hex(" ") == "08 00 01 00 09"
    assert encode_read_count(256).hex(" ") == "ff 00"
    assert encode_block(bytes.fromhex("11 22 33 44")).hex(" ") == "03 11 22 33 44 47"
    assert encode_erase([0, 1, 2], is_extended=False).hex(" ") == "02 00 01 02 01"
    assert encode_erase([0x102], is_extended=True).hex(" ") == "00 00 01 02 03"
    assert encode_erase_all(is_extended=False).hex(" ") == "ff 00"
    assert encode_erase_all(is_extended=True).hex(" ") == "ff ff 00"


def test_a_block_is_filled_up_to_whole_words_as_erased() -> None:
    assert encode_block(b"\x11").hex(" ") == "03 11 ff ff ff ed"


@pytest.mark.parametrize("count", [0, 257])
def test_what_no_part_can_hold_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.256 bytes"):
        encode_read_count(count)
    with pytest.raises(ValueError, match=r"1\.\.255 pages"):
        encode_erase(range(count), is_extended=True)


@pytest.mark.parametrize(
    ("raw", "follows", "size_bytes", "data"),
    [
        ("79", Follows.NOTHING, 0, ""),
        ("79 01 04 10 79", Follows.COUNTED, 64, "04 10"),
        ("79 22 00 00 79", Follows.FIXED, 3, "22 00 00"),
        ("79 AA BB", Follows.MEMORY, 2, "AA BB"),
    ],
)
def test_an_answer_is_read(raw: str, follows: Follows, size_bytes: int, data: str) -> None:
    answer = decoded(bytes.fromhex(raw), follows, size_bytes)

    assert answer == Answer(is_ack=True, data=bytes.fromhex(data))


@pytest.mark.parametrize("follows", Follows)
def test_a_refusal_is_read_whatever_was_asked(follows: Follows) -> None:
    assert decoded(b"\x1f", follows) == Answer(is_ack=False)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_an_answer_in_pieces_is_the_same(sizes: list[int]) -> None:
    made = decoder()

    assert frames_of(made, cut(ID, sizes))[0][:1] == [Answer(is_ack=True, data=b"\x04\x10")]


@pytest.mark.parametrize("length", range(len(ID)))
def test_an_answer_that_is_not_over_is_waited_for(length: int) -> None:
    assert decoded(ID[:length], Follows.COUNTED) is NEED_DATA


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("00", "neither ACK nor NACK"),
        ("79 FF", "256 bytes are announced"),
        ("79 00 04 1F", "no ACK"),
    ],
)
def test_what_is_no_answer_says_so(raw: str, shown: str) -> None:
    with pytest.raises(FrameError, match=shown):
        decoded(bytes.fromhex(raw), Follows.COUNTED)


@given(st.sampled_from(Follows), st.integers(0, 256), st.lists(st.binary(max_size=300), max_size=5))
def test_garbage_is_a_frame_error(follows: Follows, size_bytes: int, pieces: list[bytes]) -> None:
    for answer in frames_of(decoder(follows, size_bytes), pieces)[0]:
        assert len(answer.data) <= size_bytes
