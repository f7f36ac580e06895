"""Any meter of a profile, as ``drivers.modbus_meter`` reads it.

Source: the profile's.
"""

import dataclasses
from collections.abc import Sequence

from drivers.profiles import load_profile
from drivers.register_map import points_of
from drivers.simulators.meter_stations import MeterStation, MeterStations


class Simulator(MeterStations):
    """Meters of one profile."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a meter each. profile: as the driver's."""

        unit_id: Sequence[int] = (1,)
        profile: str = "meter_sdm630"

    def __init__(self, settings: Settings) -> None:
        points = points_of(load_profile("meter", settings.profile))
        super().__init__({unit_id: MeterStation(points) for unit_id in settings.unit_id})
