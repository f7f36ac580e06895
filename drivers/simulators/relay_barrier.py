"""The board and the boom that ``drivers.relay_barrier`` moves, wired as its settings default to.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from drivers.simulators.modbus_stations import ModbusStations
from drivers.simulators.waveshare_relay import Station

WAY_S: Final = 1.5
OPEN, CLOSE, STOP = 0, 1, 2
LOOP, OPEN_LIMIT, CLOSED_LIMIT = 0, 1, 2


class Boom(Station):
    """The board and the boom. Attributes: height: 0 closed .. 1 open. is_jammed: it cannot move."""

    def __init__(self) -> None:
        super().__init__()
        self.height, self.direction = 0.0, 0
        self.is_jammed = False
        self._were_closed = [False] * 3
        self.inputs[CLOSED_LIMIT] = True

    def step(self, dt_s: float) -> None:
        """See ``Station.step``."""
        super().step(dt_s)
        for relay, direction in ((CLOSE, -1), (OPEN, 1), (STOP, 0)):
            if self.outputs[relay] and not self._were_closed[relay]:
                self.direction = direction
            self._were_closed[relay] = self.outputs[relay]
        if not self.is_jammed:
            self.height = min(1.0, max(0.0, self.height + self.direction * dt_s / WAY_S))
        self.inputs[OPEN_LIMIT], self.inputs[CLOSED_LIMIT] = self.height == 1, self.height == 0


class Simulator(ModbusStations[Boom]):
    """A barrier each; unit id 0 is the first."""

    KIND = "barrier"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "vehicle": {"unit_id": 0, "on": True},
        "jam": {"unit_id": 0, "on": True},
    }
    STIMULI = (("vehicle", {}, "InputChanged"), ("vehicle", {"on": False}, "InputChanged"))

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a board with its barrier each."""

        unit_id: Sequence[int] = (1,)

    def __init__(self, settings: Settings) -> None:
        super().__init__({unit_id: Boom() for unit_id in settings.unit_id})

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "units": {
                str(unit_id): {
                    "height": round(boom.height, 2),
                    "loop": boom.inputs[LOOP],
                    "is_jammed": boom.is_jammed,
                    "outputs": list(boom.outputs),
                }
                for unit_id, boom in self.stations.items()
            }
        }

    def do_vehicle(self, unit_id: int, *, on: bool) -> None:
        """Let a vehicle stand on the loop, or drive off."""
        self.station(unit_id).inputs[LOOP] = on

    def do_jam(self, unit_id: int, *, on: bool) -> None:
        """Hold the boom, or let it go."""
        self.station(unit_id).is_jammed = on
