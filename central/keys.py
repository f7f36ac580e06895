"""Central's secrets: a key-encryption key outside the database wraps every other one inside it.

Whoever has the database or its backup has no key; whoever has the key has no data. The
key-encryption key is the systemd credential ``menshen-kek`` where the service has one, else a file
that only the service reads.
"""

import contextlib
import hashlib
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
WRAPPED: Final = "k1"
"""Of the form of what is wrapped."""


class KeysError(Exception):
    """A key is absent, damaged or another database's; the message says what to do."""


class KeyEncryptionKey:
    """Wraps keys: AES-256-GCM, bound to what the key is for. Not printable.

    While the key is being rotated there are two: the new one wraps, both unwrap. What is wrapped
    names its key; what an earlier version wrapped names none and is tried with both.
    """

    def __init__(self, key: bytes, *, retiring: bytes | None = None) -> None:
        self._ring = _Ring(key, retiring)

    @property
    def key_id(self) -> str:
        """Of the key that wraps; says nothing of the key itself."""
        return self._newest().key_id

    @property
    def is_rotating(self) -> bool:
        """Whether an older key is still needed."""
        return self._newest().is_rotating

    @property
    def mark(self) -> str:
        """What everything that the newest key wrapped begins with."""
        return f"{WRAPPED}.{self.key_id}."

    def wrap(self, secret: bytes, *, purpose: str) -> str:
        """Return a secret that only this key opens, and only for this purpose."""
        ring, nonce = self._newest(), os.urandom(NONCE_SIZE_BYTES)
        ciphertext = ring.ciphers[ring.key_id].encrypt(nonce, secret, purpose.encode())
        return f"{WRAPPED}.{ring.key_id}.{to_text(nonce + ciphertext)}"

    def unwrap(self, wrapped: str, *, purpose: str) -> bytes:
        """Return the secret.

        Raises:
            KeysError: Another key wrapped it, for another purpose, or it is damaged.
        """
        ring = self._newest()
        text, ciphers = wrapped, list(ring.ciphers.values())
        if wrapped.startswith(f"{WRAPPED}."):
            _, key_id, text = wrapped.split(".", 2)
            ciphers = [cipher for known, cipher in ring.ciphers.items() if known == key_id]
        for cipher in ciphers:
            with contextlib.suppress(InvalidTag, TrustError, ValueError):
                raw = from_text(text)
                nonce, ciphertext = raw[:NONCE_SIZE_BYTES], raw[NONCE_SIZE_BYTES:]
                return cipher.decrypt(nonce, ciphertext, purpose.encode())
        raise KeysError(
            "the key-encryption key does not fit this database: give central the key that the"
            " database was made with"
        )

    def _newest(self) -> "_Ring":
        return self._ring


class _Ring:
    def __init__(self, key: bytes, retiring: bytes | None) -> None:
        self.key_id = _id_of(key)
        keys = [key] if retiring is None else [key, retiring]
        self.ciphers = {_id_of(each): AESGCM(each) for each in keys}

    @property
    def is_rotating(self) -> bool:
        return len(self.ciphers) > 1


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"menshen key id v1|" + key).hexdigest()[:16]


class KeyFolder(KeyEncryptionKey):
    """The key as it lies in a folder; every process that shares the folder sees a rotation.

    The key is the credential ``menshen-kek`` where the service has one, else ``kek``. Rotation goes
    through files, each of which is there whole or not at all, so a kill at any point leaves a
    folder from which it goes on: ``kek`` wraps, ``kek.retiring`` still opens. A credential cannot
    be written, so its next one must be given as ``menshen-kek-next`` first.
    """

    def __init__(self, home: Path) -> None:
        """Read the key; the first call makes it.

        Raises:
            KeysError: It cannot be read, or others may read it.
        """
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / CREDENTIAL if folder else None
        self._credential = credential if credential and credential.exists() else None
        self._path, self._retiring = home / "kek", home / "kek.retiring"
        if self._credential is None and not self._path.exists():
            write_private(self._path, to_text(secrets.token_bytes(KEY_SIZE_BYTES)))
        self._seen = self._stamps()
        key, retiring = self._read()
        super().__init__(key, retiring=retiring)

    def begin_rotation(self) -> None:
        """Let a new key wrap from now on.

        Raises:
            KeysError: One is under way, or the service has a credential and no next one.
        """
        if self.is_rotating:
            raise KeysError("a rotation is under way: wait until it has ended")
        if self._credential is not None:
            raise KeysError(
                f"give the service the next key as the credential {CREDENTIAL}-next and start"
                " central again: the rotation then begins by itself"
            )
        write_private(self._retiring, self._path.read_text(encoding="ascii"))
        # From here on everything is wrapped anew; a kill before left two files of one key.
        write_private(self._path, to_text(secrets.token_bytes(KEY_SIZE_BYTES)))
        self._reload()

    def destroy_retiring(self) -> None:
        """Overwrite and remove the old key; nothing that it wrapped can be opened any more."""
        if self._credential is None and self._retiring.exists():
            with self._retiring.open("r+b") as file:
                file.write(os.urandom(self._retiring.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            self._retiring.unlink()
            self._reload()

    @property
    def is_credential(self) -> bool:
        """Whether the key is a credential, which only whoever installs the service can change."""
        return self._credential is not None

    def carried_away(self) -> list[str]:
        """Return the keys as text, the one that wraps first: for a backup, which seals them.

        Raises:
            KeysError: They cannot be read.
        """
        return [to_text(key) for key in self._read() if key is not None]

    def _newest(self) -> _Ring:
        if self._stamps() != self._seen:
            self._reload()
        return self._ring

    def _reload(self) -> None:
        self._seen = self._stamps()
        key, retiring = self._read()
        self._ring = _Ring(key, retiring)

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(path) for path in (self._path, self._retiring))

    def _read(self) -> tuple[bytes, bytes | None]:
        if self._credential is None:
            older = _key_in(self._retiring, is_file=True) if self._retiring.exists() else None
            return _key_in(self._path, is_file=True), older
        key, following = _key_in(self._credential), self._credential.with_name(f"{CREDENTIAL}-next")
        return (_key_in(following), key) if following.exists() else (key, None)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _key_in(path: Path, *, is_file: bool = False) -> bytes:
    try:
        if is_file and path.stat().st_mode & 0o077:
            raise KeysError(f"others may read {path}: chmod 600 {path}")
        key = from_text(path.read_text(encoding="ascii").strip())
    except (OSError, TrustError, UnicodeDecodeError) as error:
        raise KeysError(f"the key in {path} cannot be read: {error}") from error
    if len(key) != KEY_SIZE_BYTES:
        raise KeysError(f"the key in {path} is not {KEY_SIZE_BYTES} bytes long")
    return key


def load_key_encryption_key(home: Path) -> KeyFolder:
    """Return the key of the credential, else of ``home/kek``, which is made at the first call.

    Raises:
        KeysError: It cannot be read, or others may read it.
    """
    return KeyFolder(home)


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
