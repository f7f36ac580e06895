"""A gate, a turnstile or a door behind a controller board: two outputs open it, two inputs count.

The board itself ends every pulse, so a gate never stays open because this process died. Without its
node the board sets the way out free and does with the way in what the site file says; with a fire
at its own input it sets both free. What it did so ends when the node is back and the fire is over.
A node that speaks without heartbeats is not back: nothing of it shuts what the safe state set free.

Source: docs/board.md; contacts as gate makers' manuals name them (open entry, open exit, passage
entry, passage exit, fault).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    CredentialRead,
    DriverError,
    FaultsChanged,
    FireInputChanged,
    GateMode,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
    SafeStateChanged,
    Side,
)
from drivers.bus import Bus
from drivers.registry import register
from firmware_bridge.board import Board
from firmware_bridge.board_history import NOBODY
from firmware_bridge.board_settings import NONE, BoardSettings
from firmware_bridge.group import State
from firmware_bridge.refusals import BOARD, BoardRefusedError, Refusal

OBSERVATIONS: Final = (CredentialRead,)
"""What a recording of its line has to keep secret."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BoardGateSettings(BoardSettings):
    """How the board is reached, and how the gate is wired to it.

    Attributes:
        output_in: 0-based output that opens the entry.
        output_out: Of the exit.
        opens_when_off: A side is open while its output is off: a lock that the output holds shut.
        input_in: 0-based input of the entry's passage pulses; -1 is none.
        input_out: Of the exit's.
        input_fault: Of the gate's fault contact; -1 is none.
        pulse_s: How long a side is open for one person, 0.05..60.
        safe_in: What becomes of the way in without the node: ``shut``, ``free`` or ``keep``. The
            way out is free.
        safe: As of any board, of the outputs that are not the gate's.
    """

    NAME: ClassVar[str] = "board_gate"

    output_in: int = 0
    output_out: int = 1
    opens_when_off: bool = False
    input_in: int = 0
    input_out: int = 1
    input_fault: int = NONE
    pulse_s: float = 0.5
    safe_in: str = "shut"

    def __post_init__(self) -> None:
        BoardSettings.__post_init__(self)  # slots make another class of this one: no super()
        for name in ("output_in", "output_out"):
            if not 0 <= getattr(self, name) < self.output_count:
                last = self.output_count - 1
                raise self.refusal(f"{name} is 0..{last}, not {getattr(self, name)}")
        for name in ("input_in", "input_out", "input_fault"):
            if not NONE <= getattr(self, name) < self.input_count:
                last = self.input_count - 1
                raise self.refusal(f"{name} is 0..{last} or -1, not {getattr(self, name)}")
        inputs = [self.input_in, self.input_out, self.input_fault]
        used = [c for c in (*inputs, self.fire_input, self.input_tamper) if c != NONE]
        if len(set(used)) < len(used) or self.output_in == self.output_out:
            raise self.refusal("two contacts are on the same channel")
        if not 0.05 <= self.pulse_s <= 60:
            raise self.refusal(f"pulse_s is 0.05..60, not {self.pulse_s}")
        if self.safe_in not in ("shut", "free", "keep"):
            raise self.refusal(f"safe_in is shut, free or keep, not {self.safe_in!r}")
        own = {self.output_in, self.output_out}
        if named := own & {*self.fire_on, *self.fire_off}:
            raise self.refusal(f"output {min(named)} is the gate's: a fire sets it free by itself")

    def output(self, side: Side) -> int:
        """Return the output that opens a side."""
        return self.output_in if side is Side.IN else self.output_out

    def level(self, *, is_open: bool) -> bool:
        """Return what an output is while its side is open, or shut."""
        return is_open is not self.opens_when_off

    def safe_words(self) -> dict[int, str]:
        """See ``BoardSettings.safe_words``; the gate's own two outputs besides."""
        words = BoardSettings.safe_words(self)
        of_level = {level: word for word, level in (("off", False), ("on", True))}
        is_kept = self.safe_in == "keep"
        level_in = of_level[self.level(is_open=self.is_free_when_safe(Side.IN))]
        words[self.output_in] = "keep" if is_kept else level_in
        words[self.output_out] = of_level[self.level(is_open=self.is_free_when_safe(Side.OUT))]
        return words

    def is_free_when_safe(self, side: Side) -> bool:
        """Return whether the safe state sets a side free."""
        return side is Side.OUT or self.safe_in == "free"

    def fire_outputs(self) -> tuple[frozenset[int], frozenset[int]]:
        """See ``BoardSettings.fire_outputs``; both sides are open at a fire."""
        on, off = BoardSettings.fire_outputs(self)
        if self.fire_input == NONE:
            return on, off
        own = frozenset({self.output_in, self.output_out})
        return (on | own, off) if self.level(is_open=True) else (on, off | own)

    @property
    def free_inputs(self) -> frozenset[int]:
        """See ``BoardSettings.free_inputs``: not those of the gate either."""
        of_gate = {self.input_in, self.input_out, self.input_fault}
        return frozenset(range(self.input_count)) - {self.fire_input, self.input_tamper} - of_gate


