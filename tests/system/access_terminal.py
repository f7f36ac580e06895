"""A terminal with the network cut: real lanes, journal, replica and memory; two simulated gates.

The wall clock is set by hand. People pass by a hand on the gate's own counter.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.access import DenialReason, Direction
from config.contract.access_model import parse_access_model
from config.contract.events import AccessDenied, AccessGranted, AccessTaken, EventData
from config.contract.nodes import AccessRecord, ActiveLockdown, HolderRecord, ReplicaPage
from config.contract.trust import card_verifier, pin_verifier
from config.contract.visitor_code import VisitorCode, encode_visitor_code
from config.site import (
    AccessPointEntry,
    BusEntry,
    DeviceEntry,
    Node,
    Policy,
    Site,
    SiteIdentity,
)
from drivers.base import GateState, Side
from drivers.registry import simulator_module
from drivers.simulators.line import SimulatedLine
from edge.access.attempts import code_shown
from edge.access.crossing import point_of
from edge.access.doorkeeper import Doorkeeper
from edge.access.lane import Lane
from edge.access.memory import Memory
from edge.access.question import Denied, Granted
from edge.access.rulebook import RuleBook
from edge.access.surroundings import Surroundings
from edge.devices import DeviceTable
from edge.installation import Installation, install
from edge.kiosk.state import KioskBoard
from edge.recognition import Eyes
from edge.replica import Replica
from edge.supervisor import supervise
from edge.vision.attempt import FaceAttempt
from models.face.types import Candidate
from tests.edge.conftest import NOW, eventually, make_journal

CARD_KEY: Final = b"c" * 32
KEY: Final = Ed25519PrivateKey.generate()
PINS: Final = {"pin": "1234", "duress_pin": "4321"}
_Fact = TypeVar("_Fact", bound=EventData)


def _point(name: str, device: str, direction: Direction = Direction.IN) -> AccessPointEntry:
    return AccessPointEntry(id=name, node="gate-1", device=device, direction=direction)


SITE: Final = Site(
    site=SiteIdentity(id="demo", name={"en": "Demo"}),
    node=(Node(id="gate-1"),),
    bus=(BusEntry(id="line-1", node="gate-1", port="absent"),),
    device=(
        DeviceEntry(id="front-gate", driver="speed_gate", bus="line-1", settings={"unit_id": 1}),
        DeviceEntry(id="side-gate", driver="speed_gate", bus="line-1", settings={"unit_id": 2}),
    ),
    access_point=(
        _point("front", "front-gate"),
        _point("exit", "front-gate", Direction.OUT),
        _point("side", "side-gate"),
    ),
)
UNITS: Final = {"front": 1, "exit": 1, "side": 2}


def somebody(holder_id: str, **more: Any) -> HolderRecord:  # noqa: ANN401 - of a record
    """Return a person whose card has their name, and whose PINs are ``PINS``."""
    pins = {kind: pin_verifier(CARD_KEY, holder_id, pin) for kind, pin in PINS.items()}
    cards = (card_verifier(CARD_KEY, f"card of {holder_id}"),)
    return HolderRecord(holder_id=holder_id, version=1, cards=cards, **(pins | more))


class Terminal:
    """What people can do at the terminal, and what it has recorded.

    Attributes:
        now: The wall clock.
        gates: The simulated machines by unit, their state in the open.
    """

    def __init__(
        self,
        folder: Path,
        document: Mapping[str, Any],
        people: list[HolderRecord],
        *,
        node: str = "gate-1",
    ) -> None:
        self.folder, self.now, self.node, self._version = folder, NOW, node, 0
        module = simulator_module("speed_gate")
        simulator: Any = module.Simulator(module.Simulator.Settings(unit_id=(1, 2)))
        self.gates: dict[int, Any] = {u: s.gate for u, s in simulator.stations.items()}
        self._line = SimulatedLine(simulator, baudrate=None)
        self._document = document
        self.journal, self.board = make_journal(folder), KioskBoard()
        self.replica = Replica(
            folder / "replica.sqlite3",
            sealing_key=X25519PrivateKey.generate(),
            card_key=CARD_KEY,
            network=None,
            templates=None,
            rules=RuleBook(map(point_of, SITE.access_point), zone=ZoneInfo("Asia/Shanghai")),
        )
        self._people, self._memory = people, Memory(folder / "memory.sqlite3")
        self.rings: list[str] = []
        self.keeper: Doorkeeper
        self.made: Installation

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["Terminal"]:
        """Run it until the block ends."""
        self.journal.start()
        self.replica.load()
        self.keeper = self._make_keeper()
        self.hear(self._people)
        bus = SITE.bus[0].model_copy(update={"port": self._line.start_serial(self.folder / "line")})
        table = DeviceTable(now=lambda: self.now, on_change=lambda: None)
        self.made = install(
            SITE.model_copy(update={"bus": (bus,)}),
            self._surroundings(),
            table=table,
            eyes=Eyes(),
            admissible=self.replica,
            ring=self.rings.append,
        )
        task = asyncio.create_task(supervise({"rules": self.keeper.run, **self.made.tasks}))
        try:
            closed = GateState.CLOSED.value
            await eventually(lambda: all(s.state is not None and s.state == closed for s in table))
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.made.close()
            self._memory.close()
            self.replica.close()
            self.journal.stop()
            self._line.stop()

    def _make_keeper(self) -> Doorkeeper:
        return Doorkeeper(
            node=self.node,
            rules=self.replica.rules,
            people=self.replica,
            recorder=self.journal,
            memory=self._memory,
            recalled=self._memory.recall(now=self.now),
            now=lambda: self.now,
            tick_s=0.02,
        )

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            journal=self.journal,
            people=self.replica,
            doorkeeper=self.keeper,
            read_code=lambda text: code_shown(text, key=KEY.public_key(), site="demo"),
            board=self.board,
            policy=Policy(),
            offer_blob=lambda jpeg, kind: "",
            now=lambda: self.now,
        )

    # ---- what central said before the network was cut

    def hear(
        self, people: list[HolderRecord] | None = None, *, lockdown: str | None = None
    ) -> None:
        """Take one page of central's."""
        self._version += 1
        active = () if lockdown is None else (ActiveLockdown(level=lockdown, since=self.now),)
        model = parse_access_model({"version": 1, **self._document})
        access = AccessRecord(version=1, model=model, lockdowns=active)
        page = ReplicaPage(version=self._version, holders=tuple(people or ()), access=access)
        self.replica.apply(page)
        self.keeper.follow()

    # ---- what people do

    def wait(self, seconds: float) -> "Terminal":
        self.now += timedelta(seconds=seconds)
        return self

    def at(self, local: str) -> "Terminal":
        """Set the clock to a time in Shanghai."""
        zone = ZoneInfo("Asia/Shanghai")
        self.now = datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(NOW.tzinfo)
        return self

    def _lane(self, at: str) -> Lane:
        return self.made.lanes[at]

    async def card(self, who: str, at: str = "front") -> Granted | Denied:
        return await self._lane(at).present_card(f"card of {who}")

    async def pin(self, kind: str = "pin", at: str = "front") -> Granted | Denied:
        return await self._lane(at).present_pin(PINS.get(kind, kind))

    async def code(self, code: VisitorCode, at: str = "front") -> Granted | Denied:
        text = encode_visitor_code(code, key=KEY, site="demo")
        return await self._lane(at).present_code(text)

    async def face(self, *resembles: tuple[str, float], at: str = "front") -> EventData:
        """Look into the camera; return the decision as it was recorded."""
        captured_at_s, lane = asyncio.get_running_loop().time(), self._lane(at)
        lane.show_face(
            FaceAttempt(
                track_id=1,
                first_captured_at_s=captured_at_s,
                captured_at_s=captured_at_s,
                decided_at_s=captured_at_s,
                candidates=[Candidate(who, similarity) for who, similarity in resembles],
                threshold=0.5,
                gallery_size=2,
                frame_count=3,
                network="ab" * 32,
                crop_jpeg=None,
                dropped={},
            )
        )
        await eventually(lambda: lane.is_idle)
        return (await self.facts(AccessGranted, AccessDenied))[-1]

    async def press_exit(self, at: str) -> Granted | Denied:
        return await self._lane(at).exit_requested()

    async def pass_(self, at: str = "front", *, count: int = 1) -> None:
        """Let the gate count people; returns when they are recorded."""
        before = len(await self.facts(AccessTaken))
        side = Side.OUT if at == "exit" else Side.IN
        self.gates[UNITS[at]].passages[side] += count
        await self._until_more(AccessTaken, before)

    async def enter(self, who: str, at: str = "front") -> None:
        """Show a card and pass, which is wanted to work."""
        decision = await self.card(who, at)
        assert isinstance(decision, Granted), decision
        await self.pass_(at)

    async def push(self, at: str = "front", state: GateState = GateState.OPEN) -> None:
        """Move the barrier by hand; returns when the terminal has seen it."""
        gate, door = self.gates[UNITS[at]], f"{at}-gate"
        gate.state, gate.open_time_s = state, 3600
        is_open = state is not GateState.CLOSED
        await eventually(lambda: (door in self.keeper.world.state.open_doors) is is_open)

    # ---- what was recorded

    async def facts(self, *kinds: type[_Fact]) -> list[_Fact]:
        events = await self.journal.unsent(count_max=1000)
        # The most urgent class comes first there; of one class the oldest.
        return [data for data in (event.parsed() for event in events) if isinstance(data, kinds)]

    async def has(self, kind: type[_Fact]) -> _Fact:
        """Return the first fact of a kind, once there is one."""
        await self._until_more(kind, 0)
        return (await self.facts(kind))[0]

    async def _until_more(self, kind: type[EventData], before: int) -> None:
        async with asyncio.timeout(30):
            while len(await self.facts(kind)) <= before:  # noqa: ASYNC110 - the journal is a file
                await asyncio.sleep(0.005)


def known(*people: HolderRecord) -> list[HolderRecord]:
    """Return anna, ben and cleo, and these people, some of whom may be one of the three."""
    everybody = {name: somebody(name) for name in ("anna", "ben", "cleo")}
    return list((everybody | {person.holder_id: person for person in people}).values())


Script = Callable[[Terminal], Awaitable[None]]


def play(folder: Path, script: Script, document: Mapping[str, Any] | None = None,
         *people: HolderRecord) -> None:  # fmt: skip
    """Run a script at a terminal at which anna, ben and cleo are known, and ``people``."""

    async def run() -> None:
        async with Terminal(folder, document or {}, known(*people)).at_work() as terminal:
            await script(terminal)

    asyncio.run(run())


def why(decision: Granted | Denied) -> DenialReason | None:
    """Return why somebody was not let through; None if they were."""
    return decision.reason if isinstance(decision, Denied) else None
