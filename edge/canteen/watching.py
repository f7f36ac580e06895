"""The cameras of tills: who has consented is searched, and more is demanded than at a gate."""

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime

from config.site import Site
from config.site_canteen import TillEntry
from edge.cameras import CameraReports, Recorder
from edge.canteen.canteen import Canteen
from edge.devices import DeviceTable
from edge.recognition import Demands, Eyes, PairsSource, SomePeople
from edge.vision.reader import Reader
from edge.vision.recogniser import Demand
from edge.vision.watcher import Watcher
from models.face.types import Gallery, Pipeline
from models.liveness.policy import Policy


@dataclasses.dataclass(frozen=True, slots=True)
class StricterDemand:
    """What a till demands of a face. Attributes: step_up: enough for a gate; a PIN proves it."""

    accept: float
    step_up: float
    margin: float


def stricter(demands: Callable[[int], Demand], margin: float) -> Callable[[int], StricterDemand]:
    """Return what a till demands: so much more alike than at a gate.

    Args:
        demands: Of a gate, by the number of people searched.
        margin: Added to the similarity.
    """

    def demand(gallery_size: int) -> StricterDemand:
        at_gate = demands(gallery_size)
        return StricterDemand(at_gate.accept + margin, at_gate.accept, at_gate.margin)

    return demand


def watch_tills(
    site: Site,
    canteen: Canteen,
    watchers: dict[str, Watcher],
    readers: dict[str, Reader],
    *,
    recorder: Recorder,
    table: DeviceTable,
    eyes: Eyes,
    people: PairsSource,
    demands: Demands,
    pipelines: Iterator[Pipeline],
    now: Callable[[], datetime],
) -> None:
    """Watch the cameras of tills; in the running event loop.

    Args:
        site: With only what stands at this node.
        canteen: Its tills.
        watchers: Gain one per till with a camera.
        readers: Gain those cameras that are watched nowhere else.
        recorder: Notes that a camera is lost.
        table: Gains the cameras.
        eyes: What faces are recognised with.
        people: Says when the gallery may have changed.
        demands: Of a gate.
        pipelines: Those that no access point has.
        now: Wall clock, aware UTC.
    """
    for entry in site.till:
        till = canteen.tills.get(entry.id)
        if till is None or entry.camera is None:
            continue
        table.add(entry.camera, kind="camera", access_points=[])
        pipeline = next(pipelines, None)
        if pipeline is None or eyes.gallery is None:
            table.set_lost(entry.camera, "not watched: recognition files are missing")
            continue
        camera = next(camera for camera in site.camera if camera.id == entry.camera)
        reports = CameraReports(
            camera.id,
            lane=till,
            recorder=recorder,
            table=table,
            now=now,
            loop=asyncio.get_running_loop(),
        )
        reader = Reader(camera.id, camera.url, masks=camera.masks)
        readers.setdefault(camera.id, reader)
        watcher = watchers[entry.id] = Watcher(
            camera=camera.id,
            access_point=entry.id,
            reader=reader,
            pipeline=pipeline,
            gallery=_payers(canteen, eyes.gallery, people),
            recognition=site.recognition,
            demand=stricter(demands, entry.threshold_margin),
            liveness=eyes.liveness_of(Policy(entry.liveness)),
            on_attempt=reports.attempt,
            on_health=reports.health,
        )
        till.watch_with(watcher)
        watcher.start()


def has_eyes(till: TillEntry) -> bool:
    """Return whether a till has a camera of its own; a lane uses its access point's."""
    return till.camera is not None and till.access_point is None


def _payers(canteen: Canteen, gallery: Gallery, people: PairsSource) -> SomePeople:
    payers = SomePeople(gallery)

    def choose() -> None:
        payers.choose(canteen.face_payers)

    canteen.when_changed(choose)
    people.when_changed(choose)
    return payers