@register("board_gate")
class BoardGate(Board):
    """A gate with two sides; satisfies ``TwoSidedGate`` besides what its ``Board`` does.

    A passage is an input that became active: the board keeps each until it was told, so none is
    lost between two polls. The gate's own state is known only as far as the fire and the fault
    contact tell: ``CLOSED`` means that it does not stand open for a fire.
    """

    Settings: ClassVar[type] = BoardGateSettings

    def __init__(self, bus: Bus, settings: BoardGateSettings) -> None:
        sides = {settings.input_in: Side.IN, settings.input_out: Side.OUT}
        sides.pop(NONE, None)
        super().__init__(bus, settings, sides)
        self._gate = settings
        self._modes: dict[Side, GateMode] = {}
        self._pulse_ends_s = dict.fromkeys(Side, float("-inf"))
        self._gate_state: GateState | None = None
        self._is_due, self._boot_kept = True, NOBODY

    async def start(self) -> None:
        """See ``Board.start``; the next poll sets the sides as they were, or shuts them."""
        self._gate_state, self._is_due = None, True
        await super().start()
        await self._ask_state()  # it may be in its safe state, which forbids to shut a side

    async def poll(self) -> Sequence[Observation]:
        """See ``Board.poll``; what the board did by itself ends when its cause is over."""
        found = [told for change in await super().poll() for told in self._meaning(change)]
        if self._gate_state is None:
            found += self._stand(is_fire=self._now().is_fire)
        try:
            await self._keep_sides()
        except DriverError:
            if not found:
                raise
        return found

    async def access(self, side: Side) -> CommandReceipt:
        """See ``PassageGate.access``; confirmed by the output, not by the gate behind it."""
        settings = self._gate
        if self._modes.get(side) is GateMode.FREE:
            return await self._set(side)
        if self._is_left_free(side):
            self._pulse_ends_s[side] = self._bus.monotonic() + settings.pulse_s
            return CommandReceipt(attempts=1)
        try:
            receipt = await self._command(
                settings.output(side),
                on=settings.level(is_open=True),
                duration_s=settings.pulse_s,
            )
        except BoardRefusedError as error:
            return _standing_open(error)
        self._pulse_ends_s[side] = self._bus.monotonic() + settings.pulse_s
        return receipt

    async def set_output(self, channel: int, *, on: bool) -> CommandReceipt:
        """See ``OutputBoard.set_output``; of outputs that are not the gate's.

        Raises:
            CommandRejectedError: It is one of the gate's, which the next poll would set back.
        """
        if channel in (self._gate.output_in, self._gate.output_out):
            raise CommandRejectedError(f"output {channel} is the gate's: set the mode of its side")
        return await super().set_output(channel, on=on)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """See ``PassageGate.set_mode``; what was not confirmed is set with the next poll.

        What the safe state holds free is shut when that is over.

        Raises:
            CommandRejectedError: Two contacts cannot forbid a side, or there is a fire.
        """
        if mode is GateMode.FORBIDDEN:
            raise CommandRejectedError(f"two contacts cannot forbid side {side.value}")
        self._modes[side], self._is_due = mode, True
        return await self._set(side)

    async def set_modes(
        self, modes: Mapping[Side, GateMode], *, stands_open: bool
    ) -> CommandReceipt:
        """See ``TwoSidedGate.set_modes``; a contact that is held stands open by itself.

        What a fire at the board, or its safe state, forbids to be shut is shut when that is over.

        Raises:
            CommandRejectedError: Two contacts cannot forbid a side.
        """
        if GateMode.FORBIDDEN in modes.values():
            raise CommandRejectedError("two contacts cannot forbid a side")
        self._modes |= modes
        self._is_due = True
        receipt = CommandReceipt(attempts=1)
        for side in sorted(modes, key=lambda one: modes[one] is not GateMode.FREE):
            try:
                receipt = await self._set(side)
            except BoardRefusedError as error:
                _standing_open(error)
        return receipt

    def _meaning(self, change: Observation) -> list[Observation]:
        """Return what a change at the board says of the gate."""
        match change:
            case InputChanged(channel=channel, active=active) if channel == self._gate.input_fault:
                return [FaultsChanged(("gate",) if active else ())]
            case FireInputChanged(active=active):
                self._is_due = True
                return [change, *self._stand(is_fire=active)]
            case SafeStateChanged():
                self._is_due = True
        return [change]

    def _stand(self, *, is_fire: bool) -> list[Observation]:
        state = GateState.EMERGENCY_OPEN if is_fire else GateState.CLOSED
        is_new, self._gate_state = state is not self._gate_state, state
        return [GateStateChanged(state)] if is_new else []

    async def _keep_sides(self) -> None:
        """Set the sides anew after a start, a safe state or a fire, once that is over."""
        state = self._now()
        if state.is_safe and not state.is_fire:
            await self._keep_free(state)
        is_due = self._is_due or state.boot != self._boot_kept
        if not is_due or state.is_safe or state.is_fire:
            return
        now_s = self._bus.monotonic()
        for side in Side:
            is_so = bool(state.outputs >> self._gate.output(side) & 1) is self._level(side)
            if not is_so and now_s >= self._pulse_ends_s[side]:
                await self._set(side)
        self._boot_kept = state.boot
        self._is_due = any(now_s < ends_s for ends_s in self._pulse_ends_s.values())

    async def _keep_free(self, state: State) -> None:
        """Open again what a pulse has shut that was given when the safe state had just come."""
        for side in Side:
            is_shut = not self._is_open(state, side)
            if is_shut and self._gate.is_free_when_safe(side):
                await super().set_output(self._gate.output(side), on=self._gate.level(is_open=True))

    async def _set(self, side: Side) -> CommandReceipt:
        if self._modes.get(side) is not GateMode.FREE and self._is_left_free(side):
            return CommandReceipt(attempts=1)
        return await super().set_output(self._gate.output(side), on=self._level(side))

    def _is_left_free(self, side: Side) -> bool:
        """Return whether the safe state holds a side open: nobody may be there to open it again."""
        state = self._state
        is_safe = state is not None and state.is_safe and self._is_open(state, side)
        return is_safe and self._gate.is_free_when_safe(side)

    def _is_open(self, state: State, side: Side) -> bool:
        is_on = bool(state.outputs >> self._gate.output(side) & 1)
        return is_on is self._gate.level(is_open=True)

    def _level(self, side: Side) -> bool:
        """Return what the output of a side is while nobody passes."""
        return self._gate.level(is_open=self._modes.get(side) is GateMode.FREE)


def _standing_open(error: BoardRefusedError) -> CommandReceipt:
    """Return that a side is open: a fire at the board keeps it so.

    Raises:
        BoardRefusedError: It refuses for another reason.
    """
    if (error.group, error.code) != (BOARD, Refusal.FIRE):
        raise error
    return CommandReceipt(attempts=1)
