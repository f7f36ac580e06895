"""Central's secrets: a key-encryption key outside the database wraps every other one inside it.

Whoever has the database or its backup has no key; whoever has the key has no data. The
key-encryption key is the systemd credential ``menshen-kek`` where the service has one, else a file
that only the service reads.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag

from central.database import Transaction
from central.site_values import read_value, write_value_once
from config.contract.trust import TrustError, from_text, to_text
from config.crypto.international import INTERNATIONAL
from config.crypto.suite import NONCE_SIZE_BYTES, Suite
from config.crypto.suites import split_mark

CREDENTIAL: Final = "menshen-kek"
WRAPPED: Final = "k1"
"""Of the form of what is wrapped."""


class KeysError(Exception):
    """A key is absent, damaged or another database's; the message says what to do."""


class KeyEncryptionKey:
    """Wraps keys with a suite's cipher, bound to what the key is for. Not printable.

    While the key is being rotated there are two: the new one wraps, both unwrap. What is wrapped
    names its key; what an earlier version wrapped names none and is tried with both.

    Attributes:
        suite: Of everything at this central: its signatures, its nodes and what it keeps sealed.
    """

    def __init__(
        self, key: bytes, *, retiring: bytes | None = None, suite: Suite = INTERNATIONAL
    ) -> None:
        self.suite = suite
        self._ring = _Ring(suite, key, retiring)

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
        return f"{self.suite.mark}{WRAPPED}.{self.key_id}."

    def wrap(self, secret: bytes, *, purpose: str) -> str:
        """Return a secret that only this key opens, and only for this purpose."""
        ring, nonce = self._newest(), os.urandom(NONCE_SIZE_BYTES)
        ciphertext = ring.ciphers[ring.key_id].encrypt(nonce, secret, purpose.encode())
        return f"{self.suite.mark}{WRAPPED}.{ring.key_id}.{to_text(nonce + ciphertext)}"

    def unwrap(self, wrapped: str, *, purpose: str) -> bytes:
        """Return the secret.

        Raises:
            KeysError: Another key wrapped it, for another purpose, or it is damaged.
        """
        ring = self._newest()
        suite, text = split_mark(wrapped)
        if suite is not self.suite:
            raise KeysError(
                f"this database was made with --crypto {suite.name}, and its key-encryption key is"
                f" of {self.suite.name}: give central the key that the database was made with"
            )
        ciphers = list(ring.ciphers.values())
        if text.startswith(f"{WRAPPED}."):
            _, key_id, text = text.split(".", 2)
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
    def __init__(self, suite: Suite, key: bytes, retiring: bytes | None) -> None:
        self.key_id = _id_of(suite, key)
        keys = [key] if retiring is None else [key, retiring]
        self.ciphers = {_id_of(suite, each): suite.cipher(each) for each in keys}

    @property
    def is_rotating(self) -> bool:
        return len(self.ciphers) > 1


def _id_of(suite: Suite, key: bytes) -> str:
    return suite.digest(b"menshen key id v1|" + key).hex()[:16]


