"""MCUboot's image format as the simulated bootloader reads it, for itself and nobody else.

This is a second reading of the format beside ``config.board_image``, on purpose: what the gateway
takes and the board refuses, or the other way round, is found by a test.

Source: docs/board.md, section 5; MCUboot 2.x, docs/design.md ("Image format").
"""

import dataclasses
import hashlib
import struct
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

MAGIC: Final = 0x96F3B83D
HEADER_SIZE_BYTES: Final = 32
_HEADER: Final = struct.Struct("<IIHHIIBBHII")
_TLV_INFO: Final = struct.Struct("<HH")
_TLV: Final = struct.Struct("<HH")
_TLV_MAGIC: Final = 0x6907
_PROTECTED_TLV_MAGIC: Final = 0x6908
_KEY_HASH, _SHA256, _ECDSA, _ED25519, _SECURITY_COUNTER, _HW = 0x01, 0x10, 0x22, 0x24, 0x50, 0xA0
_BOOTABLE_FLAGS: Final = 0x0000_0001 | 0x0000_0100
"""Position-independent, and built for an address. All others (encrypted, compressed, not bootable,
for RAM, or new) are not for this bootloader."""

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
Version = tuple[int, int, int, int]


class ImageRefusedError(Exception):
    """These bytes are not an image that this bootloader starts; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """The 32 bytes in front. Attributes: sizes in bytes; version: major, minor, revision, build."""

    header_size: int
    protected_size: int
    body_size: int
    flags: int
    version: Version

    @property
    def hashed_size(self) -> int:
        """What the hash is over: header, body and protected trailer."""
        return self.header_size + self.body_size + self.protected_size


@dataclasses.dataclass(frozen=True, slots=True)
class CheckedImage:
    """An image that was found sound and signed.

    Attributes:
        version: Major, minor, revision, build.
        hash: 32 bytes, what the signature is over.
        hw: Of the board that it is for; None where it does not say so.
        counter: Its security counter.
        body: What runs.
        size_bytes: With header and trailers.
    """

    version: Version
    hash: bytes
    hw: int | None
    counter: int
    body: bytes
    size_bytes: int


def read_header(data: bytes) -> Header | None:
    """Return the header; None if these bytes do not begin with one."""
    if len(data) < HEADER_SIZE_BYTES:
        return None
    magic, _, header_size, protected_size, body_size, flags, *version, _ = _HEADER.unpack_from(data)
    if magic != MAGIC or header_size < HEADER_SIZE_BYTES:
        return None
    major, minor, revision, build = version
    return Header(header_size, protected_size, body_size, flags, (major, minor, revision, build))


def version_text(version: Version) -> str:
    """Return ``1.2.3+4``."""
    return "{}.{}.{}+{}".format(*version)


def listed_version(version: Version) -> str:
    """Return ``1.2.3``, or ``1.2.3.4`` where there is a build: as MCUmgr lists images."""
    *numbers, build = version
    return ".".join(map(str, [*numbers, build] if build else numbers))


def stated_hash(data: bytes) -> bytes | None:
    """Return the hash that an image says it has, unchecked; None where it says none."""
    header = read_header(data)
    if header is None:
        return None
    try:
        found, _ = _tlvs(data, header.hashed_size, _TLV_MAGIC)
    except ImageRefusedError:
        return None
    return next((value for kind, value in found if kind == _SHA256), None)


def stated_counter(data: bytes) -> int:
    """Return the security counter that an image says it has, unchecked; 0 where it says none."""
    header = read_header(data)
    if header is None or not header.protected_size:
        return 0
    try:
        at = header.header_size + header.body_size
        counter = _only(_tlvs(data, at, _PROTECTED_TLV_MAGIC)[0], _SECURITY_COUNTER)
    except ImageRefusedError:
        return 0
    return int.from_bytes(counter or b"", "little")


def image_size_bytes(data: bytes) -> int | None:
    """Return how long the image at the beginning of these bytes says it is; None if there is none.

    ``data`` is a slot: what follows the image is anything.
    """
    header = read_header(data)
    if header is None:
        return None
    end = header.hashed_size
    if end + _TLV_INFO.size > len(data):
        return None
    magic, size_bytes = _TLV_INFO.unpack_from(data, end)
    if magic != _TLV_MAGIC or end + size_bytes > len(data):
        return None
    return end + int(size_bytes)


def check_image(data: bytes, keys: Sequence[PublicKey]) -> CheckedImage:
    """Check hash and signature of the image at the beginning of these bytes.

    Raises:
        ImageRefusedError: It is none, damaged, or not signed by one of the keys.
    """
    header = read_header(data)
    if header is None:
        raise ImageRefusedError("no image")
    if header.flags & ~_BOOTABLE_FLAGS:
        raise ImageRefusedError(f"flags {header.flags:#x} are not for this bootloader")
    protected: list[tuple[int, bytes]] = []
    if header.protected_size:
        at = header.header_size + header.body_size
        protected, size_bytes = _tlvs(data, at, _PROTECTED_TLV_MAGIC)
        if size_bytes != header.protected_size:
            raise ImageRefusedError("the protected trailer is not as long as the header says")
    trailer, trailer_size_bytes = _tlvs(data, header.hashed_size, _TLV_MAGIC)
    digest = hashlib.sha256(data[: header.hashed_size]).digest()
    if _only(trailer, _SHA256) != digest:
        raise ImageRefusedError("the hash does not fit")
    _check_signature(trailer, digest, keys)
    hw, counter = _only(protected, _HW), _only(protected, _SECURITY_COUNTER)
    if hw is not None and len(hw) != 4:
        raise ImageRefusedError("hw has not 4 bytes")
    if counter is not None and len(counter) != 4:
        raise ImageRefusedError("the security counter has not 4 bytes")
    return CheckedImage(
        header.version,
        digest,
        None if hw is None else int.from_bytes(hw, "big"),
        0 if counter is None else int.from_bytes(counter, "little"),
        data[header.header_size : header.header_size + header.body_size],
        header.hashed_size + trailer_size_bytes,
    )


def read_keys(pem: bytes) -> list[PublicKey]:
    """Return the public keys of a PEM file with one or several blocks.

    Raises:
        ValueError: There is none, or one is neither Ed25519 nor ECDSA P-256; one line.
    """
    end = b"-----END PUBLIC KEY-----"
    blocks = [block[block.find(b"-----BEGIN") :] + end for block in pem.split(end)[:-1]]
    if not blocks:
        raise ValueError("there is no public key (PEM, BEGIN PUBLIC KEY)")
    keys: list[PublicKey] = []
    for block in blocks:
        try:
            key = serialization.load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError("a public key cannot be read (PEM, BEGIN PUBLIC KEY)") from error
        is_p256 = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
        if not isinstance(key, ed25519.Ed25519PublicKey) and not is_p256:
            raise ValueError("a public key is Ed25519 or ECDSA P-256")
        keys.append(key)  # type: ignore[arg-type]  # one of the two, as was just seen
    return keys


def factory_image(
    key: ed25519.Ed25519PrivateKey, *, version: Version, hw: int, counter: int, body: bytes
) -> bytes:
    """Return an image as the board's maker puts it in: signed, with ``hw`` and a counter."""
    tlvs = _TLV.pack(_SECURITY_COUNTER, 4) + struct.pack("<I", counter)
    tlvs += _TLV.pack(_HW, 4) + struct.pack(">I", hw)
    protected = _TLV_INFO.pack(_PROTECTED_TLV_MAGIC, _TLV_INFO.size + len(tlvs)) + tlvs
    header = _HEADER.pack(MAGIC, 0, HEADER_SIZE_BYTES, len(protected), len(body), 0, *version, 0)
    hashed = header + body + protected
    digest = hashlib.sha256(hashed).digest()
    trailer = b"".join(
        _TLV.pack(kind, len(value)) + value
        for kind, value in (
            (_SHA256, digest),
            (_KEY_HASH, _key_hash(key.public_key())),
            (_ED25519, key.sign(digest)),
        )
    )
    return hashed + _TLV_INFO.pack(_TLV_MAGIC, _TLV_INFO.size + len(trailer)) + trailer


