"""Signed commands of the board group, both roles; docs/board.md, section 6."""

import dataclasses
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.protocols import FrameError
from firmware_bridge.bodies import decode_map, encode_map
from firmware_bridge.frames import Op
from firmware_bridge.group import Command, Request, Signed, request_of
from firmware_bridge.refusals import INVALID, NOT_SUPPORTED, OS, BoardRefusedError

CONTEXT: Final = b"menshen board v1|"
COUNTER_MAX: Final = 0xFFFFFFFF
EPOCH_S: Final = 1_767_225_600
"""2026-01-01 00:00 UTC."""
COUNTS_PER_S: Final = 4
LEAP_MIN: Final = 1 << 8
LEAP_FACTOR: Final = 1 << 6
LEAP_MAX: Final = 1 << 26
"""Half a year."""


class Signer(Protocol):
    """Whoever has the key that a board was claimed with."""

    @property
    def public_key(self) -> bytes:
        """Ed25519, raw, 32 bytes."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        ...


class KeySigner:
    """Signs with a key in memory."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, data: bytes) -> bytes:
        """See ``Signer.sign``."""
        return self._key.sign(data)


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What stands in a signed request. Attributes: counter: 1..2^32-1, used once per start."""

    boot: int
    counter: int
    command: int
    arguments: dict[str, Any]

    def request(self) -> Request:
        """Return the request inside.

        Raises:
            BoardRefusedError: It is none that the group has, or a value is out of bounds.
        """
        if self.command == Command.SIGNED:  # none holds another
            raise BoardRefusedError(OS, NOT_SUPPORTED)
        return request_of(Op.WRITE, self.command, {**self.arguments, "boot": self.boot})


def signed_bytes(serial_number: str, body: bytes) -> bytes:
    """Return what the signature is over."""
    return CONTEXT + serial_number.encode("ascii", "replace") + b"|" + body


def sign_request(
    request: Request, *, signer: Signer, serial_number: str, boot: int, counter: int
) -> Signed:
    """Return a write in a signed request.

    Args:
        request: Its own ``boot`` is left out.
        signer: Has the key that the board was claimed with.
        serial_number: The board's.
        boot: Of its present start.
        counter: 1..2^32-1, above every one that was used since that start.
    """
    arguments = {name: value for name, value in request.to_map().items() if name != "boot"}
    body = encode_map({"boot": boot, "c": counter, "cmd": int(request.COMMAND), "args": arguments})
    return Signed(body=body, signature=signer.sign(signed_bytes(serial_number, body)))


def is_signed_by(signed: Signed, public_key: bytes, *, serial_number: str) -> bool:
    """Return whether the holder of a key signed it for this board. Args: public_key: Raw."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signed.signature, signed_bytes(serial_number, signed.body)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def read_order(signed: Signed) -> Order:
    """Return what stands in a signed request; whether it is signed is not looked at.

    Raises:
        BoardRefusedError: It is not as it should be.
    """
    try:
        values = decode_map(signed.body)
    except FrameError as error:
        raise BoardRefusedError(OS, INVALID) from error
    numbers = [values.get(name) for name in ("boot", "c", "cmd")]
    arguments = values.get("args", {})
    boot, counter, command = (
        number if isinstance(number, int) and not isinstance(number, bool) else -1
        for number in numbers
    )
    are_sound = 0 <= boot <= COUNTER_MAX and 0 < counter <= COUNTER_MAX and command >= 0
    if not are_sound or not isinstance(arguments, dict):
        raise BoardRefusedError(OS, INVALID)
    return Order(boot, counter, command, arguments)


def next_counter(before: int, *, now_s: float) -> int:
    """Return a counter above one, and above those of others that hold the same key.

    Args:
        before: The last that was used; 0 before the first.
        now_s: Seconds since 1970; whoever signs less than four times a second uses no number that
            another will use later, until 2060.
    """
    return min(COUNTER_MAX, max(before + 1, int((now_s - EPOCH_S) * COUNTS_PER_S)))


def longer_leap(leap: int) -> int:
    """Return how far to go beyond a counter that was refused, after so far was too short."""
    return min(LEAP_MAX, leap * LEAP_FACTOR or LEAP_MIN)
