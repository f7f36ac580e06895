"""A node put together from its site file, and a device that is no gate."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.cameras import CameraEntry
from config.contract.events import DeviceLost
from config.site import (
    AccessPointEntry,
    BusEntry,
    Contact,
    DeviceEntry,
    Node,
    Policy,
    Site,
    SiteError,
    SiteIdentity,
)
from drivers.base import Observation
from drivers.bus import Bus
from drivers.registry import register
from edge.access.doorkeeper import Doorkeeper
from edge.access.memory import Recalled
from edge.access.rulebook import RuleBook
from edge.access.surroundings import Surroundings
from edge.devices import DeviceTable
from edge.installation import Installation, install
from edge.journal import Journal
from edge.kiosk.state import KioskBoard
from edge.recognition import Eyes
from edge.supervisor import supervise
from tests.edge.access.bench import CARD, Notebook, Register, read_code
from tests.edge.conftest import NOW, eventually, make_journal


@register("board_under_test")
class Board:
    """A device that is no gate."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Settings:
        """None."""

    def __init__(self, bus: Bus, settings: Settings) -> None: ...

    async def start(self) -> None: ...

    async def poll(self) -> Sequence[Observation]:
        return []


def site_with(device: DeviceEntry, *, port: str = "/dev/none", camera: bool = False) -> Site:
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(Node(id="gate-1"),),
        bus=(BusEntry(id="line-1", node="gate-1", port=port),),
        device=(device,),
        camera=(CameraEntry(id="camera-1", node="gate-1", url="0"),) if camera else (),
        access_point=(
            AccessPointEntry(
                id="east",
                node="gate-1",
                device=device.id,
                camera="camera-1" if camera else None,
            ),
        ),
    )


GATE = DeviceEntry(id="gate-east", driver="speed_gate", bus="line-1")


class Building:
    """What an installation stands in."""

    def __init__(self, folder: Path) -> None:
        self.journal: Journal = make_journal(folder)
        self.rings: list[str] = []
        self.board = KioskBoard()
        self.table = DeviceTable(now=lambda: NOW, on_change=lambda: None)
        self.people, self.rules = Register(), RuleBook()
        self.doorkeeper = Doorkeeper(
            node="gate-1",
            rules=self.rules,
            people=self.people,
            recorder=self.journal,
            memory=Notebook(),
            recalled=Recalled(),
            now=lambda: NOW,
        )
        self.around = Surroundings(
            journal=self.journal,
            people=self.people,
            doorkeeper=self.doorkeeper,
            read_code=read_code,
            board=self.board,
            policy=Policy(),
            offer_blob=lambda jpeg, kind: "",
            now=lambda: NOW,
        )

    def install(self, site: Site) -> Installation:
        return install(
            site,
            self.around,
            table=self.table,
            eyes=Eyes(missing=("one",)),
            admissible=self.people,
            ring=self.rings.append,
        )

    def phase(self) -> str:
        state = self.board.current("east")
        return "" if state is None else state.phase


@asynccontextmanager
async def working(building: Building, site: Site) -> AsyncIterator[Installation]:
    building.journal.start()
    installation = building.install(site)
    task = asyncio.create_task(supervise(installation.tasks))
    try:
        yield installation
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await installation.close()
        building.journal.stop()


def test_a_device_that_is_no_gate_cannot_be_an_access_point_s(tmp_path: Path) -> None:
    board = DeviceEntry(id="board-1", driver="board_under_test", bus="line-1")

    with pytest.raises(SiteError, match="needs a gate"):
        Building(tmp_path).install(site_with(board))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"driver": "speedgate"}, "no driver 'speedgate'"),
        ({"settings": {"unit": 1}}, "no setting 'unit'"),
    ],
)
def test_a_mistake_in_the_site_file_names_the_device(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    device = GATE.model_copy(update=changes)

    with pytest.raises(SiteError, match=f"device 'gate-east': .*{message}"):
        Building(tmp_path).install(site_with(device))


@pytest.mark.parametrize(
    ("driver", "channel", "free"),
    [("relay_gate", 0, "4, 5, 6, 7"), ("speed_gate", 5, "none")],
)
def test_a_button_is_wired_to_a_free_input_or_the_mistake_is_said(
    tmp_path: Path, driver: str, channel: int, free: str
) -> None:
    site = site_with(GATE.model_copy(update={"driver": driver}))
    contact = Contact(device=GATE.id, input=channel)
    (point,) = site.access_point
    rung = point.model_copy(update={"assistance": contact})

    with pytest.raises(
        SiteError, match=f"'east': assistance cannot be .* free inputs there: {free}"
    ):
        Building(tmp_path).install(site.model_copy(update={"access_point": (rung,)}))


def test_a_port_that_is_gone_is_said_once_and_opens_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    building = Building(tmp_path)

    async def act() -> None:
        async with working(building, site_with(GATE, port=str(tmp_path / "gone"))) as made:
            await eventually(lambda: "device gate-east is lost" in caplog.text)
            await made.lanes["east"].present_card(CARD)
            events = await building.journal.unsent(count_max=10)
            assert events[0].type == DeviceLost.type_name
            assert events[-1].data["outcome"] == "unreachable"

    asyncio.run(act())

    (status,) = building.table
    assert not status.is_current
    assert building.phase() == "fault"
    assert caplog.text.count("device gate-east is lost") == 1


def test_a_camera_is_not_watched_where_the_networks_are_missing(tmp_path: Path) -> None:
    building = Building(tmp_path)

    made = building.install(site_with(GATE, camera=True))

    statuses = {status.device: status for status in building.table}
    assert made.watchers == {}
    assert "recognition files are missing" in statuses["camera-1"].detail
