"""What is used of a key, whichever suite it is of; the keys of ``cryptography`` are such keys."""

from typing import Protocol


class VerifyingKey(Protocol):
    """The public half of a ``SigningKey``."""

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Check a signature.

        Raises:
            InvalidSignature: It is of another key or of other data.
        """
        ...

    def public_bytes_raw(self) -> bytes:
        """Return the key as bytes: 32, or an SM2 point of 33."""
        ...


class SigningKey(Protocol):
    """Signs. Not printable."""

    def sign(self, data: bytes, /) -> bytes:
        """Return a signature of 64 bytes."""
        ...

    def public_key(self) -> VerifyingKey:
        """Return what checks its signatures."""
        ...

    def private_bytes_raw(self) -> bytes:
        """Return the secret, 32 bytes."""
        ...


class RecipientKey(Protocol):
    """The public half of a ``SealingKey``: secrets are sealed for it (``Suite.seal``)."""

    def public_bytes_raw(self) -> bytes:
        """Return the key as bytes: 32, or an SM2 point of 33."""
        ...


class SealingKey(Protocol):
    """Opens what was sealed for it (``Suite.unseal``). Not printable."""

    def public_key(self) -> RecipientKey:
        """Return what others seal for."""
        ...

    def private_bytes_raw(self) -> bytes:
        """Return the secret, 32 bytes."""
        ...


class Cipher(Protocol):
    """Encrypts so that a change is found (AEAD); the tag of 16 bytes stands at the end."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """Return data encrypted; a nonce of 12 bytes is used once with one key."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """Return data.

        Raises:
            InvalidTag: Another key, nonce or associated data, or it was changed.
            ValueError: It is too short to be anything.
        """
        ...
