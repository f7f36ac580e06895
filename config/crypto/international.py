"""Ed25519 signs, X25519 with HKDF seals for a node, AES-256-GCM encrypts, SHA-256 hashes.

Source: RFC 8032, RFC 7748, RFC 5869, NIST SP 800-38D, FIPS 180-4.
"""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config.crypto.keys import RecipientKey, SealingKey, SigningKey, VerifyingKey
from config.crypto.suite import NONCE_SIZE_BYTES, Suite

_POINT_SIZE_BYTES: Final = 32


class International(Suite):
    """The first suite: what names no suite is of this one."""

    name = "international"
    mark = ""
    cipher_key_size_bytes = 32
    request_algorithm = "EdDSA"
    hash_algorithm = hashes.SHA256

    def new_signing_key(self) -> Ed25519PrivateKey:
        """See ``Suite``."""
        return Ed25519PrivateKey.generate()

    def signing_key(self, raw: bytes) -> Ed25519PrivateKey:
        """See ``Suite``."""
        return Ed25519PrivateKey.from_private_bytes(raw)

    def verifying_key(self, raw: bytes) -> Ed25519PublicKey:
        """See ``Suite``."""
        return Ed25519PublicKey.from_public_bytes(raw)

    def new_sealing_key(self) -> X25519PrivateKey:
        """See ``Suite``."""
        return X25519PrivateKey.generate()

    def sealing_key(self, raw: bytes) -> X25519PrivateKey:
        """See ``Suite``."""
        return X25519PrivateKey.from_private_bytes(raw)

    def recipient_key(self, raw: bytes) -> X25519PublicKey:
        """See ``Suite``."""
        return X25519PublicKey.from_public_bytes(raw)

    def owns(self, key: SigningKey | VerifyingKey | SealingKey | RecipientKey) -> bool:
        """See ``Suite``."""
        return isinstance(
            key, Ed25519PrivateKey | Ed25519PublicKey | X25519PrivateKey | X25519PublicKey
        )

    def seal(self, recipient: RecipientKey, secret: bytes, *, context: bytes) -> bytes:
        """See ``Suite``; the ephemeral public key stands first."""
        if not isinstance(recipient, X25519PublicKey):
            raise TypeError("a key of another suite")
        ephemeral = X25519PrivateKey.generate()
        public = ephemeral.public_key().public_bytes_raw()
        shared = ephemeral.exchange(recipient)
        cipher = self._once(shared, public + recipient.public_bytes_raw(), context)
        return public + cipher.encrypt(bytes(NONCE_SIZE_BYTES), secret, context)

    def unseal(self, recipient: SealingKey, sealed: bytes, *, context: bytes) -> bytes:
        """See ``Suite``."""
        if not isinstance(recipient, X25519PrivateKey):
            raise TypeError("a key of another suite")
        public, ciphertext = sealed[:_POINT_SIZE_BYTES], sealed[_POINT_SIZE_BYTES:]
        shared = recipient.exchange(X25519PublicKey.from_public_bytes(public))
        cipher = self._once(shared, public + recipient.public_key().public_bytes_raw(), context)
        return cipher.decrypt(bytes(NONCE_SIZE_BYTES), ciphertext, context)

    def cipher(self, key: bytes) -> AESGCM:
        """See ``Suite``."""
        if len(key) != self.cipher_key_size_bytes:
            raise ValueError(f"a key of {self.cipher_key_size_bytes} bytes is wanted")
        return AESGCM(key)

    def _once(self, shared: bytes, salt: bytes, context: bytes) -> AESGCM:
        # A fresh ephemeral key makes a fresh AES key, so the fixed nonce is used once per key.
        return self.cipher(self.derive_cipher_key(shared, salt=salt, info=context))


INTERNATIONAL: Final = International()
