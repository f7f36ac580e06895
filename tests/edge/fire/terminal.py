"""Terminals with a fire panel and gates, in one process: shipped simulators behind real ports."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.access import Direction
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import OfFire
from config.contract.events import EventData
from config.contract.nodes import AccessRecord
from config.contract.trust import public_text
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Node, Site, SiteIdentity
from config.site_fire import FireInputEntry, FireZoneEntry
from drivers.base import GateState
from drivers.registry import simulator_module
from drivers.simulation import Simulation
from drivers.simulators.line import SimulatedLine
from edge.access.crossing import point_of
from edge.access.doorkeeper import Doorkeeper
from edge.access.memory import Recalled
from edge.access.rulebook import RuleBook
from edge.access.surroundings import Surroundings
from edge.devices import DeviceTable
from edge.fire.orders import FireOrders
from edge.fire.station import FireStation
from edge.fire.store import FireStore
from edge.installation import Installation, install
from edge.kiosk.state import KioskBoard
from edge.link.neighbours import Neighbours
from edge.recognition import Eyes
from edge.supervisor import supervise
from tests.edge.access.bench import Notebook, Register, read_code
from tests.edge.conftest import NOW, eventually

ZONE = FireZoneEntry(id="building")
UNITS = (1, 2)
_Fact = TypeVar("_Fact", bound=EventData)


def fire_site(node_count: int = 1, *zones: FireZoneEntry, panel_driver: str = "gbt26875") -> Site:
    """Return a site with two gates at every node, and a fire panel at the first.

    Gate ``g2-1`` is the first one of ``gate-2``; its access points are ``g2-1-in``, ``g2-1-out``.
    """
    numbers = range(1, node_count + 1)
    gates = [(n, unit) for n in numbers for unit in UNITS]
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=tuple(Node(id=f"gate-{n}", link=f"127.0.0.1:{9000 + n}") for n in numbers),
        bus=(
            BusEntry(id="panel-line", node="gate-1", port="absent"),
            *(BusEntry(id=f"line-{n}", node=f"gate-{n}", port="absent") for n in numbers),
        ),
        device=(
            DeviceEntry(id="panel", driver=panel_driver, bus="panel-line"),
            *(
                DeviceEntry(
                    id=f"g{n}-{unit}",
                    driver="speed_gate",
                    bus=f"line-{n}",
                    settings={"unit_id": unit},
                )
                for n, unit in gates
            ),
        ),
        access_point=tuple(
            AccessPointEntry(
                id=f"g{n}-{unit}-{way.value}",
                node=f"gate-{n}",
                device=f"g{n}-{unit}",
                direction=way,
                free_egress=way is Direction.OUT,
            )
            for n, unit in gates
            for way in Direction
        ),
        fire_zone=zones or (ZONE,),
        fire_input=tuple(FireInputEntry(zone=z.id, device="panel") for z in zones or (ZONE,)),
    )


class Facts:
    """A recorder that keeps what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[EventData] = []

    def note(self, data: EventData, *, subject: str | None, now: object) -> None:
        self.told.append(data)

    async def append(self, data: EventData, *, subject: str | None, now: object) -> None:
        self.told.append(data)

    def count_unrecorded(self) -> None:
        raise AssertionError("everything is recorded here")

    @property
    def types(self) -> set[str]:
        return {data.type_name for data in self.told}

    def of(self, kind: type[_Fact]) -> list[_Fact]:
        return [data for data in self.told if isinstance(data, kind)]


