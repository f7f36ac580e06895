"""The standard groups of the simulated board, and what it does with what it cannot read."""

import struct
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.peer_board import Board
from tests.firmware_bridge.simulated import ask, small_board, tell

HEADER = struct.Struct(">BBHHBB")


def raw_answer(board: Board, first: int, group: int, command: int, values: dict[str, Any]) -> bytes:
    """Return the answer to a frame with this first byte."""
    body = cbor2.dumps(values)
    return board.receive(HEADER.pack(first, 0, len(body), group, 77, command) + body) or b""


def test_it_echoes_in_the_version_that_it_is_asked_in() -> None:
    assert raw_answer(small_board(), 0x0A, 0, 0, {"d": "hi"}) == bytes.fromhex(
        "0B 00 00 06 00 00 4D 00 A1 61 72 62 68 69"
    )
    assert raw_answer(small_board(), 0x02, 0, 0, {"d": "hi"})[0] == 0x03


def test_it_says_how_much_it_takes_and_what_started_it() -> None:
    assert ask(small_board(), 0, 6) == {"buf_size": 2048, "buf_count": 1}
    assert ask(small_board(), 0, 8, {"query": "mode"}) == {"bootloader": "MCUboot"}


def test_a_refusal_of_a_group_is_short_to_version_0() -> None:
    body = raw_answer(small_board(), 0x02, 877, 8, {"boot": 0, "ms": 1})[HEADER.size :]

    assert cbor2.loads(body) == {"rc": 5}


@pytest.mark.parametrize(("group", "command"), [(0, 42), (63, 0), (1, 3)])
def test_what_it_lacks_is_not_supported(group: int, command: int) -> None:
    assert ask(small_board(), group, command) == {"rc": 8}


@pytest.mark.parametrize(
    ("group", "command", "values"),
    [
        (0, 0, {}),
        (1, 0, {"hash": "text"}),
        (1, 0, {"confirm": 1}),
        (1, 1, {"off": -1, "data": b""}),
        (1, 1, {"off": 0, "data": "text"}),
        (1, 1, {"off": 0, "data": b"", "len": "1"}),
        (1, 1, {"off": 0, "data": b"", "image": 1}),
        (1, 5, {"slot": "1"}),
    ],
)
def test_a_key_that_is_missing_or_wrong_is_refused(
    group: int, command: int, values: dict[str, Any]
) -> None:
    assert tell(small_board(), group, command, **values) == {"rc": 3}


def test_statistics_are_listed_and_told() -> None:
    board = small_board()
    ask(board, 0, 6)
    board.receive(b"nothing")

    assert ask(board, 2, 1) == {"stat_list": ["link", "power", "flash"]}
    link = ask(board, 2, 0, {"name": "link"})
    assert link == {"name": "link", "fields": {"frames": 3, "bad": 1, "restarts": 1}}
    assert ask(board, 2, 0, {"name": "coffee"}) == {"err": {"group": 2, "rc": 2}}


def test_the_log_says_what_happened_and_no_card() -> None:
    board = small_board(buffer_size_bytes=384)
    for _ in range(40):
        board.card(0, 26, bytes.fromhex("BDD93740"))
    board.step(0.1)

    log = b""
    answer = ask(board, 8, 0, {"name": "/log/board.txt", "off": 0})
    while answer is not None and len(log) < answer["len"]:
        log += answer["data"]
        answer = ask(board, 8, 0, {"name": "/log/board.txt", "off": len(log)})

    assert log.startswith(b"started 1.0.0+0, cause power\n0 started 0 0\n0 card 0 26 -\n")
    assert log.count(b"card") == 40
    assert b"BDD9" not in log


def test_a_log_that_is_being_read_stands_still() -> None:
    board = small_board(buffer_size_bytes=384)
    for _ in range(40):
        board.card(0, 26, bytes(4))
    board.step(0.1)
    before = ask(board, 8, 0, {"name": "/log/board.txt", "off": 0})
    board.card(0, 26, bytes(4))
    board.step(0.1)

    after = ask(board, 8, 0, {"name": "/log/board.txt", "off": 300})

    assert before is not None
    assert after is not None
    assert after["len"] == before["len"]


def test_the_log_keeps_16_kib() -> None:
    board = small_board()
    for _ in range(100):
        for _ in range(20):
            board.card(0, 26, bytes(4))
        board.step(0.1)

    answer = ask(board, 8, 0, {"name": "/log/board.txt", "off": 0})

    assert answer is not None
    assert 16_300 < answer["len"] <= 16_384


def test_another_file_is_not_found() -> None:
    answer = ask(small_board(), 8, 0, {"name": "/etc/passwd", "off": 0})

    assert answer == {"err": {"group": 8, "rc": 3}}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x08\x00\x00\x01\x00\x00\x01",
        bytes.fromhex("08 00 00 02 00 00 01 06 A0"),  # the length is wrong
        bytes.fromhex("08 00 00 01 00 00 01 06 80"),  # a list
        bytes.fromhex("08 00 00 01 00 00 01 06 FF"),  # no CBOR
        bytes.fromhex("09 00 00 01 00 00 01 06 A0"),  # an answer
        bytes.fromhex("18 00 00 01 00 00 01 06 A0"),  # version 3
        bytes.fromhex("08 00 00 03 00 00 01 06 A1 01 02"),  # a key that is no text
    ],
)
def test_what_it_cannot_read_it_does_not_answer(frame: bytes) -> None:
    assert small_board().receive(frame) is None


BOARD = small_board()
VALUES = st.dictionaries(
    st.sampled_from(["d", "off", "data", "len", "sha", "hash", "confirm", "slot", "boot", "n"])
    | st.sampled_from(["ch", "on", "ms", "key", "body", "sig", "wd", "safe", "seq", "max"]),
    st.none() | st.booleans() | st.integers() | st.binary(max_size=64) | st.text(max_size=5),
    max_size=6,
)


@given(
    st.sampled_from([0, 2]),
    st.sampled_from([0, 1, 2, 8, 877, 5]),
    st.integers(0, 10),
    VALUES,
    st.booleans(),
)
def test_whatever_it_is_asked_it_answers(
    operation: int, group: int, command: int, values: dict[str, Any], is_datagram: bool
) -> None:
    answer = ask(BOARD, group, command, values, operation=operation, is_datagram=is_datagram)

    assert isinstance(answer, dict)


@given(st.binary(max_size=80))
def test_any_bytes_are_survived(frame: bytes) -> None:
    BOARD.receive(frame)
    BOARD.receive(frame, is_datagram=True)


@pytest.mark.parametrize(
    ("buffer_size_bytes", "is_datagram", "limit"),
    [(384, False, 380), (384, True, 380), (8192, False, 8188), (8192, True, 1400)],
)
def test_an_answer_fits_into_its_frame(
    buffer_size_bytes: int, is_datagram: bool, limit: int
) -> None:
    board = small_board(buffer_size_bytes=buffer_size_bytes)
    board.now_s += 1e9
    for _ in range(200):
        board.card(1, 255, bytes(32))
    body = cbor2.dumps({"max": 1000})

    answer = board.receive(HEADER.pack(8, 0, len(body), 877, 1, 1) + body, is_datagram=is_datagram)

    assert answer is not None
    assert limit / 2 < len(answer) <= limit
    assert len(cbor2.loads(answer[HEADER.size :])["ev"]) >= 2
