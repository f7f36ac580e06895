"""Who may do what to a simulated board, and that a request that comes again is done once."""

import hashlib
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.peer_board import Board
from tests.firmware_bridge.signing import firmware
from tests.firmware_bridge.simulated import (
    WRITE,
    ask,
    board_state,
    command,
    configure,
    events_of,
    fresh_nonce,
    signed,
    small_board,
    tell,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ACCESS_DENIED = {"rc": 11}


def refusal(code: int) -> dict[str, Any]:
    """Return a refusal of the group."""
    return {"err": {"group": 877, "rc": code}}


def boot_of(board: Board) -> int:
    """Return the number of this start."""
    return int(board_state(board, max=0)["boot"])


def claim(board: Board, key: bytes = PUBLIC) -> dict[str, Any] | None:
    """Claim a board, unsigned."""
    return tell(board, 877, 6, boot=boot_of(board), key=key)


def claimed_board() -> Board:
    """Return a board that is claimed by ``KEY``."""
    board = small_board()
    claim(board)
    return board


def test_the_identity_says_what_the_page_says() -> None:
    identity = ask(small_board(), 877, 0)

    assert identity is not None
    assert {key: value for key, value in identity.items() if key != "hash"} == {
        "proto": 1,
        "model": "menshen-b1",
        "hw": 42,
        "rev": "A",
        "sn": "SIM-0001",
        "ver": "1.0.0+0",
        "in": 8,
        "out": 4,
        "rd": 2,
        "addr": 0,
        "claimed": False,
        "counter": 0,
        "slot": 3072,
    }
    assert len(identity["hash"]) == 32


def test_each_start_has_a_number_of_its_own() -> None:
    board = small_board()
    before = boot_of(board)

    board.restart()
    board.step(1)

    assert boot_of(board) not in (0, before)


@pytest.mark.parametrize(
    ("number", "values"),
    [
        (3, {"n": bytes(8), "ch": 0, "on": True}),
        (4, {"n": bytes(8), "deb": 5}),
        (6, {"key": PUBLIC}),
        (8, {"ms": 5}),
    ],
)
def test_a_command_to_another_start_is_refused(number: int, values: dict[str, Any]) -> None:
    board = small_board()

    answer = tell(board, 877, number, boot=boot_of(board) ^ 1, **values)

    assert answer == refusal(5)


def test_a_request_that_comes_again_is_done_once() -> None:
    board = small_board()
    values = {"boot": boot_of(board), "n": b"12345678", "ch": 1, "on": True, "ms": 500}
    first = tell(board, 877, 3, **values)
    board.step(0.6)

    assert tell(board, 877, 3, **values) == first

    assert board_state(board)["out"] == 0
    assert tell(board, 877, 3, **{**values, "ch": 2}) == refusal(8)


@pytest.mark.parametrize(("count", "outputs"), [(31, 0b01), (32, 0b11)])
def test_the_newest_32_nonces_are_remembered(count: int, outputs: int) -> None:
    board = small_board()
    values = {"boot": boot_of(board), "n": b"12345678", "ch": 1, "on": True}
    tell(board, 877, 3, **values)
    command(board, 1, on=False)
    for _ in range(count - 1):
        command(board, 0, on=True)

    tell(board, 877, 3, **values)

    assert board_state(board)["out"] == outputs


def test_what_was_refused_is_not_remembered() -> None:
    board = small_board()
    values = {"boot": boot_of(board), "n": b"12345678", "on": True}

    assert tell(board, 877, 3, **values, ch=99) == refusal(2)
    assert tell(board, 877, 3, **values, ch=0) == {"out": 1}


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"ms": 9}, refusal(3)),
        ({"ms": 600_001}, refusal(3)),
        ({"ch": 4}, refusal(2)),
        ({"ch": -1}, {"rc": 3}),
        ({"on": 1}, {"rc": 3}),
        ({"n": "12345678"}, {"rc": 3}),
        ({"n": b"1234567"}, refusal(3)),
    ],
)
def test_an_output_that_cannot_be_is_refused(
    values: dict[str, Any], answer: dict[str, Any]
) -> None:
    board = small_board()
    usual = {"boot": boot_of(board), "n": fresh_nonce(), "ch": 0, "on": True}

    assert tell(board, 877, 3, **{**usual, **values}) == answer

    assert board_state(board)["out"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"wd": 499},
        {"wd": 60_001},
        {"safe": [0, 0, 0]},
        {"safe": [0, 0, 0, 3]},
        {"fire_in": 8},
        {"fire_inv": 1},
        {"fire_on": 16},
        {"fire_on": 1, "fire_off": 1},
        {"inv": 256},
        {"deb": 1001},
        {"trial": 9_999},
    ],
)
def test_a_configuration_that_cannot_be_changes_nothing(changes: dict[str, Any]) -> None:
    board = small_board()
    before = ask(board, 877, 4)

    assert configure(board, **{"deb": 7, **changes}) == refusal(3)

    assert ask(board, 877, 4) == before


