"""A lane whose gate and reader are wired to a controller board: a real port, real frames."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessDenied, AccessGranted, AccessTaken, EventData
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Node, Site, SiteIdentity
from config.site_readers import PointReader
from drivers.base import Side
from drivers.registry import simulator_module
from drivers.simulators.line import SimulatedLine
from edge.installation import Installation
from tests.edge.conftest import eventually
from tests.edge.test_installation import Building, working

CARD = "2F764DD"
"""26 bits: facility 123, card 45678."""


def site_at(port: str) -> Site:
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(Node(id="gate-1"),),
        bus=(BusEntry(id="line-1", node="gate-1", port=port, baudrate=115_200),),
        device=(
            DeviceEntry(
                id="gate",
                driver="board_gate",
                bus="line-1",
                settings={
                    "fire_input": 2,
                    "is_fire_open": False,
                    "watchdog_s": 0.0,
                    "pulse_s": 5.0,
                },
            ),
        ),
        access_point=(
            AccessPointEntry(
                id="east",
                node="gate-1",
                device="gate",
                readers=(PointReader(device="gate", reader=1),),
            ),
            AccessPointEntry(
                id="east-exit",
                node="gate-1",
                device="gate",
                direction=Direction.OUT,
                free_egress=True,
            ),
        ),
    )


class Street:
    """A lane, its gate behind a board, and somebody who walks."""

    def __init__(self, folder: Path) -> None:
        module = simulator_module("board_gate")
        self.simulator: Any = module.Simulator(module.Simulator.Settings())
        self.line = SimulatedLine(self.simulator)
        self.port = self.line.start_serial(folder / "line")
        self.building = Building(folder)
        self.building.people.cards[CARD] = "anna"

    def act(self, name: str, **arguments: object) -> dict[str, Any]:
        return self.line.act(self.simulator, name, arguments)

    @property
    def board(self) -> dict[str, Any]:
        found: dict[str, Any] = self.line.state(self.simulator)["boards"]["0"]
        return found

    @property
    def is_current(self) -> bool:
        return next(iter(self.building.table)).is_current

    async def has(self, kind: type[EventData]) -> Any:  # noqa: ANN401 - of that kind
        """Return the newest fact of a kind, once there is one."""
        found: list[EventData] = []

        async def look() -> bool:
            events = await self.building.journal.unsent(count_max=1000)
            found[:] = [f for e in events if isinstance(f := e.parsed(), kind)]
            return bool(found)

        async with asyncio.timeout(30):
            while not await look():  # noqa: ASYNC110 - the journal writes in a thread
                await asyncio.sleep(0.01)
        return found[-1]


@asynccontextmanager
async def open_street(
    folder: Path, *, is_strangers: bool = False
) -> AsyncIterator[tuple[Street, Installation]]:
    street = Street(folder)
    if is_strangers:
        next(iter(street.simulator.boards.values())).remember_claim(bytes(32))
    try:
        async with working(street.building, site_at(street.port)) as made:
            await eventually(lambda: street.is_current)
            yield street, made
    finally:
        street.line.stop()


def test_a_card_at_the_board_s_reader_opens_the_gate_behind_the_board(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, _):
            street.act("swipe", reader=1)
            granted = await street.has(AccessGranted)
            await eventually(lambda: street.board["outputs"][0] is True)
            await eventually(lambda: street.act("walk")["is_open"] is True)
            taken = await street.has(AccessTaken)

            assert (granted.holder_id, granted.credential) == ("anna", CredentialKind.CARD)
            assert taken.decision_id == granted.decision_id

    asyncio.run(act())


def test_a_card_that_nobody_has_opens_nothing(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, _):
            street.act("swipe", reader=1, card="1")
            denied = await street.has(AccessDenied)

            assert denied.reason == "unknown_card"
            assert street.board["outputs"][0] is False

    asyncio.run(act())


def test_the_way_out_is_held_free_by_the_board(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, _):
            await eventually(lambda: street.board["outputs"][:2] == [False, True])
            street.act("restart")
            await eventually(lambda: street.board["restarts"] == 2)
            await eventually(lambda: street.board["outputs"][:2] == [False, True])

    asyncio.run(act())


def test_the_way_out_is_held_free_at_a_board_that_somebody_else_has_claimed(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        async with open_street(tmp_path, is_strangers=True) as (street, _):
            await eventually(
                lambda: street.board["outputs"][:2] == [False, True] and not street.board["safe"]
            )

    asyncio.run(act())


def test_a_fire_of_the_site_opens_both_sides_until_it_is_over(tmp_path: Path) -> None:
    async def act() -> None:
        async with open_street(tmp_path) as (street, made):
            await made.devices["gate"].release(frozenset(Side))
            during = street.board["outputs"][:2]
            await made.devices["gate"].release(frozenset())

            assert (during, street.board["outputs"][:2]) == ([True, True], [False, True])

    asyncio.run(act())
