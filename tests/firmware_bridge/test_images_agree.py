"""What the gateway takes, the board's bootloader takes, too; each has a reader of its own."""

import dataclasses
import hashlib
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from config.board_image import BoardImage, ImageError, key_hash, read_image, verify_image
from firmware_bridge.peer_image import CheckedImage, ImageRefusedError, check_image
from tests.config.images import private_key, public_key, signed
from tests.firmware_bridge.signing import board_keys

ERASED = b"\xff" * 64
"""What follows an image in its slot."""
PROTECTED = st.tuples(
    st.sampled_from([0x00A0, 0x50, 0x40, 0x60, 0x01A0]), st.sampled_from([4, 3, 8])
)
EXTRA = st.sampled_from([0x10, 0x01, 0x22, 0x24, 0x20, 0x00A0, 0x50])


def gateway(data: bytes) -> BoardImage | None:
    try:
        image = read_image(data)
        verify_image(image, [public_key()])
    except ImageError:
        return None
    return image


def board(data: bytes) -> CheckedImage | None:
    try:
        return check_image(data + ERASED, board_keys())
    except ImageRefusedError:
        return None


def agree(data: bytes) -> None:
    taken, started = gateway(data), board(data)
    if taken is not None:
        assert started is not None
        assert dataclasses.astuple(taken.version) == started.version
        assert (taken.hw, taken.security_counter) == (started.hw, started.counter)
        assert (taken.hash, taken.size_bytes) == (started.hash, started.size_bytes)
        assert data[taken.program_begin : taken.program_end] == started.body


def area(magic: int, entries: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in entries)
    return struct.pack("<HH", magic, 4 + len(body)) + body


def made(
    header_size: int, flags: int, protected: list[tuple[int, int]], extra: list[int], body: bytes
) -> bytes:
    """Return an image that is signed well, whatever else is wrong with it."""
    key = serialization.load_pem_private_key(private_key().encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    tlvs = area(0x6908, [(kind, bytes(size)) for kind, size in protected]) if protected else b""
    sizes = struct.pack("<IIHHII", 0x96F3B83D, 0, header_size, len(tlvs), len(body), flags)
    head = (sizes + struct.pack("<BBHI4x", 1, 2, 3, 4)).ljust(header_size, b"\0")
    digest = hashlib.sha256(head + body + tlvs).digest()
    values = {0x10: digest, 0x01: key_hash(public_key()), 0x24: key.sign(digest)}
    trailer = [(kind, values.get(kind, b"\0\0\0\x2a")) for kind in [0x10, 0x01, 0x24, *extra]]
    return head + body + tlvs + area(0x6907, trailer)


@given(
    header_size=st.sampled_from([32, 64, 512]),
    flags=st.sampled_from([0, 0, 0, 1, 0x100, 4, 8, 0x10, 0x20, 0x200, 0x400, 0x800, 1 << 31]),
    protected=st.lists(PROTECTED, max_size=3),
    extra=st.lists(EXTRA, max_size=1),
    body=st.binary(max_size=40),
)
def test_what_is_signed_and_odd(
    header_size: int,
    flags: int,
    protected: list[tuple[int, int]],
    extra: list[int],
    body: bytes,
) -> None:
    agree(made(header_size, flags, protected, extra, body))


@given(st.lists(st.tuples(st.integers(0, len(signed()) - 1), st.integers(0, 255)), max_size=3))
def test_what_was_changed_on_the_way(changes: list[tuple[int, int]]) -> None:
    data = bytearray(signed())
    for index, byte in changes:
        data[index] = byte

    agree(bytes(data))


def test_what_both_take() -> None:
    agree(signed())
    agree(made(32, 0, [(0x00A0, 4)], [], b"program"))
    assert gateway(made(32, 0, [(0x00A0, 4)], [], b"program")) is not None
    agree(made(32, 0, [(0x00A0, 4), (0x01A0, 50_000)], [], b"program"))


def test_a_board_starts_no_image_with_a_flag_that_it_does_not_know() -> None:
    for flag in (0x200, 0x400, 0x800, 1 << 31):
        assert board(made(32, flag, [(0x00A0, 4)], [], b"program")) is None
