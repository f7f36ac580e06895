"""The frames of a line as the page shows them: taken off a bus's tap, put into words, bounded."""

import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from drivers.decoding import codecs, interpreter, protocols_of
from drivers.meaning import Interpreter, Meaning
from drivers.protocols import spaced_hex
from edge.bench.views import FrameView

_log = logging.getLogger("edge.bench")

FRAME_COUNT_MAX: Final = 2000
PIECE_COUNT_MAX: Final = 8000
"""Pieces of the line that wait to be put into words; the oldest are lost when nobody looks."""
GAP_S: Final = 0.25
"""After such a silence what is no whole frame becomes noise."""
HEX_LENGTH_MAX: Final = 1000


class FrameLog:
    """A tap of a bus (see ``drivers.bus.Tap``); all but the tap itself is for one thread."""

    def __init__(self, driver: str, *, words: Interpreter | None = None) -> None:
        """Begin with nothing.

        Args:
            driver: Whose protocol is spoken; of several the first.
            words: Puts bytes into words instead.
        """
        self._pieces: deque[tuple[float, bool, bytes]] = deque(maxlen=PIECE_COUNT_MAX)
        self._frames: deque[FrameView] = deque(maxlen=FRAME_COUNT_MAX)
        self._sequence = 0
        spoken = _spoken(driver)
        self._interpreter = words or (interpreter(spoken) if spoken else _Plain())
        self._heard_at_s: float | None = None
        self._wall_offset_s = time.time() - time.monotonic()

    def __call__(self, at_s: float, *, is_sent: bool, data: bytes) -> None:
        """Take bytes; called in the bus's thread."""
        self._pieces.append((at_s, is_sent, data))

    def after(self, sequence: int) -> tuple[FrameView, ...]:
        """Return the frames that came after one, oldest first."""
        self._settle()
        count = min(self._sequence - sequence, len(self._frames))
        return tuple(self._frames)[-count:] if count > 0 else ()

    @property
    def sequence(self) -> int:
        """Of the newest frame; 0 before the first."""
        self._settle()
        return self._sequence

    def _settle(self) -> None:
        """Put into words what has come."""
        while self._pieces:
            at_s, is_sent, data = self._pieces.popleft()
            if self._heard_at_s is not None and at_s - self._heard_at_s > GAP_S:
                self._add(self._interpreter.flush(at_s=self._heard_at_s))
            self._add(self._meanings(data, at_s, is_sent=is_sent))
            self._heard_at_s = at_s
        if self._heard_at_s is not None and time.monotonic() - self._heard_at_s > GAP_S:
            self._add(self._interpreter.flush(at_s=self._heard_at_s))
            self._heard_at_s = None

    def _meanings(self, data: bytes, at_s: float, *, is_sent: bool) -> list[Meaning]:
        try:
            return self._interpreter.hear(data, at_s=at_s, is_sent=is_sent)
        except Exception:  # a mistake in the words must not hide the bytes
            _log.exception("bytes could not be put into words; they are shown without")
            self._interpreter = _Plain()
            return self._interpreter.hear(data, at_s=at_s, is_sent=is_sent)

    def _add(self, meanings: Iterable[Meaning]) -> None:
        for meaning in meanings:
            self._sequence += 1
            latency_s = meaning.latency_s
            self._frames.append(
                FrameView(
                    sequence=self._sequence,
                    at_ms=round((meaning.at_s + self._wall_offset_s) * 1000),
                    is_sent=meaning.is_sent,
                    hex=_shortened(spaced_hex(meaning.data)),
                    text=meaning.text,
                    is_noise=meaning.is_noise,
                    latency_ms=None if latency_s is None else round(latency_s * 1000, 1),
                )
            )


class _Plain:
    """For protocols that nobody puts into words: bytes as they come."""

    def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
        """See ``Interpreter.hear``."""
        return [Meaning(at_s, is_sent, data, "")]

    def flush(self, *, at_s: float) -> list[Meaning]:
        """See ``Interpreter.flush``."""
        return []


def _spoken(driver: str) -> str:
    """Return the protocol of a driver's line; empty where nobody puts it into words."""
    named_alike = [name for name in codecs() if driver.startswith(f"{name}_")]
    return next(iter((*named_alike, *protocols_of(driver))), "")


def _shortened(text: str) -> str:
    return text if len(text) <= HEX_LENGTH_MAX else text[: HEX_LENGTH_MAX - 1] + "…"
