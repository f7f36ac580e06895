"""What each access point's screen shows, and how its page hears of a change."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Literal

from config.contract.access import DenialReason, Direction

Phase = Literal["looking", "welcome", "passed", "refused", "fault", "unavailable"]
"""``fault``: the gate does not open. ``unavailable``: no camera or no recognition, cards only."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KioskState:
    """One screen.

    Attributes:
        masked_name: Of the person whom ``welcome`` greets; empty where nobody is known.
        reason: Why ``refused``; None in every other phase.
        direction: Which way the access point leads, for the arrow.
        changed_at: Aware UTC.
    """

    access_point: str
    phase: Phase
    masked_name: str = ""
    reason: DenialReason | None = None
    direction: Direction = Direction.IN
    changed_at: datetime


class KioskBoard:
    """The newest state of every screen. All of it belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._states: dict[str, KioskState] = {}
        self._subscribers: set[_Subscriber] = set()

    def show(self, state: KioskState) -> None:
        """Replace the state of one access point and tell every subscriber; never waits."""
        self._states[state.access_point] = state
        for subscriber in self._subscribers:
            subscriber.put(state)

    def current(self, access_point: str) -> KioskState | None:
        """Return what an access point's screen shows; None before the first state."""
        return self._states.get(access_point)

    async def subscribe(self) -> AsyncGenerator[KioskState]:
        """Yield the states of now, then every change, until closed.

        A reader that is slower than the lanes gets the newest state of each access point and
        misses those between, so nothing grows beyond one state per access point.
        """
        subscriber = _Subscriber(self._states)
        self._subscribers.add(subscriber)
        try:
            while True:
                yield await subscriber.take()
        finally:
            self._subscribers.discard(subscriber)


class _Subscriber:
    """States that one reader has not taken yet, at most one per access point."""

    def __init__(self, states: dict[str, KioskState]) -> None:
        self._pending = dict(states)
        self._has_pending = asyncio.Event()
        if states:
            self._has_pending.set()

    def put(self, state: KioskState) -> None:
        # The newest goes last, so that a busy lane cannot hold back a quiet one.
        self._pending.pop(state.access_point, None)
        self._pending[state.access_point] = state
        self._has_pending.set()

    async def take(self) -> KioskState:
        await self._has_pending.wait()
        state = self._pending.pop(next(iter(self._pending)))
        if not self._pending:
            self._has_pending.clear()
        return state
