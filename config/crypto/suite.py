"""A suite: one algorithm for each purpose, chosen together."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.crypto.keys import Cipher, RecipientKey, SealingKey, SigningKey, VerifyingKey

SuiteName = Literal["international", "sm"]
NONCE_SIZE_BYTES: Final = 12
"""Of every cipher here."""
SIGNATURE_SIZE_BYTES: Final = 64
"""Of every signature here."""


class Suite(ABC):
    """One set of algorithms; all that is kept as bytes is of a size that depends on it alone.

    Attributes:
        name: As people choose it.
        mark: What a text of this suite begins with; empty for the first suite.
        cipher_key_size_bytes: Of ``cipher``.
        request_algorithm: What signed requests name (the ``alg`` of a JWT).
        hash_algorithm: Its hash.
    """

    name: ClassVar[SuiteName]
    mark: ClassVar[str]
    cipher_key_size_bytes: ClassVar[int]
    request_algorithm: ClassVar[str]
    hash_algorithm: ClassVar[type[hashes.SHA256 | hashes.SM3]]

    @abstractmethod
    def new_signing_key(self) -> SigningKey:
        """Make a key."""

    @abstractmethod
    def signing_key(self, raw: bytes) -> SigningKey:
        """Return the key of these bytes; ValueError where they are none."""

    @abstractmethod
    def verifying_key(self, raw: bytes) -> VerifyingKey:
        """Return the key of these bytes; ValueError where they are none."""

    @abstractmethod
    def new_sealing_key(self) -> SealingKey:
        """Make a key."""

    @abstractmethod
    def sealing_key(self, raw: bytes) -> SealingKey:
        """Return the key of these bytes; ValueError where they are none."""

    @abstractmethod
    def recipient_key(self, raw: bytes) -> RecipientKey:
        """Return the key of these bytes; ValueError where they are none."""

    @abstractmethod
    def owns(self, key: SigningKey | VerifyingKey | SealingKey | RecipientKey) -> bool:
        """Return whether a key is of this suite."""

    @abstractmethod
    def seal(self, recipient: RecipientKey, secret: bytes, *, context: bytes) -> bytes:
        """Encrypt a short secret so that only the recipient's private key opens it."""

    @abstractmethod
    def unseal(self, recipient: SealingKey, sealed: bytes, *, context: bytes) -> bytes:
        """Open what was sealed for this key and this purpose.

        Raises:
            InvalidTag: It was sealed for another one, or changed.
            ValueError: It is nothing that was sealed.
        """

    @abstractmethod
    def cipher(self, key: bytes) -> Cipher:
        """Return the cipher with a key of ``cipher_key_size_bytes``; ValueError for another."""

    def digest(self, data: bytes) -> bytes:
        """Return the hash of data, 32 bytes."""
        hashing = hashes.Hash(self.hash_algorithm())
        hashing.update(data)
        return hashing.finalize()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """Return the HMAC of data, 32 bytes."""
        code = HMAC(key, self.hash_algorithm())
        code.update(data)
        return code.finalize()

    def derive(self, secret: bytes, *, salt: bytes | None, info: bytes, size_bytes: int) -> bytes:
        """Return a key that is derived from a secret by HKDF."""
        return HKDF(self.hash_algorithm(), size_bytes, salt, info).derive(secret)

    def derive_cipher_key(self, secret: bytes, *, salt: bytes | None, info: bytes) -> bytes:
        """Return a key for ``cipher``."""
        return self.derive(secret, salt=salt, info=info, size_bytes=self.cipher_key_size_bytes)
