"""Who waits for events: woken when the database announces some, and never by asking it in turn."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from central.database import EVERYTHING

TOPIC: Final = "events"


class Heard:
    """Wakes everybody who waits for events; for one event loop."""

    def __init__(self, listen: Callable[[Callable[[str], None]], None]) -> None:
        """Hear announcements; ``listen`` is ``Database.listen``."""
        self._waiting = set[asyncio.Event]()
        self.is_closed = False
        listen(self._heard)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[asyncio.Event]:
        """Have something that is set whenever there may be new events; clear it before reading."""
        woken = asyncio.Event()
        self._waiting.add(woken)
        try:
            yield woken
        finally:
            self._waiting.discard(woken)

    def close(self) -> None:
        """Let nobody wait any more: central ends."""
        self.is_closed = True
        self._wake()

    def _heard(self, topic: str) -> None:
        if topic in (TOPIC, EVERYTHING):
            self._wake()

    def _wake(self) -> None:
        for woken in self._waiting:
            woken.set()
