"""A till with the built-in networks: who has consented pays by face, everybody else by card."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from config.cameras import CameraEntry
from config.site import Node, Recognition, Site, SiteIdentity
from config.site_canteen import MerchantEntry
from edge.canteen.book import Book
from edge.canteen.canteen import Canteen
from edge.canteen.keeping import Keeping
from edge.canteen.screen import TillScreen
from edge.canteen.store import Store as TillStore
from edge.canteen.watching import watch_tills
from edge.devices import DeviceTable
from edge.recognition import Demands, Eyes
from edge.vision.reader import Reader
from edge.vision.watcher import Watcher
from models.face import open_pipeline
from models.store import Store
from tests.edge.access.bench import Register, read_code
from tests.edge.canteen.making import ANNA, BORIS, NOON, ZONE, accounts, entry, plan
from tests.edge.canteen.power import Disk, Power
from tests.edge.canteen.test_link import Central
from tests.edge.conftest import make_journal
from tests.edge.vision.conftest import ADMIRAL, ASTRONAUT, SimulatedCamera

MIXED_PEOPLE = Recognition(same_group_factor=1)


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    simulated = SimulatedCamera()
    yield simulated
    simulated.close()


def make_site(camera: SimulatedCamera) -> Site:
    return Site(
        site=SiteIdentity(id="demo", name={}),
        node=(Node(id="gate-1"),),
        camera=(CameraEntry(id="camera-1", node="gate-1", url=camera.url),),
        merchant=(MerchantEntry(id="canteen"),),
        till=(entry(camera="camera-1", confirm_s=0.2, attended=False),),
        recognition=MIXED_PEOPLE,
    )


def open_eyes(folder: Path) -> Eyes:
    """Build the networks and enrol both diners."""
    store = Store(folder)
    list(store.build())
    pipeline = open_pipeline("builtin", store)
    gallery = pipeline.new_gallery()
    for name, photograph in (("anna", ASTRONAUT), ("boris", ADMIRAL)):
        image = np.asarray(cv2.imread(str(photograph)), np.uint8)
        [face] = pipeline.detect(image)[:1]
        gallery.put(name, [pipeline.embed(image, face)])
    return Eyes(pipelines=[pipeline], gallery=gallery)


async def until(canteen: Canteen, phase: str) -> TillScreen:
    revision = -1
    async with asyncio.timeout(60):
        while True:
            screen = await canteen.board.after("till-1", revision)
            if screen.phase == phase:
                return screen
            revision = screen.revision


async def act(folder: Path, camera: SimulatedCamera, eyes: Eyes) -> list[object]:
    store = TillStore(folder / "canteen.db")
    store.open()
    anna, boris = accounts(anna=5000, boris=5000)
    book = Book(plan(), [anna, boris.model_copy(update={"pays_by_face": False})])
    keeping = Keeping(store, book, Disk(Power()), now=lambda: NOON)
    people = Register({"anna": ANNA, "boris": BORIS}, cards={"2": "boris"})
    site, journal = make_site(camera), make_journal(folder)
    canteen = Canteen(
        site,
        store,
        keeping,
        people,
        Central(),
        read_code=read_code,
        in_danger=lambda *_: None,
        zone=ZONE,
        now=lambda: NOON,
    )
    watchers, readers = dict[str, Watcher](), dict[str, Reader]()
    watch_tills(
        site,
        canteen,
        watchers,
        readers,
        recorder=journal,
        table=DeviceTable(now=lambda: NOON, on_change=lambda: None),
        eyes=eyes,
        people=people,
        demands=Demands(MIXED_PEOPLE),
        pipelines=iter(eyes.pipelines),
        now=lambda: NOON,
    )
    tasks = [asyncio.create_task(canteen.tills["till-1"].run())]
    try:
        await until(canteen, "confirming")
        camera.act("approach", photo="astronaut")
        paid = await until(canteen, "paid")
        camera.act("walk_on")
        await until(canteen, "confirming")
        camera.act("approach", photo="admiral")
        refused = await until(canteen, "refused")
        canteen.tills["till-1"].present_card("2")
        by_card = await until(canteen, "paid")
    finally:
        await asyncio.to_thread(watchers["till-1"].stop)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await canteen.close()
    return [paid.masked_name, refused.refusal, by_card.masked_name, len(by_card.last)]


def test_who_has_consented_pays_by_face_and_everybody_else_by_card(
    tmp_path: Path, camera: SimulatedCamera
) -> None:
    eyes = open_eyes(tmp_path / "models")

    seen = asyncio.run(act(tmp_path, camera, eyes))

    assert seen == ["A**a", "unknown_face", "B***s", 2]
