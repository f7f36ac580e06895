"""The fire panel of a profile, as ``drivers.modbus_fire`` reads it.

Source: the profile's.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from drivers.base import PointCondition
from drivers.fire_map import BIT_FUNCTIONS, FireMap, fire_map
from drivers.profiles import load_profile
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.modbus_stations import ModbusStations

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2


class Panel:
    """One panel. Attributes: points: each with its conditions. commands: those it was given."""

    def __init__(self, panel: FireMap) -> None:
        self._map = panel
        self.points: dict[str, set[PointCondition]] = {
            name: set() for one in panel.ranges for name in one.names
        }
        self.commands: list[str] = []

    def reply_to(self, request: rtu.Request) -> bytes:
        """See ``Station``."""
        if request.function in (rtu.WRITE_SINGLE_COIL, rtu.WRITE_SINGLE_REGISTER):
            return self._obey(request)
        items = self._items(request.function)
        wanted = range(request.address, request.address + request.count_or_value)
        if not items or wanted.stop - 1 > max(items):
            return rtu.encode_exception(request, ILLEGAL_ADDRESS)
        values = [items.get(address, 0) for address in wanted]
        if request.function in BIT_FUNCTIONS:
            return rtu.encode_reply(request, rtu.encode_bits([bool(value) for value in values]))
        return rtu.encode_reply(request, rtu.encode_registers(values))

    def _items(self, function: int) -> dict[int, int]:
        """Return the registers, or bits, of one function by address."""
        items: dict[int, int] = {}
        for one in self._map.ranges:
            if one.function != function:
                continue
            for index, name in enumerate(one.names):
                base = one.address + index * one.stride
                bits = [
                    bit for condition, bit in one.bits.items() if condition in self.points[name]
                ]
                if function in BIT_FUNCTIONS:
                    items |= {base + offset: offset in bits for offset in range(one.stride)}
                else:
                    items[base] = sum(1 << bit for bit in bits)
        return items

    def _obey(self, request: rtu.Request) -> bytes:
        for name, command in self._map.commands.items():
            if (command.function, command.address, command.value) == (
                request.function,
                request.address,
                request.count_or_value,
            ):
                self.commands.append(name)
                if name == "reset":
                    for conditions in self.points.values():
                        conditions.clear()
                return rtu.encode_reply(request, b"")
        return rtu.encode_exception(request, ILLEGAL_ADDRESS)

    def step(self, dt_s: float) -> None:
        """Nothing happens by itself."""


class Simulator(ModbusStations[Panel]):
    """Panels of one profile. An empty ``point`` is the first one."""

    KIND = "fire_panel"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "fire": {"unit_id": 0, "point": "", "on": True},
        "fault": {"unit_id": 0, "point": "", "on": True},
        "disable": {"unit_id": 0, "point": "", "on": True},
    }
    STIMULI = (
        ("fire", {}, "PointChanged"),
        ("fire", {"on": False}, "PointChanged"),
        ("fault", {}, "PointChanged"),
        ("fault", {"on": False}, "PointChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a panel each. profile: as the driver's."""

        unit_id: Sequence[int] = (1,)
        profile: str = "fire_example"

    def __init__(self, settings: Settings) -> None:
        panel = fire_map(load_profile("fire_panel", settings.profile))
        super().__init__({unit_id: Panel(panel) for unit_id in settings.unit_id})

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``: points that are not normal, and commands."""
        return {
            "units": {
                str(unit_id): {
                    "points": {n: sorted(c) for n, c in panel.points.items() if c},
                    "commands": list(panel.commands),
                }
                for unit_id, panel in self.stations.items()
            }
        }

    def do_fire(self, unit_id: int, point: str, *, on: bool) -> None:
        """Let a detector burn, or end it."""
        self._set(unit_id, point, PointCondition.FIRE, on=on)

    def do_fault(self, unit_id: int, point: str, *, on: bool) -> None:
        """Break a detector, or mend it."""
        self._set(unit_id, point, PointCondition.FAULT, on=on)

    def do_disable(self, unit_id: int, point: str, *, on: bool) -> None:
        """Disable a detector, or enable it."""
        self._set(unit_id, point, PointCondition.DISABLED, on=on)

    def _set(self, unit_id: int, point: str, condition: PointCondition, *, on: bool) -> None:
        points = self.station(unit_id).points
        name = point or next(iter(points))
        if name not in points:
            raise ValueError(f"no point {name!r}; there are: {', '.join(points)}")
        (points[name].add if on else points[name].discard)(condition)
