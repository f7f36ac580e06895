"""What is told of fires once the gates have been: nodes, journal, disk, central, in this order."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from config.contract.events import EventData


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``; it waits for nothing."""
        ...


class News:
    """Told in a later step of the event loop, whose thread it belongs to."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        keep: Callable[[], None],
        on_change: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        """Begin without any.

        Args:
            recorder: Takes facts.
            keep: Has what must outlive the process written soon.
            on_change: Called last: the node's status is another.
            now: Wall clock, aware UTC.
        """
        self._recorder, self._keep, self._on_change, self._now = recorder, keep, on_change, now
        self._facts: deque[tuple[EventData, str]] = deque()
        self._when_fires_changed: list[Callable[[], None]] = []
        self._is_due = self._fires_are_news = False

    def when_fires_changed(self, call: Callable[[], None]) -> None:
        """Call this whenever the other nodes are to be told something else; must be quick."""
        self._when_fires_changed.append(call)

    def tell(self, data: EventData, subject: str) -> None:
        """Record a fact once the gates have been told."""
        self._facts.append((data, subject))
        self.plan()

    def plan(self, *, are_fires_news: bool = False) -> None:
        """Tell what there is in the next step. Args: are_fires_news: the other nodes, too."""
        self._fires_are_news |= are_fires_news
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._spread)

    def _spread(self) -> None:
        self._is_due = False
        if self._fires_are_news:
            self._fires_are_news = False
            for call in self._when_fires_changed:
                call()
            self._keep()
        while self._facts:
            data, subject = self._facts.popleft()
            self._recorder.note(data, subject=subject, now=self._now())
        self._on_change()
