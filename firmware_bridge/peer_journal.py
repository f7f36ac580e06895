"""What the simulated board remembers besides images: small values, in two sectors in turn.

A record is ``magic 16 ‖ key 8 ‖ length 8 ‖ value ‖ CRC-32``, padded to the flash's alignment; the
newest sound one of a key counts. When a sector is full, what counts is written into the other one,
whose first record (its generation) is written last: so a power cut at any moment leaves the value
before or the one after, and never another one's.
"""

import binascii
import struct
from typing import Final

from firmware_bridge.peer_flash import ERASED, WRITE_SIZE_BYTES, Flash

MAGIC: Final = 0x5AA5
_HEAD: Final = struct.Struct(">HBB")
_CRC: Final = struct.Struct(">I")
VALUE_SIZE_BYTES_MAX: Final = 255
_GENERATION_KEY: Final = 0
_GENERATION: Final = struct.Struct(">I")
_FIRST_SIZE_BYTES: Final = _HEAD.size + _GENERATION.size + _CRC.size
SECTOR_COUNT: Final = 2


class Journal:
    """Values by key (1..255), each at most 255 bytes."""

    def __init__(self, flash: Flash, *, first_sector: int = 0) -> None:
        """Read what counts.

        Raises:
            PowerCutError: The power failed while it was set up for the first time.
            FlashError: A sector is worn out.
        """
        self._flash, self._first_sector = flash, first_sector
        self._size_bytes = flash.geometry.sector_size_bytes
        self._values: dict[int, bytes] = {}
        self._sector, self._generation, self._end = first_sector, 0, 0
        generations = {
            sector: generation
            for sector in range(first_sector, first_sector + SECTOR_COUNT)
            if (generation := self._generation_of(sector)) is not None
        }
        if not generations:
            self._move_to(first_sector)
            return
        self._sector = max(generations, key=generations.__getitem__)
        self._generation = generations[self._sector]
        self._read()

    def get(self, key: int) -> bytes | None:
        """Return a value, or None where there is none."""
        return self._values.get(key)

    def put(self, key: int, value: bytes) -> None:
        """Remember a value; writes nothing where it is remembered already.

        Raises:
            PowerCutError: The power failed; the value is the one before, or this one.
            FlashError: A sector is worn out.
        """
        if not 1 <= key <= 255 or len(value) > VALUE_SIZE_BYTES_MAX:
            raise ValueError(f"no journal has {len(value)} bytes under key {key}")
        if self._values.get(key) == value:
            return
        record = _record(key, value)
        if self._end + len(record) > self._size_bytes:
            self._move_to(self._other_sector(), {**self._values, key: value})
        else:
            self._flash.write(self._address() + self._end, record)
            self._end += len(record)
        self._values[key] = value

    def _move_to(self, sector: int, values: dict[int, bytes] | None = None) -> None:
        """Write what counts into a sector, its generation last."""
        self._flash.erase(sector)
        address, end = sector * self._size_bytes, _FIRST_SIZE_BYTES
        for key, value in (values or {}).items():
            record = _record(key, value)
            self._flash.write(address + end, record)
            end += len(record)
        first = _record(_GENERATION_KEY, _GENERATION.pack(self._generation + 1))
        self._flash.write(address, first)
        self._generation += 1
        self._sector, self._end = sector, end

    def _other_sector(self) -> int:
        return 2 * self._first_sector + 1 - self._sector

    def _address(self) -> int:
        return self._sector * self._size_bytes

    def _generation_of(self, sector: int) -> int | None:
        raw = self._flash.read(sector * self._size_bytes, _FIRST_SIZE_BYTES)
        found = _next_record(raw, 0)
        if found is None or found[0] != _GENERATION_KEY:
            return None
        return int(_GENERATION.unpack(found[1])[0])

    def _read(self) -> None:
        raw = self._flash.read(self._address(), self._size_bytes)
        end = _FIRST_SIZE_BYTES
        while (found := _next_record(raw, end)) is not None:
            key, value, end = found
            self._values[key] = value
        # A power cut left a part of a record, or bits of one: nothing is written over it.
        rest = raw[end:]
        used = len(rest.rstrip(bytes([ERASED])))
        self._end = end + used + -used % WRITE_SIZE_BYTES


def _record(key: int, value: bytes) -> bytes:
    body = _HEAD.pack(MAGIC, key, len(value)) + value
    padding = bytes([ERASED]) * (-(len(body) + _CRC.size) % WRITE_SIZE_BYTES)
    return body + padding + _CRC.pack(binascii.crc32(body))


def _next_record(raw: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Return key, value and the end of the first sound record from here; None if there is none."""
    while at + _HEAD.size + _CRC.size <= len(raw):
        magic, key, size_bytes = _HEAD.unpack_from(raw, at)
        end_of_value = at + _HEAD.size + size_bytes
        end = end_of_value + -(end_of_value + _CRC.size) % WRITE_SIZE_BYTES + _CRC.size
        if magic == MAGIC and end <= len(raw):
            crc = _CRC.unpack_from(raw, end - _CRC.size)[0]
            if crc == binascii.crc32(raw[at:end_of_value]):
                return key, raw[at + _HEAD.size : end_of_value], end
        at += WRITE_SIZE_BYTES
    return None
