"""A node's secrets as files of its state folder, each sealed for this machine where it can be."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from config.crypto.international import INTERNATIONAL
from config.crypto.suite import Suite
from edge.sealing import RELEASE, KeySealer, Sealer, SealError, encode_sealed, sealed_by

LOCAL_KEY: Final = "local.key"
"""It opens the page on this machine alone, for whoever starts it, and is never sealed."""
OPENS_FACES: Final = ("sealing", "clips")
"""How the names begin of what may open by central's release alone."""


class KeyFiles:
    """The secrets of one state folder; one thread at a time may write.

    Attributes:
        suite: Of the site, by which they are sealed.
    """

    def __init__(self, folder: Path, *, sealer: Sealer | None, with_release: bool) -> None:
        """See ``Home``."""
        self.folder = folder
        self.suite: Suite = INTERNATIONAL
        self._sealer, self._with_release = sealer, with_release
        self._released: Sealer | None = None
        self._unkept: dict[str, str] = {}

    def release(self, secret: bytes) -> None:
        """Take what central released, and keep under it what waits for that.

        Raises:
            SealError: It cannot be.
        """
        self._released = KeySealer(RELEASE, secret)
        for name, text in self._unkept.items():
            self._keep(name, text)
        self._unkept.clear()

    def is_locked(self, name: str) -> bool:
        """Return whether central must release something before this secret opens."""
        sealed = self.folder / f"{name}.sealed"
        by = sealed_by(sealed.read_text("ascii"))[0] if sealed.exists() else None
        is_needed = self._with_release and name.startswith(OPENS_FACES)
        return self._released is None and (is_needed or by == RELEASE)

    def is_in_memory(self, name: str) -> bool:
        """Return whether a secret waits in memory for what central releases."""
        return name in self._unkept

    def is_there(self, name: str) -> bool:
        """Return whether a secret of this name is kept."""
        return any(path.exists() for path in self._paths(name))

    def kept(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret, which is made and kept where there is none.

        Raises:
            SealError: It does not open here.
        """
        if name in self._unkept:
            return self._unkept[name]
        clear, sealed = self._paths(name)
        if sealed.exists():
            by, text = sealed_by(sealed.read_text(encoding="ascii"))
            opened = self._opener(by).unseal(text, purpose=name).decode("ascii")
            wanted = self._wanted(name)
            if wanted is not None and wanted.name != by:
                self._keep(name, opened)
            _destroy(clear)
            return opened
        text = clear.read_text(encoding="ascii") if clear.exists() else make()
        self._keep(name, text)
        return text

    def destroy(self, name: str) -> None:
        """Forget a secret; idempotent."""
        self._unkept.pop(name, None)
        for path in (*self._paths(name), *self.folder.glob(f".{name}.*")):
            _destroy(path)  # a half-written one of a process that was killed, too

    def _paths(self, name: str) -> tuple[Path, Path]:
        return self.folder / name, self.folder / f"{name}.sealed"

    def _wanted(self, name: str) -> Sealer | None:
        if name == LOCAL_KEY:
            return None
        is_for_release = self._with_release and name.startswith(OPENS_FACES)
        return self._released if is_for_release else self._sealer

    def _keep(self, name: str, text: str) -> None:
        """Keep a secret; one that waits for central's release stays in memory until then."""
        sealer, (clear, sealed) = self._wanted(name), self._paths(name)
        if sealer is not None:
            raw = text.encode("ascii")
            write_private(sealed, encode_sealed(sealer, raw, purpose=name, suite=self.suite))
            _destroy(clear)
        elif self._with_release and name.startswith(OPENS_FACES) and not clear.exists():
            self._unkept[name] = text
        elif not clear.exists():
            write_private(clear, text)

    def _opener(self, by: str) -> Sealer:
        for sealer in (self._released, self._sealer):
            if sealer is not None and sealer.name == by:
                return sealer
        raise SealError(
            f"the keys in {self.folder} were sealed by {by!r}, which this start does not have:"
            " give it back, or remove the folder and enrol the node again"
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone reads; whole or not at all, and so after a power cut."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folder, and keeps its names by a log of its own.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _destroy(path: Path) -> None:
    """Overwrite and remove a file; on flash, old blocks may outlive it all the same."""
    if path.exists():
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
