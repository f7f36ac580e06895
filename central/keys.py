"""Central's secrets: a key-encryption key outside the database wraps every other one inside it.

Whoever has the database or its backup has no key; whoever has the key has no data. The
key-encryption key is the systemd credential ``menshen-kek`` where the service has one, else a file
that only the service reads.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central.database import Transaction
from central.site_values import read_value, write_value_once
from config.contract.trust import NONCE_SIZE_BYTES, TrustError, from_text, to_text

KEY_SIZE_BYTES: Final = 32
CREDENTIAL: Final = "menshen-kek"


class KeysError(Exception):
    """A key is absent, damaged or another database's; the message says what to do."""


class KeyEncryptionKey:
    """Wraps keys: AES-256-GCM, bound to what the key is for. Not printable."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, secret: bytes, *, purpose: str) -> str:
        """Return a secret that only this key opens, and only for this purpose."""
        nonce = os.urandom(NONCE_SIZE_BYTES)
        return to_text(nonce + self._cipher.encrypt(nonce, secret, purpose.encode()))

    def unwrap(self, wrapped: str, *, purpose: str) -> bytes:
        """Return the secret.

        Raises:
            KeysError: Another key wrapped it, for another purpose, or it is damaged.
        """
        try:
            raw = from_text(wrapped)
            nonce, ciphertext = raw[:NONCE_SIZE_BYTES], raw[NONCE_SIZE_BYTES:]
            return self._cipher.decrypt(nonce, ciphertext, purpose.encode())
        except (InvalidTag, TrustError, ValueError) as error:
            raise KeysError(
                "the key-encryption key does not fit this database: give central the key that the"
                " database was made with"
            ) from error


def load_key_encryption_key(home: Path) -> KeyEncryptionKey:
    """Return the key of the credential, else of ``home/kek``, which is made at the first call.

    Raises:
        KeysError: It cannot be read, or others may read it.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / CREDENTIAL if folder else None
    path = credential if credential is not None and credential.exists() else home / "kek"
    try:
        if path != credential and not path.exists():
            write_private(path, to_text(secrets.token_bytes(KEY_SIZE_BYTES)))
        if path != credential and path.stat().st_mode & 0o077:
            raise KeysError(f"others may read {path}: chmod 600 {path}")
        key = from_text(path.read_text(encoding="ascii").strip())
    except (OSError, TrustError, UnicodeDecodeError) as error:
        raise KeysError(f"the key in {path} cannot be read: {error}") from error
    if len(key) != KEY_SIZE_BYTES:
        raise KeysError(f"the key in {path} is not {KEY_SIZE_BYTES} bytes long")
    return KeyEncryptionKey(key)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; an older one of this name is replaced at once."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


async def kept_secret(
    transaction: Transaction, kek: KeyEncryptionKey, name: str, fresh: bytes
) -> bytes:
    """Return the site's secret of this name; it becomes ``fresh`` where there is none yet.

    Raises:
        KeysError: The key-encryption key is another database's.
    """
    await write_value_once(transaction, name, kek.wrap(fresh, purpose=name))
    return kek.unwrap(await read_value(transaction, name), purpose=name)
