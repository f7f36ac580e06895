"""Images for boards, fetched from central by their hash and kept until their update has ended."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

from edge.central_client import CentralRefusedError

_log = logging.getLogger("edge.boards")

_SUFFIX: Final = ".image"


class ImageMissingError(Exception):
    """Central has the image no more, or gave another; asking again would not help."""


class Central(Protocol):
    """The part of central that is needed here."""

    async def firmware_image(self, sha256: str, into: bytearray, *, size_bytes: int) -> None:
        """See ``CentralClient.firmware_image``."""
        ...


class Images:
    """Of one node. What is fetched lies on the disk: an update goes on with central dead."""

    def __init__(self, central: Central, folder: Path) -> None:
        """Keep images in ``folder``, which is made when it is needed."""
        self._central, self._folder = central, folder
        self._begun: dict[str, bytearray] = {}
        self._fetching = asyncio.Lock()

    async def get(self, sha256: str, *, size_bytes: int) -> bytes:
        """Return an image whose hash and size are right, from the disk or from central.

        Raises:
            ImageMissingError: There is none.
            CentralError: Central is not reached now; what has come is kept in memory.
        """
        async with self._fetching:
            kept = await asyncio.to_thread(self._read, sha256)
            if kept is not None:
                return kept
            begun = self._begun.setdefault(sha256, bytearray())
            try:
                await self._central.firmware_image(sha256, begun, size_bytes=size_bytes)
            except CentralRefusedError as error:
                self._begun.pop(sha256, None)
                raise ImageMissingError(f"central does not give the image: {error}") from error
            data = bytes(self._begun.pop(sha256))
            if hashlib.sha256(data).hexdigest() != sha256:
                raise ImageMissingError("central gave another image than the one of this hash")
            await asyncio.to_thread(self._write, sha256, data)
            return data

    async def keep_only(self, wanted: Collection[str]) -> None:
        """Let go of images that no update needs any more."""
        self._begun = {sha: begun for sha, begun in self._begun.items() if sha in wanted}
        await asyncio.to_thread(self._remove_others, frozenset(wanted))

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}{_SUFFIX}"

    def _read(self, sha256: str) -> bytes | None:
        try:
            data = self._path(sha256).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def _write(self, sha256: str, data: bytes) -> None:
        """Keep an image; a disk that refuses costs another fetch after a restart, no more."""
        path = self._path(sha256)
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)
        except OSError as error:
            _log.warning("an image for boards is not kept: %s", error)

    def _remove_others(self, wanted: frozenset[str]) -> None:
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.stem not in wanted:
                    path.unlink()
