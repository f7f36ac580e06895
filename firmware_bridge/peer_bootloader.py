"""The simulated board's bootloader: it starts a sound, signed image, whatever happened before.

Two slots are swapped sector by sector, by moving (MCUboot's *swap using move*): slot 0 has one
sector more than slot 1; its image is moved up by one, and then each sector of slot 1 comes into
slot 0, and what slot 0 had into slot 1. What is done is kept in the journal after each step, and a
step that the power broke off is done again from its beginning: its source is whole until the next.

Source: docs/board.md, section 5; MCUboot 2.x, docs/design.md ("Image swaps", "Swap using move").
"""

import dataclasses
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from firmware_bridge.peer_flash import ERASED, PAGE_SIZE_BYTES, Flash, FlashError
from firmware_bridge.peer_image import (
    CheckedImage,
    ImageRefusedError,
    PublicKey,
    check_image,
    image_size_bytes,
)
from firmware_bridge.peer_journal import Journal


class Key(IntEnum):
    """What the journal remembers."""

    STAGE = 1
    COUNTER = 2
    UPLOAD = 3
    CONFIGURATION = 4
    CLAIM = 5
    MAKER = 6
    ADDRESS = 7


class Stage(IntEnum):
    """Where an update is."""

    CONFIRMED = 0
    PENDING = 1
    """Slot 1 is to be tried at the next start."""
    SWAPPING = 2
    ON_TRIAL = 3
    """Slot 0 was swapped in and nobody confirmed it: it goes back at the next start."""
    SWAPPING_BACK = 4
    RECOVERING = 5
    """Slot 0 is damaged, and slot 1 takes its place for good."""


class Happened(IntEnum):
    """What a start did about images; the kinds of the board's event 9, and 0 for nothing."""

    NOTHING = 0
    ON_TRIAL = 1
    WENT_BACK = 3
    REFUSED = 4


_AFTER_SWAP: Final = {
    Stage.SWAPPING: (Stage.ON_TRIAL, Happened.ON_TRIAL),
    Stage.SWAPPING_BACK: (Stage.CONFIRMED, Happened.WENT_BACK),
    Stage.RECOVERING: (Stage.CONFIRMED, Happened.WENT_BACK),
}
_STAGE: Final = struct.Struct(">BHHB")
"""The stage, the next step of a swap, its count of sectors, and what the last start did."""
_COUNTER: Final = struct.Struct(">I")


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """How a start ended.

    Attributes:
        image: What runs now; None: nothing that may be started.
        happened: What was done about images.
        why: One line for each image that was refused.
    """

    image: CheckedImage | None
    happened: Happened
    why: tuple[str, ...] = ()


class Progress:
    """Where an update is, in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @property
    def stage(self) -> Stage:
        """Where it is."""
        return self._read()[0]

    @property
    def swap(self) -> tuple[int, int]:
        """The next step of a swap and its count of sectors."""
        return self._read()[1:]

    @property
    def counter(self) -> int:
        """The highest security counter that was ever confirmed."""
        raw = self._journal.get(Key.COUNTER)
        return 0 if raw is None else int(_COUNTER.unpack(raw)[0])

    def set(self, stage: Stage, *, step: int = 0, sector_count: int = 0) -> None:
        """Remember where it is; at once, or after a power cut not at all."""
        self._journal.put(Key.STAGE, _STAGE.pack(stage, step, sector_count, 0))

    def raise_counter(self, counter: int) -> None:
        """Remember a confirmed image's security counter; it never falls."""
        if counter > self.counter:
            self._journal.put(Key.COUNTER, _COUNTER.pack(counter))

    def _read(self) -> tuple[Stage, int, int]:
        raw = self._journal.get(Key.STAGE)
        if raw is None:
            return Stage.CONFIRMED, 0, 0
        stage, step, sector_count, _ = _STAGE.unpack(raw)
        return Stage(stage), step, sector_count


