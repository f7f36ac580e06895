"""A whole node with a simulated board on a pseudo-terminal, and central's stand-in."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.board_commands import BoardCommand, RollBackBoard, UpdateBoard
from config.contract.board_events import (
    BoardFireInputChanged,
    BoardHealthChanged,
    BoardHeld,
    BoardIdentified,
    BoardSafeStateEntered,
    BoardUpdateEnded,
    BoardUpdateProgressed,
    UpdateOutcome,
    UpdateReason,
    UpdateStage,
)
from config.contract.commands import NodeCommand
from config.contract.events import DeviceLost, EventData, FireConfirmed
from config.contract.identifiers import new_id
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Site, SiteIdentity
from config.site import Node as NodeEntry
from config.site_board import BoardRules
from config.site_fire import FireInputEntry, FireZoneEntry
from drivers.simulation import Simulation
from edge.app import Node
from edge.boards.station import UPDATED
from edge.identity import Home
from models.store import Store
from tests.edge.central_stand_in import NODE, SITE, CentralStandIn
from tests.edge.conftest import eventually
from tests.firmware_bridge.signing import firmware, key_file, public_pem

OLD, NEW = firmware("1.0.0"), firmware("2.0.0", body_size_bytes=3000)
FIRE_INPUT = 2
_Fact = TypeVar("_Fact", bound=EventData)


class Bench:
    """A board, and the node that tends it.

    Attributes:
        settings: Of the board in the site file.
        rules: Of the site.
        fire_zone: Whether the board's fire input is a fire of the site.
    """

    def __init__(self, folder: Path, central: CentralStandIn) -> None:
        self.folder, self.central = folder, central
        image = folder / "old.bin"
        image.write_bytes(OLD)
        self.made = Simulation(
            "board",
            {
                "image": str(image),
                "keys": (key_file(folder),),
                "slot_size_bytes": 8192,
                "sector_size_bytes": 1024,
            },
        )
        self.settings: dict[str, Any] = {"fire_input": FIRE_INPUT, "is_fire_open": False}
        self.rules = BoardRules(keys=(public_pem(),), prove_s=1.0)
        self.fire_zone = False

    def site(self) -> Site:
        zone = FireZoneEntry(id="hall", confirm_by=("panel",))
        return Site(
            site=SiteIdentity(id=SITE, name={"en": "Demo"}),
            boards=self.rules,
            node=(NodeEntry(id=NODE, kiosk_port=0),),
            bus=(BusEntry(id="line-1", node=NODE, port=self.made.driver_port, baudrate=115_200),),
            device=(
                DeviceEntry(id="gate", driver="board_gate", bus="line-1", settings=self.settings),
            ),
            access_point=(AccessPointEntry(id="east", node=NODE, device="gate"),),
            fire_zone=(zone,) if self.fire_zone else (),
            fire_input=(FireInputEntry(zone="hall", device="gate", is_confirmed=True),)
            if self.fire_zone
            else (),
        )

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[Node]:
        """Run the node; at the end it is stopped as planned."""
        home = Home(self.folder / "home")
        identity = home.load(site=SITE, node=NODE)
        if identity is None:
            identity = await home.enrol(self.central.token(), site=SITE, node=NODE)
        node = Node(self.site(), home, identity, store=Store(self.folder / "models"))
        task = asyncio.create_task(node.run(on_ready=lambda ready: None))
        try:
            await eventually(lambda: task.done() or bool(self.told(BoardIdentified)))
            yield node
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # ---- what can be seen

    def told(self, kind: type[_Fact]) -> list[_Fact]:
        """Return what central was told of a kind, in its order."""
        parsed = [event.parsed() for event in list(self.central.events.values())]
        return [data for data in parsed if isinstance(data, kind)]

    def board(self) -> dict[str, Any]:
        """Return the board's own state."""
        state: dict[str, Any] = self.made.state()["boards"]["0"]
        return state

    def hand(self, name: str, **arguments: object) -> None:
        self.made.act(name, arguments)

    async def outlives(self, lived_s: float) -> None:
        """Let the board live for so long by its own clock."""
        board = self.made.simulator.boards[0]
        until_s = board.now_s + lived_s
        await eventually(lambda: board.now_s >= until_s)

    def command(self, what: BoardCommand) -> None:
        now = datetime.now(UTC)
        command = NodeCommand(
            id=new_id(),
            node=NODE,
            what=what,
            asked_by="anna",
            reason="roll-out",
            issued_at=now,
            expires_at=now + timedelta(seconds=60),
        )
        self.central.commands.append(command)

    def update(self, image: bytes, update_id: int = 1) -> None:
        sha256 = hashlib.sha256(image).hexdigest()
        self.central.firmware[sha256] = image
        self.command(
            UpdateBoard(
                update_id=UUID(int=update_id),
                device="gate",
                image=sha256,
                size_bytes=len(image),
                until=datetime.now(UTC) + timedelta(minutes=5),
            )
        )

    def stages(self) -> list[UpdateStage]:
        return [each.stage for each in self.told(BoardUpdateProgressed)]

    async def ended(self, count: int = 1) -> BoardUpdateEnded:
        await eventually(lambda: len(self.told(BoardUpdateEnded)) == count)
        return self.told(BoardUpdateEnded)[-1]


@pytest.fixture
def bench(tmp_path: Path, central: CentralStandIn) -> Iterator[Bench]:
    made = Bench(tmp_path, central)
    yield made
    made.made.close()


def test_a_board_is_claimed_kept_from_its_safe_state_and_told_of(bench: Bench) -> None:
    async def act() -> None:
        async with bench.at_work():
            await eventually(lambda: bench.told(BoardIdentified)[-1].is_claimed)
            await eventually(lambda: not bench.board()["safe"])

    asyncio.run(act())

    identified = bench.told(BoardIdentified)[-1]
    assert (identified.version, identified.hw, identified.is_confirmed) == ("1.0.0", 42, True)
    assert bench.board()["claimed"]


