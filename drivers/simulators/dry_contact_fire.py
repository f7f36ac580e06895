"""The board and the panel's contacts that ``drivers.dry_contact_fire`` reads.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from drivers.simulators.modbus_stations import ModbusStations
from drivers.simulators.waveshare_relay import Station


class Simulator(ModbusStations[Station]):
    """A board each; its fire contact is open and its fault contact closed while all is well."""

    KIND = "fire_panel"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "fire": {"unit_id": 0, "on": True},
        "fault": {"unit_id": 0, "on": True},
        "cut_wires": {"unit_id": 0},
    }
    STIMULI = (
        ("fire", {}, "PointChanged"),
        ("fire", {"on": False}, "PointChanged"),
        ("fault", {}, "PointChanged"),
        ("fault", {"on": False}, "PointChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What the panel is wired to; as the driver's.

        Attributes:
            unit_id: Bus addresses, a board each.
        """

        unit_id: Sequence[int] = (1,)
        fire_input: int = 0
        fault_input: int = 1
        fire_normally_closed: bool = False
        fault_normally_closed: bool = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__({unit_id: Station() for unit_id in settings.unit_id})
        for station in self.stations.values():
            station.inputs[settings.fire_input] = settings.fire_normally_closed
            station.inputs[settings.fault_input] = settings.fault_normally_closed

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"units": {str(n): {"inputs": list(s.inputs)} for n, s in self.stations.items()}}

    def do_fire(self, unit_id: int, *, on: bool) -> None:
        """Let the panel report a fire, or end it."""
        closed = self._settings.fire_normally_closed != on
        self.station(unit_id).inputs[self._settings.fire_input] = closed

    def do_fault(self, unit_id: int, *, on: bool) -> None:
        """Let the panel report a fault, or end it."""
        closed = self._settings.fault_normally_closed != on
        self.station(unit_id).inputs[self._settings.fault_input] = closed

    def do_cut_wires(self, unit_id: int) -> None:
        """Cut both loops: every contact reads open."""
        inputs = self.station(unit_id).inputs
        inputs[self._settings.fire_input] = inputs[self._settings.fault_input] = False
