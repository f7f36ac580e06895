import itertools
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smp import header as smp_header
from smp import packet as smp_packet

from drivers.protocols import NEED_DATA, FrameError, NeedData
from drivers.protocols import modbus_rtu as rtu
from firmware_bridge import frames
from firmware_bridge.frames import (
    AnswerDecoder,
    DatagramDecoder,
    Frame,
    FrameDecoder,
    Op,
    Received,
    encode_lines,
)
from tests.drivers.heard import cut, frames_of

HEARTBEAT = Frame(Op.WRITE, 877, 2, 5, b"\xa0")
MODBUS = rtu.encode_read_holding_registers(3, address=0x0609, count=2).frame
TEXT = b"*** Booting Zephyr OS build v4.2.0 ***\r\n\x06 [00:00:00.061] <inf> main: \x04\x14\n"


def of_any_size(size_bytes_max: int) -> st.SearchStrategy[bytes]:
    """Return bytes of all sizes alike: hypothesis alone makes nearly all of them short."""
    sizes_bytes = st.integers(0, size_bytes_max)
    return sizes_bytes.flatmap(lambda size: st.binary(min_size=size, max_size=size))


any_frame = st.builds(
    Frame,
    op=st.sampled_from(Op),
    group=st.integers(0, 0xFFFF),
    command=st.integers(0, 255),
    sequence=st.integers(0, 255),
    body=of_any_size(600),
    version=st.integers(0, 1),
)
any_address = st.integers(0, 247)
sizes = st.lists(st.integers(1, 200), min_size=1, max_size=8)


def received_of(data: bytes, cut_at: list[int] | None = None) -> tuple[list[Received], list[str]]:
    return frames_of(FrameDecoder(), cut(data, cut_at or [max(1, len(data))]))


def test_a_frame_has_the_bytes_of_the_page() -> None:
    assert bytes(HEARTBEAT) == bytes.fromhex("0A 00 00 01 03 6D 05 02 A0")


def test_a_frame_to_a_board_with_an_address_has_the_lines_of_the_page() -> None:
    lines = encode_lines(bytes(HEARTBEAT), address=18)

    assert lines == bytes.fromhex("01 31 32 0A 06 09") + b"AAsKAAABA20FAqAcxg==" + b"\n"


@given(any_frame.filter(lambda frame: frame.group >= 64))  # of others it knows the commands
def test_the_header_is_the_one_that_smp_writes(frame: Frame) -> None:
    theirs = smp_header.Header(
        op=smp_header.OP(frame.op),
        version=smp_header.Version(frame.version),
        flags=smp_header.Flag(0),
        length=len(frame.body),
        group_id=frame.group,
        sequence=frame.sequence,
        command_id=frame.command,
    )

    assert bytes(frame) == bytes(theirs) + frame.body


@given(of_any_size(2000))
def test_lines_are_those_that_smp_writes(raw: bytes) -> None:
    longest = 128  # it keeps a place free for a carriage return

    assert encode_lines(raw) == b"".join(smp_packet.encode(raw, line_length=longest))


@given(of_any_size(2000))
def test_no_line_is_longer_than_any_board_takes(raw: bytes) -> None:
    assert max(map(len, encode_lines(raw).splitlines(keepends=True))) <= 127


@given(any_frame)
def test_smp_reads_our_lines(frame: Frame) -> None:
    theirs = smp_packet.decode()
    next(theirs)

    *lines, last = encode_lines(bytes(frame)).splitlines(keepends=True)
    for line in lines:
        theirs.send(line)

    with pytest.raises(StopIteration) as read:
        theirs.send(last)
    assert read.value.value == bytes(frame)


@given(any_frame, st.integers(8, 127))
def test_lines_of_any_length_that_smp_writes_are_read(frame: Frame, length: int) -> None:
    data = b"".join(smp_packet.encode(bytes(frame), line_length=length))

    assert received_of(data) == ([Received(frame)], [])


@given(st.lists(st.tuples(any_frame, any_address), max_size=4), sizes)
def test_frames_are_the_same_in_pieces_of_any_size(
    sent: list[tuple[Frame, int]], cut_at: list[int]
) -> None:
    data = b"".join(encode_lines(bytes(frame), address=address) for frame, address in sent)

    assert received_of(data, cut_at) == ([Received(*pair) for pair in sent], [])


