"""The QR code of a visitor or a new hire: a signed pass that a terminal checks with no network.

Central signs; a node verifies with central's public key, which it has. A scanned code is a
stranger's input: bounded, strictly decoded, and never looked at before its signature fits.

Layout of version 1, big-endian, base64url after ``MV1.``::

    flags 1 | holder 16 | nonce 8 | valid_from 4 | valid_until 4 | n 1 | n x (length 1, slug)
    signature 64

Times are seconds since 1970 UTC; the first of the n access points is the home.
"""

import math
import struct
from datetime import UTC, datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from config.contract.identifiers import Frozen, Slug
from config.contract.trust import TrustError, from_text, sign, to_text, verify
from config.crypto.keys import SigningKey, VerifyingKey
from config.crypto.suite import SIGNATURE_SIZE_BYTES

PREFIX: Final = "MV1."
TEXT_LENGTH_MAX: Final = 1200
"""A QR code of version 25 with medium error correction holds 1,269 such characters."""
POINTS_MAX: Final = 8
_HEAD: Final = struct.Struct(">B16s8sIIB")
_ONE_TIME, _STANDS_ALONE, _NEEDS_ESCORT = 1, 2, 4


class VisitorCodeError(TrustError):
    """The code opens nothing; the message says what to do with it."""


class VisitorCode(Frozen):
    """What a code says.

    Attributes:
        holder_id: The visit's or person's identifier, a UUID.
        nonce: Makes the code unlike every other, hex of 8 bytes.
        valid_from, valid_until: In the code to the second, rounded to let in.
        points: Where it is good, the home access point first.
        is_one_time: One passage. Elsewhere than at home it is then taken only while used codes are
            shared between the nodes.
        stands_alone: Good for somebody whom the terminal has not heard of: a visitor. Otherwise it
            is a credential of a known person, and opens nothing once that person is gone.
        needs_escort: For a visitor whom the terminal has not heard of.
    """

    holder_id: UUID
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    points: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=POINTS_MAX)]
    is_one_time: bool = True
    stands_alone: bool = True
    needs_escort: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.valid_until <= self.valid_from:
            raise ValueError("the code is over before it begins")
        return self

    @property
    def home(self) -> str:
        """The access point at which the code is good with the network cut."""
        return self.points[0]


def encode_visitor_code(code: VisitorCode, *, key: SigningKey, site: str) -> str:
    """Return the text of the QR code.

    Args:
        code: What it says.
        key: Central's.
        site: Part of what is signed: a code of another site is none here.
    """
    flags = (
        (_ONE_TIME if code.is_one_time else 0)
        | (_STANDS_ALONE if code.stands_alone else 0)
        | (_NEEDS_ESCORT if code.needs_escort else 0)
    )
    body = _HEAD.pack(
        flags,
        code.holder_id.bytes,
        bytes.fromhex(code.nonce),
        int(code.valid_from.timestamp()),
        math.ceil(code.valid_until.timestamp()),
        len(code.points),
    ) + b"".join(bytes([len(point)]) + point.encode() for point in code.points)
    return PREFIX + to_text(body + sign(key, body, context=_context(site)))


def decode_visitor_code(text: str, *, key: VerifyingKey, site: str) -> VisitorCode:
    """Return what a scanned code says; whether it is good now and here is for the rules.

    Args:
        text: As scanned, whatever it is.
        key: Central's.
        site: The site of the terminal.

    Raises:
        VisitorCodeError: It is no code, damaged, or not signed by this site's central.
    """
    if not text.startswith(PREFIX):
        raise VisitorCodeError("this is not a visitor's code: show the code of the invitation")
    if len(text) > TEXT_LENGTH_MAX:
        raise VisitorCodeError("the code is too long to be a visitor's: it is refused unread")
    try:
        raw = from_text(text[len(PREFIX) :])
    except TrustError as error:
        raise VisitorCodeError("the code is damaged: show it again, whole and flat") from error
    body, signature = raw[:-SIGNATURE_SIZE_BYTES], raw[-SIGNATURE_SIZE_BYTES:]
    try:
        verify(key, signature, body, context=_context(site))
    except TrustError as error:
        raise VisitorCodeError(
            "the code is damaged or of another site: ask the host for a new invitation"
        ) from error
    try:
        return _decode(body)
    except (ValueError, struct.error, IndexError, ValidationError) as error:
        raise VisitorCodeError("the code is of another version: update this terminal") from error


def _decode(body: bytes) -> VisitorCode:
    flags, holder, nonce, valid_from, valid_until, count = _HEAD.unpack_from(body)
    points, place = [], _HEAD.size
    for _ in range(count):
        length = body[place]
        points.append(body[place + 1 : place + 1 + length].decode("ascii"))
        place += 1 + length
    if place != len(body) or flags > _ONE_TIME | _STANDS_ALONE | _NEEDS_ESCORT:
        raise ValueError("not of this version")
    return VisitorCode(
        holder_id=UUID(bytes=holder),
        nonce=nonce.hex(),
        valid_from=datetime.fromtimestamp(valid_from, UTC),
        valid_until=datetime.fromtimestamp(valid_until, UTC),
        points=tuple(points),
        is_one_time=bool(flags & _ONE_TIME),
        stands_alone=bool(flags & _STANDS_ALONE),
        needs_escort=bool(flags & _NEEDS_ESCORT),
    )


def _context(site: str) -> str:
    return f"menshen visitor code v1|{site}"
