"""Sirens: sounded by central or by a panic at the node, ended by hand, by time, by a dead node."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from config.contract.access import DoorCommandOutcome
from config.contract.alarms_events import PanicPressed
from config.contract.commands import Signal
from config.contract.events import EventData
from config.site_alarms import PanicButtonEntry, SounderEntry
from drivers.base import Observation
from drivers.bus import Bus
from drivers.simulators.line import SimulatedLine
from drivers.simulators.waveshare_relay import Simulator
from drivers.waveshare_relay import WaveshareRelay
from edge.alarms.points import AlarmPoints
from edge.alarms.sounders import PULSE_S, Sounders
from edge.alarms.watch import AlarmWatch
from edge.devices import DeviceTask
from tests.edge.conftest import NOW, eventually

SIREN = SounderEntry(id="siren", node="n", device="board", channel=2, own_s=60)
LAMP = SounderEntry(id="lamp", node="n", device="board", channel=5, own=())
BUTTON = PanicButtonEntry(id="desk", device="board", input=0)


class Silence:
    """A listener that nothing is told of any more."""

    def observed(self, observation: Observation) -> None:
        """Take it."""

    def lost(self, detail: str) -> None:
        """Take it."""

    def returned(self, absence_s: float) -> None:
        """Take it."""


class Room:
    """A board on a real line with a siren, a lamp and a panic button; a clock that a test turns."""

    def __init__(self, folder: Path) -> None:
        simulator = Simulator(Simulator.Settings())
        self.station, self.line = simulator.stations[1], SimulatedLine(simulator)
        self.port, self.now_s = self.line.start_serial(folder / "board"), 100.0
        self.noted: list[EventData] = []

    def note(self, data: EventData, *, subject: str | None, now: object) -> None:
        self.noted.append(data)

    def at_work(self, act: Callable[[Sounders], Awaitable[None]]) -> None:
        async def run() -> None:
            bus, relays = Bus(self.port), dict[str, DeviceTask]()
            sounders = Sounders(
                [SIREN, LAMP], relays, now=lambda: NOW, monotonic=lambda: self.now_s
            )
            watch = AlarmWatch(
                Silence(),
                AlarmPoints("board", [BUTTON]),
                recorder=self,
                on_panic=lambda: sounders.begin("panic"),
                now=lambda: NOW,
            )
            driver = WaveshareRelay(bus, WaveshareRelay.Settings(timeout_s=0.1))
            relays["board"] = DeviceTask("board", driver, watch, bus=bus, poll_interval_s=0.01)
            async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(t()) for t in (relays["board"].run, sounders.run)]
                await act(sounders)
                for task in running:
                    task.cancel()
            await bus.close()

        try:
            asyncio.run(run())
        finally:
            self.line.stop()


def wish(sounder: str, *, is_on: bool) -> Signal:
    return Signal(sounder=sounder, is_on=is_on, until=NOW + timedelta(minutes=5))


def test_a_panic_button_sounds_the_siren_without_central_and_is_told(tmp_path: Path) -> None:
    room = Room(tmp_path)

    async def act(sounders: Sounders) -> None:
        room.station.inputs[0] = True
        await eventually(lambda: room.station.outputs[2])

    room.at_work(act)

    assert PanicPressed(button="desk", active=True) in room.noted
    assert not room.station.outputs[5], "the lamp is not for it"


def test_central_lights_a_lamp_and_puts_it_out(tmp_path: Path) -> None:
    room, seen = Room(tmp_path), list[object]()

    async def act(sounders: Sounders) -> None:
        seen.append(await sounders.signal(wish("lamp", is_on=True)))
        seen.append(room.station.outputs[5])
        seen.append(await sounders.signal(wish("lamp", is_on=False)))
        seen.append(room.station.outputs[5])

    room.at_work(act)

    assert seen == [DoorCommandOutcome.CONFIRMED, True, DoorCommandOutcome.CONFIRMED, False]


def test_somebody_who_acknowledges_ends_what_the_node_began(tmp_path: Path) -> None:
    room = Room(tmp_path)

    async def act(sounders: Sounders) -> None:
        sounders.begin("panic")
        await eventually(lambda: room.station.outputs[2])
        await sounders.signal(wish("siren", is_on=False))
        await eventually(lambda: not room.station.outputs[2])

    room.at_work(act)

    assert room.station.outputs[2] is False


def test_a_siren_ends_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    room = Room(tmp_path)

    async def act(sounders: Sounders) -> None:
        sounders.begin("panic")
        await eventually(lambda: room.station.outputs[2])
        room.now_s += SIREN.own_s
        sounders.wake()
        await eventually(lambda: not room.station.outputs[2])

    room.at_work(act)

    assert room.station.outputs[2] is False


def test_the_board_ends_what_a_dead_node_began(tmp_path: Path) -> None:
    room = Room(tmp_path)

    async def act(sounders: Sounders) -> None:
        await sounders.signal(wish("siren", is_on=True))

    room.at_work(act)
    sounding = room.station.outputs[2]
    room.station.step(PULSE_S + 0.1)

    assert (sounding, room.station.outputs[2]) == (True, False)


def test_a_board_that_does_not_answer_is_told_when_it_is_back(tmp_path: Path) -> None:
    room, answers = Room(tmp_path), list[DoorCommandOutcome]()

    async def act(sounders: Sounders) -> None:
        room.line.set_fault({"kind": "mute"})
        answers.append(await sounders.signal(wish("siren", is_on=True)))
        room.line.set_fault({"kind": "mute", "on": False})
        room.now_s += 5
        sounders.wake()
        await eventually(lambda: room.station.outputs[2])

    room.at_work(act)

    assert answers == [DoorCommandOutcome.UNREACHABLE]
