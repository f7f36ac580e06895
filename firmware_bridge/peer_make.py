"""What a simulated board leaves its maker with: what it is, and the image in it."""

import dataclasses
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.peer_bootloader import Key
from firmware_bridge.peer_flash import ERASED, WRITE_SIZE_BYTES, Flash, Geometry
from firmware_bridge.peer_image import CheckedImage, Version, factory_image, version_text
from firmware_bridge.peer_journal import Journal

PROTOCOL: Final = 1
BODY_SIZE_BYTES: Final = 1024
BEHAVIOUR_TEXT: Final = "menshen-board-behaviour: "


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """What a board is made as.

    Attributes:
        model, hw, revision, serial_number: What it says of itself.
        address: 0 alone on its line, 1..247 one of several.
        input_count, output_count, reader_count: Of its connectors.
        geometry: Of its flash.
        erase_s: How long the erase of a sector takes; what is asked meanwhile is not heard.
        buffer_size_bytes: The longest frame with its check sum.
        version, counter: Of the image that its maker puts in.
        image: A signed image that its maker puts in instead; empty is none.
        boot: The number of the first start; 0 is a random one.
        behaviour: Of the maker's own image; empty is a good one, others see ``peer_board``.
    """

    model: str = "menshen-b1"
    hw: int = 42
    revision: str = "A"
    serial_number: str = "SIM-0001"
    address: int = 0
    input_count: int = 8
    output_count: int = 4
    reader_count: int = 2
    geometry: Geometry = dataclasses.field(default_factory=Geometry)
    erase_s: float = 0.0
    buffer_size_bytes: int = 2048
    version: Version = (1, 0, 0, 0)
    counter: int = 0
    image: bytes = b""
    behaviour: str = ""
    boot: int = 0

    def identity(self, image: CheckedImage, *, counter: int, is_claimed: bool) -> dict[str, Any]:
        """Return what the board says of itself. Args: counter: the highest confirmed one."""
        return {
            "proto": PROTOCOL,
            "model": self.model,
            "hw": self.hw,
            "rev": self.revision,
            "sn": self.serial_number,
            "ver": version_text(image.version),
            "hash": image.hash,
            "in": self.input_count,
            "out": self.output_count,
            "rd": self.reader_count,
            "addr": self.address,
            "claimed": is_claimed,
            "counter": counter,
            "slot": self.geometry.slot_size_bytes,
        }


def put_in_first_image(make: Make, flash: Flash) -> None:
    """Do the maker's work, once for a flash: with a key that nobody has afterwards.

    Raises:
        ValueError: The image is longer than the slot; one line.
    """
    journal = Journal(flash)
    if journal.get(Key.MAKER) is not None:
        return
    key = Ed25519PrivateKey.generate()
    text = f"{BEHAVIOUR_TEXT}{make.behaviour}\n" if make.behaviour else ""
    body = f"simulated board {make.model}\n{text}".encode().ljust(BODY_SIZE_BYTES, b"\0")
    image = make.image or factory_image(
        key, version=make.version, hw=make.hw, counter=make.counter, body=body
    )
    geometry = make.geometry
    if len(image) > geometry.slot_size_bytes:
        raise ValueError(
            f"board: its image has {len(image)} bytes, and a slot {geometry.slot_size_bytes}"
        )
    address = geometry.first_sector(0) * geometry.sector_size_bytes
    flash.write(address, image + bytes([ERASED]) * (-len(image) % WRITE_SIZE_BYTES))
    public = key.public_key()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    journal.put(Key.MAKER, raw)
