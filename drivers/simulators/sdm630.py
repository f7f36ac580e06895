"""Eastron SDM630 and SDM120 meters.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Sequence

from drivers.profiles import load_profile
from drivers.register_map import points_of
from drivers.simulators.meter_stations import MeterStation, MeterStations


class Simulator(MeterStations):
    """Meters of one model."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a meter each. model: ``sdm630`` or ``sdm120``."""

        unit_id: Sequence[int] = (1,)
        model: str = "sdm630"

    def __init__(self, settings: Settings) -> None:
        points = points_of(load_profile("meter", f"meter_{settings.model}"))
        super().__init__({unit_id: MeterStation(points) for unit_id in settings.unit_id})
