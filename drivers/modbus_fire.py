"""A fire panel with a Modbus gateway, described by a profile: no two makers' maps are alike.

What a panel says here is monitoring: doors are released by the panel's own contact first.

Source: the maker's register map, as the profile cites it; MODBUS Application Protocol
Specification, V1.1b3, functions 1 to 6.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers import modbus_device
from drivers.base import (
    CommandReceipt,
    Observation,
    PointChanged,
    PointCondition,
)
from drivers.bus import Bus, Priority
from drivers.fire_map import BIT_FUNCTIONS, Range, fire_map
from drivers.profiles import load_profile
from drivers.protocols import modbus_rtu as rtu
from drivers.registry import register

READERS: Final = {
    1: rtu.encode_read_coils,
    2: rtu.encode_read_discrete_inputs,
    3: rtu.encode_read_holding_registers,
    4: rtu.encode_read_input_registers,
}
WRITE_COIL: Final = 5


@register("modbus_fire")
class ModbusFire:
    """One panel; satisfies ``Driver``. One request in flight, one range of points per poll.

    A command is what the profile names; it is acknowledged by the gateway, and what the panel made
    of it shows in its points.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the panel is reached.

        Attributes:
            profile: A name of ``config/profiles``, or the path of a ``.toml`` file of that form.
            unit_id: Bus address, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        profile: str = "fire_example"
        unit_id: int = 1
        timeout_s: float = 0.5
        attempt_count: int = 3

        def __post_init__(self) -> None:
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"modbus_fire: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"modbus_fire: timeout_s is above 0 and at most 5: {self.timeout_s}"
                )
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"modbus_fire: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._map = fire_map(load_profile("fire_panel", settings.profile))
        self._known: dict[str, tuple[PointCondition, ...]] = {}
        self._turn = 0

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the panel does not answer."""
        self._known.clear()
        self._turn = 0
        await self._read(self._map.ranges[0])

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; the first reports the points that are not normal."""
        is_first = not self._known
        ranges = self._map.ranges if is_first else (self._map.ranges[self._turn],)
        found: list[Observation] = []
        now = {}
        for one in ranges:
            for name, conditions in (await self._read(one)).items():
                now[name] = conditions
                if conditions != self._known.get(name, ()):
                    found.append(PointChanged(name, conditions, kind=one.kind))
        # Not before: what one range says is not lost when the next cannot be read.
        self._known |= now
        self._turn = (self._turn + 1) % len(self._map.ranges)
        return found

    async def command(self, name: str) -> CommandReceipt:
        """Send a command of the profile, as ``silence`` or ``reset``.

        Raises:
            ValueError: The profile has no such command.
            DriverError: The gateway refuses, or does not answer.
        """
        command = self._map.commands.get(name)
        if command is None:
            known = ", ".join(self._map.commands) or "none"
            raise ValueError(f"this panel has no command {name!r}; it has: {known}")
        encode = rtu.encode_write_coil if command.function == WRITE_COIL else _write_register
        request = encode(self._settings.unit_id, address=command.address, value=command.value)
        await self._exchange(request, Priority.COMMAND)
        return CommandReceipt(attempts=1)

    async def _read(self, one: Range) -> dict[str, tuple[PointCondition, ...]]:
        request = READERS[one.function](
            self._settings.unit_id, address=one.address, count=one.count
        )
        reply = await self._exchange(request, Priority.POLL)
        if one.function in BIT_FUNCTIONS:
            return one.conditions([int(reply.bit(index)) for index in range(one.count)])
        return one.conditions(reply.registers)

    async def _exchange(self, request: rtu.Request, priority: Priority) -> rtu.Reply:
        return await modbus_device.exchange(
            self._bus,
            request,
            timeout_s=self._settings.timeout_s,
            priority=priority,
            attempt_count=self._settings.attempt_count if priority is Priority.POLL else 1,
        )


def _write_register(unit_id: int, *, address: int, value: int) -> rtu.Request:
    return rtu.encode_write_register(unit_id, address=address, value=value)
