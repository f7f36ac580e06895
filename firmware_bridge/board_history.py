"""What a board has told: each event once, and how things stand where events were lost. Pure.

A board's events are numbered from 1 at each of its starts. What was taken is acknowledged with the
next question, so an answer that is lost is asked for again, and one that comes twice is passed
over. Where events gave way, or nobody had asked yet, the state itself says how things stand.

Source: docs/board.md, section 4.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Final

from drivers.base import (
    BoardFaultsChanged,
    CredentialKind,
    CredentialRead,
    FireInputChanged,
    InputChanged,
    Observation,
    PassageCounted,
    SafeStateChanged,
    Side,
    TamperChanged,
)
from drivers.protocols import FrameError, wiegand
from drivers.readings import READING_AGE_S_MAX
from firmware_bridge import group_events as events
from firmware_bridge.board_settings import CHANNEL_COUNT_MAX, NONE, BoardSettings
from firmware_bridge.group import Health, State

NOBODY: Final = 0
"""No board's start has this number."""
OLD_CARD: Final = f"a card was read more than {READING_AGE_S_MAX:g} s before it was told"


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What a board said. Attributes: ago_s: before its answer; a state is of now."""

    observation: Observation
    ago_s: float = 0.0

    def later(self, passed_s: float) -> Observation | None:
        """Return it as it is to be told so long after the answer; a card may be too old by then."""
        match self.observation:
            case CredentialRead() if self.ago_s + passed_s > READING_AGE_S_MAX:
                return None
            case SafeStateChanged(active=active, ago_s=ago_s) if ago_s is not None:
                return SafeStateChanged(active, ago_s + passed_s)
        return self.observation


class BoardHistory:
    """Of one board.

    Attributes:
        boot, sequence: Of the last event that was taken; what is to be acknowledged.
        is_behind: The last state did not hold all events.
        has_restarted: Since somebody last looked, the board has; the first time counts, too.
        is_changed: Since somebody last looked, its configuration or its images have.
        counts: Of what was not told.
    """

    def __init__(self, settings: BoardSettings, *, passages: Mapping[int, Side]) -> None:
        """Know nothing yet.

        Args:
            settings: Which inputs mean what.
            passages: Inputs that pulse for each person who passes, with the side; no poll tells
                whether they are active now.
        """
        self._settings, self._passages = settings, passages
        self.boot, self.sequence = NOBODY, 0
        self.is_behind = False
        self.has_restarted = self.is_changed = True
        self.counts: Counter[str] = Counter()
        self._history_until = 0
        self._is_safe = self._is_safe_told = False
        self._known: dict[str | int, object] = {}

    def forget(self) -> None:
        """What was known is stale: the next state tells all again. Events stay told."""
        self._known.clear()
        self._is_safe_told = False

    def take(self, state: State) -> list[Told]:
        """Return what a state says that was not known.

        Args:
            state: The answer to a question that acknowledged ``boot`` and ``sequence``.
        """
        if state.boot != self.boot:
            self._begin(state)
        found = list[Told]()
        for event in state.events:
            if event.sequence > self.sequence:
                self._miss(event.sequence - self.sequence - 1)
                self.sequence = event.sequence
                ago_s = (state.uptime_ms - event.at_ms) / 1000
                found += [Told(one, ago_s) for one in self._told(event, ago_s=ago_s)]
        if not state.raw_events and state.sequence > self.sequence:
            self._miss(state.sequence - self.sequence)
            self.sequence = state.sequence
        self.is_behind = state.sequence > self.sequence
        return found if self.is_behind else found + [Told(one) for one in self._standing(state)]

    @property
    def findings(self) -> list[str]:
        """What was not told, with how often, for a technician."""
        return [f"{count} x {text}" for text, count in sorted(self.counts.items())]

    def _begin(self, state: State) -> None:
        """Another start: its numbers begin anew."""
        if self.boot == NOBODY:
            # What was before we asked for the first time was for whoever asked then.
            self._history_until = state.sequence
        else:
            self._history_until = 0
        self.boot, self.sequence = state.boot, 0
        self.has_restarted = True

    def _miss(self, count: int) -> None:
        # At the first question the board's oldest event is whatever was not acknowledged before.
        if count > 0 and self.sequence >= self._history_until:
            self.counts["an event gave way before it was asked for"] += count

    def _told(self, event: events.Event, *, ago_s: float) -> list[Observation]:
        match event:
            case events.InputChanged(channel=channel) if channel >= CHANNEL_COUNT_MAX:
                self.counts["the board told of an input that no board has"] += 1
            case events.InputChanged(channel=channel, is_active=is_active):
                is_news = self._is_news(event)
                return self._input(channel, is_active=is_active, is_event=True) if is_news else []
            case events.CardRead():
                return self._card(event, ago_s=ago_s)
            case events.SafeStateChanged(is_entered=is_entered):
                self._is_safe = self._is_safe_told = is_entered
                return [SafeStateChanged(is_entered, ago_s)]
            case events.Started(cause=cause, was_safe=was_safe):
                if cause == events.StartCause.WATCHDOG and self._is_news(event):
                    self.counts["the board hung and was restarted by its own watchdog"] += 1
                return self._started(ago_s, was_safe=was_safe)
            case events.FireInputChanged(is_active=is_active):
                found = self._fire(is_active=is_active)
                # A fire that was over before we asked is told, and releases nothing now.
                return found + self._fire_contact(is_active) if self._is_news(event) else found
            case events.HousingChanged(is_open=is_open) if self._settings.input_tamper == NONE:
                return self._tamper(is_open=is_open)
            case events.HealthChanged(health=health):
                return self._health(health) if self._is_news(event) else []
            case events.ImageChanged() | events.Configured():
                self.is_changed = True
            case events.SignatureRefused():
                self.counts["somebody sent the board a command with a wrong signature"] += 1
            case events.OtherEvent():
                self.counts["the board told something that is not known here"] += 1
        return []

    def _is_news(self, event: events.Event) -> bool:
        return event.sequence > self._history_until

    def _standing(self, state: State) -> list[Observation]:
        """Return what no event told: all of it the first time, and what events were lost of."""
        found = list[Observation]()
        for channel in range(self._settings.input_count):
            is_active = bool(state.inputs >> channel & 1)
            found += self._input(channel, is_active=is_active, is_event=False)
        if self._settings.fire_input != NONE:
            found += self._fire(is_active=state.is_fire) + self._fire_contact(state.is_fire)
        if self._settings.input_tamper == NONE:
            found += self._tamper(is_open=state.is_open)
        found += self._health(state.health)
        if self._is_safe is not state.is_safe or self._is_safe_told is not state.is_safe:
            self._is_safe = self._is_safe_told = state.is_safe
            found.append(SafeStateChanged(state.is_safe))
        return found

    def _started(self, ago_s: float, *, was_safe: bool) -> list[Observation]:
        """Return what became of the safe state when the board restarted."""
        if not was_safe and not self._is_safe:
            return []
        entered = [] if self._is_safe else [SafeStateChanged(active=True)]
        self._is_safe = self._is_safe_told = False
        return [*entered, SafeStateChanged(active=False, ago_s=ago_s)]

    def _input(self, channel: int, *, is_active: bool, is_event: bool) -> list[Observation]:
        if channel == self._settings.fire_input:
            return []  # the board itself says what it makes of it
        if channel == self._settings.input_tamper:
            return self._tamper(is_open=is_active)
        is_new = self._is_new(channel, is_active)
        if channel in self._passages:
            # One that is found active pulsed nobody knows when.
            side, is_passage = self._passages[channel], is_new and is_event and is_active
            return [PassageCounted(side, 1)] if is_passage else []
        return [InputChanged(channel, is_active)] if is_new else []

    def _fire(self, *, is_active: bool) -> list[Observation]:
        return [FireInputChanged(is_active)] if self._is_new("fire", is_active) else []

    def _fire_contact(self, is_active: bool) -> list[Observation]:
        channel = self._settings.fire_input
        is_told = channel != NONE and self._is_new(channel, is_active)
        return [InputChanged(channel, is_active)] if is_told else []

    def _tamper(self, *, is_open: bool) -> list[Observation]:
        return [TamperChanged(is_open)] if self._is_new("housing", is_open) else []

    def _health(self, health: int) -> list[Observation]:
        faults = Health(health).words
        return [BoardFaultsChanged(faults)] if self._is_new("health", faults) else []

    def _card(self, event: events.CardRead, *, ago_s: float) -> list[Observation]:
        """Return a card, unless whoever showed it has left."""
        if ago_s > READING_AGE_S_MAX or not self._is_news(event):
            self.counts[OLD_CARD] += 1
            return []
        try:
            bits = wiegand.decode_left_aligned(event.bits, event.bit_count)
        except FrameError:
            self.counts["a card had no bits, or too many"] += 1
            return []
        number, length = bits.number, bits.bit_length
        return [CredentialRead(CredentialKind.WIEGAND, number, length, event.reader)]

    def _is_new(self, what: str | int, value: object) -> bool:
        is_new = what not in self._known or self._known[what] != value
        self._known[what] = value
        return is_new
