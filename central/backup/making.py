"""Making a backup: a file that is there whole and proved, or not there."""

import contextlib
import dataclasses
import fcntl
import io
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

from sqlalchemy import make_url

from central.audit.chain import suite_named
from central.backup.container import CHUNK_BYTES, BackupError, Chunks, encode_header
from central.backup.reading import Backup
from central.backup.records import (
    DATABASE,
    KEYS,
    Kind,
    Manifest,
    Member,
    MemberHead,
    Part,
    encode,
)
from central.backup.recovery import Passphrase, Secret, seal_keys
from central.backup.sources import PIECE_BYTES, Moment, Progress, copy_sqlite, dump_postgresql
from central.keys import KeysError, load_key_encryption_key
from config.crypto.suite import Suite
from config.settings import private_folder

UNFINISHED: Final = ".unfinished"
_WORK: Final = ".backup-"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to back up.

    Attributes:
        home: Central's state folder.
        database_url: As central has it.
        parts: What else than the database's rows.
        keys_passphrase: Seals the key-encryption keys; needed for the part ``kek`` alone.
    """

    home: Path
    database_url: str
    parts: Sequence[Part] = ()
    keys_passphrase: Passphrase | None = None


def make_backup(
    target: Path, wish: Wish, secret: Secret, *, now: datetime, progress: Progress
) -> Manifest:
    """Write a backup, read it again, and give it its name.

    Raises:
        BackupError: It could not be made; nothing has the name of the backup then.
    """
    if target.exists():
        raise BackupError(f"{target} is there already: a backup is never written over")
    with _one_line(target.parent), _unfinished(target) as (path, file):
        manifest = _write(file, secret, wish, now=now, progress=progress)
        file.flush()
        os.fsync(file.fileno())
        with Backup(path, secret) as backup:
            backup.check(progress)
        # A link and not a rename: never over a file that came meanwhile.
        target.hardlink_to(path)
        sync_folder(target.parent)
    return manifest


class Sealed:
    """Writes records into a file, sealed a chunk at a time."""

    def __init__(self, file: IO[bytes], secret: Secret, suite: Suite) -> None:
        """Write the header."""
        header, key = secret.begin(suite)
        encoded = encode_header(header)
        self._chunks, self._file, self._waiting = Chunks(key, header, encoded), file, bytearray()
        file.write(encoded)

    def add(self, kind: Kind, payload: bytes = b"") -> None:
        """Write a record."""
        self._waiting += encode(kind, payload)
        # What fills a chunk waits: the last one must be known as such.
        while len(self._waiting) > CHUNK_BYTES:
            chunk = bytes(self._waiting[:CHUNK_BYTES])
            del self._waiting[:CHUNK_BYTES]
            self._file.write(self._chunks.seal(chunk, is_last=False))

    def end(self) -> None:
        """Write the last chunk."""
        self.add(Kind.END)
        self._file.write(self._chunks.seal(bytes(self._waiting), is_last=True))


def _write(
    file: IO[bytes], secret: Secret, wish: Wish, *, now: datetime, progress: Progress
) -> Manifest:
    keys = _sealed_keys(wish)
    url = make_url(wish.database_url)

    def begin(said: Moment) -> tuple[Manifest, Sealed]:
        manifest = Manifest(
            made_at=now,
            made_by=version("menshen"),
            database="sqlite" if url.get_backend_name() == "sqlite" else "postgresql",
            revision=said.revision,
            audit_head=said.audit_head,
            ledger_head=said.ledger_head,
            place=said.place,
            parts=tuple(wish.parts),
        )
        sealed = Sealed(file, secret, suite_named(said.audit_head))
        sealed.add(Kind.MANIFEST, manifest.model_dump_json().encode())
        return manifest, sealed

    if url.get_backend_name() == "sqlite":
        # Beside the database, which holds the same in clear: never where the backup goes to.
        with workspace(wish.home, _WORK) as folder:
            copy = folder / "copy.sqlite3"
            said = copy_sqlite(Path(url.database or ""), copy, wish.parts, progress)
            manifest, sealed = begin(said)
            with copy.open("rb") as copied:
                _add_member(sealed, DATABASE, copied, progress, total=copy.stat().st_size)
    else:
        with dump_postgresql(wish.database_url, wish.parts) as (said, stream):
            manifest, sealed = begin(said)
            _add_member(sealed, DATABASE, stream, progress, total=None)
    if keys is not None:
        _add_member(sealed, KEYS, io.BytesIO(keys), progress, total=len(keys))
    sealed.end()
    return manifest


def _add_member(
    sealed: Sealed, name: str, source: IO[bytes], progress: Progress, *, total: int | None
) -> None:
    sealed.add(Kind.MEMBER, MemberHead(name=name).model_dump_json().encode())
    member = Member()
    while piece := source.read(PIECE_BYTES):
        member.add(piece)
        sealed.add(Kind.PIECE, zlib.compress(piece, 1))
        progress("sealing", member.size_bytes, total)
    sealed.add(Kind.MEMBER_END, member.end().model_dump_json().encode())


def _sealed_keys(wish: Wish) -> bytes | None:
    if Part.KEK not in wish.parts:
        return None
    if wish.keys_passphrase is None:
        raise BackupError("the key-encryption key is sealed by a passphrase of its own: give one")
    if not (wish.home / "kek").exists() and "CREDENTIALS_DIRECTORY" not in os.environ:
        raise BackupError(
            f"there is no key-encryption key in {wish.home}: where it is a credential,"
            " run this as the service, or keep the credential yourself"
        )
    try:
        lines = load_key_encryption_key(wish.home).carried_away()
    except KeysError as error:
        raise BackupError(str(error)) from error
    return seal_keys("\n".join(lines), wish.keys_passphrase)


@contextlib.contextmanager
def _one_line(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise BackupError(f"{error.filename2 or error.filename} is there already") from error
    except OSError as error:
        raise BackupError(f"cannot write to {folder}: {error.strerror or error}") from error


@contextlib.contextmanager
def _unfinished(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Open a file beside the target that nobody takes for a backup; it is gone in the end."""
    for left in target.parent.glob(f".{target.name}.*{UNFINISHED}"):
        remove_abandoned(left)
    path = target.with_name(f".{target.name}.{secrets.token_hex(4)}{UNFINISHED}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path, file
    finally:
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_abandoned(path: Path) -> None:
    """Remove what an earlier run that was killed has left; another that is at work keeps its."""
    with contextlib.suppress(OSError):
        lock = path / "lock" if path.is_dir() else path
        with lock.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextlib.contextmanager
def workspace(home: Path, prefix: str) -> Iterator[Path]:
    """Make a folder that is gone in the end, and that the next run removes after a kill."""
    for left in private_folder(home).glob(f"{prefix}*"):
        remove_abandoned(left)
    path = private_folder(home / f"{prefix}{secrets.token_hex(4)}")
    try:
        with (path / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