def test_the_configuration_outlives_a_power_cut() -> None:
    board = small_board()
    wanted = configure(board, wd=5000, safe=[1, 2, 0, 0], fire_in=3)

    board.power(is_on=False)
    board.power(is_on=True)

    assert ask(board, 877, 4) == wanted
    assert wanted is not None
    assert (wanted["wd"], wanted["safe"]) == (5000, [1, 2, 0, 0])


def test_a_configuration_that_is_known_is_not_written_again() -> None:
    board = small_board()
    configure(board, wd=5000)
    before = board.flash.operation_count

    configure(board, wd=5000)

    assert board.flash.operation_count == before
    assert len(events_of(board, 10)) == 1


def test_in_a_fire_nobody_changes_what_a_fire_does() -> None:
    board = small_board()
    configure(board, fire_in=0, fire_inv=True, fire_on=1)
    board.step(0.05)

    assert configure(board, fire_on=0) == refusal(4)


def test_whoever_has_the_serial_line_claims_a_board() -> None:
    board = small_board()

    assert claim(board) == {"key": hashlib.sha256(PUBLIC).digest()[:8]}

    identity = ask(board, 877, 0)
    assert identity is not None
    assert identity["claimed"]


def test_a_claim_outlives_a_power_cut() -> None:
    board = claimed_board()

    board.power(is_on=False)
    board.power(is_on=True)

    assert claim(board, bytes(32)) == refusal(6)


@pytest.mark.parametrize("number", [4, 5, 6])
def test_a_claimed_board_takes_these_only_signed(number: int) -> None:
    board = claimed_board()
    values: dict[str, Any] = {"n": fresh_nonce(), "deb": 5, "ms": 1000, "key": PUBLIC}

    assert tell(board, 877, number, boot=boot_of(board), **values) == refusal(6)

    assert events_of(board, 12) == [[number]]
    assert "err" not in (signed(board, KEY, number, **values) or {"err": 0})


def test_a_hold_of_an_unclaimed_board_is_refused() -> None:
    board = small_board()

    assert tell(board, 877, 5, boot=boot_of(board), ms=1000) == refusal(9)
    assert signed(board, KEY, 5, ms=1000) == refusal(9)


def test_only_the_present_key_gives_a_board_to_another() -> None:
    board = claimed_board()
    other = OTHER.public_key().public_bytes_raw()

    assert signed(board, OTHER, 6, key=other) == refusal(6)
    assert signed(board, KEY, 6, key=other) == {"key": hashlib.sha256(other).digest()[:8]}
    assert signed(board, OTHER, 5, ms=5) == {"hold": 5}


def test_a_closed_jumper_frees_a_board_from_the_next_start_on() -> None:
    board = claimed_board()
    board.is_jumper_now = True
    assert claim(board, bytes(32)) == refusal(6)

    board.restart()
    board.step(1)

    values = {"boot": boot_of(board), "key": bytes(32)}
    assert ask(board, 877, 6, values, operation=WRITE, is_datagram=True) == refusal(6)
    assert "key" in (claim(board, bytes(32)) or {})