class KeyFolder(KeyEncryptionKey):
    """The key as it lies in a folder; every process that shares the folder sees a rotation.

    The key is the credential ``menshen-kek`` where the service has one, else ``kek``. Rotation goes
    through files, each of which is there whole or not at all, so a kill at any point leaves a
    folder from which it goes on: ``kek`` wraps, ``kek.retiring`` still opens. A credential cannot
    be written, so its next one must be given as ``menshen-kek-next`` first.

    The key names its suite: the site has it from the first call on, for ever.
    """

    def __init__(self, home: Path, *, wanted: Suite | None = None) -> None:
        """Read the key; the first call makes it, of ``wanted`` or else the first suite.

        Raises:
            KeysError: It cannot be read, others may read it, or it is of another suite than wanted.
        """
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / CREDENTIAL if folder else None
        self._credential = credential if credential and credential.exists() else None
        self._path, self._retiring = home / "kek", home / "kek.retiring"
        self._is_made_here = False
        if self._credential is None and not self._path.exists():
            # A machine that lacks the suite's algorithms says so before the site has that suite.
            (wanted or INTERNATIONAL).new_signing_key()
            self._is_made_here = _write_first(self._path, _fresh_key(wanted or INTERNATIONAL))
        self._seen = self._stamps()
        suite, key, retiring = self._read()
        if wanted is not None and wanted is not suite:
            raise KeysError(
                f"this site was made with --crypto {suite.name} and stays so: leave the option"
                f" away, or begin a new site with {wanted.name} in another home"
            )
        super().__init__(key, retiring=retiring, suite=suite)

    def refused(self) -> None:
        """Remove a key that was made just now: a database that is there takes the one of before.

        Else the right one would find a wrong one in its place, and a wrong suite with it.
        """
        if self._is_made_here:
            self._path.unlink(missing_ok=True)

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
        write_private(self._path, _fresh_key(self.suite))
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
        suite, *keys = self._read()
        return [suite.mark + to_text(key) for key in keys if key is not None]

    def _newest(self) -> _Ring:
        if self._stamps() != self._seen:
            self._reload()
        return self._ring

    def _reload(self) -> None:
        self._seen = self._stamps()
        _, key, retiring = self._read()
        self._ring = _Ring(self.suite, key, retiring)

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_stamp(path) for path in (self._path, self._retiring))

    def _read(self) -> tuple[Suite, bytes, bytes | None]:
        is_file = self._credential is None
        if self._credential is None:
            newest, older = self._path, self._retiring
        else:
            following = self._credential.with_name(f"{CREDENTIAL}-next")
            older = self._credential
            newest = following if following.exists() else older
        suite, key = _key_in(newest, is_file=is_file)
        if older == newest or not older.exists():
            return suite, key, None
        older_suite, retiring = _key_in(older, is_file=is_file)
        if older_suite is not suite:
            raise KeysError(
                f"the key in {newest} is of {suite.name} and that in {older} of {older_suite.name}:"
                " a site keeps the suite that it was made with"
            )
        return suite, key, retiring


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _fresh_key(suite: Suite) -> str:
    return suite.mark + to_text(secrets.token_bytes(suite.cipher_key_size_bytes))


def _key_in(path: Path, *, is_file: bool = False) -> tuple[Suite, bytes]:
    try:
        if is_file and path.stat().st_mode & 0o077:
            raise KeysError(f"others may read {path}: chmod 600 {path}")
        suite, text = split_mark(path.read_text(encoding="ascii").strip())
        key = from_text(text)
    except (OSError, TrustError, UnicodeDecodeError) as error:
        raise KeysError(f"the key in {path} cannot be read: {error}") from error
    if len(key) != suite.cipher_key_size_bytes:
        raise KeysError(f"the key in {path} is not {suite.cipher_key_size_bytes} bytes long")
    return suite, key


def load_key_encryption_key(home: Path, *, wanted: Suite | None = None) -> KeyFolder:
    """Return the key of the credential, else of ``home/kek``, which is made at the first call.

    Raises:
        KeysError: It cannot be read, others may read it, or it is of another suite than wanted.
    """
    return KeyFolder(home, wanted=wanted)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; an older one of this name is replaced at once."""
    with _written_beside(path, text) as temporary:
        temporary.replace(path)


def _write_first(path: Path, text: str) -> bool:
    """Write such a file unless another process was first; returns whether this one was."""
    with _written_beside(path, text) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def _written_beside(path: Path, text: str) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


async def kept_secret(
    transaction: Transaction, kek: KeyEncryptionKey, name: str, fresh: bytes
) -> bytes:
    """Return the site's secret of this name; it becomes ``fresh`` where there is none yet.

    Raises:
        KeysError: The key-encryption key is another database's.
    """
    await write_value_once(transaction, name, kek.wrap(fresh, purpose=name))
    return kek.unwrap(await read_value(transaction, name), purpose=name)
