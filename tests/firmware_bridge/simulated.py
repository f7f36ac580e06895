"""A simulated board with small flash and its own clock, and how a test asks it."""

import hashlib
import itertools
import struct
from collections.abc import Sequence
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.peer_board import Board
from firmware_bridge.peer_flash import Flash, Geometry
from firmware_bridge.peer_group import GROUP
from firmware_bridge.peer_image import PublicKey, stated_hash
from firmware_bridge.peer_make import Make
from tests.firmware_bridge.signing import board_keys

READ, WRITE = 0, 2
SMALL = Geometry(sector_size_bytes=512, slot_sector_count=6)
PIECE_SIZE_BYTES = 200
_HEADER = struct.Struct(">BBHHBB")
_sequences = itertools.cycle(range(256))
_nonces, _counters = itertools.count(1), itertools.count(1)


def small_board(
    keys: Sequence[PublicKey] | None = None,
    *,
    flash: Flash | None = None,
    **make: Any,  # noqa: ANN401 - of several types
) -> Board:
    """Return a board whose slots have six sectors of 512 bytes. Args: make: of ``Make``."""
    flash = Flash(SMALL) if flash is None else flash
    return Board(Make(geometry=SMALL, **make), board_keys() if keys is None else keys, flash)


def ask(
    board: Board,
    group: int,
    command: int,
    values: dict[str, Any] | None = None,
    *,
    operation: int = READ,
    is_datagram: bool = False,
) -> dict[str, Any] | None:
    """Send a request of version 1; returns the answer's body, or None where there is none."""
    body = cbor2.dumps(values or {})
    head = _HEADER.pack(operation | 8, 0, len(body), group, next(_sequences), command)
    answer = board.receive(head + body, is_datagram=is_datagram)
    if answer is None:
        return None
    found: dict[str, Any] = cbor2.loads(answer[_HEADER.size :])
    return found


def tell(board: Board, group: int, command: int, **values: Any) -> dict[str, Any] | None:  # noqa: ANN401 - CBOR
    """Send a write."""
    return ask(board, group, command, values, operation=WRITE)


def board_state(board: Board, **values: int) -> dict[str, Any]:
    """Return the board's state."""
    state = ask(board, GROUP, 1, values)
    assert state is not None
    return state


def command(board: Board, channel: int, *, on: bool, ms: int = 0) -> dict[str, Any] | None:
    """Command an output, with a nonce of its own."""
    boot = board_state(board, max=0)["boot"]
    return tell(board, GROUP, 3, boot=boot, n=fresh_nonce(), ch=channel, on=on, ms=ms)


def configure(board: Board, **changes: Any) -> dict[str, Any] | None:  # noqa: ANN401 - CBOR
    """Change the configuration."""
    boot = board_state(board, max=0)["boot"]
    return tell(board, GROUP, 4, boot=boot, n=fresh_nonce(), **changes)


def fresh_nonce() -> bytes:
    """Return a nonce that no request had before."""
    return next(_nonces).to_bytes(8, "big")


def signed(
    board: Board,
    key: Ed25519PrivateKey,
    number: int,
    /,
    *,
    counter: int | None = None,
    boot: int | None = None,
    is_datagram: bool = False,
    **arguments: Any,  # noqa: ANN401 - CBOR
) -> dict[str, Any] | None:
    """Send a signed command; without a counter, one above all before."""
    inside = {
        "boot": board_state(board, max=0)["boot"] if boot is None else boot,
        "c": next(_counters) if counter is None else counter,
        "cmd": number,
        "args": arguments,
    }
    body = cbor2.dumps(inside)
    text = b"menshen board v1|" + board.serial_number.encode() + b"|" + body
    values = {"body": body, "sig": key.sign(text)}
    return ask(board, GROUP, 7, values, operation=WRITE, is_datagram=is_datagram)


def events_of(board: Board, kind: int) -> list[list[Any]]:
    """Return what events of one kind say, without number and time."""
    events = board_state(board, max=1000)["ev"]
    return [event[3:] for event in events if event[2] == kind]


def upload(board: Board, image: bytes, *, begin: int = 0) -> dict[str, Any] | None:
    """Upload until the board has it all, refuses, or is silent; returns the last answer."""
    answer: dict[str, Any] | None = {"off": begin}
    first = {"len": len(image), "sha": hashlib.sha256(image).digest()}
    while answer is not None and "off" in answer and "match" not in answer:
        offset = answer["off"]
        data = image[offset : offset + PIECE_SIZE_BYTES]
        answer = tell(board, 1, 1, off=offset, data=data, **(first if offset == 0 else {}))
    return answer


def put_on_trial(board: Board, image: bytes) -> None:
    """Put an uploaded image on trial and restart the board."""
    tell(board, 1, 0, hash=stated_hash(image))
    tell(board, 0, 5)
    board.step(1.0)


def running(board: Board) -> str:
    """Return the version that runs; empty where nothing does."""
    identity = ask(board, GROUP, 0)
    return "" if identity is None else str(identity["ver"])