class Bootloader:
    """Decides what is started, and swaps."""

    def __init__(
        self, flash: Flash, journal: Journal, keys: Sequence[PublicKey], *, hw: int
    ) -> None:
        self._flash, self._keys, self._hw = flash, keys, hw
        self._progress = Progress(journal)
        self._why: list[str] = []

    def start(self) -> Start:
        """Find what to start; swaps, goes back, or goes on with what a power cut broke off.

        Raises:
            PowerCutError: The power failed.
        """
        self._why = []
        try:
            happened = self._prepare()
            image = self._checked(0)
            if image is None:
                image, happened = self._recover(happened)
        except FlashError as error:
            return Start(None, Happened.NOTHING, (*self._why, str(error)))
        if image is not None and self._progress.stage == Stage.CONFIRMED:
            self._progress.raise_counter(image.counter)
        return Start(image, happened, tuple(self._why))

    def _prepare(self) -> Happened:
        """Bring into slot 0 what is to be started."""
        happened = Happened.NOTHING
        match self._progress.stage:
            case Stage.PENDING:
                if self._checked(1) is None:
                    self._progress.set(Stage.CONFIRMED)
                    return Happened.REFUSED
                self._begin(Stage.SWAPPING)
            case Stage.ON_TRIAL if self._checked(1) is not None:
                self._begin(Stage.SWAPPING_BACK)
            case _:
                pass
        if (stage := self._progress.stage) in _AFTER_SWAP:
            self._swap(stage)
            after, happened = _AFTER_SWAP[stage]
            self._progress.set(after)
        return happened

    def _recover(self, happened: Happened) -> tuple[CheckedImage | None, Happened]:
        """Take slot 1 for good where slot 0 cannot be started."""
        if self._checked(1) is None:
            return None, happened
        self._begin(Stage.RECOVERING)
        self._swap(Stage.RECOVERING)
        self._progress.set(Stage.CONFIRMED)
        return self._checked(0), Happened.WENT_BACK

    def _checked(self, slot: int) -> CheckedImage | None:
        """Return the image of a slot, if it may be started here."""
        try:
            image = check_image(slot_content(self._flash, slot), self._keys)
            if image.hw != self._hw:
                raise ImageRefusedError(f"it is for hw {image.hw}, not {self._hw}")
            if image.counter < self._progress.counter:
                raise ImageRefusedError(
                    f"its security counter {image.counter} is below {self._progress.counter}"
                )
        except ImageRefusedError as error:
            self._why.append(f"slot {slot}: {error}")
            return None
        return image

    def _begin(self, stage: Stage) -> None:
        geometry = self._flash.geometry
        sizes = [image_size_bytes(slot_content(self._flash, slot)) for slot in (0, 1)]
        known = [geometry.slot_size_bytes if size is None else size for size in sizes]
        sector_count = -(-max(known) // geometry.sector_size_bytes)
        self._progress.set(stage, step=0, sector_count=sector_count)

    def _swap(self, stage: Stage) -> None:
        """Do all steps that are left."""
        first_0, first_1 = map(self._flash.geometry.first_sector, (0, 1))
        step, count = self._progress.swap
        for now in range(step, 3 * count):
            if now < count:
                place = first_0 + count - 1 - now
                self._copy(place, to=place + 1)
            elif (now - count) % 2 == 0:
                place = (now - count) // 2
                self._copy(first_1 + place, to=first_0 + place)
            else:
                place = (now - count) // 2
                self._copy(first_0 + place + 1, to=first_1 + place)
            self._progress.set(stage, step=now + 1, sector_count=count)

    def _copy(self, sector: int, *, to: int) -> None:
        size_bytes = self._flash.geometry.sector_size_bytes
        content = self._flash.read(sector * size_bytes, size_bytes)
        self._flash.erase(to)
        blank = bytes([ERASED]) * PAGE_SIZE_BYTES
        for at in range(0, size_bytes, PAGE_SIZE_BYTES):
            if (page := content[at : at + PAGE_SIZE_BYTES]) != blank:
                self._flash.write(to * size_bytes + at, page)


def slot_content(flash: Flash, slot: int) -> bytes:
    """Return all that a slot holds, an image and what follows it."""
    geometry = flash.geometry
    address = geometry.first_sector(slot) * geometry.sector_size_bytes
    return flash.read(address, geometry.slot_size_bytes)
