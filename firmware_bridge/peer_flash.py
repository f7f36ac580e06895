"""The flash of the simulated board: sectors, wear, and a power cut at any operation.

It is as hard to live with as a real one: a write can only turn ones into zeros, what is written is
aligned to ``WRITE_SIZE_BYTES``, only whole sectors are erased, each erase wears its sector, and the
power may fail in the middle of any write or erase. What was being written then has a beginning of
what was meant, and one byte with some of its bits; what was being erased has bytes with some of
their bits, in no order.
"""

import dataclasses
import os
import random
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

ERASED: Final = 0xFF
WRITE_SIZE_BYTES: Final = 4
PAGE_SIZE_BYTES: Final = 256
"""Longer writes are several operations of so many bytes."""
WEAR_SIZE_BYTES: Final = 4
"""Of a sector's count of erases, in the file."""


class PowerCutError(Exception):
    """The power failed in the middle of an operation; the board is to be started again."""


class FlashError(Exception):
    """The flash did not do what it was told."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What the flash is divided into: the journal, slot 0 (which has one sector more), slot 1.

    Attributes:
        sector_size_bytes: Of every sector.
        slot_sector_count: Of slot 1.
        journal_sector_count: Before slot 0.
    """

    sector_size_bytes: int = 4096
    slot_sector_count: int = 32
    journal_sector_count: int = 2

    def __post_init__(self) -> None:
        if self.sector_size_bytes % PAGE_SIZE_BYTES or self.sector_size_bytes <= 0:
            raise ValueError(f"a sector has n * {PAGE_SIZE_BYTES} bytes")
        if self.slot_sector_count < 1 or self.journal_sector_count < 2:
            raise ValueError("a slot has at least one sector, the journal two")

    @property
    def slot_size_bytes(self) -> int:
        """The longest image."""
        return self.sector_size_bytes * self.slot_sector_count

    @property
    def sector_count(self) -> int:
        """Of all the flash."""
        return self.journal_sector_count + 2 * self.slot_sector_count + 1

    def first_sector(self, slot: int) -> int:
        """Return where slot 0 or 1 begins."""
        return self.journal_sector_count + slot * (self.slot_sector_count + 1)


