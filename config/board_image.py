"""Images for controller boards: what one says of itself, who signed it, and whether it fits. Pure.

Bytes are judged before a board gets any of them, so all that can be wrong is an ``ImageError``: a
reason, and one line that says what to do. An image is taken only in the one form that docs/board.md
asks for; what a signature does not cover says nothing.

Source: MCUboot, *Bootloader*, sections *Image format* and *Integrity check*; imgtool 2.5.0 for
what signatures are made over.
"""

import dataclasses
import hashlib
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Self

from cryptography.exceptions import InvalidSignature

from config.contract.board_events import UpdateReason
from config.image_keys import PublicKey, PublicKeyError, key_hash, public_keys, verify_signature

__all__ = [
    "BoardImage",
    "ImageError",
    "ImageVersion",
    "PublicKey",
    "PublicKeyError",
    "fits_board",
    "key_hash",
    "public_keys",
    "read_image",
    "verify_image",
]

IMAGE_MAGIC: Final = 0x96F3B83D
TLV_INFO_MAGIC: Final = 0x6907
TLV_PROTECTED_INFO_MAGIC: Final = 0x6908
IMAGE_SIZE_BYTES_MAX: Final = 16_000_000
"""No slot of a small board is longer."""

TLV_KEY_HASH: Final = 0x01
TLV_SHA256: Final = 0x10
TLV_ECDSA: Final = 0x22
TLV_ED25519: Final = 0x24
TLV_SECURITY_COUNTER: Final = 0x50
TLV_HW: Final = 0x00A0
"""The first number that MCUboot leaves to vendors: the board's type, 4 bytes big-endian."""

_HEADER: Final = struct.Struct("<IIHHIIBBHI4x")
_TLV: Final = struct.Struct("<HH")
"""A TLV's type and length; also an area's magic and size."""
_FLAGS_TAKEN: Final = 0x0101
"""PIC and ROM_FIXED. Others make an image that is encrypted, compressed, not for a swap, or new."""
_ENCRYPTED: Final = 0x000C
_TRAILERS: Final = (
    (TLV_SHA256,),
    (TLV_SHA256, TLV_KEY_HASH, TLV_ECDSA),
    (TLV_SHA256, TLV_KEY_HASH, TLV_ED25519),
)
"""Nothing signs this area: each TLV once, in imgtool's order, and no other."""
_OTHER_SIGNATURES: Final[Mapping[int, str]] = {
    0x02: "the whole public key instead of its hash",
    0x11: "SHA-384",
    0x12: "SHA-512",
    0x20: "RSA-2048",
    0x21: "ECDSA P-224",
    0x23: "RSA-3072",
    0x25: "a signature without a hash (--pure)",
}
_HOW_TO_SIGN: Final = "sign it with imgtool and an Ed25519 or ECDSA P-256 key"
_HOW_TO_NAME_HW: Final = "--custom-tlv 0x00A0 0x0000002A"
_VERSION: Final = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:[+.](\d{1,10}))?", re.ASCII)
_VERSION_MAX: Final = (0xFF, 0xFF, 0xFFFF, 0xFFFFFFFF)


