"""A speed gate behind a relay board: two dry contacts open it, two pulses say that somebody passed.

Most gates in the field are wired so. The board is of the Waveshare type; every pulse is its own
self-reverting *flash*, so that a gate never stays open because this process died.

Source: the board's, see ``drivers.waveshare_relay``; contacts as gate makers' manuals name them
(open entry, open exit, passage entry, passage exit, fire).
"""

import dataclasses
from collections.abc import Sequence

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    FaultsChanged,
    GateMode,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
    PassageCounted,
    Side,
)
from drivers.bus import Bus
from drivers.registry import register
from drivers.waveshare_relay import CHANNEL_COUNT, WaveshareRelay

NONE = -1


@register("relay_gate")
class RelayGate:
    """One gate with two sides; satisfies ``Driver`` and ``PassageGate``. One request in flight.

    A passage is a rising edge between two polls: with a poll in 0.1 s a pulse of 0.2 s is surely
    seen, shorter ones and two within that time are not. The gate's own state is known only as far
    as its fire and fault contacts tell: ``CLOSED`` means that it does not stand open for fire.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the board is reached and wired.

        Attributes:
            unit_id: Bus address of the board, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
            relay_in: 0-based channel whose pulse opens the entry.
            relay_out: Of the exit.
            input_in: 0-based channel of the entry's passage pulses.
            input_out: Of the exit's.
            input_fire: Of a contact that is closed while the gate stands open for fire; -1 is none.
            input_fault: Of the gate's fault contact; -1 is none.
            pulse_s: How long the contact is closed, 0.1..10.
        """

        unit_id: int = 1
        timeout_s: float = 0.25
        attempt_count: int = 3
        relay_in: int = 0
        relay_out: int = 1
        input_in: int = 0
        input_out: int = 1
        input_fire: int = 2
        input_fault: int = 3
        pulse_s: float = 0.5

        def __post_init__(self) -> None:
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"relay_gate: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"relay_gate: timeout_s is above 0 and at most 5: {self.timeout_s}"
                )
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"relay_gate: attempt_count is 1..10, not {self.attempt_count}")
            for name in ("relay_in", "relay_out", "input_in", "input_out"):
                if not 0 <= getattr(self, name) < CHANNEL_COUNT:
                    raise ValueError(f"relay_gate: {name} is 0..7, not {getattr(self, name)}")
            for name in ("input_fire", "input_fault"):
                if not NONE <= getattr(self, name) < CHANNEL_COUNT:
                    raise ValueError(f"relay_gate: {name} is 0..7 or -1, not {getattr(self, name)}")
            inputs = [self.input_in, self.input_out, self.input_fire, self.input_fault]
            used = [channel for channel in inputs if channel != NONE]
            if len(set(used)) < len(used) or self.relay_in == self.relay_out:
                raise ValueError("relay_gate: two contacts are on the same channel")
            if not 0.1 <= self.pulse_s <= 10:
                raise ValueError(f"relay_gate: pulse_s is 0.1..10, not {self.pulse_s}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._relays = {Side.IN: settings.relay_in, Side.OUT: settings.relay_out}
        self._sides = {settings.input_in: Side.IN, settings.input_out: Side.OUT}
        self._wanted: dict[Side, bool] = {}
        self._held: set[Side] = set()
        self._forget()

    def _forget(self) -> None:
        settings = self._settings
        board = WaveshareRelay.Settings(
            unit_id=settings.unit_id,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
        )
        self._board = WaveshareRelay(self._bus, board)
        self._is_first = True
        self._held.clear()

    async def start(self) -> None:
        """Set both sides as they were; what was known is stale. Raises without a board.

        A side that was never set stays as the board has it.
        """
        self._forget()
        await self._board.start()
        for side, is_free in self._wanted.items():
            await self._set(side, is_free=is_free)

    async def change_address(self, unit_id: int) -> CommandReceipt:
        """See ``AddressChangeable``: the board's."""
        receipt = await self._board.change_address(unit_id)
        self._settings = dataclasses.replace(self._settings, unit_id=unit_id)
        return receipt

    @property
    def free_inputs(self) -> frozenset[int]:
        """See ``ContactInputs``: those that the gate is not wired to."""
        fire_and_fault = (self._settings.input_fire, self._settings.input_fault)
        return frozenset(range(CHANNEL_COUNT)) - {*self._sides, *fire_and_fault}

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; a free side whose board has forgotten it is held again."""
        if free := [side for side, is_free in self._wanted.items() if is_free]:
            outputs = await self._board.read_outputs()
            for side in free:
                if not outputs >> self._relays[side] & 1:
                    await self._set(side, is_free=True)
        found: list[Observation] = []
        for change in await self._board.poll():
            if isinstance(change, InputChanged):
                found += self._meaning(change)
        self._is_first = False
        return found

    def _meaning(self, change: InputChanged) -> list[Observation]:
        settings = self._settings
        if change.channel in self._sides:
            # At the first poll nobody knows when the contact closed.
            is_passage = change.active and not self._is_first
            return [PassageCounted(self._sides[change.channel], 1)] if is_passage else []
        if change.channel == settings.input_fire:
            state = GateState.EMERGENCY_OPEN if change.active else GateState.CLOSED
            return [GateStateChanged(state)]
        if change.channel == settings.input_fault and (change.active or not self._is_first):
            return [FaultsChanged(("gate",) if change.active else ())]
        is_news = change.active or not self._is_first
        return [change] if is_news and change.channel in self.free_inputs else []

    async def access(self, side: Side) -> CommandReceipt:
        """See ``PassageGate.access``; confirmed by the relay, not by the gate behind it.

        Raises:
            DeviceUnreachableError: The gate did not open, or whether it did is not known.
        """
        if side in self._held:
            return CommandReceipt(attempts=1)  # its contact is held closed
        return await self._board.pulse_output(self._relays[side], duration_s=self._settings.pulse_s)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """See ``PassageGate.set_mode``; a mode that was not confirmed is set at the next start.

        Raises:
            CommandRejectedError: Two contacts cannot forbid a side.
        """
        if mode is GateMode.FORBIDDEN:
            raise CommandRejectedError(f"two contacts cannot forbid side {side.value}")
        self._wanted[side] = mode is GateMode.FREE
        return await self._set(side, is_free=mode is GateMode.FREE)

    async def _set(self, side: Side, *, is_free: bool) -> CommandReceipt:
        self._held.discard(side)
        receipt = await self._board.set_output(self._relays[side], on=is_free)
        if is_free:
            self._held.add(side)
        return receipt