class FireTerminal:
    """One node of a site and the hardware at it.

    Attributes:
        address: Where the others send; a test may put a network of its own between.
        panel: The simulated transmitter; None at a node without.
        gates: The simulated machines, by unit.
        others: Other simulators, by device.
        networks: Simulators that are on no line, by bus.
        facts: What the fire station has told.
        journal: What lanes and devices have told.
    """

    def __init__(
        self,
        folder: Path,
        site: Site,
        node: str = "gate-1",
        *,
        baudrate: int | None = None,
        recorder: Any = None,  # noqa: ANN401 - a journal, or facts
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.whole, self.node, self.baudrate = folder, site, node, baudrate
        self.now = NOW
        module = simulator_module("speed_gate")
        gates: Any = module.Simulator(module.Simulator.Settings(unit_id=UNITS))
        self.simulator, self.gates = gates, {u: s.gate for u, s in gates.stations.items()}
        number = node.removeprefix("gate-")
        self.lines = {f"line-{number}": SimulatedLine(gates, baudrate=baudrate)}
        self.networks: dict[str, Simulation] = {}
        self.panel: Any = None
        self.others: dict[str, Any] = {}
        if any(d.id == "panel" for d in site.for_node(node).device):
            driver = next(d.driver for d in site.device if d.id == "panel")
            self.panel = self._put_on("panel-line", driver)
        for device in site.for_node(node).device:
            if device.bus not in self.lines and device.bus not in self.networks:
                self.others[device.id] = self._put_on(device.bus, device.driver)
        self.facts = Facts() if recorder is None else recorder
        self.journal = Facts()
        self.key = Ed25519PrivateKey.generate()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.socket.getsockname()
        self.board, self.rules, self.people = KioskBoard(), _rules(site), Register()
        self.station: FireStation
        self.made: Installation
        self.keeper: Doorkeeper

    def _put_on(self, bus: str, driver: str) -> Any:  # noqa: ANN401 - by name
        """Return a simulator on a line, or on the network where it knows no line."""
        simulator = simulator_module(driver).Simulator
        if "serial" not in simulator.TRANSPORTS:
            network = self.networks[bus] = Simulation(driver)
            return network.simulator
        made = simulator(simulator.Settings())
        self.lines[bus] = SimulatedLine(made, baudrate=self.baudrate)
        return made

    @asynccontextmanager
    async def at_work(self, *others: "FireTerminal") -> AsyncIterator["FireTerminal"]:
        """Run it until the block ends, with a site link to others if there are any."""
        journal = self.journal
        self.keeper = Doorkeeper(
            node=self.node,
            rules=self.rules,
            people=self.people,
            recorder=journal,
            memory=Notebook(),
            recalled=Recalled(),
            now=lambda: self.now,
        )
        self.station = FireStation(
            self.whole,
            self.node,
            recorder=self.facts,
            take=self.keeper.take,
            zones_of=self._zones_of,
            store=FireStore(self.folder),
            now=lambda: self.now,
            on_change=lambda: None,
        )
        self.station.recall()
        with contextlib.ExitStack() as stack:
            stack.callback(self.socket.close)
            for line in self.lines.values():
                stack.callback(line.stop)
            for network in self.networks.values():
                stack.enter_context(network)
            async with self._running(others):
                yield self

    @asynccontextmanager
    async def _running(self, others: Sequence["FireTerminal"]) -> AsyncIterator[None]:
        journal = self.journal
        ports = {name: line.start_serial(self.folder / name) for name, line in self.lines.items()}
        ports |= {name: network.driver_port for name, network in self.networks.items()}
        here = self.whole.for_node(self.node)
        buses = tuple(
            b.model_copy(update={"port": ports[b.id], "baudrate": self.baudrate or 9600})
            for b in here.bus
        )
        table = DeviceTable(now=lambda: self.now, on_change=lambda: None)
        self.made = install(
            here.model_copy(update={"bus": buses}),
            self._around(journal),
            table=table,
            eyes=Eyes(),
            admissible=self.people,
            ring=lambda _: None,
            fire=self.station,
        )
        self.station.start()
        tasks = {**self.made.tasks, **self.station.tasks}
        if others:
            tasks["site link"] = self._link([self, *others]).run
        task = asyncio.create_task(supervise(tasks))
        try:
            await eventually(lambda: all(s.is_current for s in table))
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.made.close()

    def _zones_of(self, point: str) -> frozenset[str]:
        known = self.rules.compiled.known(point)
        return frozenset() if known is None else known.fire_zones

    def _around(self, journal: Any) -> Surroundings:  # noqa: ANN401 - of the edge
        return Surroundings(
            journal=journal,
            people=self.people,
            doorkeeper=self.keeper,
            read_code=read_code,
            board=self.board,
            policy=self.whole.policy,
            offer_blob=lambda jpeg, kind: "",
            now=lambda: self.now,
        )

    def _link(self, nodes: Sequence["FireTerminal"]) -> Neighbours:
        keys = {each.node: public_text(each.key.public_key()) for each in nodes}
        self.rules.take(AccessRecord(version=0, node_keys=keys), version=1)
        return Neighbours(
            site="demo",
            node=self.node,
            key=self.key,
            listener=self.socket,
            addresses={each.node: each.address for each in nodes},
            doorkeeper=self.keeper,
            rules=self.rules,
            fires=self.station,
        )

    # ---- what is seen from outside

    @property
    def is_released(self) -> bool:
        """Whether every gate here stands free both ways."""
        return all(gate.modes[side] == 1 for gate in self.gates.values() for side in gate.modes)

    @property
    def is_open(self) -> bool:
        """Whether every gate here stands open."""
        return all(gate.state is GateState.OPEN for gate in self.gates.values())

    @property
    def is_normal(self) -> bool:
        """Whether every gate here asks whoever comes in, and nobody who leaves."""
        modes = [{side.value: mode for side, mode in g.modes.items()} for g in self.gates.values()]
        return modes == [{"in": 0, "out": 1}] * len(modes)

    def phase(self, access_point: str) -> str:
        """Return what the screen of an access point shows."""
        state = self.board.current(access_point)
        return "" if state is None else state.phase

    # ---- what hands do

    def smoke(self, *numbers: int, on: bool = True) -> None:
        """Let detectors of the panel report smoke, or none any more."""
        for number in numbers:
            self.panel.do_fire(10, number, "A区", on=on, is_test=False)

    async def do(self, what: OfFire) -> CommandOutcome | CommandRefusal:
        """Let an operator order something; returns why not, or what became of it."""
        orders = FireOrders(self.station, self.made.duty)
        carried = await orders.carry_out(what, asked_by="user-1")
        return carried.refusal or carried.outcome


def _rules(site: Site) -> RuleBook:
    return RuleBook(map(point_of, site.access_point))


@asynccontextmanager
async def linked(*terminals: FireTerminal) -> AsyncIterator[Sequence[FireTerminal]]:
    """Run several terminals that hear each other."""
    async with AsyncExitStack() as stack:
        for each in terminals:
            others = [other for other in terminals if other is not each]
            await stack.enter_async_context(each.at_work(*others))
        await eventually(lambda: not any(each.station.silent_nodes for each in terminals))
        yield terminals


def at_work(folder: Path, act: Callable[[FireTerminal], Awaitable[None]]) -> None:
    """Run a test at a terminal with a panel and two gates."""

    async def run() -> None:
        async with FireTerminal(folder, fire_site()).at_work() as terminal:
            await act(terminal)

    asyncio.run(run())
