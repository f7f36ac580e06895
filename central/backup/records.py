"""The inside of a backup: a manifest, then members, each with its length and hash. Pure.

A record is its kind (1 byte), its length (4 bytes) and so many bytes. Members come in pieces, so
that nobody needs to know their length beforehand; ``END`` says that all of them have been written.
"""

import hashlib
from collections.abc import Iterator
from enum import IntEnum, StrEnum
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AwareDatetime, Field, ValidationError

from central.backup.container import BackupError
from config.contract.identifiers import Frozen, Sha256

PIECE_BYTES_MAX: Final = 1 << 20
_HEAD_BYTES: Final = 5
_Model = TypeVar("_Model", bound=Frozen)
DATABASE: Final = "database"
KEYS: Final = "kek"


class Part(StrEnum):
    """What is in a backup only where somebody asked for it."""

    BLOBS = "blobs"
    CLIPS = "clips"
    KEK = "kek"


class Kind(IntEnum):
    """What a record is."""

    MANIFEST = 1
    MEMBER = 2
    PIECE = 3
    MEMBER_END = 4
    END = 5


_KINDS: Final = frozenset(int(kind) for kind in Kind)


class Manifest(Frozen):
    """What a backup holds.

    Attributes:
        revision: Of the tables.
        audit_head: Where the audit log ended; empty before its first entry.
        ledger_head: The same of the ledger.
        place: The schema of a site that shares its database with others; else empty.
    """

    made_at: AwareDatetime
    made_by: str
    database: Literal["sqlite", "postgresql"]
    revision: str
    audit_head: str = ""
    ledger_head: str = ""
    place: str = ""
    parts: tuple[Part, ...] = ()


class MemberHead(Frozen):
    """A member begins."""

    name: Annotated[str, Field(pattern="^[a-z]{1,32}$")]


class MemberEnd(Frozen):
    """A member is complete."""

    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a record; at most ``PIECE_BYTES_MAX`` bytes."""
    if len(payload) > PIECE_BYTES_MAX:
        raise ValueError(f"{len(payload)} bytes are too many for one record")
    return bytes([kind]) + len(payload).to_bytes(4, "big") + payload


class Member:
    """Counts and hashes what goes by of one member."""

    def __init__(self) -> None:
        self._hash, self.size_bytes = hashlib.sha256(), 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._hash.update(piece)
        self.size_bytes += len(piece)

    def end(self) -> MemberEnd:
        """Return what its end says."""
        return MemberEnd(size_bytes=self.size_bytes, sha256=self._hash.hexdigest())


class Records:
    """Takes the opened chunks of a backup and yields its records; bounded by one record."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.is_complete = False

    def receive_data(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Yield the records that are complete.

        Raises:
            BackupError: Something else than records came, which only another program writes.
        """
        self._buffer += data
        while len(self._buffer) >= _HEAD_BYTES:
            length = int.from_bytes(self._buffer[1:_HEAD_BYTES], "big")
            if length > PIECE_BYTES_MAX or self._buffer[0] not in _KINDS or self.is_complete:
                raise BackupError("the backup was not written by this program")
            end = _HEAD_BYTES + length
            if len(self._buffer) < end:
                return
            kind, payload = Kind(self._buffer[0]), bytes(self._buffer[_HEAD_BYTES:end])
            del self._buffer[:end]
            self.is_complete = kind is Kind.END
            yield kind, payload

    def end(self) -> None:
        """Say that no more comes.

        Raises:
            BackupError: More should have come.
        """
        if not self.is_complete or self._buffer:
            raise BackupError("the file ends early: it is not the whole backup")


def read_as(model: type[_Model], payload: bytes) -> _Model:
    """Return what a record says.

    Raises:
        BackupError: It says something else.
    """
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        raise BackupError("the backup was not written by this program") from error
