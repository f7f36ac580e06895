"""The outside of a backup: a header in clear, then chunks sealed with the site's cipher. Pure.

Layout: magic, format (2 bytes), length of the header (4 bytes), header (JSON), SHA-256 of all
before; then sealed chunks, each ``CHUNK_BYTES`` long before sealing, the last one shorter or as
long. A chunk's nonce is its number and whether it is the last one, so chunks cannot be changed,
reordered, repeated, cut off or added to. The key of one file is derived from the recovery key with
a salt of its own, so that no nonce is ever used twice with one key.

A file of the first suite has format 1; one of another has format 2 and names it in its header.
"""

import hashlib
import hmac
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidTag
from pydantic import Field, ValidationError

from config.contract.identifiers import Frozen
from config.crypto.international import INTERNATIONAL
from config.crypto.suite import Suite, SuiteName
from config.crypto.suites import SUITES

MAGIC: Final = b"MENSHEN-BACKUP\r\n"
"""A transfer that changes line ends changes it, too."""
FORMAT: Final = 1
FORMAT_WITH_SUITE: Final = 2
CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16
SEALED_BYTES: Final = CHUNK_BYTES + TAG_BYTES
SALT_BYTES: Final = 32
HEADER_BYTES_MAX: Final = 4096
_FIXED_BYTES: Final = len(MAGIC) + 6
_HASH_BYTES: Final = 32
_CHECK_BYTES: Final = 16


class BackupError(Exception):
    """A backup cannot be made, read or restored; the message says in one line what to do."""


class Stretching(Frozen):
    """How a passphrase became a key (scrypt); bounds keep a hostile file from costing hours."""

    salt: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    n: Annotated[int, Field(ge=1 << 14, le=1 << 20)] = 1 << 16
    r: Annotated[int, Field(ge=8, le=16)] = 8
    p: Annotated[int, Field(ge=1, le=4)] = 1


class Header(Frozen):
    """What a backup says of itself to anybody.

    Attributes:
        kind: What opens it.
        salt: Of this file's own key, hexadecimal.
        check: Tells the right recovery key from a wrong one, and nothing else.
        stretching: Of a passphrase.
        crypto: The suite of its site; the first one is not written down.
    """

    kind: Literal["recovery_key", "passphrase"]
    salt: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    check: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    stretching: Stretching | None = None
    crypto: SuiteName = INTERNATIONAL.name

    @property
    def suite(self) -> Suite:
        """What the file is sealed with."""
        return SUITES[self.crypto]


def check_of(recovery_key: bytes, salt: str, suite: Suite = INTERNATIONAL) -> str:
    """Return what a header says of the key that opens its file."""
    salted, info = bytes.fromhex(salt), b"menshen backup check v1"
    return suite.derive(recovery_key, salt=salted, info=info, size_bytes=_CHECK_BYTES).hex()


def encode_header(header: Header) -> bytes:
    """Return the beginning of a file, up to its first chunk."""
    is_first = header.suite is INTERNATIONAL
    unsaid = {"crypto"} if is_first else None
    body = header.model_dump_json(exclude_none=True, exclude=unsaid).encode()
    version = FORMAT if is_first else FORMAT_WITH_SUITE
    start = MAGIC + version.to_bytes(2, "big") + len(body).to_bytes(4, "big") + body
    return start + hashlib.sha256(start).digest()


def decode_header(data: bytes) -> tuple[Header, bytes]:
    """Return the header and its bytes.

    Args:
        data: The beginning of a file; what stands behind the header is passed over.

    Raises:
        BackupError: It is no backup, a newer one, or damaged.
    """
    if not data.startswith(MAGIC):
        if data and MAGIC.startswith(data):
            raise BackupError("the file ends early: it is not the whole backup")
        raise BackupError("this is no backup of menshen")
    if len(data) < _FIXED_BYTES:
        raise BackupError("the file ends early: it is not the whole backup")
    length = int.from_bytes(data[_FIXED_BYTES - 4 : _FIXED_BYTES], "big")
    if length > HEADER_BYTES_MAX:
        raise BackupError("the backup is damaged in its header")
    end = _FIXED_BYTES + length
    start, digest = data[:end], data[end : end + _HASH_BYTES]
    if len(digest) < _HASH_BYTES:
        raise BackupError("the file ends early: it is not the whole backup")
    if hashlib.sha256(start).digest() != digest:
        raise BackupError("the backup is damaged in its header")
    version = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 2], "big")
    if version not in (FORMAT, FORMAT_WITH_SUITE):
        raise BackupError(
            f"the backup has format {version}, this program reads {FORMAT} and"
            f" {FORMAT_WITH_SUITE}: use a newer menshen"
        )
    try:
        header = Header.model_validate_json(start[_FIXED_BYTES:])
    except ValidationError as error:
        raise BackupError("the backup is damaged in its header") from error
    return header, data[: end + _HASH_BYTES]


class Chunks:
    """Seals or opens the chunks of one file, in their order."""

    def __init__(self, recovery_key: bytes, header: Header, encoded: bytes) -> None:
        """Take the key of 32 bytes, the header, and its bytes, to which every chunk is bound.

        Raises:
            BackupError: It is another file's key.
        """
        if not hmac.compare_digest(check_of(recovery_key, header.salt, header.suite), header.check):
            what = "recovery key" if header.kind == "recovery_key" else "passphrase"
            raise BackupError(f"this {what} does not open the backup: it was made with another")
        suite, salt = header.suite, bytes.fromhex(header.salt)
        key = suite.derive_cipher_key(recovery_key, salt=salt, info=b"menshen backup v1")
        self._cipher, self._bound = suite.cipher(key), suite.digest(encoded)
        self._count = 0

    def seal(self, chunk: bytes, *, is_last: bool) -> bytes:
        """Return the next chunk, sealed."""
        return self._cipher.encrypt(self._nonce(is_last=is_last), chunk, self._bound)

    def unseal(self, sealed: bytes, *, is_last: bool) -> bytes:
        """Return the next chunk, opened.

        Raises:
            BackupError: It is damaged, or does not stand where it was.
        """
        number = self._count
        try:
            return self._cipher.decrypt(self._nonce(is_last=is_last), sealed, self._bound)
        except InvalidTag as error:
            if is_last and self._is_sound(sealed, number):
                raise BackupError("the file ends early: it is not the whole backup") from error
            if is_last:
                raise BackupError(
                    "the backup is damaged at its end, or ends early: take another copy"
                ) from error
            raise BackupError(
                f"the backup is damaged in its chunk {number + 1}: take another copy"
            ) from error

    def _is_sound(self, sealed: bytes, number: int) -> bool:
        """Return whether it is a good chunk that others followed."""
        try:
            self._cipher.decrypt(_nonce(number, is_last=False), sealed, self._bound)
        except InvalidTag:
            return False
        return True

    def _nonce(self, *, is_last: bool) -> bytes:
        self._count += 1
        return _nonce(self._count - 1, is_last=is_last)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
