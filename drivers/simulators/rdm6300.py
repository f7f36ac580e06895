"""The 125 kHz reader that ``drivers.rdm6300`` listens to, and the tags that are held to it.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drivers.protocols.rdm6300 import encode_tag
from drivers.simulators.far_end import FarEnd

REPEAT_S: Final = 0.065
SWIPE_S: Final = 0.3


class Simulator(FarEnd):
    """One reader. Attributes: card: the tag that is held to it, or None."""

    KIND = "reader"
    BAUDRATE = 9600
    ACTIONS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "swipe": {"card": "010063E9AE"},
        "present": {"card": "010063E9AE"},
        "remove": {},
    }
    STIMULI = (("swipe", {"card": "010063E9AE"}, "CredentialRead"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Which variant it is. Attributes: has_line_end: it puts CR LF before the ETX."""

        has_line_end: bool = False

    def __init__(self, settings: Settings) -> None:
        self._line_end = "\r\n" if settings.has_line_end else ""
        self.card: str | None = None
        self._leaves_in_s = self._says_in_s = 0.0

    def do_swipe(self, card: str) -> None:
        """Hold a tag to the reader for a moment."""
        self._hold(card, SWIPE_S)

    def do_present(self, card: str) -> None:
        """Hold a tag to the reader until it is removed."""
        self._hold(card, float("inf"))

    def do_remove(self) -> None:
        """Take the tag away."""
        self.card = None

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: a tag is said at once, and again and again while it is there."""
        frames = list[bytes]()
        left_s = dt_s
        while self.card is not None and self._says_in_s <= min(left_s, self._leaves_in_s):
            frames.append(encode_tag(self.card, line_end=self._line_end))
            left_s -= self._says_in_s
            self._leaves_in_s -= self._says_in_s
            self._says_in_s = REPEAT_S
        self._says_in_s = max(0.0, self._says_in_s - left_s)
        self._leaves_in_s -= left_s
        if self._leaves_in_s <= 0:
            self.card = None
        return frames

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"card": self.card}

    def _hold(self, card: str, duration_s: float) -> None:
        encode_tag(card)
        self.card, self._leaves_in_s, self._says_in_s = card, duration_s, 0.0
