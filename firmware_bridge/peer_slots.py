"""The image group of the simulated board: states, upload with resume, trial, confirm, erase.

Source: docs/board.md, section 5; Zephyr's ``img_mgmt`` for the numbers of refusals.
"""

import hashlib
import struct
from enum import IntEnum
from typing import Any, Final

from firmware_bridge.peer_bootloader import Key, Progress, Stage, slot_content
from firmware_bridge.peer_flash import ERASED, WRITE_SIZE_BYTES, Flash, FlashError
from firmware_bridge.peer_image import (
    HEADER_SIZE_BYTES,
    CheckedImage,
    listed_version,
    read_header,
    stated_counter,
    stated_hash,
)
from firmware_bridge.peer_journal import Journal

_SESSION: Final = struct.Struct(">32sII")
"""SHA-256 of the whole file, its length, and how many bytes stand in whole sectors."""
NEAR_END_SHARE: Final = 0.9
"""Of the erases that a sector stands: from then on the flash is unwell, and uploads are refused."""


class ImageCode(IntEnum):
    """Why the image group refuses."""

    NO_IMAGE = 3
    HASH_NOT_FOUND = 8
    NO_FREE_SLOT = 9
    WRITE_FAILED = 12
    ERASE_FAILED = 13
    INVALID_SLOT = 14
    INVALID_LENGTH = 21
    INVALID_HEADER = 22
    INVALID_MAGIC = 23
    INVALID_HASH = 24
    CURRENT_IS_NEWER = 27
    TOO_LARGE = 30
    OVERRUN = 31
    CONFIRMATION_DENIED = 32
    TRIAL_OF_RUNNING_DENIED = 33


class ImageGroupError(Exception):
    """The image group refuses. Attributes: code: why."""

    def __init__(self, code: ImageCode) -> None:
        super().__init__(code.name)
        self.code = code


