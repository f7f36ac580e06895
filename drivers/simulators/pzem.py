"""The energy module that ``drivers.pzem`` talks to.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Sequence
from decimal import Decimal

from drivers.profiles import load_profile
from drivers.protocols import modbus_rtu as rtu
from drivers.register_map import points_of
from drivers.simulators.meter_stations import MeterStation, MeterStations

RESET_ENERGY = 0x42
THRESHOLD_REGISTER, ADDRESS_REGISTER = 1, 2


class Module(MeterStation):
    """One module, which also forgets its energy and takes another address."""

    def __init__(self, unit_id: int) -> None:
        super().__init__(points_of(load_profile("meter", "meter_pzem016")))
        self.writable = {THRESHOLD_REGISTER: 23_000, ADDRESS_REGISTER: unit_id}

    def reply_to(self, request: rtu.Request) -> bytes:
        """See ``Station``."""
        if request.function == RESET_ENERGY:
            self.set_value("energy_import", Decimal(0))
            return request.frame
        return super().reply_to(request)


class Simulator(MeterStations):
    """Modules of one line."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a module each."""

        unit_id: Sequence[int] = (1,)

    def __init__(self, settings: Settings) -> None:
        super().__init__({unit_id: Module(unit_id) for unit_id in settings.unit_id})

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``: a module that was given another address answers there."""
        replies = super().receive_data(data)
        for unit_id, station in list(self.stations.items()):
            new = station.writable.get(ADDRESS_REGISTER, unit_id)
            if new != unit_id:
                self.stations[new] = self.stations.pop(unit_id)
        return replies
