"""What opens a backup: a recovery key in a file of its own, or a passphrase. Never in the backup.

A passphrase that this program makes has 128 bits; one that people think up is stretched by scrypt.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import ValidationError

from central.backup.container import (
    SALT_BYTES,
    BackupError,
    Header,
    Stretching,
    check_of,
)
from central.keys import write_private
from config.contract.identifiers import Frozen
from config.contract.trust import TrustError, from_text, to_text
from config.crypto.international import INTERNATIONAL
from config.crypto.keys import Cipher
from config.crypto.suite import NONCE_SIZE_BYTES, Suite
from config.crypto.suites import split_mark

KEY_BYTES: Final = 32
PREFIX: Final = "menshen-recovery1."
PASSPHRASE_LENGTH_MIN: Final = 12
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter that is read as another one."""
_GROUPS: Final = 7
_KEYS_PURPOSE: Final = b"menshen sealed key-encryption key v1"


class SealedKeys(Frozen):
    """Key-encryption keys under a passphrase of their own, which the backup's key does not open."""

    stretching: Stretching
    sealed: str


class RecoveryKey:
    """Opens the backups that were made with it. Not printable."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def begin(self, suite: Suite = INTERNATIONAL) -> tuple[Header, bytes]:
        """Return the header of a new file, and the key."""
        salt = os.urandom(SALT_BYTES).hex()
        check = check_of(self._key, salt, suite)
        header = Header(kind="recovery_key", salt=salt, check=check, crypto=suite.name)
        return header, self._key

    def open(self, header: Header) -> bytes:
        """Return the key of a file.

        Raises:
            BackupError: The file wants a passphrase.
        """
        if header.kind != "recovery_key":
            raise BackupError("the backup was made with a passphrase, not with a recovery key")
        return self._key


class Passphrase:
    """Opens the backups that were made with it. Not printable."""

    def __init__(self, words: str) -> None:
        """Take what was shown, or typed.

        Raises:
            BackupError: It is too short to keep anything secret.
        """
        self._words = words.strip().encode()
        if len(self._words) < PASSPHRASE_LENGTH_MIN:
            raise BackupError(
                f"a passphrase has at least {PASSPHRASE_LENGTH_MIN} letters: take a longer one"
            )

    def begin(self, suite: Suite = INTERNATIONAL) -> tuple[Header, bytes]:
        """Return the header of a new file, and the key."""
        stretching = Stretching(salt=os.urandom(16).hex())
        key, salt = self.stretched(stretching), os.urandom(SALT_BYTES).hex()
        header = Header(
            kind="passphrase",
            salt=salt,
            check=check_of(key, salt, suite),
            stretching=stretching,
            crypto=suite.name,
        )
        return header, key

    def open(self, header: Header) -> bytes:
        """Return the key of a file.

        Raises:
            BackupError: The file wants a recovery key.
        """
        if header.stretching is None:
            raise BackupError("the backup was made with a recovery key, not with a passphrase")
        return self.stretched(header.stretching)

    def stretched(self, stretching: Stretching) -> bytes:
        """Return the key that the passphrase stands for."""
        salt = bytes.fromhex(stretching.salt)
        kdf = Scrypt(salt, KEY_BYTES, stretching.n, stretching.r, stretching.p)
        return kdf.derive(self._words)


Secret = RecoveryKey | Passphrase


def new_passphrase() -> str:
    """Return a passphrase that nobody guesses, in groups that people can copy by hand."""
    groups = ["".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS)]
    return "-".join(groups)


def make_recovery_key(path: Path) -> None:
    """Make a recovery key in a file that only its owner reads; one that is there stays.

    Raises:
        BackupError: It cannot be written.
    """
    try:
        if path.exists():
            raise BackupError(f"{path} is there already: a recovery key is never replaced")
        write_private(path, PREFIX + to_text(secrets.token_bytes(KEY_BYTES)) + "\n")
    except OSError as error:
        raise BackupError(f"cannot write {path}: {error.strerror}") from error


def read_recovery_key(path: Path) -> RecoveryKey:
    """Return the recovery key of a file.

    Raises:
        BackupError: It holds none, or others may read it.
    """
    try:
        if path.is_dir():
            raise BackupError(f"{path} is a folder: give the file of the recovery key as --key")
        if path.stat().st_mode & 0o077:
            raise BackupError(f"others may read {path}: chmod 600 {path}")
        text = path.read_text(encoding="ascii").strip()
        key = from_text(text.removeprefix(PREFIX))
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error
    except (TrustError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} is no recovery key") from error
    if not text.startswith(PREFIX) or len(key) != KEY_BYTES:
        raise BackupError(f"{path} is no recovery key")
    return RecoveryKey(key)


def seal_keys(text: str, passphrase: Passphrase) -> bytes:
    """Return key-encryption keys, sealed by the suite that the first of them names."""
    suite, _ = split_mark(text)
    stretching, nonce = Stretching(salt=os.urandom(16).hex()), os.urandom(NONCE_SIZE_BYTES)
    cipher = _cipher(suite, passphrase.stretched(stretching))
    sealed = suite.mark + to_text(nonce + cipher.encrypt(nonce, text.encode(), _KEYS_PURPOSE))
    return SealedKeys(stretching=stretching, sealed=sealed).model_dump_json().encode()


def open_keys(document: bytes, passphrase: Passphrase) -> str:
    """Return key-encryption keys that were sealed.

    Raises:
        BackupError: Another passphrase sealed them.
    """
    try:
        found = SealedKeys.model_validate_json(document)
        suite, sealed = split_mark(found.sealed)
        raw = from_text(sealed)
        cipher = _cipher(suite, passphrase.stretched(found.stretching))
        opened = cipher.decrypt(raw[:NONCE_SIZE_BYTES], raw[NONCE_SIZE_BYTES:], _KEYS_PURPOSE)
    except (ValidationError, TrustError, InvalidTag) as error:
        raise BackupError(
            "this passphrase does not open the key-encryption key of the backup"
        ) from error
    return opened.decode()


def _cipher(suite: Suite, stretched: bytes) -> Cipher:
    if suite is INTERNATIONAL:
        return suite.cipher(stretched)
    return suite.cipher(suite.derive_cipher_key(stretched, salt=None, info=_KEYS_PURPOSE))
