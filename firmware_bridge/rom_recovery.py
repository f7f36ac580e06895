"""A board is brought back by hand: a signed image through the ROM loader of its STM32.

The ROM loader takes anything, so the site's keys are asked here, before a byte is erased. An older
version than the board had is not refused: what it had is what does not start. MCUboot, where the
board has it, still counts.
"""

import dataclasses
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from config.board_image import (
    BoardImage,
    ImageVersion,
    PublicKey,
    fits_board,
    read_image,
    verify_image,
)
from drivers.base import ProtocolViolationError
from firmware_bridge.rom_frames import ALIGNMENT_BYTES, BLOCK_SIZE_BYTES_MAX
from firmware_bridge.rom_loader import RomIdentity, RomLoader, page_batches

FLASH_BEGIN: Final = 0x0800_0000
"""Where flash begins in every STM32, and where the chip starts."""
READ_COUNT_MAX: Final = 3
"""Times that a block is read before it counts as different."""


class RecoveryStage(StrEnum):
    """What is done now."""

    ERASES = "erases"
    WRITES = "writes"
    READS_BACK = "reads_back"


OnProgress = Callable[[RecoveryStage, int, int], None]
"""Stage, bytes done, bytes in all."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPlace:
    """Where an image goes in a chip's flash.

    Attributes:
        address: Of its first byte; MCUboot's slot 0, or where a bare program is linked to.
        page_size_bytes: Of every page; the pages that are written are erased. 0 erases everything,
            and is for a chip that holds nothing else.
        is_bare: The board has no MCUboot: the program alone is written, without its header and
            signature.
    """

    address: int
    page_size_bytes: int = 0
    is_bare: bool = False

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: The address is none, something else would be erased, or the chip could not
                start; one line.
        """
        offset = self.address - FLASH_BEGIN
        unit = self.page_size_bytes or ALIGNMENT_BYTES
        if not 0 <= offset < 0x0800_0000 or offset % unit or self.page_size_bytes < 0:
            raise ValueError(
                f"an image cannot begin at 0x{self.address:08X}: give the beginning of a page, from"
                f" 0x{FLASH_BEGIN:08X} on"
            )
        if not offset and not self.is_bare:
            raise ValueError(
                f"the chip starts at 0x{FLASH_BEGIN:08X}, where MCUboot stands: give the address of"
                " its slot 0, or say that the board has no MCUboot"
            )
        if offset and not self.page_size_bytes:
            raise ValueError(
                f"what stands before 0x{self.address:08X} would be erased: give the size of a page"
            )

    def pages(self, size_bytes: int) -> range:
        """Return the numbers of the pages that so many bytes lie in."""
        first = (self.address - FLASH_BEGIN) // self.page_size_bytes
        return range(first, first + -(-size_bytes // self.page_size_bytes))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was done. Attributes: written_bytes: all read back."""

    identity: RomIdentity
    version: ImageVersion
    written_bytes: int


def recover(
    loader: RomLoader,
    data: bytes,
    *,
    keys: Sequence[PublicKey],
    hw: int,
    place: RecoveryPlace,
    on_progress: OnProgress = lambda stage, done_bytes, size_bytes: None,
) -> Recovered:
    """Write an image into a chip, read it back, and start the chip.

    The beginning is written last: a chip whose recovery was broken off does not start half a
    program, and its loader takes the next one.

    Args:
        loader: Not connected yet.
        data: The image, as imgtool signed it.
        keys: Of whoever signs images for this site.
        hw: Number of the board's type, as whoever stands before it reads there.
        place: Where it goes.
        on_progress: Called from this thread.

    Raises:
        ImageError: It is not taken; nothing was sent.
        DriverError: The loader does not do it, or what was read back differs.
    """
    image = judged(data, keys=keys, hw=hw)
    wanted = _written(image, data, place)
    identity = loader.connect()
    _erase(loader, place, len(wanted), on_progress)
    starts = range(0, len(wanted), BLOCK_SIZE_BYTES_MAX)
    done_bytes = 0
    for start in [*starts[1:], starts[0]]:
        block = wanted[start : start + BLOCK_SIZE_BYTES_MAX]
        loader.write(place.address + start, block)
        done_bytes += len(block)
        on_progress(RecoveryStage.WRITES, done_bytes, len(wanted))
    for start in starts:
        block = wanted[start : start + BLOCK_SIZE_BYTES_MAX]
        if not _reads_back(loader, place.address + start, block):
            raise ProtocolViolationError(
                f"what was written at 0x{place.address + start:08X} reads back differently: is the"
                " flash write-protected or worn out?"
            )
        on_progress(RecoveryStage.READS_BACK, start + len(block), len(wanted))
    loader.go(FLASH_BEGIN)
    return Recovered(identity=identity, version=image.version, written_bytes=len(wanted))


def judged(data: bytes, *, keys: Sequence[PublicKey], hw: int) -> BoardImage:
    """Return an image that may be written; no port is needed for that.

    Raises:
        ImageError: It is not taken.
    """
    image = read_image(data)
    verify_image(image, keys)
    fits_board(image, hw=hw, running=ImageVersion(), counter=0, slot_size_bytes=None)
    return image


def _reads_back(loader: RomLoader, address: int, block: bytes) -> bool:
    """Whether it does, once: what is read has no check sum, so a line can spoil it."""
    return any(loader.read(address, len(block)) == block for _ in range(READ_COUNT_MAX))


def _written(image: BoardImage, data: bytes, place: RecoveryPlace) -> bytes:
    return data[image.program_begin : image.program_end] if place.is_bare else data


def _erase(
    loader: RomLoader, place: RecoveryPlace, size_bytes: int, on_progress: OnProgress
) -> None:
    on_progress(RecoveryStage.ERASES, 0, size_bytes)
    if not place.page_size_bytes:
        loader.erase_all()
    else:
        for batch in page_batches(place.pages(size_bytes)):
            loader.erase(batch)
    on_progress(RecoveryStage.ERASES, size_bytes, size_bytes)
