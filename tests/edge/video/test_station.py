"""One node's cameras, from the fact in the journal to what central is given."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from config.cameras import CameraEntry, Mask, Video
from config.contract.access_events import DoorForcedOpen
from config.contract.command_events import CommandOutcome
from config.contract.commands import NodeCommand
from config.contract.events import ClipKept, ClipsLost, DeviceLost, Event, EventData
from config.contract.identifiers import new_id
from config.contract.picture_sequence import decode_sequence
from config.contract.video_commands import CallPreset, KeepClip, VideoCommand, WatchCamera
from config.contract.video_events import MediaFormat, MediaKind
from config.pictures_wanted import Scene
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Site, SiteIdentity
from config.site import Node as NodeEntry
from drivers.base import CommandReceipt
from edge.alarms.sounders import Sounders
from edge.central_client import CentralUnreachableError
from edge.installation import Installation
from edge.journal import Journal
from edge.video.equipment import equip
from edge.video.eye import PictureEye
from edge.video.ring import PictureRing
from edge.video.station import Equipment, Station
from edge.video.turning import Heads
from edge.vision.reader import Reader
from models.face.types import Image
from tests.edge.conftest import eventually, make_journal

FORCED = DoorForcedOpen(device="gate")
SECRET = b"s" * 32


class Flicker:
    """A camera whose every picture differs; a stand-in for the far end of a reader."""

    is_live = True

    def __init__(self) -> None:
        self._count = 0

    def read(self) -> tuple[Image, float]:
        time.sleep(0.02)  # a camera's own rate
        self._count += 1
        return np.full((240, 320, 3), 60 + self._count % 150, np.uint8), time.monotonic()

    def close(self) -> None:
        """Nothing is open."""


class Central:
    """The part of central that is needed here. Attributes: is_away: it cannot be reached."""

    def __init__(self) -> None:
        self.contents: dict[str, tuple[bytes, MediaKind, MediaFormat]] = {}
        self.pictures: list[bytes] = []
        self.is_away = False

    async def put_clip(
        self, sha256: str, content: bytes, kind: MediaKind, media_format: MediaFormat
    ) -> None:
        if self.is_away:
            raise CentralUnreachableError("no answer")
        self.contents[sha256] = (content, kind, media_format)

    async def put_picture(self, stream_id: object, picture: object) -> bool:
        assert stream_id
        self.pictures.append(bytes(getattr(picture, "jpeg", b"")))
        return len(self.pictures) < 3


class Dome:
    """A head with positions 1 to 8."""

    has_presets = True

    def __init__(self) -> None:
        self.called: list[int] = []

    async def call_preset(self, number: int) -> CommandReceipt:
        if number > 8:
            raise ValueError(f"a preset is 1..8, not {number}")
        self.called.append(number)
        return CommandReceipt(attempts=1)


def a_site(*, masks: Sequence[Mask] = (), before_s: float = 5) -> Site:
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(NodeEntry(id="gate-1"),),
        bus=(BusEntry(id="line-1", node="gate-1", port="/dev/null"),),
        device=tuple(
            DeviceEntry(id=name, driver=driver, bus="line-1")
            for name, driver in (("gate", "speed_gate"), ("dome", "pelco_d"))
        ),
        camera=(
            CameraEntry(
                id="camera-1",
                node="gate-1",
                url="http://192.0.2.1",
                covers=("east",),
                masks=tuple(masks),
                ptz="dome",
                presets={"gate": 3},
            ),
        ),
        access_point=(AccessPointEntry(id="east", node="gate-1", device="gate"),),
        video=Video(before_s=before_s, after_s=1, frames_per_second=10),
    )


class Scenery:
    """A node at work."""

    def __init__(
        self,
        station: Station,
        equipment: Equipment,
        journal: Journal,
        central: Central,
        dome: Dome,
    ) -> None:
        self.station, self.equipment, self.journal = station, equipment, journal
        self.central, self.dome = central, dome
        self.heard: list[Event] = []
        journal.hear(self.heard.extend)

    def facts(self, model: type[EventData]) -> list[EventData]:
        parsed = (event.parsed() for event in list(self.heard))
        return [fact for fact in parsed if isinstance(fact, model)]

    def kept(self, kind: MediaKind) -> list[ClipKept]:
        facts = self.facts(ClipKept)
        return [f for f in facts if isinstance(f, ClipKept) and f.kind is kind]

    async def ask(self, what: VideoCommand) -> CommandOutcome:
        now = datetime.now(UTC)
        command = NodeCommand(
            id=new_id(),
            node="gate-1",
            what=what,
            asked_by="u",
            reason="r",
            issued_at=now,
            expires_at=now + timedelta(seconds=30),
        )
        return (await self.station.carry_out(command)).outcome


def silent() -> Sounders:
    return Sounders((), {}, now=lambda: datetime.now(UTC))


def _equipped(site: Site, central: Central, folder: Path, dome: Dome) -> Equipment:
    camera = site.camera[0]
    reader = Reader(camera.id, camera.url, opener=lambda _: Flicker(), masks=camera.masks)
    made = Installation(readers={camera.id: reader}, sounders=silent())
    made.devices["dome"] = dome  # type: ignore[assignment]  # the part of a task that is used
    reader.start()
    return equip(
        site,
        made,
        central=central,
        folder=folder,
        secret=SECRET,
        now=lambda: datetime.now(UTC),
    )


@asynccontextmanager
async def at_work(
    folder: Path, site: Site, *, before: Sequence[EventData] = ()
) -> AsyncIterator[Scenery]:
    """Run a node; ``before`` happens at the gate when the station hears, but does not run yet."""
    central, dome, journal = Central(), Dome(), make_journal(folder)
    journal.start()
    equipment = _equipped(site, central, folder, dome)
    station = Station(
        site,
        equipment,
        subjects=Scene(site).subjects,
        central=central,
        recorder=journal,
        now=lambda: datetime.now(UTC),
    )
    journal.hear(station.hear)
    for fact in before:
        await journal.append(fact, subject="gate", now=datetime.now(UTC))
    tasks = [asyncio.ensure_future(run()) for run in station.tasks.values()]
    try:
        yield Scenery(station, equipment, journal, central, dome)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await station.close()
        await asyncio.to_thread(journal.stop)


def run(folder: Path, act: Callable[[Scenery], object], *, site: Site | None = None) -> None:
    async def work() -> None:
        async with at_work(folder, site or a_site()) as scenery:
            result = act(scenery)
            if asyncio.iscoroutine(result):
                await result

    asyncio.run(work())


async def forced(scenery: Scenery, *, age: timedelta = timedelta(0)) -> Event:
    now = datetime.now(UTC) - age
    return await scenery.journal.append(FORCED, subject="gate", now=now)


async def has_pictures(scenery: Scenery, count: int = 2) -> None:
    """Return once the ring holds so many pictures."""
    eye = scenery.equipment.eyes["camera-1"]
    assert isinstance(eye, PictureEye)
    await eventually(lambda: len(eye.ring) >= count)


def test_a_forced_gate_has_a_snapshot_and_a_clip_from_before_it_until_after_it(
    tmp_path: Path,
) -> None:
    async def act(scenery: Scenery) -> None:
        await has_pictures(scenery)
        event = await forced(scenery)
        await eventually(lambda: len(scenery.central.contents) == 2)
        await eventually(lambda: len(scenery.facts(ClipKept)) == 2)
        (clip,) = scenery.kept(MediaKind.CLIP)
        (snapshot,) = scenery.kept(MediaKind.SNAPSHOT)

        assert clip.about == snapshot.about == (event.id,)
        assert clip.clip_id == snapshot.clip_id
        assert clip.from_at < event.time < clip.to_at
        content = scenery.central.contents[clip.sha256][0]
        assert decode_sequence(content)[0].taken_at == clip.from_at.replace(
            microsecond=clip.from_at.microsecond // 1000 * 1000
        )

    run(tmp_path, act)


def test_a_camera_that_recognition_reads_is_opened_once(tmp_path: Path) -> None:
    site = a_site()
    reader = Reader("camera-1", "x", opener=lambda _: Flicker())
    made = Installation(readers={"camera-1": reader}, sounders=silent())
    made.devices["dome"] = Dome()  # type: ignore[assignment]  # the part of a task that is used

    async def look() -> object:
        return equip(
            site, made, central=Central(), folder=tmp_path, secret=None, now=lambda: NOW
        ).eyes["camera-1"]

    eye = asyncio.run(look())

    assert isinstance(eye, PictureEye)
    assert not eye.is_own


NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)


def test_a_mask_is_burnt_in_before_anything_leaves_the_node(tmp_path: Path) -> None:
    masked = a_site(masks=[Mask(left=0, top=0, right=0.5, bottom=1)])

    async def act(scenery: Scenery) -> None:
        await has_pictures(scenery)
        await forced(scenery)
        what = WatchCamera(camera="camera-1", stream_id=new_id(), until=_soon())
        assert await scenery.ask(what) is CommandOutcome.DONE
        await eventually(lambda: len(scenery.central.pictures) == 3)
        await eventually(lambda: len(scenery.central.contents) == 2)
        pictures = list(scenery.central.pictures)
        for content, _, media_format in scenery.central.contents.values():
            is_jpeg = media_format is MediaFormat.JPEG
            pictures += [content] if is_jpeg else [p.jpeg for p in decode_sequence(content)]
        halves = [np.hsplit(_decoded(jpeg), 2) for jpeg in pictures]

        assert all(left[:, :-8].max() < 12 < right[:, 8:].min() for left, right in halves)

    run(tmp_path, act, site=masked)


def _decoded(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image, np.uint8)


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def test_what_happens_while_the_network_is_cut_comes_later(tmp_path: Path) -> None:
    async def act(scenery: Scenery) -> None:
        scenery.central.is_away = True
        await has_pictures(scenery)
        await forced(scenery)
        await eventually(lambda: len(scenery.facts(ClipKept)) == 2)
        assert scenery.central.contents == {}

        scenery.central.is_away = False

        await eventually(lambda: len(scenery.central.contents) == 2)

    run(tmp_path, act)


def test_a_fact_that_was_told_late_is_counted_and_makes_no_clip(tmp_path: Path) -> None:
    async def act(scenery: Scenery) -> None:
        scenery.station.losses_interval = timedelta(0)
        await forced(scenery, age=timedelta(minutes=5))
        await eventually(lambda: scenery.facts(ClipsLost) == [ClipsLost(unseen=1)])

        assert scenery.facts(ClipKept) == []

    run(tmp_path, act)


def test_a_fact_that_no_camera_sees_makes_nothing(tmp_path: Path) -> None:
    async def act(scenery: Scenery) -> None:
        await has_pictures(scenery)
        lost = DeviceLost(device="elsewhere", detail="no answer")
        await scenery.journal.append(lost, subject="elsewhere", now=datetime.now(UTC))
        await forced(scenery)
        await eventually(lambda: bool(scenery.kept(MediaKind.CLIP)))

        assert [len(clip.about) for clip in scenery.kept(MediaKind.CLIP)] == [1]

    run(tmp_path, act)


def test_a_head_turns_to_the_place_of_an_alarm_by_the_nodes_own_rule(tmp_path: Path) -> None:
    async def act(scenery: Scenery) -> None:
        await forced(scenery)

        await eventually(lambda: scenery.dome.called == [3])

    run(tmp_path, act)


def test_what_happens_before_the_cameras_are_looked_at_turns_a_head_too(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path, a_site(), before=[FORCED]) as scenery:
            await eventually(lambda: scenery.dome.called == [3])

    asyncio.run(work())


def test_central_has_a_clip_kept_a_head_turned_and_a_camera_watched(tmp_path: Path) -> None:
    async def act(scenery: Scenery) -> None:
        await has_pictures(scenery)
        now = datetime.now(UTC)
        keep = KeepClip(camera="camera-1", clip_id=new_id(), at=now, after_s=0.1)
        outcomes = [
            await scenery.ask(keep),
            await scenery.ask(CallPreset(device="dome", preset=7)),
            await scenery.ask(CallPreset(device="dome", preset=9)),
            await scenery.ask(CallPreset(device="gate", preset=1)),
            await scenery.ask(keep.model_copy(update={"camera": "none"})),
        ]
        await eventually(lambda: len(scenery.facts(ClipKept)) == 2)

        assert outcomes == ["done", "done", "refused", "refused", "refused"]
        assert scenery.dome.called == [7]
        assert {f.clip_id for f in scenery.kept(MediaKind.CLIP)} == {keep.clip_id}

    run(tmp_path, act)


def test_nothing_is_encoded_for_a_frame_that_nobody_asks_for() -> None:
    async def look() -> bool:
        reader = Reader("c", "x", opener=lambda _: Flicker())
        ring = PictureRing(span=timedelta(seconds=1), size_bytes_max=1_000_000)
        eye = PictureEye(reader, is_own=True, ring=ring, length_px_max=320, now=lambda: NOW)
        eye.start()
        try:
            await asyncio.to_thread(reader.newest, timeout_s=60)
            one, two = await asyncio.gather(eye.look(), eye.look())
            return one is two or len(ring) == 0
        finally:
            await eye.stop()

    assert asyncio.run(look())


def test_heads_that_are_not_here_are_refused() -> None:
    carried = asyncio.run(Heads({}).call("dome", 1))

    assert carried.outcome is CommandOutcome.REFUSED
