"""Peacefair energy modules: PZEM-004T v3 and PZEM-016, 9600 8N1.

Source: PZEM-004T-V3.0 user manual (version unconfirmed; registers as two independent sources
quote them): function 4 registers 0..9, function 6 registers 1 (alarm threshold, W) and 2 (address),
function 0x42 resets the energy.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers import modbus_device
from drivers.base import CommandReceipt, Observation, ProtocolViolationError
from drivers.bus import Bus, Priority
from drivers.meter_registers import MeterRegisters
from drivers.profiles import load_profile
from drivers.protocols import modbus_rtu as rtu
from drivers.register_map import points_of
from drivers.registry import register

ADDRESS_REGISTER: Final = 2
RESET_ENERGY: Final = 0x42


@register("pzem")
class Pzem:
    """One module; satisfies ``Driver``. One request in flight."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the module is reached.

        Attributes:
            unit_id: Bus address, 1..247.
            timeout_s: Longest wait for one reply.
            attempt_count: Times that a request is sent before giving up, 1..10.
        """

        unit_id: int = 1
        timeout_s: float = 0.5
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if not 1 <= self.unit_id <= 247:
                raise ValueError(f"pzem: unit_id is 1..247, not {self.unit_id}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"pzem: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"pzem: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._registers = MeterRegisters(
            bus,
            points_of(load_profile("meter", "meter_pzem016")),
            unit_id=settings.unit_id,
            timeout_s=settings.timeout_s,
            attempt_count=settings.attempt_count,
        )

    async def start(self) -> None:
        """Nothing is set up; what was known is stale. Raises when the module does not answer."""
        self._registers.forget()
        await self._registers.read_one()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        return await self._registers.changes()

    async def reset_energy(self) -> CommandReceipt:
        """Set the counted energy to zero; the module echoes the command.

        Raises:
            DriverError: It did not.
        """
        await self._command(rtu.encode_user_defined(self._settings.unit_id, function=RESET_ENERGY))
        return CommandReceipt(attempts=1)

    async def change_address(self, unit_id: int) -> CommandReceipt:
        """Give the module another bus address; it answers at the new one from then on.

        Raises:
            ValueError: That is none.
            DriverError: It did not take it.
        """
        if not 1 <= unit_id <= 247:
            raise ValueError(f"pzem: unit_id is 1..247, not {unit_id}")
        request = rtu.encode_write_register(
            self._settings.unit_id, address=ADDRESS_REGISTER, value=unit_id
        )
        await self._command(request)
        read = rtu.encode_read_holding_registers(unit_id, address=ADDRESS_REGISTER, count=1)
        if (await self._command(read)).registers != (unit_id,):
            raise ProtocolViolationError(f"the module did not keep address {unit_id}")
        return CommandReceipt(attempts=1)

    async def _command(self, request: rtu.Request) -> rtu.Reply:
        return await modbus_device.exchange(
            self._bus,
            request,
            timeout_s=self._settings.timeout_s,
            priority=Priority.COMMAND,
        )
