"""A simulator that runs on the bench, and its switches."""

import asyncio
from collections.abc import Mapping
from typing import Any

from drivers.simulation import Simulation
from edge.bench.catalogue import as_text
from edge.bench.views import SimulatorView


class SimulatorSession:
    """A running simulator and its switches."""

    def __init__(self, name: str, simulation: Simulation, baudrate: int) -> None:
        self.name, self.simulation, self.baudrate = name, simulation, baudrate
        self._faults: dict[str, float] = {}
        self._is_unplugged = False

    async def set_fault(self, kind: str, *, on: bool, probability: float | None) -> None:
        """Switch a fault; ``unplug`` without a probability pulls the cable.

        Raises:
            ValueError: No such fault.
        """
        order = {"kind": kind, "on": on, "probability": probability}
        answer = await asyncio.to_thread(self.simulation.set_fault, order)
        self._faults = dict(answer["faults"])
        if kind == "unplug" and probability is None:
            self._is_unplugged = on

    async def act(self, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Let a hand do something.

        Raises:
            ValueError: No such action, or an argument is wrong.
        """
        return await asyncio.to_thread(self.simulation.act, action, arguments)

    def view(self) -> SimulatorView:
        """Return how it is now."""
        simulator = self.simulation.simulator
        return SimulatorView(
            id=self.name,
            driver=self.simulation.driver,
            kind=getattr(simulator, "KIND", self.simulation.driver),
            transport=self.simulation.transport,
            port=self.simulation.driver_port,
            baudrate=self.baudrate,
            driver_settings={
                name: as_text(value)
                for name, value in getattr(simulator, "DRIVER_SETTINGS", {}).items()
            },
            actions={name: dict(a) for name, a in getattr(simulator, "ACTIONS", {}).items()},
            state=self.simulation.state(),
            faults=dict(self._faults),
            is_unplugged=self._is_unplugged,
        )