@given(any_frame, any_address, st.sampled_from([MODBUS, TEXT, b"\n", b"\x06", b"\x0112"]), sizes)
def test_what_stands_between_frames_is_passed_over(
    frame: Frame, address: int, between: bytes, cut_at: list[int]
) -> None:
    lines = encode_lines(bytes(frame), address=address)

    found, _ = received_of(between + lines + between + lines + between, cut_at)

    assert found == [Received(frame, address)] * 2


def test_text_between_the_lines_of_a_frame_is_passed_over() -> None:
    frame = Frame(Op.READ_ANSWER, 8, 0, 1, bytes(300))
    lines = encode_lines(bytes(frame)).splitlines(keepends=True)

    assert received_of(TEXT.join(lines))[0] == [Received(frame)]
    assert len(lines) == 4


def test_an_address_counts_only_right_before_a_frame() -> None:
    lines = encode_lines(bytes(HEARTBEAT))

    assert received_of(b"\x0112\n" + b"x" + lines) == ([Received(HEARTBEAT)], [])
    assert received_of(b"\x0112\n" + b"x" + lines, [1]) == ([Received(HEARTBEAT)], [])
    assert received_of(b"\x0112\n" + MODBUS + lines, [1])[0] == [Received(HEARTBEAT)]
    assert received_of(b"\x0112\n\x0113\n" + lines, [1])[0] == [Received(HEARTBEAT, 0x13)]


def test_an_address_counts_for_one_frame() -> None:
    lines = encode_lines(bytes(HEARTBEAT))

    assert [r.address for r in received_of(b"\x0112\n" + lines + lines)[0]] == [0x12, 0]


@given(st.binary(min_size=200, max_size=600), st.data())
def test_a_frame_behind_one_that_was_cut_off_is_found(body: bytes, data: st.DataObject) -> None:
    lines = encode_lines(bytes(Frame(Op.READ_ANSWER, 8, 0, 1, body)))
    end = data.draw(st.integers(1, len(lines) - 1))

    found, _ = received_of(lines[:end] + encode_lines(bytes(HEARTBEAT)))

    assert Received(HEARTBEAT) in found


@given(any_frame, st.data())
def test_a_damaged_frame_is_never_taken_for_another(frame: Frame, data: st.DataObject) -> None:
    lines = bytearray(encode_lines(bytes(frame)))
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] ^= 1 << data.draw(st.integers(0, 7))

    found, _ = received_of(bytes(lines))

    assert [r.frame for r in found] in ([], [frame])


def test_a_line_that_came_twice_or_not_at_all_is_told() -> None:
    lines = encode_lines(bytes(Frame(Op.READ, 1, 0, 1, bytes(range(200))))).splitlines(
        keepends=True
    )
    behind = encode_lines(bytes(HEARTBEAT))

    twice = received_of(lines[0] + lines[1] * 2 + lines[2] + behind)
    never = received_of(lines[0] + lines[2] + behind)

    assert (twice[0], never[0]) == ([Received(HEARTBEAT)], [Received(HEARTBEAT)])
    assert twice[1][0].startswith("a frame is not as long as it says: 00 D2 08 00 00 C8")


def test_a_wrong_check_sum_is_told() -> None:
    lines = encode_lines(bytes(HEARTBEAT)).replace(b"KAAABA", b"KAAABB")

    assert received_of(lines)[1] == [
        "a frame with a wrong check sum: 00 0B 0A 00 00 01 07 6D 05 02 A0 1C C6"
    ]


def test_a_line_that_is_longer_than_any_is_thrown_away() -> None:
    line = b"\x06\x09" + b"A" * 200 + b"\n"

    assert received_of(line)[1][0].startswith("a line of a frame is damaged: 06 09 41")
    assert received_of(line + encode_lines(bytes(HEARTBEAT)), [7])[0] == [Received(HEARTBEAT)]


def test_a_frame_longer_than_any_board_holds_is_noise() -> None:
    claims = b"\x06\x09" + b"//8A" + b"\n"

    assert received_of(claims)[1] == ["a frame is not as long as it says: FF FF 00"]


def test_a_frame_whose_header_says_another_length_is_noise() -> None:
    raw = bytearray(bytes(HEARTBEAT))
    raw[3] = 9

    assert received_of(encode_lines(bytes(raw)))[1][0].startswith("1 bytes of body, 9 announced")


