"""A boom barrier behind a relay board: open, close and stop contacts, a loop, two limits.

It never closes while the loop says that a vehicle is there, or while that is not known; opening
wins over closing. Every contact is the board's own self-reverting flash.

Source: the board's, see ``drivers.waveshare_relay``; contacts as barrier makers' manuals name them
(open, close, stop, loop, open limit, closed limit).
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    FaultsChanged,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
)
from drivers.bus import Bus
from drivers.registry import register
from drivers.waveshare_relay import CHANNEL_COUNT, WaveshareRelay

LOOP = 0
"""The channel that ``InputChanged`` reports for the loop, whichever it is on the board."""
JAM = ("jam",)


@register("relay_barrier")
class RelayBarrier:
    """One barrier; satisfies ``Driver`` and ``DoorControl`` (door 0 opens). One request in flight.

    A command is confirmed by its relay; whether the boom moved shows in its limits, and a limit
    that is not reached within ``move_s`` is a fault.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the board is reached and wired; channels are 0-based.

        Attributes:
            unit_id: Bus address of the board, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
            move_s: The boom's longest way from limit to limit, 0.5..60.
            pulse_s: How long a contact is closed, 0.1..10.
        """

        unit_id: int = 1
        timeout_s: float = 0.25
        attempt_count: int = 3
        relay_open: int = 0
        relay_close: int = 1
        relay_stop: int = 2
        input_loop: int = 0
        input_open: int = 1
        input_closed: int = 2
        move_s: float = 8.0
        pulse_s: float = 0.5

        def __post_init__(self) -> None:
            name = "relay_barrier"
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"{name}: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"{name}: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"{name}: attempt_count is 1..10, not {self.attempt_count}")
            relays = (self.relay_open, self.relay_close, self.relay_stop)
            inputs = (self.input_loop, self.input_open, self.input_closed)
            for channels in (relays, inputs):
                if len(set(channels)) < 3 or not all(0 <= c < CHANNEL_COUNT for c in channels):
                    raise ValueError(f"{name}: three different channels 0..7, not {channels}")
            if not 0.5 <= self.move_s <= 60:
                raise ValueError(f"{name}: move_s is 0.5..60, not {self.move_s}")
            if not 0.1 <= self.pulse_s <= 10:
                raise ValueError(f"{name}: pulse_s is 0.1..10, not {self.pulse_s}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._forget()

    def _forget(self) -> None:
        settings = self._settings
        board = WaveshareRelay.Settings(
            unit_id=settings.unit_id,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
        )
        self._board = WaveshareRelay(self._bus, board)
        self._inputs: dict[int, bool] = {}
        self._state: GateState | None = None
        self._is_jammed = False
        self._moving: GateState | None = None
        self._moving_since_s = 0.0

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the board does not answer."""
        self._forget()
        await self._board.start()

    async def change_address(self, unit_id: int) -> CommandReceipt:
        """See ``AddressChangeable``: the board's."""
        receipt = await self._board.change_address(unit_id)
        self._settings = dataclasses.replace(self._settings, unit_id=unit_id)
        return receipt

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        is_first, found = not self._inputs, list[Observation]()
        for change in await self._board.poll():
            if isinstance(change, InputChanged):
                self._inputs[change.channel] = change.active
                if change.channel == self._settings.input_loop:
                    found.append(InputChanged(LOOP, active=change.active))
        state = self._where()
        if state is not self._state:
            self._state = state
            found.append(GateStateChanged(state))
        is_jammed = state is GateState.FAULT
        if is_jammed is not self._is_jammed and not (is_first and not is_jammed):
            self._is_jammed = is_jammed
            found.append(FaultsChanged(JAM if is_jammed else ()))
        return found

    async def access_door(self, door: int) -> CommandReceipt:
        """Open; see ``DoorControl.access_door``. There is door 0 only."""
        if door != 0:
            raise ValueError(f"door is 0, not {door}")
        return await self.open_barrier()

    async def open_barrier(self) -> CommandReceipt:
        """Raise the boom; wins over a closing that is on its way."""
        receipt = await self._pulse(self._settings.relay_open)
        self._begin(GateState.OPENING)
        return receipt

    async def release(self) -> CommandReceipt:
        """See ``Releasable.release``: confirmed by the relay; repeat it, booms close themselves."""
        return await self.open_barrier()

    async def end_release(self) -> CommandReceipt:
        """See ``Releasable.end_release``: the boom stays up until somebody lowers it."""
        return CommandReceipt(attempts=1)

    async def close_barrier(self) -> CommandReceipt:
        """Lower the boom.

        Raises:
            CommandRejectedError: A vehicle is under it, or that is not known.
        """
        if not self._inputs:
            raise CommandRejectedError("whether a vehicle is under the boom is not known yet")
        # Now, not when it was polled last: a vehicle may have come since.
        self._apply(await self._board.poll())
        if self._inputs[self._settings.input_loop]:
            raise CommandRejectedError("a vehicle is under the boom")
        receipt = await self._pulse(self._settings.relay_close)
        self._begin(GateState.CLOSING)
        return receipt

    async def stop_barrier(self) -> CommandReceipt:
        """Stop the boom where it is."""
        receipt = await self._pulse(self._settings.relay_stop)
        self._moving = None
        return receipt

    def _apply(self, changes: Sequence[Observation]) -> None:
        for change in changes:
            if isinstance(change, InputChanged):
                self._inputs[change.channel] = change.active

    async def _pulse(self, channel: int) -> CommandReceipt:
        return await self._board.pulse_output(channel, duration_s=self._settings.pulse_s)

    def _begin(self, movement: GateState) -> None:
        self._moving, self._moving_since_s = movement, self._monotonic()

    def _where(self) -> GateState:
        """Return what the limits and the last command tell."""
        settings = self._settings
        is_open = self._inputs.get(settings.input_open, False)
        is_closed = self._inputs.get(settings.input_closed, False)
        if is_open and is_closed:
            return GateState.FAULT  # two limits at once: a wire
        arrived = {GateState.OPENING: is_open, GateState.CLOSING: is_closed}
        if self._moving is not None and arrived[self._moving]:
            self._moving = None
        if self._moving is not None:
            is_late = self._monotonic() - self._moving_since_s > settings.move_s
            return GateState.FAULT if is_late else self._moving
        if is_open or is_closed:
            return GateState.OPEN if is_open else GateState.CLOSED
        # Between its limits without a command of ours: somebody stopped it, or turned it by hand.
        return GateState.BLOCKED