class Flash:
    """Bytes that outlive the power, in memory or in a file.

    Attributes:
        geometry: What it is divided into.
        operation_count: Writes and erases until now.
        erase_counts: By sector.
        erase_count: Of all sectors.
        erase_count_max: Of the sector that was erased most.
        endurance: Erases that a sector stands; it fails from the next one on.
    """

    def __init__(
        self,
        geometry: Geometry,
        *,
        path: Path | None = None,
        endurance: int = 10_000,
        seed: int = 1,
    ) -> None:
        """Take the flash that the file has, or an erased one.

        Args:
            geometry: What it is divided into.
            path: Of the file; it is made if there is none. None is memory only.
            endurance: Erases that a sector stands.
            seed: Of what a power cut leaves.

        Raises:
            ValueError: The file is of another size; one line.
            OSError: It cannot be read or written.
        """
        self.geometry, self.endurance = geometry, endurance
        self.operation_count = 0
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._cut_after: int | None = None
        size_bytes = geometry.sector_count * geometry.sector_size_bytes
        self._data = bytearray([ERASED]) * size_bytes
        self.erase_counts = [0] * geometry.sector_count
        self.erase_count = self.erase_count_max = 0
        self._file: BinaryIO | None = None
        if path is not None:
            self._open(path)

    def cut_power(self, *, after_operations: int) -> None:
        """Let the power fail in the middle of the operation after so many more of them."""
        self._cut_after = self.operation_count + after_operations

    def keep_power(self) -> None:
        """Take a power cut back that has not come."""
        self._cut_after = None

    def read(self, address: int, size_bytes: int) -> bytes:
        """Return bytes."""
        return bytes(self._data[address : address + size_bytes])

    def write(self, address: int, data: bytes) -> None:
        """Write; both ends are aligned.

        Raises:
            PowerCutError: The power failed; a part is written.
            FlashError: It is not aligned, or would turn a zero into a one.
        """
        if address % WRITE_SIZE_BYTES or len(data) % WRITE_SIZE_BYTES:
            raise FlashError(f"{len(data)} bytes at {address:#x} are not aligned")
        begin = 0
        while begin < len(data):
            at = address + begin
            end = begin + PAGE_SIZE_BYTES - at % PAGE_SIZE_BYTES
            self._write_page(at, data[begin:end])
            begin = end

    def erase(self, sector: int) -> None:
        """Make a sector all ones.

        Raises:
            PowerCutError: The power failed; a part is erased.
            FlashError: The sector is worn out: a byte of it does not become ones any more.
        """
        size_bytes = self.geometry.sector_size_bytes
        address = sector * size_bytes
        self.erase_counts[sector] += 1
        self.erase_count += 1
        self.erase_count_max = max(self.erase_count_max, self.erase_counts[sector])
        is_cut = self._is_cut()
        erased = bytearray([ERASED]) * size_bytes
        if is_cut:
            before = self._data[address : address + size_bytes]
            noise = self._random.randbytes(size_bytes)
            erased = bytearray(old | some for old, some in zip(before, noise, strict=True))
        is_worn_out = self.erase_counts[sector] > self.endurance
        if is_worn_out:
            erased[self.erase_counts[sector] % size_bytes] &= 0xFE
        self._put(address, erased)
        self._put_wear(sector)
        if is_cut:
            raise PowerCutError
        if is_worn_out:
            raise FlashError(f"sector {sector} is worn out")

    def close(self) -> None:
        """Close the file; idempotent."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> "Flash":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _write_page(self, address: int, data: bytes) -> None:
        before = int.from_bytes(self._data[address : address + len(data)])
        wanted = int.from_bytes(data)
        if before & wanted != wanted:
            raise FlashError(f"a write at {address:#x} would turn zeros into ones")
        if self._is_cut():
            whole = self._random.randrange(len(data))
            torn = self._data[address + whole] & (data[whole] | self._random.randrange(256))
            self._put(address, data[:whole] + bytes([torn]))
            raise PowerCutError
        self._put(address, data)

    def _is_cut(self) -> bool:
        """Count an operation; returns whether the power fails in the middle of it."""
        self.operation_count += 1
        if self._cut_after is None or self.operation_count <= self._cut_after:
            return False
        self._cut_after = None
        return True

    def _put(self, address: int, data: bytes | bytearray) -> None:
        self._data[address : address + len(data)] = data
        if self._file is not None:
            self._file.seek(address)
            self._file.write(data)

    def _put_wear(self, sector: int) -> None:
        if self._file is not None:
            self._file.seek(len(self._data) + WEAR_SIZE_BYTES * sector)
            self._file.write(self.erase_counts[sector].to_bytes(WEAR_SIZE_BYTES, "big"))

    def _open(self, path: Path) -> None:
        size_bytes = len(self._data) + WEAR_SIZE_BYTES * self.geometry.sector_count
        if not path.exists():
            path.write_bytes(bytes(self._data) + bytes(size_bytes - len(self._data)))
        if path.stat().st_size != size_bytes:
            raise ValueError(
                f"{path} is no flash of this board: it has {path.stat().st_size} bytes, not "
                f"{size_bytes}; name another file, or the size that it was made with"
            )
        # Unbuffered: what the board has written is there when this process is killed.
        self._file = os.fdopen(os.open(path, os.O_RDWR), "r+b", buffering=0)
        content = self._file.read()
        self._data[:] = content[: len(self._data)]
        wear = content[len(self._data) :]
        self.erase_counts = [
            int.from_bytes(wear[at : at + WEAR_SIZE_BYTES])
            for at in range(0, len(wear), WEAR_SIZE_BYTES)
        ]
        self.erase_count, self.erase_count_max = sum(self.erase_counts), max(self.erase_counts)