def test_a_board_of_another_node_is_taken_over_with_its_jumper_alone(bench: Bench) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    bench.made.simulator.boards[0].remember_claim(other.public_bytes_raw())

    async def act() -> bool:
        async with bench.at_work():
            await eventually(lambda: not bench.board()["safe"])
            before = bench.told(BoardIdentified)[-1].is_claimed
            bench.hand("jumper")
            bench.hand("restart")
            await eventually(lambda: bench.told(BoardIdentified)[-1].is_claimed)
            return before

    assert asyncio.run(act()) is False


def test_a_planned_restart_holds_the_board(bench: Bench) -> None:
    bench.settings |= {"watchdog_s": 0.5}

    async def act() -> list[bool]:
        async with bench.at_work():
            await eventually(lambda: bench.told(BoardIdentified)[-1].is_claimed)
            await eventually(lambda: not bench.board()["safe"])
        await bench.outlives(1.2)
        found = [bench.board()["safe"]]
        async with bench.at_work():
            await eventually(lambda: bool(bench.told(BoardHeld)))
        return found

    assert asyncio.run(act()) == [False]
    assert bench.told(BoardHeld)[0] == BoardHeld(device="gate", held_s=60.0)


def test_a_board_that_missed_its_node_says_so_afterwards(bench: Bench) -> None:
    bench.settings |= {"watchdog_s": 0.5}
    bench.rules = bench.rules.model_copy(update={"hold_s": 0.0})

    async def act() -> None:
        async with bench.at_work():
            await eventually(lambda: not bench.board()["safe"])
        before = len(bench.told(BoardSafeStateEntered))
        await eventually(lambda: bench.board()["safe"])
        async with bench.at_work():
            await eventually(lambda: len(bench.told(BoardSafeStateEntered)) > before)

    asyncio.run(act())

    told = bench.told(BoardSafeStateEntered)[-1]
    assert told.entered_at is not None
    assert told.left_at is None or told.left_at >= told.entered_at
    assert bench.told(BoardHeld) == []


def test_a_fire_at_the_board_is_always_told_and_health_too(bench: Bench) -> None:
    async def act() -> None:
        async with bench.at_work():
            bench.hand("unwell", what="supply")
            bench.hand("input", channel=FIRE_INPUT)
            await eventually(lambda: any(e.is_active for e in bench.told(BoardFireInputChanged)))
            await eventually(lambda: any(e.faults for e in bench.told(BoardHealthChanged)))

    asyncio.run(act())

    assert bench.told(BoardHealthChanged)[-1].faults == ("supply",)
    assert bench.told(FireConfirmed) == []


def test_a_fire_at_the_board_is_the_sites_where_its_file_says_so(bench: Bench) -> None:
    bench.fire_zone = True

    async def act() -> None:
        async with bench.at_work():
            bench.hand("input", channel=FIRE_INPUT)
            await eventually(lambda: bool(bench.told(FireConfirmed)))

    asyncio.run(act())

    assert bench.told(FireConfirmed)[0].zone == "hall"


def test_an_update_by_command_is_confirmed_and_rolled_back(bench: Bench) -> None:
    async def act() -> list[str]:
        async with bench.at_work():
            bench.update(NEW)
            await bench.ended()
            await eventually(lambda: bench.told(BoardIdentified)[-1].version == "2.0.0")
            until = datetime.now(UTC) + timedelta(minutes=5)
            bench.command(RollBackBoard(update_id=UUID(int=2), device="gate", until=until))
            await bench.ended(2)
            return [each.running for each in bench.told(BoardUpdateEnded)]

    assert asyncio.run(act()) == ["2.0.0", "1.0.0"]
    assert {each.outcome for each in bench.told(BoardUpdateEnded)} == {UpdateOutcome.CONFIRMED}
    assert bench.board()["version"] == "1.0.0+0"
    assert bench.told(DeviceLost)[0].detail == UPDATED
    assert not bench.board()["on_trial"]


def test_an_update_waits_for_a_fire_at_the_board_and_ends_after_it(bench: Bench) -> None:
    async def act() -> BoardUpdateEnded:
        async with bench.at_work():
            bench.hand("input", channel=FIRE_INPUT)
            await eventually(lambda: bool(bench.told(BoardFireInputChanged)))
            bench.update(NEW)
            await eventually(lambda: bench.stages() == [UpdateStage.WAITS])
            bench.hand("input", channel=FIRE_INPUT, on=False)
            return await bench.ended()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.running) == (UpdateOutcome.CONFIRMED, "2.0.0")
    assert ended.uploaded_bytes == len(NEW)


@pytest.mark.parametrize(
    ("image", "outcome", "reason"),
    [
        (firmware("2.0.0", key="thief"), UpdateOutcome.REFUSED, UpdateReason.WRONG_KEY),
        (NEW[:-40], UpdateOutcome.REFUSED, UpdateReason.TRUNCATED),
        (firmware("0.9.0"), UpdateOutcome.REFUSED, UpdateReason.DOWNGRADE),
        (firmware("2.0.0", hw=7), UpdateOutcome.REFUSED, UpdateReason.OTHER_BOARD),
    ],
)
def test_what_is_no_image_for_the_board_is_refused(
    bench: Bench, image: bytes, outcome: UpdateOutcome, reason: UpdateReason
) -> None:
    async def act() -> BoardUpdateEnded:
        async with bench.at_work():
            bench.update(image)
            return await bench.ended()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.reason, ended.uploaded_bytes) == (outcome, reason, 0)
    assert "\n" not in ended.detail
    assert bench.board()["erases"] <= 1
