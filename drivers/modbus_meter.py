"""A meter with Modbus registers, described by a profile: a new one needs no code.

Source: the maker's register map, as the profile cites it; MODBUS Application Protocol
Specification, V1.1b3, functions 3 and 4.
"""

import dataclasses
from collections.abc import Sequence

from drivers.base import Observation
from drivers.bus import Bus
from drivers.meter_registers import MeterRegisters
from drivers.profiles import load_profile
from drivers.register_map import points_of
from drivers.registry import register


@register("modbus_meter")
class ModbusMeter:
    """One meter; satisfies ``Driver``. One request in flight; reports every reading that changed.

    A reading that cannot be (not a number, outside the profile's limits) is an error, and nothing
    that came with it is believed.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the meter is reached.

        Attributes:
            profile: A name of ``config/profiles``, or the path of a ``.toml`` file of that form.
            unit_id: Bus address, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        profile: str = "meter_sdm630"
        unit_id: int = 1
        timeout_s: float = 0.5
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"modbus_meter: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(
                    f"modbus_meter: timeout_s is above 0 and at most 5: {self.timeout_s}"
                )
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"modbus_meter: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._registers = MeterRegisters(
            bus,
            points_of(load_profile("meter", settings.profile)),
            unit_id=settings.unit_id,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
        )

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the meter does not answer."""
        self._registers.forget()
        await self._registers.read_one()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        return await self._registers.changes()
