"""Listens to one board for what it tells of itself, and passes on what it hears."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from config.contract.events import EventData
from drivers.base import (
    BoardFaultsChanged,
    BoardIdentity,
    FireInputChanged,
    Observation,
    SafeStateChanged,
)
from edge.boards.facts import BoardFacts
from edge.devices import DeviceListener

OF_BOARDS: Final = (BoardIdentity, SafeStateChanged, BoardFaultsChanged, FireInputChanged)


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class BoardWatch:
    """See ``DeviceListener``. Whoever acts on what a board says hears it before it is recorded."""

    def __init__(
        self,
        device: str,
        listener: DeviceListener,
        *,
        recorder: Recorder,
        on_identity: Callable[[BoardIdentity], None],
        on_return: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        """Pass everything on to ``listener``.

        Args:
            device: The board.
            listener: Hears all of it first.
            recorder: Takes facts.
            on_identity: Told who the board is, each time that it says so.
            on_return: Told that it answers, the first time too.
            now: Wall clock, aware UTC.
        """
        self.facts = BoardFacts(device)
        self._device, self._listener, self._recorder = device, listener, recorder
        self._on_identity, self._on_return, self._now = on_identity, on_return, now
        self._found: list[Observation] = []

    def observed(self, observation: Observation) -> None:
        """A poll found a change; what one poll finds is judged together."""
        self._listener.observed(observation)
        if isinstance(observation, OF_BOARDS):
            if not self._found:
                asyncio.get_running_loop().call_soon(self._judge, self._now())
            self._found.append(observation)

    def lost(self, detail: str) -> None:
        """Pass it on."""
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """It answers; pass it on."""
        self._on_return()
        self._listener.returned(absence_s)

    def _judge(self, now: datetime) -> None:
        found: Sequence[Observation]
        found, self._found = self._found, []
        for fact in self.facts.take(found, now=now):
            self._recorder.note(fact, subject=self._device, now=now)
        for observation in found:
            if isinstance(observation, BoardIdentity):
                self._on_identity(observation)