def test_a_counter_is_taken_once_and_only_rises() -> None:
    board = claimed_board()

    assert signed(board, KEY, 5, counter=1000, ms=5) == {"hold": 5}
    assert signed(board, KEY, 5, counter=1000, ms=5) == refusal(7)
    assert signed(board, KEY, 5, counter=999, ms=5) == refusal(7)
    assert signed(board, KEY, 5, counter=1 << 32, ms=5) == refusal(7)


def test_signed_refusals_come_in_the_order_of_the_page() -> None:
    board = claimed_board()

    assert signed(board, OTHER, 5, boot=1, counter=0, ms=5) == refusal(6)
    assert signed(board, KEY, 5, boot=1, counter=0, ms=5) == refusal(5)
    assert signed(board, KEY, 5, counter=0, ms=5) == refusal(7)


def test_the_example_of_the_page_is_taken() -> None:
    board = small_board(serial_number="A1-0042", boot=7)
    claim(board)
    body = "A464626F6F740761630163636D64056461726773A1626D7319EA60"
    sig = (
        "08BABF7FC63B69A3DBF5852D822D2090FDC3FE9F7FC3BA1C79665BDB0DB8B83C"
        "F7F2719ECA78B5104450ECEEF19E4AAE9C0397CE5E7FF8C2931C3F5C05A5D70B"
    )

    answer = tell(board, 877, 7, body=bytes.fromhex(body), sig=bytes.fromhex(sig))

    assert answer == {"hold": 60_000}


@pytest.mark.parametrize("number", [7, 0, 99])
def test_what_is_no_write_cannot_be_signed(number: int) -> None:
    assert signed(claimed_board(), KEY, number) == refusal(3)


@pytest.mark.parametrize("body", [b"", b"\xff", cbor2.dumps([1]), cbor2.dumps({"boot": "x"})])
def test_a_signed_body_that_is_none_is_refused(body: bytes) -> None:
    board = claimed_board()
    sig = KEY.sign(b"menshen board v1|SIM-0001|" + body)

    assert tell(board, 877, 7, body=body, sig=sig) in (refusal(3), {"rc": 3})


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 8])
def test_over_udp_every_write_is_signed(number: int) -> None:
    board = small_board()
    values = {"boot": boot_of(board), "n": fresh_nonce(), "ch": 0, "on": True, "ms": 50}
    values["key"] = PUBLIC

    assert ask(board, 877, number, values, operation=WRITE, is_datagram=True) == refusal(9)
    claim(board)
    assert ask(board, 877, number, values, operation=WRITE, is_datagram=True) == refusal(6)


def test_over_udp_a_signed_command_is_taken() -> None:
    board = claimed_board()

    answer = signed(board, KEY, 3, is_datagram=True, n=fresh_nonce(), ch=0, on=True)

    assert answer == {"out": 1}


@pytest.mark.parametrize(("group", "number"), [(0, 5), (1, 0), (1, 1), (1, 5)])
def test_over_udp_images_are_taken_only_while_maintained(group: int, number: int) -> None:
    board = claimed_board()
    image = firmware()
    values = {"off": 0, "data": image[:100], "len": len(image), "confirm": True}

    assert ask(board, group, number, values, operation=WRITE, is_datagram=True) == ACCESS_DENIED
    assert signed(board, KEY, 8, is_datagram=True, ms=1000) == {"ms": 1000}
    answer = ask(board, group, number, values, operation=WRITE, is_datagram=True)
    assert answer is not None
    assert "rc" not in answer
    board.step(1.01)
    assert ask(board, group, number, values, operation=WRITE, is_datagram=True) in (
        ACCESS_DENIED,
        None,
    )


def test_a_restart_ends_the_time_for_images() -> None:
    board = claimed_board()
    signed(board, KEY, 8, is_datagram=True, ms=600_000)

    board.restart()
    board.step(1)

    assert ask(board, 1, 5, operation=WRITE, is_datagram=True) == ACCESS_DENIED


def test_over_udp_whoever_asks_may_read() -> None:
    board = claimed_board()

    assert ask(board, 877, 0, is_datagram=True) == ask(board, 877, 0)


def test_a_command_that_there_is_not_is_not_supported() -> None:
    assert ask(small_board(), 877, 42) == {"rc": 8}
    assert tell(small_board(), 877, 0) == {"rc": 8}
