"""What a board's slots hold, as the gateway sees it."""

import dataclasses
from collections.abc import Iterable, Sequence

from smp.image_management import ImageState

from config.board_image import ImageVersion


@dataclasses.dataclass(frozen=True, slots=True)
class SlotImage:
    """An image in one of the slots.

    Attributes:
        slot: 0 runs.
        hash: MCUboot's, 32 bytes; empty where the board does not tell.
        is_pending: It is on trial from the next start on.
        is_permanent: It stays after the next start.
    """

    slot: int
    version: str
    hash: bytes
    is_bootable: bool = False
    is_pending: bool = False
    is_confirmed: bool = False
    is_active: bool = False
    is_permanent: bool = False


def slot_images(images: Iterable[ImageState]) -> tuple[SlotImage, ...]:
    """Return them by slot."""
    return tuple(
        SlotImage(
            slot=image.slot,
            version=image.version,
            hash=bytes(image.hash or b""),
            is_bootable=bool(image.bootable),
            is_pending=bool(image.pending),
            is_confirmed=bool(image.confirmed),
            is_active=bool(image.active),
            is_permanent=bool(image.permanent),
        )
        for image in sorted(images, key=lambda image: image.slot)
    )


def running_and_other(
    images: Sequence[SlotImage],
) -> tuple[SlotImage | None, SlotImage | None]:
    """Return what runs, and what the other slot holds."""
    running = next((image for image in images if image.is_active), None)
    return running, next((image for image in images if not image.is_active), None)


def shown_version(text: str) -> str:
    """Return a version as it is shown everywhere; MCUmgr's list writes it in another way."""
    try:
        return str(ImageVersion.parse(text))
    except ValueError:
        return text
