"""Eastron SDM630 three-phase meters, and the SDM120 with one phase.

Source: Eastron SDM630-Modbus V2 and SDM120-Modbus, "Modbus Protocol Implementation" (version
unconfirmed; registers as two public libraries quote them): function 4, IEEE 754 single, 9600 8N1.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers.base import Observation
from drivers.bus import Bus
from drivers.meter_registers import MeterRegisters
from drivers.profiles import load_profile
from drivers.register_map import points_of
from drivers.registry import register

PROFILES: Final = {"sdm630": "meter_sdm630", "sdm120": "meter_sdm120"}


@register("sdm630")
class Sdm630:
    """One meter; satisfies ``Driver``. One request in flight, at most 80 registers each."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the meter is reached.

        Attributes:
            model: ``sdm630`` or ``sdm120``.
            unit_id: Bus address, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        model: str = "sdm630"
        unit_id: int = 1
        timeout_s: float = 0.5
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if self.model not in PROFILES:
                raise ValueError(f"sdm630: model is sdm630 or sdm120, not {self.model!r}")
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"sdm630: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"sdm630: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"sdm630: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._registers = MeterRegisters(
            bus,
            points_of(load_profile("meter", PROFILES[settings.model])),
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