def _check_signature(
    trailer: Sequence[tuple[int, bytes]], digest: bytes, keys: Sequence[PublicKey]
) -> None:
    key_hash = _only(trailer, _KEY_HASH)
    key = next((one for one in keys if _key_hash(one) == key_hash), None)
    if key is None:
        raise ImageRefusedError("it is signed by none of our keys")
    kind = _ED25519 if isinstance(key, ed25519.Ed25519PublicKey) else _ECDSA
    signature = _only(trailer, kind)
    if signature is None:
        raise ImageRefusedError("it is not signed")
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, digest)
        else:
            # Some makers pad the signature with zeros; DER says itself how long it is.
            der = signature[: 2 + signature[1]] if len(signature) > 1 else signature
            key.verify(der, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except InvalidSignature as error:
        raise ImageRefusedError("the signature does not fit") from error


def _key_hash(key: PublicKey) -> bytes:
    raw = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(raw).digest()


def _tlvs(data: bytes, at: int, magic: int) -> tuple[list[tuple[int, bytes]], int]:
    """Return types with values, and the size of it all in bytes.

    Raises:
        ImageRefusedError: There is no such trailer here, or it does not add up.
    """
    if at + _TLV_INFO.size > len(data):
        raise ImageRefusedError("the image is cut off")
    found, size_bytes = _TLV_INFO.unpack_from(data, at)
    end = at + size_bytes
    if found != magic or end > len(data):
        raise ImageRefusedError("there is no trailer where it should be")
    tlvs = []
    at += _TLV_INFO.size
    while at < end:
        if at + _TLV.size > end:
            raise ImageRefusedError("the trailer does not add up")
        kind, length = _TLV.unpack_from(data, at)
        at += _TLV.size
        if at + length > end:
            raise ImageRefusedError("the trailer does not add up")
        tlvs.append((kind, data[at : at + length]))
        at += length
    return tlvs, size_bytes


def _only(tlvs: Sequence[tuple[int, bytes]], kind: int) -> bytes | None:
    """Return the value of a type; None where there is none.

    Raises:
        ImageRefusedError: There are several.
    """
    values = [value for one, value in tlvs if one == kind]
    if len(values) > 1:
        raise ImageRefusedError(f"type {kind:02X} is there twice")
    return values[0] if values else None