@pytest.mark.parametrize("first", [0x04, 0x07, 0x10, 0x18])
def test_an_unknown_operation_or_version_is_noise(first: int) -> None:
    with pytest.raises(FrameError, match="unknown operation or version"):
        frames.decode(bytes([first]) + bytes(7))


def test_what_is_shorter_than_a_header_is_noise() -> None:
    with pytest.raises(FrameError, match="shorter than a header: 0A 00"):
        frames.decode(b"\x0a\x00")


@given(st.lists(st.binary(max_size=400), max_size=12))
def test_garbage_never_escapes_as_anything_but_an_error_of_frames(pieces: list[bytes]) -> None:
    frames_of(FrameDecoder(), [b"\x06\x09" + piece for piece in pieces])
    frames_of(DatagramDecoder(), pieces)


@pytest.mark.parametrize(
    "flood", [b"\x06\x09", b"A", b"\x06\x09AAAA\n", b"\x04\x14AAAA\n", b"\x0112\n"]
)
def test_a_flood_does_not_fill_the_memory(flood: bytes) -> None:
    decoder = FrameDecoder()
    decoder.receive_data(b"\x06\x09QAAA\n")

    for _ in range(8):
        decoder.receive_data(flood * 20_000)
        with suppress(FrameError):
            decoder.next_frame()

    assert decoder.held_bytes <= frames.BUFFER_SIZE_BYTES_MAX + frames.FRAME_SIZE_BYTES_MAX + 130


@pytest.mark.parametrize("address", [-1, 248])
def test_a_board_has_no_such_address(address: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.247"):
        encode_lines(b"", address=address)


def test_a_frame_that_no_board_holds_is_not_sent() -> None:
    with pytest.raises(ValueError, match="16384 at most"):
        encode_lines(bytes(16_385))


def test_an_answer_repeats_what_was_asked() -> None:
    answer = HEARTBEAT.answer(b"\xa1")

    assert answer == Frame(Op.WRITE_ANSWER, 877, 2, 5, b"\xa1")
    assert answer.op.is_answer


def answer_in(*others: Frame, address: int = 0, asked_address: int = 0) -> Frame | NeedData:
    decoder = AnswerDecoder(HEARTBEAT, address=asked_address)
    decoder.receive_data(b"".join(encode_lines(bytes(f), address=address) for f in others))
    return decoder.next_frame()


def test_the_answer_is_found_behind_other_frames() -> None:
    answer = HEARTBEAT.answer(b"\xa0")
    late = Frame(Op.WRITE_ANSWER, 877, 2, 4, b"\xa0")

    assert answer_in(late, HEARTBEAT, answer) == answer


@pytest.mark.parametrize(
    "other",
    [
        HEARTBEAT,
        Frame(Op.READ_ANSWER, 877, 2, 5, b"\xa0"),
        Frame(Op.WRITE_ANSWER, 876, 2, 5, b"\xa0"),
        Frame(Op.WRITE_ANSWER, 877, 3, 5, b"\xa0"),
        Frame(Op.WRITE_ANSWER, 877, 2, 6, b"\xa0"),
    ],
)
def test_another_frame_is_no_answer(other: Frame) -> None:
    assert answer_in(other) is NEED_DATA


@pytest.mark.parametrize(("address", "asked_address"), [(3, 4), (3, 0), (0, 3)])
def test_another_boards_answer_is_none(address: int, asked_address: int) -> None:
    answer = HEARTBEAT.answer(b"\xa0")

    assert answer_in(answer, address=address, asked_address=asked_address) is NEED_DATA


def test_a_datagram_is_a_frame() -> None:
    decoder = AnswerDecoder(HEARTBEAT, is_datagram=True)
    decoder.receive_data(bytes(HEARTBEAT.answer(b"\xa0")))

    assert decoder.next_frame() == HEARTBEAT.answer(b"\xa0")
    assert decoder.next_frame() is NEED_DATA


def test_of_many_datagrams_the_newest_are_kept() -> None:
    decoder = DatagramDecoder()
    for sequence in range(20):
        decoder.receive_data(bytes(Frame(Op.READ, 0, 0, sequence, b"")))

    found = list(itertools.islice(frames_of(decoder, [b"\x00"])[0], 20))

    assert [received.frame.sequence for received in found] == [13, 14, 15, 16, 17, 18, 19]
