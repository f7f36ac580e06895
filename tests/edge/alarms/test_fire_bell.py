"""A fire that a terminal hears sounds its siren, with central dead; a drill does not."""

import asyncio
from datetime import timedelta
from pathlib import Path

from config.contract.commands import BeginDrill
from config.contract.identifiers import new_id
from config.site import BusEntry, DeviceEntry
from config.site_alarms import SounderEntry
from drivers.simulators.line import SimulatedLine
from drivers.simulators.waveshare_relay import Simulator
from tests.edge.conftest import NOW, eventually
from tests.edge.fire.terminal import FireTerminal, fire_site


def test_two_detectors_sound_the_siren_and_a_drill_does_not(tmp_path: Path) -> None:
    board, site = Simulator(Simulator.Settings()), fire_site()
    relays = board.stations[1]
    terminal = FireTerminal(
        tmp_path,
        site.model_copy(
            update={
                "bus": (*site.bus, BusEntry(id="relays", node="gate-1", port="absent")),
                "device": (
                    *site.device,
                    DeviceEntry(id="board", driver="waveshare_relay", bus="relays"),
                ),
                "sounder": (SounderEntry(id="siren", node="gate-1", device="board", channel=1),),
            }
        ),
    )
    terminal.lines["relays"] = SimulatedLine(board)

    async def act() -> bool:
        async with terminal.at_work():
            drill = BeginDrill(zone="building", drill_id=new_id(), until=NOW + timedelta(hours=1))
            await terminal.do(drill)
            await eventually(lambda: "menshen.fire.drill_changed.v1" in terminal.facts.types)
            was_silent = not relays.outputs[1]
            terminal.smoke(1, 2)
            await eventually(lambda: relays.outputs[1])
            return was_silent

    assert asyncio.run(act())
