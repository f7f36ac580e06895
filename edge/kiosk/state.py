"""What each access point's screen shows, and how its page hears of a change."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from typing import Literal

from config.contract.access import CredentialKind, DenialReason, Direction
from models.face.covers import Cover

CallState = Literal["none", "calling", "asked", "coming", "unreachable"]
"""Of a call for assistance. ``calling``: central has not said that it heard. ``coming``: a guard
has taken it. ``unreachable``: nobody hears it now."""

Phase = Literal[
    "looking", "welcome", "passed", "refused", "step_up", "fault", "unavailable", "fire", "drill"
]
"""``step_up``: something more is asked for, such as a card when the face leaves a doubt.
``fault``: the gate does not open. ``unavailable``: no camera or no recognition, cards only.
``fire``, ``drill``: the gate stands open for everybody, and nothing else is said."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KioskState:
    """One screen.

    Attributes:
        masked_name: Of the person whom ``welcome`` greets; empty where nobody is known.
        reason: Why ``refused`` or ``step_up``; None in every other phase.
        cover: What hides the face of the person who was not recognised; None where nothing does.
        asks: What else may be shown, any of these; empty where the reason says what to do.
        direction: Which way the access point leads, for the arrow.
        changed_at: Aware UTC.
    """

    access_point: str
    phase: Phase
    masked_name: str = ""
    reason: DenialReason | None = None
    cover: Cover | None = None
    asks: tuple[CredentialKind, ...] = ()
    direction: Direction = Direction.IN
    changed_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one screen shows beside its state.

    Attributes:
        call: For assistance, at this point.
        is_outdated: Central has not confirmed people and rules for longer than the site allows.
        is_cut_off: Central does not answer.
    """

    call: CallState
    is_outdated: bool
    is_cut_off: bool


class KioskBoard:
    """The newest state of every screen. All of it belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._states: dict[str, KioskState] = {}
        self._readers: set[KioskReader] = set()

    def show(self, state: KioskState) -> None:
        """Replace the state of one access point and tell every reader; never waits."""
        self._states[state.access_point] = state
        for reader in self._readers:
            reader.put(state)

    def current(self, access_point: str) -> KioskState | None:
        """Return what an access point's screen shows; None before the first state."""
        return self._states.get(access_point)

    async def subscribe(self) -> AsyncGenerator[KioskState]:
        """Yield the states of now, then every change, until closed; see ``KioskReader``."""
        with self.read() as reader:
            while True:
                yield await reader.take()

    @contextlib.contextmanager
    def read(self) -> Iterator["KioskReader"]:
        """Give a reader that has the states of now before it and hears of changes while inside."""
        reader = KioskReader(self._states)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)


class KioskReader:
    """States that one page has not taken yet.

    A reader that is slower than the lanes gets the newest state of each access point and misses
    those between, so nothing grows beyond one state per access point.
    """

    def __init__(self, states: Mapping[str, KioskState]) -> None:
        self._pending = dict(states)
        self._has_pending = asyncio.Event()
        if states:
            self._has_pending.set()

    def put(self, state: KioskState) -> None:
        """Add a state; the board calls it."""
        # The newest goes last, so that a busy lane cannot hold back a quiet one.
        self._pending.pop(state.access_point, None)
        self._pending[state.access_point] = state
        self._has_pending.set()

    async def take(self) -> KioskState:
        """Return the next state; a caller that is cancelled while waiting loses none."""
        await self._has_pending.wait()
        state = self._pending.pop(next(iter(self._pending)))
        if not self._pending:
            self._has_pending.clear()
        return state
