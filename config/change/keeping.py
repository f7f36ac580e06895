"""The site file in use, the versions before it, and a change that waits for its confirmation.

All lie in one folder: ``site.toml``, ``site.toml.2026-11-30T171500.000000Z`` (what was in use until
then), and ``site.toml.pending`` while somebody has yet to say that all is well.
"""

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from config.contract.identifiers import Frozen

KEPT_MAX: Final = 10
_STAMP: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}\.\d{6}Z")


class ChangeError(Exception):
    """It cannot be done; the message is one line that says what to do."""


class Pending(Frozen):
    """A change that waits. Attributes: until: Aware UTC. kept: What is gone back to otherwise."""

    until: datetime
    kept: str


class Installed:
    """The site file of this machine."""

    def __init__(self, path: Path) -> None:
        """Name it; it need not be there yet."""
        self.path = path
        self._pending = path.with_name(f"{path.name}.pending")

    def kept(self) -> list[Path]:
        """Return the versions before, the oldest first."""
        prefix = f"{self.path.name}."
        return sorted(
            path
            for path in self.path.parent.glob(f"{prefix}*Z")
            if _STAMP.fullmatch(path.name.removeprefix(prefix))
        )

    def read(self) -> bytes | None:
        """Return its text; None where it is not there."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, text: bytes, *, now: datetime) -> Path | None:
        """Put another text in its place at once, and keep the one before.

        Args:
            text: The new one.
            now: Aware UTC, for the name of what is kept.

        Returns:
            Where the one before is; None where there was none.

        Raises:
            OSError: The folder cannot be written; nothing is changed.
        """
        before, kept = self.read(), None
        if before is not None:
            kept = self.path.with_name(f"{self.path.name}.{now:%Y-%m-%dT%H%M%S.%fZ}")
            self._write(kept, before)
        self._write(self.path, text)
        for old in self.kept()[:-KEPT_MAX]:
            old.unlink(missing_ok=True)
        return kept

    def restore(self, kept: Path) -> None:
        """Put a version before in its place again; what was there is not kept."""
        self._write(self.path, kept.read_bytes())
        kept.unlink()

    def remove(self) -> None:
        """Take it away: there was none before."""
        self.path.unlink(missing_ok=True)

    def pending(self) -> Pending | None:
        """Return the change that waits; None where none does."""
        try:
            return Pending.model_validate_json(self._pending.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def await_confirmation(self, pending: Pending) -> None:
        """Let a change wait."""
        self._write(self._pending, pending.model_dump_json().encode())

    def settle(self) -> bool:
        """Let no change wait any more; returns whether one did, to one caller alone."""
        try:
            self._pending.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextlib.contextmanager
    def alone(self, *, waits: bool = False) -> Iterator[None]:
        """Keep others from changing it meanwhile.

        Args:
            waits: Until nobody else does; otherwise that is an error.

        Raises:
            ChangeError: Somebody does.
            OSError: The folder cannot be written.
        """
        with self.path.with_name(f".{self.path.name}.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
            except OSError as error:
                raise ChangeError(f"somebody else is changing {self.path}: wait for it") from error
            yield

    def _write(self, path: Path, text: bytes) -> None:
        """Write a file whole or not at all, for whoever could read the site file until now."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                self._give(file.fileno())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _give(self, descriptor: int) -> None:
        # Addresses of cameras with their passwords are in it: no wider than it was. A first one is
        # the folder's group's to read, which is the services'.
        like = self.path if self.path.exists() else self.path.parent
        status = like.stat()
        os.fchmod(descriptor, status.st_mode & 0o777 if like is self.path else 0o640)
        if os.geteuid() == 0:
            os.fchown(descriptor, status.st_uid, status.st_gid)
