"""What the simulated board does: inputs, outputs, fire, watchdog and safe state, cards, events.

Time is an argument, ms since the board's start. ``step`` may be called as rarely as one likes: what
was due in between happens then, with the time that it is.

Source: docs/board.md, sections 3 and 4.
"""

import dataclasses
from collections import deque
from enum import IntEnum
from typing import Any, Final

from firmware_bridge.peer_configuration import (
    NO_FIRE_INPUT,
    SAFE_AS_IT_IS,
    SAFE_ON,
    Configuration,
)

EVENT_COUNT_MAX: Final = 128


class Event(IntEnum):
    """Kinds of events."""

    STARTED = 1
    INPUT = 2
    CARD = 3
    OUTPUT = 4
    SAFE_STATE = 5
    FIRE_INPUT = 6
    HOLD = 7
    HOUSING = 8
    IMAGE = 9
    CONFIGURED = 10
    HEALTH = 11
    REFUSED_SIGNATURE = 12


class Why(IntEnum):
    """Why an output changed."""

    COMMAND = 1
    PULSE_OVER = 2
    SAFE_STATE = 3
    FIRE = 4


class Cause(IntEnum):
    """Why the board started."""

    POWER = 0
    COMMAND = 1
    WATCHDOG = 2
    TRIAL_OVER = 3


class Health(IntEnum):
    """Bits of what is wrong."""

    SUPPLY = 0
    TEMPERATURE = 1
    FLASH = 2
    SELF_TEST = 3
    OUTPUT = 4


NO_HEARTBEAT: Final = 1
"""The cause of the safe state."""


@dataclasses.dataclass(slots=True)
class _Input:
    """One contact. Attributes: as it counts, as it is, and since when."""

    is_closed: bool
    is_closed_now: bool
    since_ms: int = 0


class Events:
    """The events of one start, numbered from 1, until somebody acknowledges them.

    Attributes:
        newest: Number of the newest one.
        lost_count: Those that gave way unacknowledged.
    """

    def __init__(self) -> None:
        self.newest = self.lost_count = 0
        self._kept: deque[list[Any]] = deque()

    def add(self, at_ms: int, kind: Event, *values: Any) -> None:  # noqa: ANN401 - CBOR
        """Keep one."""
        self.newest += 1
        self._kept.append([self.newest, at_ms, int(kind), *values])
        if len(self._kept) > EVENT_COUNT_MAX:
            self._kept.popleft()
            self.lost_count += 1

    def acknowledge(self, number: int) -> None:
        """Forget every event up to this one."""
        while self._kept and self._kept[0][0] <= number:
            self._kept.popleft()

    def after(self, number: int) -> list[list[Any]]:
        """Return what is kept after this one, the oldest first."""
        return [event for event in self._kept if event[0] > number]


