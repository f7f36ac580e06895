"""The chain: each entry holds the hash of the one before. Pure, no database."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from typing import Final

GENESIS: Final = "0" * 64
"""What stands before the first entry."""


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
        if len(digest) != len(GENESIS) or not digest.isalnum():
            raise ValueError("a mark is a sequence, a colon and 64 hexadecimal digits")
        return cls(int(sequence), digest.lower())


START: Final = Mark(0, GENESIS)


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
        """SHA-256 of the entry, the hash before it included."""
        content = dataclasses.asdict(self)
        content["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return hashlib.sha256(canonical(content).encode()).hexdigest()

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
