"""Pictures and clips that wait for central: encrypted files in a bounded folder, newest sent first.

A terminal that is stolen shows nobody what its cameras saw: the key is derived from the node's own
sealing key, which this folder does not hold. Without that key nothing is written to the disk at
all.
"""

import contextlib
import dataclasses
import hashlib
import logging
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag

from config.contract.video_events import MediaFormat, MediaKind
from config.crypto.keys import Cipher
from config.crypto.suite import NONCE_SIZE_BYTES
from config.crypto.suites import suite_of_secret

_log = logging.getLogger("edge.video")

MEMORY_SIZE_BYTES_MAX: Final = 32_000_000
"""Of what waits without a folder."""
_NAME: Final = re.compile(r"(\d{13,15})-(snapshot|clip)-([a-z]+)-([0-9a-f]{64})")
_SUFFIXES: Final = {
    MediaFormat.JPEG: "jpeg",
    MediaFormat.PICTURES: "pictures",
    MediaFormat.MP4: "mp4",
}
_FORMATS: Final = {suffix: each for each, suffix in _SUFFIXES.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """One content that central lacks. Attributes: name: of its file."""

    name: str
    kept_at: datetime
    kind: MediaKind
    format: MediaFormat
    sha256: str
    size_bytes: int


@dataclasses.dataclass(slots=True)
class Losses:
    """What was let go since this was asked last."""

    expired: int = 0
    displaced: int = 0
    unwritten: int = 0


class Shelf:
    """One node's; every method may block for the disk, and one thread at a time may call."""

    def __init__(
        self, folder: Path, *, secret: bytes | None, size_bytes_max: int, lifetime: timedelta
    ) -> None:
        """Keep contents in a folder, which is made when it is needed.

        Args:
            folder: Of these files alone.
            secret: That the key is derived from; None keeps everything in memory.
            size_bytes_max: Of all files together; the oldest give way.
            lifetime: What central did not get by then is let go.
        """
        self._folder, self._lifetime = folder, lifetime
        self._cipher = None if secret is None else _cipher(secret)
        self._size_bytes_max = (
            size_bytes_max if self._cipher else min(size_bytes_max, MEMORY_SIZE_BYTES_MAX)
        )
        self._is_disk_short = False
        self._waiting: dict[str, Waiting] = {}
        self._in_memory: dict[str, bytes] = {}
        self._losses = Losses()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def follow_disk(self, *, is_short: bool) -> None:
        """Grow no more while the disk is short: the oldest give way to what is new."""
        self._is_disk_short = is_short

    def load(self) -> None:
        """Find what waited at the last start; a foreign or half-written file is removed."""
        if self._cipher is None or not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            match = _NAME.fullmatch(path.name)
            if match is None:
                path.unlink(missing_ok=True)
                continue
            self._waiting[path.name] = Waiting(
                path.name,
                datetime.fromtimestamp(int(match[1]) / 1000, UTC),
                MediaKind(match[2]),
                _FORMATS[match[3]],
                match[4],
                path.stat().st_size,
            )

    def put(
        self, content: bytes, kind: MediaKind, media_format: MediaFormat, *, now: datetime
    ) -> str | None:
        """Keep a content until central has it.

        Returns:
            Its SHA-256; None where it could not be kept, which is counted.
        """
        if len(content) > self._size_bytes_max:
            self._losses.unwritten += 1
            return None
        sha256 = hashlib.sha256(content).hexdigest()
        name = f"{int(now.timestamp() * 1000):013d}-{kind}-{_SUFFIXES[media_format]}-{sha256}"
        self._make_room(len(content))
        try:
            self._write(name, content)
        except OSError as error:
            _log.error("a picture of an alarm is lost, the disk refuses: %s", error.strerror)
            self._losses.unwritten += 1
            return None
        self._waiting[name] = Waiting(name, now, kind, media_format, sha256, len(content))
        return sha256

    def next(self, *, now: datetime) -> Waiting | None:
        """Return what to send next, the newest first: a guard waits for it."""
        for name in [n for n, w in self._waiting.items() if w.kept_at + self._lifetime <= now]:
            self._losses.expired += 1
            self.remove(name)
        return max(self._waiting.values(), key=lambda w: w.kept_at, default=None)

    def content(self, waiting: Waiting) -> bytes | None:
        """Return a content; None where the file is damaged or gone, which is counted."""
        if self._cipher is None:
            return self._in_memory.get(waiting.name)
        try:
            raw = (self._folder / waiting.name).read_bytes()
            nonce, sealed = raw[:NONCE_SIZE_BYTES], raw[NONCE_SIZE_BYTES:]
            return self._cipher.decrypt(nonce, sealed, waiting.name.encode())
        except (OSError, InvalidTag, ValueError):
            _log.error("%s cannot be read and is let go", waiting.name)
            self._losses.unwritten += 1
            self.remove(waiting.name)
            return None

    def remove(self, name: str) -> None:
        """Forget a content: central has it, or will never have it."""
        self._waiting.pop(name, None)
        self._in_memory.pop(name, None)
        with contextlib.suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)

    def losses(self) -> Losses:
        """Return what was let go since the last call."""
        losses, self._losses = self._losses, Losses()
        return losses

    def _make_room(self, size_bytes: int) -> None:
        oldest = sorted(self._waiting.values(), key=lambda w: w.kept_at)
        total = sum(w.size_bytes for w in oldest)
        # What is in memory alone takes nothing of the disk.
        is_short = self._is_disk_short and self._cipher is not None
        room = total if is_short else self._size_bytes_max
        for waiting in oldest:
            if total + size_bytes <= room:
                return
            total -= waiting.size_bytes
            self._losses.displaced += 1
            self.remove(waiting.name)

    def _write(self, name: str, content: bytes) -> None:
        if self._cipher is None:
            self._in_memory[name] = content
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        nonce = os.urandom(NONCE_SIZE_BYTES)
        path, unfinished = self._folder / name, self._folder / f"{name}.part"
        unfinished.write_bytes(nonce + self._cipher.encrypt(nonce, content, name.encode()))
        unfinished.replace(path)


def _cipher(secret: bytes) -> Cipher:
    suite = suite_of_secret(secret)
    return suite.cipher(suite.derive_cipher_key(secret, salt=b"menshen clips v1", info=b""))