class ImageError(Exception):
    """An image is not taken. Attributes: reason: which the message says in one line."""

    def __init__(self, reason: UpdateReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class ImageVersion:
    """A version as MCUboot has it, in its order. Shown as ``1.2.3+4``, without a build of 0.

    Attributes:
        major, minor: 0..255.
        revision: 0..65535.
        build: 0..4294967295.
    """

    major: int = 0
    minor: int = 0
    revision: int = 0
    build: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``1.2.3``, ``1.2.3+4``, or ``1.2.3.4`` as MCUmgr writes it.

        Raises:
            ValueError: It is none.
        """
        match = _VERSION.fullmatch(text)
        numbers = tuple(int(number or 0) for number in match.groups()) if match else ()
        if not numbers or any(n > m for n, m in zip(numbers, _VERSION_MAX, strict=True)):
            raise ValueError(f"no version of an image: {text[:40]!r}; one is 1.2.3+4")
        return cls(*numbers)

    def __str__(self) -> str:
        build = f"+{self.build}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.revision}{build}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BoardImage:
    """What an image says of itself. It is whole; who signed it, ``verify_image`` says.

    Attributes:
        hw: Number of the board's type; None where it names none.
        security_counter: 0 where it has none.
        hash: SHA-256 of header, program and protected TLVs: 32 bytes, by which a board names it.
        key_hash: SHA-256 of the public key (SubjectPublicKeyInfo); None where it is not signed.
        signature_tlv: Which kind of signature; None where it is not signed.
        program_begin, program_end: Where the program alone stands in the file.
        sha256: Of the file: 32 bytes.
    """

    version: ImageVersion
    hw: int | None
    security_counter: int
    hash: bytes
    key_hash: bytes | None
    signature_tlv: int | None
    signature: bytes
    size_bytes: int
    program_begin: int
    program_end: int
    sha256: bytes


def read_image(data: bytes) -> BoardImage:
    """Read an image, and check that it is whole and is what its hash says.

    Raises:
        ImageError: NOT_AN_IMAGE, TRUNCATED, DAMAGED, TOO_LARGE; or NOT_SIGNED, where it is signed
            in a way that boards do not know.
    """
    size_bytes = len(data)
    if size_bytes > IMAGE_SIZE_BYTES_MAX:
        raise ImageError(
            UpdateReason.TOO_LARGE,
            f"the file has {size_bytes} bytes, more than any board's slot: give the signed .bin",
        )
    if data[:4] != struct.pack("<I", IMAGE_MAGIC):
        raise ImageError(
            UpdateReason.NOT_AN_IMAGE,
            f"not an MCUboot image (it begins with {data[:4].hex(' ') or 'nothing'}):"
            " give the .bin that imgtool sign wrote",
        )
    if size_bytes < _HEADER.size:
        raise _truncated(size_bytes, _HEADER.size)
    version, (program_begin, program_end), protected_size, flags = _header(data)
    _check_flags(flags)
    protected_end = program_end + protected_size
    protected = (
        _area(data, program_end, TLV_PROTECTED_INFO_MAGIC, size_bytes=protected_size)
        if protected_size
        else []
    )
    trailer = _area(data, protected_end, TLV_INFO_MAGIC, size_bytes=None)
    _check_trailer(tuple(kind for kind, _ in trailer))
    digest = hashlib.sha256(data[:protected_end]).digest()
    if trailer[0][1] != digest:
        raise _damaged("its hash is another than the one it carries")
    is_signed = len(trailer) > 1
    hw, counter = _number(protected, TLV_HW, "big"), _number(protected, TLV_SECURITY_COUNTER)
    return BoardImage(
        version=version,
        hw=hw,
        security_counter=counter or 0,
        hash=digest,
        key_hash=trailer[1][1] if is_signed else None,
        signature_tlv=trailer[2][0] if is_signed else None,
        signature=trailer[2][1] if is_signed else b"",
        size_bytes=size_bytes,
        program_begin=program_begin,
        program_end=program_end,
        sha256=hashlib.sha256(data).digest(),
    )


def verify_image(image: BoardImage, keys: Sequence[PublicKey]) -> None:
    """Check that one of these keys signed an image.

    Raises:
        ImageError: NO_KEYS, NOT_SIGNED, WRONG_KEY, or DAMAGED where the signature is none of the
            key that the image names.
    """
    if not keys:
        raise ImageError(
            UpdateReason.NO_KEYS,
            "no key whose images are taken: put the signer's public key into [boards] keys",
        )
    if image.key_hash is None:
        raise ImageError(UpdateReason.NOT_SIGNED, f"the image is not signed: {_HOW_TO_SIGN}")
    key = next((key for key in keys if key_hash(key) == image.key_hash), None)
    if key is None:
        raise ImageError(
            UpdateReason.WRONG_KEY,
            f"the image is signed by key {image.key_hash[:4].hex()}…, which is none of this site's"
            " ([boards] keys): have it signed by one of them",
        )
    try:
        verify_signature(
            key, image.signature, image.hash, is_ed25519=image.signature_tlv == TLV_ED25519
        )
    except InvalidSignature as error:
        raise _damaged("its signature is none of the key that it names") from error


def fits_board(
    image: BoardImage,
    *,
    hw: int,
    running: ImageVersion,
    counter: int,
    slot_size_bytes: int | None,
) -> None:
    """Check that an image is for a board, and not older than what it runs.

    Args:
        image: Which is verified.
        hw: Number of the board's type.
        running: What it runs.
        counter: The highest security counter that it ever confirmed.
        slot_size_bytes: None or 0 where nobody knows it; the board refuses by itself then.

    Raises:
        ImageError: OTHER_BOARD, DOWNGRADE or TOO_LARGE.
    """
    if image.hw is None:
        raise ImageError(
            UpdateReason.OTHER_BOARD,
            f"the image names no type of board: sign it with {_HOW_TO_NAME_HW}, with its number",
        )
    if image.hw != hw:
        raise ImageError(
            UpdateReason.OTHER_BOARD,
            f"the image is for boards of type 0x{image.hw:08X}, this is a 0x{hw:08X}:"
            " take the image that was made for it",
        )
    if image.version < running:
        raise ImageError(
            UpdateReason.DOWNGRADE,
            f"the image is {image.version}, older than the {running} that runs:"
            " sign it with a higher version, or roll back",
        )
    if image.security_counter < counter:
        raise ImageError(
            UpdateReason.DOWNGRADE,
            f"the image has security counter {image.security_counter}, the board had {counter}:"
            " it was withdrawn for security; take a newer one",
        )
    if slot_size_bytes and image.size_bytes > slot_size_bytes:
        raise ImageError(
            UpdateReason.TOO_LARGE,
            f"the image has {image.size_bytes} bytes, the board's slot {slot_size_bytes}:"
            " take the image that was made for it",
        )


def _damaged(what: str) -> ImageError:
    return ImageError(UpdateReason.DAMAGED, f"the image is damaged, {what}: fetch it again")


def _truncated(size_bytes: int, wanted_bytes: int) -> ImageError:
    return ImageError(
        UpdateReason.TRUNCATED,
        f"the image ends at byte {size_bytes} and should have {wanted_bytes} or more:"
        " fetch it again",
    )


def _header(data: bytes) -> tuple[ImageVersion, tuple[int, int], int, int]:
    """Return version, where the program stands, size of the protected TLVs, flags; all is there."""
    _, _, header_size, protected_size, program_size, flags, *numbers = _HEADER.unpack_from(data)
    if header_size < _HEADER.size or not program_size:
        raise _damaged(f"its header has {header_size} bytes and its program {program_size}")
    program_end = header_size + program_size
    if program_end + protected_size + _TLV.size > len(data):
        raise _truncated(len(data), program_end + protected_size + _TLV.size)
    return ImageVersion(*numbers), (header_size, program_end), protected_size, flags


def _check_flags(flags: int) -> None:
    if flags & _ENCRYPTED:
        raise ImageError(
            UpdateReason.NOT_AN_IMAGE, "the image is encrypted: sign it without --encrypt"
        )
    if flags & ~_FLAGS_TAKEN:
        raise ImageError(
            UpdateReason.NOT_AN_IMAGE,
            f"the image has flags 0x{flags & ~_FLAGS_TAKEN:X}, which boards with two slots do not"
            " start: sign it without compression, --load-addr and --non-bootable",
        )


def _area(
    data: bytes, begin: int, magic: int, *, size_bytes: int | None
) -> list[tuple[int, bytes]]:
    """Read the TLVs of one area; ``size_bytes`` as the header has it, None: it is the last."""
    found, size = _TLV.unpack_from(data, begin)
    if found != magic:
        raise _damaged(f"0x{found:04X} stands at byte {begin} instead of 0x{magic:04X}")
    if size < _TLV.size or (size_bytes is not None and size != size_bytes):
        raise _damaged(f"its TLVs at byte {begin} have {size} bytes in all")
    end = begin + size
    if end > len(data):
        raise _truncated(len(data), end)
    if size_bytes is None and end < len(data):
        raise ImageError(
            UpdateReason.DAMAGED,
            f"{len(data) - end} bytes follow the image: sign it without --pad, or fetch it again",
        )
    entries: list[tuple[int, bytes]] = []
    position = begin + _TLV.size
    while position < end:
        if position + _TLV.size > end:
            raise _damaged(f"a TLV breaks off at byte {position}")
        kind, length = _TLV.unpack_from(data, position)
        value_at = position + _TLV.size
        if value_at + length > end:
            raise _damaged(f"TLV {kind:02X} at byte {position} claims {length} bytes")
        position = value_at + length
        entries.append((kind, data[value_at:position]))
    return entries


def _check_trailer(kinds: tuple[int, ...]) -> None:
    if kinds in _TRAILERS:
        return
    unknown = [_OTHER_SIGNATURES[kind] for kind in kinds if kind in _OTHER_SIGNATURES]
    if unknown:
        raise ImageError(
            UpdateReason.NOT_SIGNED,
            f"the image has {unknown[-1]}, which boards do not verify: {_HOW_TO_SIGN}",
        )
    shown = ", ".join(f"{kind:02X}" for kind in kinds[:8]) or "none"
    raise ImageError(
        UpdateReason.DAMAGED,
        f"the image ends with TLVs {shown}; it must be 10, 01, and 22 or 24, each once:"
        f" {_HOW_TO_SIGN}, once",
    )


def _number(
    entries: Sequence[tuple[int, bytes]], kind: int, order: Literal["little", "big"] = "little"
) -> int | None:
    """Return the number of a protected TLV of four bytes; None where there is none."""
    values = [value for found, value in entries if found == kind]
    if not values:
        return None
    if len(values) > 1 or len(values[0]) != 4:
        how = _HOW_TO_NAME_HW if kind == TLV_HW else "--security-counter 3"
        sizes = " and ".join(str(len(value)) for value in values[:4])
        raise ImageError(
            UpdateReason.DAMAGED,
            f"the image's TLV {kind:04X} has {sizes} bytes; it must be there once with 4: sign it"
            f" with {how}",
        )
    return int.from_bytes(values[0], order)
