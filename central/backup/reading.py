"""Reading a backup: every chunk is checked before anything else is done with it."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from central.backup.container import (
    HEADER_BYTES_MAX,
    SEALED_BYTES,
    BackupError,
    Chunks,
    Header,
    decode_header,
)
from central.backup.records import (
    DATABASE,
    KEYS,
    Kind,
    Manifest,
    Member,
    MemberEnd,
    MemberHead,
    Part,
    Records,
    read_as,
)
from central.backup.recovery import Secret
from central.backup.sources import PIECE_BYTES, Progress

_HEADER_ROOM: Final = HEADER_BYTES_MAX + 128
Sink = Callable[[bytes], object]
"""Takes the next piece of a member."""


def header_of(path: Path) -> Header:
    """Return what a backup says of itself without its key.

    Raises:
        BackupError: It is no backup, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return decode_header(file.read(_HEADER_ROOM))[0]
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error


class Backup:
    """One backup, open. What was checked is what is restored: it stays the same open file."""

    def __init__(self, path: Path, secret: Secret) -> None:
        """Open it.

        Raises:
            BackupError: It is no backup, or another secret's.
        """
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BackupError(f"cannot read {path}: {error.strerror}") from error
        try:
            self._header, self._encoded = decode_header(self._file.read(_HEADER_ROOM))
            self._key = secret.open(self._header)
            self._size_bytes = path.stat().st_size
            self._chunks()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def check(self, progress: Progress) -> Manifest:
        """Read all of it and return what it holds.

        Raises:
            BackupError: It is cut off, changed, or not what it says.
        """
        return self.extract({}, progress, doing="checking")

    def extract(
        self, sinks: dict[str, Sink], progress: Progress, *, doing: str = "restoring"
    ) -> Manifest:
        """Give each member's bytes to its sink; a member without one is only checked.

        Raises:
            BackupError: It is cut off, changed, or not what it says.
        """
        manifest, members = None, dict[str, MemberEnd]()
        name, member = "", Member()
        for kind, payload in self._records(progress, doing):
            if (manifest is None) is not (kind is Kind.MANIFEST):
                raise BackupError("the backup was not written by this program")
            if kind is Kind.MANIFEST:
                manifest = read_as(Manifest, payload)
            elif kind is Kind.MEMBER and not name:
                name, member = read_as(MemberHead, payload).name, Member()
            elif kind is Kind.PIECE and name:
                piece = _inflated(payload)
                member.add(piece)
                if name in sinks:
                    sinks[name](piece)
            elif kind is Kind.MEMBER_END and name and name not in members:
                members[name] = read_as(MemberEnd, payload)
                if members[name] != member.end():
                    raise BackupError(f"the backup is damaged: its {name} has another hash")
                name = ""
            elif kind is not Kind.END or name:
                raise BackupError("the backup was not written by this program")
        if manifest is None or DATABASE not in members:
            raise BackupError("the backup holds no database")
        if (Part.KEK in manifest.parts) is not (KEYS in members):
            raise BackupError("the backup does not hold what it says")
        return manifest

    def _records(self, progress: Progress, doing: str) -> Iterator[tuple[Kind, bytes]]:
        records, chunks = Records(), self._chunks()
        self._file.seek(len(self._encoded))
        sealed = self._read()
        while sealed:
            following = self._read()
            chunk = chunks.unseal(sealed, is_last=not following)
            yield from records.receive_data(chunk)
            progress(doing, self._file.tell() - len(following), self._size_bytes)
            sealed = following
        records.end()

    def _read(self) -> bytes:
        try:
            return self._file.read(SEALED_BYTES)
        except OSError as error:
            raise BackupError(f"cannot read {self._path}: {error.strerror}") from error

    def _chunks(self) -> Chunks:
        return Chunks(self._key, self._header, self._encoded)


def _inflated(piece: bytes) -> bytes:
    # Bounded: a few bytes can stand for gigabytes.
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(piece, PIECE_BYTES)
    except zlib.error as error:
        raise BackupError("the backup was not written by this program") from error
    if inflater.unconsumed_tail or not inflater.eof:
        raise BackupError("the backup was not written by this program")
    return found
