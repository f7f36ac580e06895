"""The iButton reader that ``drivers.ibutton_ascii`` listens to, and the keys that touch it.

Source: as the driver's.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.protocols.ibutton import Key, Order, encode_key
from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    """One reader. It says a key once, when it touches. Attributes: key: that touches, or None."""

    KIND = "checkpoint"
    BAUDRATE = 9600
    DRIVER_SETTINGS: ClassVar[Mapping[str, Any]] = {"order": "crc_serial_family"}
    ACTIONS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "swipe": {"serial": "0000030D45EB"},
        "present": {"serial": "0000030D45EB"},
        "remove": {},
        "present_other": {"family": 2, "serial": "0000030D45EB"},
    }
    STIMULI = (("swipe", {"serial": "0000030D45EB"}, "CredentialRead"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What it prints. Attributes: order: of ``ibutton.Order``. has_line_end: CR LF too."""

        order: str = "crc_serial_family"
        has_line_end: bool = False

    def __init__(self, settings: Settings) -> None:
        self._order = Order(settings.order)
        self._line_end = "\r\n" if settings.has_line_end else ""
        self.key: Key | None = None
        self._frames: list[bytes] = []

    def do_swipe(self, serial: str) -> None:
        """Touch the reader with a DS1990A for a moment."""
        self.do_present(serial)
        self.key = None

    def do_present(self, serial: str) -> None:
        """Hold a DS1990A to the reader until it is removed; 12 digits as on its face."""
        self.do_present_other(0x01, serial)

    def do_present_other(self, family: int, serial: str) -> None:
        """Hold a key of another family to the reader."""
        if not re.fullmatch(r"[0-9A-Fa-f]{12}", serial) or not 0 <= family <= 0xFF:
            raise ValueError("a key has a family 0..255 and a serial of 12 hexadecimal digits")
        self.key = Key(family, bytes.fromhex(serial))
        self._frames.append(encode_key(self.key, self._order, line_end=self._line_end))

    def do_remove(self) -> None:
        """Take the key away."""
        self.key = None

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``."""
        frames, self._frames = self._frames, []
        return frames

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"key": None if self.key is None else self.key.number, "order": self._order.value}
