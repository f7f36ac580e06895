"""A fire panel's dry contacts on the inputs of a Modbus relay board.

Two wires can be cut or shorted and no board of this kind measures the loop's resistance, so choose
what fails loudly: a normally closed contact, which opens at a fire and when its wire breaks.

Source: the board's, see ``drivers.waveshare_relay``; contacts as fire panels' manuals call them.
"""

import dataclasses
from collections.abc import Sequence

from drivers.base import (
    CommandReceipt,
    InputChanged,
    Observation,
    PointChanged,
    PointCondition,
)
from drivers.bus import Bus
from drivers.registry import register
from drivers.waveshare_relay import CHANNEL_COUNT, WaveshareRelay

NONE = -1


@register("dry_contact_fire")
class DryContactFire:
    """The contacts of one panel; satisfies ``Driver``. One request in flight.

    A change counts when ``debounce_count`` polls in a row saw it; with one poll in 0.1 s and the
    default that is within 0.2 s.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the board is reached, and what its inputs mean.

        Attributes:
            unit_id: Bus address of the board, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
            fire_input: 0-based channel of the fire contact.
            fault_input: Of the fault contact; -1 is none.
            fire_normally_closed: The contact opens at a fire; a broken wire is reported as fire.
            fault_normally_closed: The contact opens at a fault, as most do.
            debounce_count: Polls that must agree, 1..10.
        """

        unit_id: int = 1
        timeout_s: float = 0.25
        attempt_count: int = 2
        fire_input: int = 0
        fault_input: int = 1
        fire_normally_closed: bool = False
        fault_normally_closed: bool = True
        debounce_count: int = 2

        def __post_init__(self) -> None:
            name = "dry_contact_fire"
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"{name}: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"{name}: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"{name}: attempt_count is 1..10, not {self.attempt_count}")
            if not 0 <= self.fire_input < CHANNEL_COUNT:
                raise ValueError(f"{name}: fire_input is 0..7, not {self.fire_input}")
            if not NONE <= self.fault_input < CHANNEL_COUNT:
                raise ValueError(f"{name}: fault_input is 0..7 or -1, not {self.fault_input}")
            if self.fault_input == self.fire_input:
                raise ValueError(f"{name}: fault_input is not the fire_input")
            if not 1 <= self.debounce_count <= 10:
                raise ValueError(f"{name}: debounce_count is 1..10, not {self.debounce_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._known: tuple[PointCondition, ...] | None = None
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
        self._seen: tuple[PointCondition, ...] = ()
        self._seen_count = 0

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the board does not answer."""
        self._forget()
        self._known = None
        await self._board.start()

    async def change_address(self, unit_id: int) -> CommandReceipt:
        """See ``AddressChangeable``: the board's."""
        receipt = await self._board.change_address(unit_id)
        self._settings = dataclasses.replace(self._settings, unit_id=unit_id)
        return receipt

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; the first reports a fire at once, without debouncing it away."""
        for change in await self._board.poll():
            if isinstance(change, InputChanged):
                self._inputs[change.channel] = change.active
        now = self._conditions()
        self._seen_count = self._seen_count + 1 if now == self._seen else 1
        self._seen = now
        if now == self._known:
            return []
        if self._known is not None and self._seen_count < self._settings.debounce_count:
            return []
        self._known = now
        return [PointChanged("panel", now, kind="dry contacts")]

    def _conditions(self) -> tuple[PointCondition, ...]:
        settings, found = self._settings, []
        if self._inputs[settings.fire_input] != settings.fire_normally_closed:
            found.append(PointCondition.FIRE)
        if settings.fault_input != NONE:
            is_active = self._inputs[settings.fault_input]
            if is_active != settings.fault_normally_closed:
                found.append(PointCondition.FAULT)
        return tuple(sorted(found))