class Slots:
    """Both slots as the running application sees them."""

    def __init__(self, flash: Flash, journal: Journal, running: CheckedImage) -> None:
        self._flash, self._journal, self._running = flash, journal, running
        self._progress = Progress(journal)
        self._sha, self._size_bytes, self._offset = b"", 0, 0
        self._is_open = False
        self._tail = b""
        """The newest bytes, which are not enough for the flash's alignment yet."""
        self._resume()

    @property
    def is_on_trial(self) -> bool:
        """Whether what runs goes back at the next start."""
        return self._progress.stage == Stage.ON_TRIAL

    @property
    def is_near_end(self) -> bool:
        """Whether a sector will not stand many erases any more."""
        return self._flash.erase_count_max >= NEAR_END_SHARE * self._flash.endurance

    @property
    def offset(self) -> int:
        """Bytes of the upload that are here."""
        return self._offset

    def state(self) -> dict[str, Any]:
        """Return the answer to a read of the state."""
        stage = self._progress.stage
        is_confirmed = stage != Stage.ON_TRIAL
        images = [
            {
                "slot": 0,
                "version": listed_version(self._running.version),
                "hash": self._running.hash,
                "bootable": True,
                "pending": False,
                "confirmed": is_confirmed,
                "active": True,
                "permanent": False,
            }
        ]
        content = slot_content(self._flash, 1)
        header, stated = read_header(content), stated_hash(content)
        if header is not None and stated is not None:
            images.append(
                {
                    "slot": 1,
                    "version": listed_version(header.version),
                    "hash": stated,
                    "bootable": True,
                    "pending": stage == Stage.PENDING,
                    "confirmed": not is_confirmed,
                    "active": False,
                    "permanent": False,
                }
            )
        return {"images": images}

    def upload(
        self, offset: int, data: bytes, *, size_bytes: int | None, sha: bytes | None
    ) -> dict[str, Any]:
        """Take a piece of an image; returns the answer.

        Raises:
            ImageGroupError: It is refused; nothing was written of it.
            PowerCutError: The power failed.
        """
        if self.is_on_trial:
            raise ImageGroupError(ImageCode.NO_FREE_SLOT)
        goes_on = self._offset and self._is_the_same(sha, size_bytes)
        if offset == 0 and not goes_on:
            self._check_first(data, size_bytes, sha)
            self._open(sha or b"", size_bytes or 0)
        if not self._is_open:
            return {"off": 0}
        if offset == self._offset and data and offset < self._size_bytes:
            if offset + len(data) > self._size_bytes:
                raise ImageGroupError(ImageCode.OVERRUN)
            self._take_trial_back()
            self._take(data)
        answer: dict[str, Any] = {"off": self._offset}
        if self._offset == self._size_bytes and self._sha:
            answer["match"] = self._is_whole()
            if not answer["match"]:
                self._close()
        return answer

    def erase(self, slot: int) -> dict[str, Any]:
        """Erase slot 1; takes back a trial that waits, and forgets an upload.

        Raises:
            ImageGroupError: It is refused.
            PowerCutError: The power failed.
        """
        if slot != 1:
            raise ImageGroupError(ImageCode.INVALID_SLOT)
        if self.is_on_trial:
            raise ImageGroupError(ImageCode.NO_FREE_SLOT)
        self._close()
        self._take_trial_back()
        geometry = self._flash.geometry
        first = geometry.first_sector(1)
        for sector in range(first, first + geometry.slot_sector_count):
            self._erase(sector)
        return {}

    def set_state(self, wanted: bytes | None, *, confirm: bool) -> tuple[dict[str, Any], bool]:
        """Put slot 1 on trial, or confirm what runs.

        Returns:
            The answer, and whether something was confirmed that was not before.

        Raises:
            ImageGroupError: It is refused.
            PowerCutError: The power failed.
        """
        is_running = wanted == self._running.hash
        if confirm and (not wanted or is_running):
            was_on_trial = self.is_on_trial
            if was_on_trial:
                self._progress.set(Stage.CONFIRMED)
                self._progress.raise_counter(self._running.counter)
            return self.state(), was_on_trial
        if not wanted:
            raise ImageGroupError(ImageCode.INVALID_HASH)
        if is_running:
            raise ImageGroupError(ImageCode.TRIAL_OF_RUNNING_DENIED)
        if stated_hash(slot_content(self._flash, 1)) != wanted:
            raise ImageGroupError(ImageCode.HASH_NOT_FOUND)
        if confirm:
            raise ImageGroupError(ImageCode.CONFIRMATION_DENIED)
        if self.is_on_trial:
            raise ImageGroupError(ImageCode.NO_FREE_SLOT)
        if stated_counter(slot_content(self._flash, 1)) < self._progress.counter:
            raise ImageGroupError(ImageCode.CURRENT_IS_NEWER)
        self._progress.set(Stage.PENDING)
        return self.state(), False

    def _check_first(self, data: bytes, size_bytes: int | None, sha: bytes | None) -> None:
        if size_bytes is None or size_bytes <= 0:
            raise ImageGroupError(ImageCode.INVALID_LENGTH)
        if sha and len(sha) != hashlib.sha256().digest_size:
            raise ImageGroupError(ImageCode.INVALID_HASH)
        if size_bytes > self._flash.geometry.slot_size_bytes:
            raise ImageGroupError(ImageCode.TOO_LARGE)
        if len(data) < HEADER_SIZE_BYTES:
            raise ImageGroupError(ImageCode.INVALID_HEADER)
        header = read_header(data)
        if header is None:
            raise ImageGroupError(ImageCode.INVALID_MAGIC)
        if header.version < self._running.version:
            raise ImageGroupError(ImageCode.CURRENT_IS_NEWER)
        if self.is_near_end:
            raise ImageGroupError(ImageCode.ERASE_FAILED)

    def _is_whole(self) -> bool:
        written = slot_content(self._flash, 1)[: self._size_bytes]
        return hashlib.sha256(written).digest() == self._sha

    def _is_the_same(self, sha: bytes | None, size_bytes: int | None) -> bool:
        return bool(self._is_open and sha and sha == self._sha and size_bytes == self._size_bytes)

    def _open(self, sha: bytes, size_bytes: int) -> None:
        self._close()
        self._take_trial_back()
        self._sha, self._size_bytes, self._offset, self._tail = sha, size_bytes, 0, b""
        self._is_open = True
        self._remember(0)
        # All at once: only an upload's first packet is answered late.
        geometry = self._flash.geometry
        first = geometry.first_sector(1)
        for sector in range(first, first + -(-size_bytes // geometry.sector_size_bytes)):
            self._erase(sector)

    def _close(self) -> None:
        """Forget an upload, for good."""
        self._is_open, self._offset, self._tail = False, 0, b""
        if self._journal.get(Key.UPLOAD):
            self._journal.put(Key.UPLOAD, b"")

    def _take(self, data: bytes) -> None:
        """Write what is aligned; the rest waits for more, or is filled up at the end."""
        geometry = self._flash.geometry
        begin = geometry.first_sector(1) * geometry.sector_size_bytes
        written = self._offset - len(self._tail)
        self._offset += len(data)
        data = self._tail + data
        rest = len(data) % WRITE_SIZE_BYTES
        if self._offset == self._size_bytes:
            data += bytes([ERASED]) * (-len(data) % WRITE_SIZE_BYTES)
            rest = 0
        ready, self._tail = data[: len(data) - rest], data[len(data) - rest :]
        while ready:
            if written % geometry.sector_size_bytes == 0:
                self._remember(written)
                self._erase((begin + written) // geometry.sector_size_bytes)
            room = geometry.sector_size_bytes - written % geometry.sector_size_bytes
            self._write(begin + written, ready[:room])
            written += len(ready[:room])
            ready = ready[room:]
        if self._offset == self._size_bytes:
            self._remember(self._size_bytes)

    def _write(self, address: int, data: bytes) -> None:
        try:
            self._flash.write(address, data)
        except FlashError as error:
            self._close()
            raise ImageGroupError(ImageCode.WRITE_FAILED) from error

    def _erase(self, sector: int) -> None:
        size_bytes = self._flash.geometry.sector_size_bytes
        if self._flash.read(sector * size_bytes, size_bytes).count(ERASED) == size_bytes:
            return
        try:
            self._flash.erase(sector)
        except FlashError as error:
            self._close()
            raise ImageGroupError(ImageCode.ERASE_FAILED) from error

    def _take_trial_back(self) -> None:
        if self._progress.stage == Stage.PENDING:
            self._progress.set(Stage.CONFIRMED)

    def _remember(self, whole_bytes: int) -> None:
        if self._sha:
            value = _SESSION.pack(self._sha, self._size_bytes, whole_bytes)
            self._journal.put(Key.UPLOAD, value)

    def _resume(self) -> None:
        raw = self._journal.get(Key.UPLOAD)
        if raw and not self.is_on_trial:
            self._sha, self._size_bytes, self._offset = _SESSION.unpack(raw)
            self._is_open = True
            if self._offset == self._size_bytes and not self._is_whole():
                self._close()  # it was swapped away since
