"""The code scanner that ``drivers.qr_scanner`` listens to, and the codes that it is shown.

It sends whatever a code says, as a scanner does: who made the code decides the bytes.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drivers.protocols.line_text import Terminator, encode_line
from drivers.simulators.far_end import FarEnd

REPEAT_S: Final = 0.5
BINARY_SIZE_BYTES_MAX: Final = 2953
"""ISO/IEC 18004, table 7: the most bytes that a QR code holds."""


class Simulator(FarEnd):
    """One scanner. Attributes: code: the bytes of the code before it, or None."""

    KIND = "reader"
    BAUDRATE = 9600
    DRIVER_SETTINGS: ClassVar[Mapping[str, Any]] = {"terminator": "any", "alphabet": "code"}
    ACTIONS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "swipe": {"text": "V-20261123-7F3A"},
        "present": {"text": "V-20261123-7F3A"},
        "remove": {},
        "swipe_bytes": {"raw": "27 3B 20 44 52 4F 50 0D 00 FF"},
        "half_line": {"text": "V-2026"},
    }
    STIMULI = (("swipe", {"text": "V-20261123-7F3A"}, "CredentialRead"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How it is set up. Attributes: terminator: ``cr``, ``lf`` or ``crlf``."""

        terminator: str = "crlf"

    def __init__(self, settings: Settings) -> None:
        self._terminator = Terminator(settings.terminator)
        self.code: bytes | None = None
        self._says_in_s = 0.0
        self._frames: list[bytes] = []

    def do_swipe(self, text: str) -> None:
        """Show a code once."""
        self._say(text.encode("utf-8"))

    def do_present(self, text: str) -> None:
        """Hold a code before the scanner until it is removed; it is read again and again."""
        self.code, self._says_in_s = _checked(text.encode("utf-8")), 0.0

    def do_remove(self) -> None:
        """Take the code away."""
        self.code = None

    def do_swipe_bytes(self, raw: str) -> None:
        """Show a code with any bytes, in hexadecimal digits."""
        self._say(bytes.fromhex(raw))

    def do_half_line(self, text: str) -> None:
        """Begin to send a code and stop, as a scanner does that loses its power."""
        self._frames.append(_checked(text.encode("utf-8")))

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``."""
        self._says_in_s -= dt_s
        if self.code is not None and self._says_in_s <= 0:
            self._say(self.code)
            self._says_in_s = REPEAT_S
        frames, self._frames = self._frames, []
        return frames

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        code = None if self.code is None else self.code.decode("utf-8", "replace")
        return {"code": code, "terminator": self._terminator.value}

    def _say(self, code: bytes) -> None:
        self._frames.append(_checked(code) + encode_line("", self._terminator))


def _checked(code: bytes) -> bytes:
    if len(code) > BINARY_SIZE_BYTES_MAX:
        raise ValueError(f"a code has at most {BINARY_SIZE_BYTES_MAX} bytes, not {len(code)}")
    return code
