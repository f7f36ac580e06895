"""The log of the simulated board: its newest lines, which a power cut takes."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from firmware_bridge.peer_application import Event, Events

SIZE_BYTES_MAX: Final = 16_384


class Log:
    """Lines, the newest last."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._size_bytes = 0
        self._noted = 0

    def add(self, text: str) -> None:
        """Add a line; the oldest give way."""
        line = text.encode("ascii", "replace") + b"\n"
        self._lines.append(line)
        self._size_bytes += len(line)
        while self._size_bytes > SIZE_BYTES_MAX:
            self._size_bytes -= len(self._lines.popleft())

    def begin(self, text: str) -> None:
        """Add the first line of a start, whose events are numbered from 1 again."""
        self._noted = 0
        self.add(text)

    def note(self, events: Events) -> None:
        """Add the events that are new."""
        if events.newest == self._noted:
            return
        for _, at_ms, kind, *values in events.after(self._noted):
            self.add(f"{at_ms} {Event(kind).name.lower()} {_words(values)}".rstrip())
        self._noted = events.newest

    def clear(self) -> None:
        """Lose it all."""
        self._lines.clear()
        self._size_bytes = 0

    def content(self) -> bytes:
        """Return the file."""
        return b"".join(self._lines)


def _words(values: Sequence[Any]) -> str:
    """Return an event's values without what a card says: logs hold no card numbers."""
    return " ".join("-" if isinstance(value, bytes) else str(value) for value in values)