class Application:
    """The board from one start to the next, its state in the open.

    Attributes:
        configuration: What it does by itself.
        events: Of this start.
        outputs: Which are on, by channel.
        is_safe, is_fire: Whether it is in its safe state; whether the fire input is active.
        health: Bits.
        is_open: The housing.
        ignores_heartbeats: A broken image does.
    """

    def __init__(
        self,
        configuration: Configuration,
        contacts: list[bool],
        *,
        cause: Cause,
        was_safe: bool,
        is_open: bool = False,
    ) -> None:
        """Start: outputs are off, inputs are as they are.

        Args:
            configuration: What it does by itself.
            contacts: Which inputs are closed.
            cause: Why it starts.
            was_safe: Whether it was in its safe state before.
            is_open: The housing.
        """
        self.configuration = configuration
        self.events = Events()
        self.outputs = [False] * len(configuration.safe)
        self.is_safe = self.is_fire = False
        self.health, self.is_open, self.ignores_heartbeats = 0, is_open, False
        self._inputs = [_Input(closed, closed) for closed in contacts]
        self._pulse_ends_ms: dict[int, int] = {}
        self._heartbeat_ms = 0
        self._hold_ends_ms: int | None = None
        self.events.add(0, Event.STARTED, int(cause), int(was_safe))
        self._watch_fire(0)

    @property
    def input_bits(self) -> int:
        """Active inputs, bit 0 is channel 0."""
        return sum(self._is_active(channel) << channel for channel in range(len(self._inputs)))

    @property
    def output_bits(self) -> int:
        """Outputs that are on, bit 0 is channel 0."""
        return sum(is_on << channel for channel, is_on in enumerate(self.outputs))

    @property
    def fire_outputs(self) -> int:
        """Bits of the outputs that a fire holds; 0 while there is none."""
        return self.configuration.fire_on | self.configuration.fire_off if self.is_fire else 0

    def hold_left_ms(self, now_ms: int) -> int:
        """Return how long the hold lasts yet."""
        return 0 if self._hold_ends_ms is None else max(0, self._hold_ends_ms - now_ms)

    def left_ms(self, now_ms: int) -> int:
        """Return how long it is until the safe state; 0 in it, and where there is none."""
        if self.is_safe or not self.configuration.wd:
            return 0
        left_ms = self._heartbeat_ms + self.configuration.wd - now_ms
        return max(0, left_ms, self.hold_left_ms(now_ms))

    def step(self, now_ms: int) -> None:
        """Do what is due; the fire first, before and above all else."""
        self._settle_inputs(now_ms)
        self._watch_fire(now_ms)
        self._end_pulses(now_ms)
        if self._hold_ends_ms is not None and now_ms >= self._hold_ends_ms:
            self._end_hold(now_ms)
        self._watch_heartbeat(now_ms)

    def watch_fire(self, contacts: list[bool], now_ms: int) -> None:
        """Do only what the hardware does by itself, with all tasks hung."""
        for contact, is_closed in zip(self._inputs, contacts, strict=True):
            contact.is_closed = contact.is_closed_now = is_closed
        self._watch_fire(now_ms)

    def heartbeat(self, now_ms: int) -> None:
        """Hear that the gateway lives: ends the safe state and a hold."""
        self._heartbeat_ms = now_ms
        if self._hold_ends_ms is not None:
            self._end_hold(now_ms)
        if self.is_safe and not self.ignores_heartbeats:
            self.is_safe = False
            self.events.add(now_ms, Event.SAFE_STATE, 0, NO_HEARTBEAT)

    def stand_still(self, duration_ms: int) -> None:
        """Hear nothing for so long: the watch on the heartbeat stands still."""
        self._heartbeat_ms += duration_ms

    def hold(self, duration_ms: int, now_ms: int) -> None:
        """Wait so long for the next heartbeat."""
        self._hold_ends_ms = now_ms + duration_ms
        self.events.add(now_ms, Event.HOLD, 1, duration_ms)

    def is_forbidden(self, channel: int, *, is_on: bool, duration_ms: int) -> bool:
        """Return whether a command would change what a fire holds."""
        is_held = bool(self.fire_outputs >> channel & 1)
        return is_held and (duration_ms > 0 or self.outputs[channel] != is_on)

    def command(self, channel: int, *, is_on: bool, duration_ms: int, now_ms: int) -> None:
        """Switch an output; with a duration it is the opposite afterwards."""
        self._pulse_ends_ms.pop(channel, None)
        self._switch(channel, is_on=is_on, why=Why.COMMAND, now_ms=now_ms)
        if duration_ms:
            self._pulse_ends_ms[channel] = now_ms + duration_ms

    def configure(self, configuration: Configuration, now_ms: int) -> None:
        """Take another configuration."""
        self.configuration = configuration
        self.events.add(now_ms, Event.CONFIGURED)
        self._watch_fire(now_ms)

    def set_contact(self, channel: int, now_ms: int, *, is_closed: bool) -> None:
        """Close a contact, or open it."""
        contact = self._inputs[channel]
        if contact.is_closed_now != is_closed:
            contact.is_closed_now, contact.since_ms = is_closed, now_ms

    def card(self, reader: int, bit_count: int, left_aligned: bytes, now_ms: int) -> None:
        """Hear a card's bits to their end."""
        self.events.add(now_ms, Event.CARD, reader, bit_count, left_aligned)

    def set_housing(self, now_ms: int, *, is_open: bool) -> None:
        """Open the housing, or close it."""
        if self.is_open != is_open:
            self.is_open = is_open
            self.events.add(now_ms, Event.HOUSING, int(is_open))

    def set_health(self, bits: int, now_ms: int) -> None:
        """Be unwell, or well again."""
        if self.health != bits:
            self.health = bits
            self.events.add(now_ms, Event.HEALTH, bits)

    def _is_active(self, channel: int) -> bool:
        is_inverted = bool(self.configuration.inv >> channel & 1)
        return self._inputs[channel].is_closed != is_inverted

    def _settle_inputs(self, now_ms: int) -> None:
        for channel, contact in enumerate(self._inputs):
            is_stable = now_ms - contact.since_ms >= self.configuration.deb
            if contact.is_closed != contact.is_closed_now and is_stable:
                contact.is_closed = contact.is_closed_now
                self.events.add(now_ms, Event.INPUT, channel, int(self._is_active(channel)))

    def _watch_fire(self, now_ms: int) -> None:
        channel = self.configuration.fire_in
        is_fire = (
            channel != NO_FIRE_INPUT
            and self._inputs[channel].is_closed != self.configuration.fire_inv
        )
        if is_fire != self.is_fire:
            self.is_fire = is_fire
            self.events.add(now_ms, Event.FIRE_INPUT, int(is_fire))
        for output in range(len(self.outputs)):
            if self.fire_outputs >> output & 1:
                self._pulse_ends_ms.pop(output, None)
                is_on = bool(self.configuration.fire_on >> output & 1)
                self._switch(output, is_on=is_on, why=Why.FIRE, now_ms=now_ms)

    def _end_pulses(self, now_ms: int) -> None:
        for channel, ends_ms in list(self._pulse_ends_ms.items()):
            if now_ms >= ends_ms:
                del self._pulse_ends_ms[channel]
                is_on = not self.outputs[channel]
                self._switch(channel, is_on=is_on, why=Why.PULSE_OVER, now_ms=now_ms)

    def _end_hold(self, now_ms: int) -> None:
        self._hold_ends_ms = None
        self.events.add(now_ms, Event.HOLD, 0, 0)

    def _watch_heartbeat(self, now_ms: int) -> None:
        wd_ms = self.configuration.wd
        is_missing = wd_ms > 0 and now_ms - self._heartbeat_ms >= wd_ms
        if is_missing and self._hold_ends_ms is None:
            self.enter_safe_state(now_ms)

    def enter_safe_state(self, now_ms: int) -> None:
        """End all pulses, and do with each output what is configured; idempotent."""
        if self.is_safe:
            return
        self.is_safe = True
        self.events.add(now_ms, Event.SAFE_STATE, 1, NO_HEARTBEAT)
        for channel, safe in enumerate(self.configuration.safe):
            is_on = self.outputs[channel]
            if self._pulse_ends_ms.pop(channel, None) is not None:
                is_on = not is_on
            if safe != SAFE_AS_IT_IS:
                is_on = safe == SAFE_ON
            if not self.fire_outputs >> channel & 1:
                self._switch(channel, is_on=is_on, why=Why.SAFE_STATE, now_ms=now_ms)

    def _switch(self, channel: int, *, is_on: bool, why: Why, now_ms: int) -> None:
        if self.outputs[channel] != is_on:
            self.outputs[channel] = is_on
            self.events.add(now_ms, Event.OUTPUT, channel, int(is_on), int(why))
