"""The chain: each entry holds the hash of the one before. Pure, no database.

What stands before the first entry names the suite whose hash the chain is made of, and each hash
names it again: 64 hexadecimal digits for the first suite, a mark and base64url for another.
"""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Final

from config.contract.trust import TrustError, from_text, to_text
from config.crypto.international import INTERNATIONAL
from config.crypto.suite import Suite
from config.crypto.suites import split_mark

GENESIS: Final = "0" * 64
"""What stands before the first entry, with the first suite."""
HASH_SIZE_BYTES: Final = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """A place in the chain. Attributes: sequence: 0 is before the first entry."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        """Return how it is printed and kept: the sequence, a colon, the hash."""
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """Read what ``str`` wrote; ValueError where it is something else."""
        sequence, _, digest = text.strip().partition(":")
        suite, body = split_mark(digest)
        if suite is INTERNATIONAL and len(digest) == len(GENESIS) and digest.isalnum():
            return cls(int(sequence), digest.lower())
        if suite is not INTERNATIONAL and len(_decoded(body)) == HASH_SIZE_BYTES:
            return cls(int(sequence), digest)
        raise ValueError(
            "a mark is a sequence, a colon and 64 hexadecimal digits or sm. and 43 signs"
        )


START: Final = Mark(0, GENESIS)


def start_of(suite: Suite) -> Mark:
    """Return what stands before the first entry of a site."""
    return START if suite is INTERNATIONAL else Mark(0, _written(suite, bytes(HASH_SIZE_BYTES)))


def suite_named(head: str) -> Suite:
    """Return the suite of a site whose chain ends so (``str`` of a mark); the first for none."""
    suite, _ = split_mark(head.partition(":")[2])
    return suite


def hash_after(previous: str, text: str) -> str:
    """Return the hash of an entry's text, with the hash that the one before it has."""
    suite, _ = split_mark(previous)
    return _written(suite, suite.digest(text.encode()))


def _written(suite: Suite, digest: bytes) -> str:
    return digest.hex() if suite is INTERNATIONAL else suite.mark + to_text(digest)


def _decoded(text: str) -> bytes:
    try:
        return from_text(text)
    except TrustError as error:
        raise ValueError("the hash of a mark is no base64url") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. Attributes: objects: with spaces between. detail: canonical JSON."""

    sequence: int
    at: datetime
    actor: str
    address: str
    action: str
    objects: str
    purpose: str
    detail: str
    previous: str

    @property
    def hash(self) -> str:
        """The hash of the entry, the hash before it included."""
        content = dataclasses.asdict(self)
        content["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return hash_after(self.previous, canonical(content))

    @property
    def mark(self) -> Mark:
        """Its place."""
        return Mark(self.sequence, self.hash)


def canonical(value: object) -> str:
    """Return the one way in which JSON is written here."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a log is whole.

    Attributes:
        first: Sequence of the oldest entry that is there; None where there is none.
        broken_at: The first sequence that is changed, misplaced or gone; None where all is well.
    """

    ok: bool
    entries: int
    first: int | None
    last: int | None
    broken_at: int | None


class Verifier:
    """Follows a chain from a place that is believed; give it every entry in order."""

    def __init__(self, anchor: Mark = START, *, known: Mark | None = None) -> None:
        """Begin behind ``anchor``; ``known`` is a mark that was kept elsewhere."""
        self._before, self._known = anchor, known
        self._count, self._first, self._broken_at = 0, None, None  # type: int, int | None, int | None
        self._check_known(anchor)

    def take(self, entry: Entry, stored_hash: str) -> None:
        """Follow one more entry."""
        self._count += 1
        self._first = entry.sequence if self._first is None else self._first
        expected = self._before.sequence + 1
        if entry.sequence != expected:
            self._break(expected)
        elif entry.previous != self._before.hash or entry.hash != stored_hash:
            self._break(entry.sequence)
        # Go on from what is there, so that only the first break counts.
        self._before = Mark(entry.sequence, stored_hash)
        self._check_known(self._before)

    def verdict(self, head: Mark | None) -> Verdict:
        """Return the outcome; ``head`` is where the chain must end, as it was kept apart."""
        last = self._before
        if head != last:
            self._break(min(last.sequence, head.sequence if head else 0) + 1)
        if self._known is not None and self._known.sequence > last.sequence:
            self._break(last.sequence + 1)
        return Verdict(
            ok=self._broken_at is None,
            entries=self._count,
            first=self._first,
            last=last.sequence if self._count else None,
            broken_at=self._broken_at,
        )

    def _check_known(self, mark: Mark) -> None:
        known = self._known
        if known is not None and known.sequence == mark.sequence and known.hash != mark.hash:
            self._break(mark.sequence)

    def _break(self, sequence: int) -> None:
        if self._broken_at is None:
            self._broken_at = sequence
