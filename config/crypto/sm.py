"""SM2 signs and seals for a node, SM4-GCM encrypts, SM3 hashes.

Source: GB/T 32918 (SM2), GB/T 32905-2016 (SM3), GB/T 32907-2016 (SM4); RFC 8998 for SM4 in GCM.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher as PycaCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from config.crypto.keys import RecipientKey, SealingKey, SigningKey, VerifyingKey
from config.crypto.sm2 import Sm2PrivateKey, Sm2PublicKey
from config.crypto.suite import NONCE_SIZE_BYTES, Suite

KEY_SIZE_BYTES: Final = 16
TAG_SIZE_BYTES: Final = 16


class Sm4Gcm:
    """See ``config.crypto.keys.Cipher``."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 16 bytes; ValueError for another."""
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """See ``Cipher``."""
        encrypting = PycaCipher(self._algorithm, modes.GCM(nonce)).encryptor()
        encrypting.authenticate_additional_data(associated_data or b"")
        return encrypting.update(data) + encrypting.finalize() + encrypting.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """See ``Cipher``; nothing is returned before the tag fits."""
        if len(data) < TAG_SIZE_BYTES:
            raise InvalidTag
        ciphertext, tag = data[:-TAG_SIZE_BYTES], data[-TAG_SIZE_BYTES:]
        decrypting = PycaCipher(self._algorithm, modes.GCM(nonce, tag)).decryptor()
        decrypting.authenticate_additional_data(associated_data or b"")
        return decrypting.update(ciphertext) + decrypting.finalize()


class Sm(Suite):
    """The commercial cryptography of China (商用密码)."""

    name = "sm"
    mark = "sm."
    cipher_key_size_bytes = KEY_SIZE_BYTES
    request_algorithm = "SM2SM3"
    hash_algorithm = hashes.SM3

    def new_signing_key(self) -> Sm2PrivateKey:
        """See ``Suite``."""
        return Sm2PrivateKey.generate()

    def signing_key(self, raw: bytes) -> Sm2PrivateKey:
        """See ``Suite``."""
        return Sm2PrivateKey(raw)

    def verifying_key(self, raw: bytes) -> Sm2PublicKey:
        """See ``Suite``."""
        return Sm2PublicKey(raw)

    def new_sealing_key(self) -> Sm2PrivateKey:
        """See ``Suite``."""
        return Sm2PrivateKey.generate()

    def sealing_key(self, raw: bytes) -> Sm2PrivateKey:
        """See ``Suite``."""
        return Sm2PrivateKey(raw)

    def recipient_key(self, raw: bytes) -> Sm2PublicKey:
        """See ``Suite``."""
        return Sm2PublicKey(raw)

    def owns(self, key: SigningKey | VerifyingKey | SealingKey | RecipientKey) -> bool:
        """See ``Suite``."""
        return isinstance(key, Sm2PrivateKey | Sm2PublicKey)

    def seal(self, recipient: RecipientKey, secret: bytes, *, context: bytes) -> bytes:
        """See ``Suite``: a key for SM4 by SM2 encryption, its length before it, then the secret."""
        if not isinstance(recipient, Sm2PublicKey):
            raise TypeError("a key of another suite")
        # A fresh key each time, so the fixed nonce is used once per key.
        key = secrets.token_bytes(KEY_SIZE_BYTES)
        sealed_key = recipient.encrypt(key)
        sealed = Sm4Gcm(key).encrypt(bytes(NONCE_SIZE_BYTES), secret, context)
        return bytes([len(sealed_key)]) + sealed_key + sealed

    def unseal(self, recipient: SealingKey, sealed: bytes, *, context: bytes) -> bytes:
        """See ``Suite``."""
        if not isinstance(recipient, Sm2PrivateKey):
            raise TypeError("a key of another suite")
        end = 1 + sealed[0] if sealed else 1
        key = recipient.decrypt(sealed[1:end])
        return Sm4Gcm(key).decrypt(bytes(NONCE_SIZE_BYTES), sealed[end:], context)

    def cipher(self, key: bytes) -> Sm4Gcm:
        """See ``Suite``."""
        return Sm4Gcm(key)


SM: Final = Sm()
