"""What the site file says stands at this node becomes lines, devices, lanes and cameras."""

import asyncio
import dataclasses
import functools
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from config.contract.access import Direction
from config.site import AccessPointEntry, DeviceEntry, Site, SiteError
from drivers.base import Closeable, ContactInputs, Driver, GateMode, OutputBoard, PassageGate, Side
from drivers.bus import Bus
from drivers.presence import PresenceTracker
from drivers.registry import create, first_answer_time_s
from edge.access.gate import GateReports
from edge.access.lane import Lane
from edge.access.readers import PointReaders, readers_of
from edge.access.surroundings import Surroundings
from edge.alarms.fire_bell import FireBell
from edge.alarms.points import AlarmPoints
from edge.alarms.sounders import Sounders
from edge.alarms.watch import AlarmWatch
from edge.assistance import ContactWatch
from edge.boards.station import BoardStation
from edge.cameras import CameraReports
from edge.canteen.canteen import Canteen
from edge.canteen.counter_top import fit_counter_tops
from edge.canteen.fitting import check_device
from edge.canteen.watching import watch_tills
from edge.devices import DeviceListener, DeviceTable, DeviceTask
from edge.fire.fitting import fit, watched
from edge.fire.orders import CheckPanel
from edge.fire.station import FireStation
from edge.opening import zone_of
from edge.patrol.fitting import check_reader
from edge.patrol.patrol import Patrol
from edge.recognition import Demands, Eyes, PairsSource, SomePeople
from edge.vision.reader import Reader
from edge.vision.watcher import Watcher
from models.face.types import Gallery, Pipeline
from models.liveness.policy import Policy


@dataclasses.dataclass(frozen=True, slots=True)
class Installation:
    """Everything at a node that touches the world.

    Attributes:
        lanes: By access point.
        readers: By camera, of those that are watched for recognition; their watchers stop them.
        watchers: By access point; only those whose camera is watched.
        till_watchers: The same by till.
        tasks: What must run, by a name for the log.
        duty: Fire panels that can be asked who is on duty.
    """

    lanes: dict[str, Lane] = dataclasses.field(default_factory=dict)
    readers: dict[str, Reader] = dataclasses.field(default_factory=dict)
    watchers: dict[str, Watcher] = dataclasses.field(default_factory=dict)
    till_watchers: dict[str, Watcher] = dataclasses.field(default_factory=dict)
    tasks: dict[str, Callable[[], Awaitable[None]]] = dataclasses.field(default_factory=dict)
    buses: dict[str, Bus] = dataclasses.field(default_factory=dict)
    drivers: dict[str, Driver] = dataclasses.field(default_factory=dict)
    devices: dict[str, DeviceTask] = dataclasses.field(default_factory=dict)
    duty: dict[str, CheckPanel] = dataclasses.field(default_factory=dict)
    sounders: Sounders = dataclasses.field(kw_only=True)

    async def close(self) -> None:
        """Let go of cameras, devices and lines."""
        for watcher in (*self.watchers.values(), *self.till_watchers.values()):
            await asyncio.to_thread(watcher.stop)
        for driver in self.drivers.values():
            if isinstance(driver, Closeable):
                await driver.close()
        for bus in self.buses.values():
            await bus.close()


class Admissible(PairsSource, Protocol):
    """The part of the replica that tells who is searched where, and how alike they are."""

    def people_at(self, access_point: str) -> tuple[Collection[str], Collection[str]]:
        """See ``Replica.people_at``."""
        ...


def install(
    site: Site,
    around: Surroundings,
    *,
    table: DeviceTable,
    eyes: Eyes,
    admissible: Admissible,
    ring: Callable[[str], None],
    fire: FireStation | None = None,
    patrol: Patrol | None = None,
    canteen: Canteen | None = None,
    boards: BoardStation | None = None,
) -> Installation:
    """Make everything and start the cameras; in the running event loop.

    Args:
        site: With only what stands at this node.
        around: What all lanes share.
        table: Gains every device and camera.
        eyes: One pipeline per access point and till with a camera, or none at all.
        admissible: Who is searched where.
        ring: Calls somebody to an access point whose button is pressed.
        fire: Hears of panels and releases gates; None where the site file has no fire zone.
        patrol: Hears of the readers of checkpoints and guards; None where there are none.
        canteen: Hears of readers and scales of tills, and takes money at lanes; None without tills.
        boards: Keeps controller boards from their safe state, and updates them.

    Raises:
        SiteError: A device is not what its access point needs, or its settings are wrong.
    """
    devices = dict[str, DeviceTask]()
    sounders = Sounders(site.sounder, devices, now=around.now)
    made = Installation(devices=devices, sounders=sounders)
    if site.sounder:
        made.tasks["sounders"] = sounders.run
        if fire is not None:
            FireBell(fire, functools.partial(sounders.begin, "fire"))
        if boards is not None:
            boards.sound_with(functools.partial(sounders.begin, "neighbour_lost"))
    for bus in site.bus:
        made.buses[bus.id] = Bus(
            bus.port,
            baudrate=bus.baudrate,
            parity=bus.parity,
            stopbits=bus.stopbits,
            reply_time_s_max=bus.reply_time_s_max,
        )
    for device in site.device:
        points = [point for point in site.access_point if point.device == device.id]
        buttons = {
            point.assistance.input: point.id
            for point in site.access_point
            if point.assistance is not None and point.assistance.device == device.id
        }
        _install_device(
            device, points, buttons, ring, site, made, around, table, fire, patrol, canteen, boards
        )
    watched = [point for point in site.access_point if point.camera is not None]
    demands = Demands.following(site.recognition, admissible, eyes.network)
    pipelines = iter(eyes.pipelines)
    for point, pipeline in zip(watched, pipelines, strict=False):
        if eyes.gallery is not None:
            people, others = _searched(point, eyes.gallery, admissible)
            _watch(point, pipeline, people, others, site, made, around, table, eyes, demands)
    for point in watched:
        if point.id not in made.watchers and point.camera is not None:
            table.add(point.camera, kind="camera", access_points=[point.id])
            table.set_lost(point.camera, "not watched: recognition files are missing")
    if canteen is not None:
        watch_tills(
            site,
            canteen,
            made.till_watchers,
            made.readers,
            recorder=around.journal,
            table=table,
            eyes=eyes,
            people=admissible,
            demands=demands,
            pipelines=pipelines,
            now=around.now,
        )
        made.tasks.update(
            fit_counter_tops(site, canteen.board, made.drivers, devices, zone=zone_of(site))
        )
        if fire is not None:
            for till in canteen.tills.values():
                fire.add_screen_everywhere(till)
    return made


def _install_device(
    device: DeviceEntry,
    points: list[AccessPointEntry],
    buttons: Mapping[int, str],
    ring: Callable[[str], None],
    site: Site,
    made: Installation,
    around: Surroundings,
    table: DeviceTable,
    fire: FireStation | None,
    patrol: Patrol | None,
    canteen: Canteen | None,
    boards: BoardStation | None,
) -> None:
    driver = made.drivers[device.id] = _driver(device, made.buses[device.bus])
    if points and not isinstance(driver, PassageGate):
        raise SiteError(
            f"access_point {points[0].id!r} needs a gate; device {device.id!r} is a"
            f" {device.driver!r}, which is none"
        )
    check_reader(device, driver, site)
    check_device(device, driver, site)
    for channel, point_id in buttons.items():
        _check_contact(device, driver, channel, f"access_point {point_id!r}: assistance")
    reading = readers_of(device, driver, site)
    table.add(device.id, kind=device.driver, access_points=[point.id for point in points])
    lanes: dict[Side, Lane] = {}
    reports = GateReports(
        device.id,
        lanes=lanes,
        recorder=around.journal,
        doorkeeper=around.doorkeeper,
        table=table,
        now=around.now,
    )
    modes = [
        (_side(point), GateMode.FREE if point.free_egress else GateMode.CONTROLLED)
        for point in points
    ]
    listener: DeviceListener = AlarmWatch(
        ContactWatch(reports, buttons, ring),
        _alarm_points(device, driver, site),
        recorder=around.journal,
        on_panic=functools.partial(made.sounders.begin, "panic"),
        now=around.now,
    )
    if fire is not None:
        listener = watched(device, driver, listener, fire)
    if patrol is not None:
        listener = patrol.watched(device.id, listener)
    if canteen is not None:
        listener = canteen.watched(device.id, listener)
    if reading:
        listener = PointReaders(listener, reading, made.lanes, monotonic=around.monotonic)
    if boards is not None:
        listener = boards.watched(device.id, driver, listener)
    task = DeviceTask(
        device.id,
        driver,
        listener,
        modes=modes,
        presence=PresenceTracker(first_answer_s=_first_answer_s(device)),
        bus=made.buses[device.bus],
    )
    made.devices[device.id] = task
    made.tasks[f"device {device.id}"] = task.run
    if boards is not None:
        boards.fit(device.id, driver, task, made.buses[device.bus])
    for point in points:
        lane = lanes[_side(point)] = made.lanes[point.id] = Lane(point, task, around)
        if patrol is not None:
            lane.when_identified(functools.partial(patrol.let_through, point.id))
        if canteen is not None and point.id in canteen.lanes:
            lane.pay_with(canteen.lanes[point.id])
            lane.screen.when_fire(canteen.lanes[point.id].fire_is_on)
        made.tasks[f"access point {point.id}"] = lane.run
    if fire is None:
        return
    sides = {side: [p.id for p in points if _side(p) is side] for side in Side} if points else {}
    if (asking := fit(device, driver, task, sides, fire)) is not None:
        made.duty[device.id] = asking
    for point in points:
        fire.add_screen(point.id, made.lanes[point.id].screen)


def _alarm_points(device: DeviceEntry, driver: Driver, site: Site) -> AlarmPoints:
    """Return what a device may say of panic and intruders; its contacts and relays are checked."""
    buttons = [button for button in site.panic_button if button.device == device.id]
    for button in buttons:
        _check_contact(device, driver, button.input, f"panic_button {button.id!r}: it")
    for sounder in site.sounder:
        if sounder.device == device.id and not isinstance(driver, OutputBoard):
            raise SiteError(
                f"sounder {sounder.id!r} needs a board of relays; device {device.id!r} is a"
                f" {device.driver!r}, which is none"
            )
    tells_fire = any(entry.device == device.id for entry in site.fire_input)
    return AlarmPoints(device.id, buttons, tells_fire=tells_fire)


def _check_contact(device: DeviceEntry, driver: Driver, channel: int, what: str) -> None:
    free = driver.free_inputs if isinstance(driver, ContactInputs) else frozenset()
    if channel not in free:
        listed = ", ".join(map(str, sorted(free))) or "none"
        raise SiteError(
            f"{what} cannot be input {channel} of device {device.id!r}"
            f" ({device.driver!r}); free inputs there: {listed}"
        )


def _first_answer_s(device: DeviceEntry) -> float:
    given = device.first_answer_s
    return first_answer_time_s(device.driver, device.settings) if given is None else given


def _driver(device: DeviceEntry, bus: Bus) -> Driver:
    try:
        return create(device.driver, bus, device.settings)
    except (ValueError, TypeError) as error:
        raise SiteError(f"device {device.id!r}: {error}") from error


def _searched(
    point: AccessPointEntry, gallery: Gallery, admissible: Admissible
) -> tuple[SomePeople, SomePeople]:
    """Return who may pass an access point and who may not, kept as they are."""
    people, others = SomePeople(gallery), SomePeople(gallery)

    def choose() -> None:
        here, elsewhere = admissible.people_at(point.id)
        people.choose(here)
        others.choose(elsewhere)

    admissible.when_changed(choose)
    return people, others


def _watch(
    point: AccessPointEntry,
    pipeline: Pipeline,
    people: SomePeople,
    others: SomePeople,
    site: Site,
    made: Installation,
    around: Surroundings,
    table: DeviceTable,
    eyes: Eyes,
    demands: Demands,
) -> None:
    camera = next(camera for camera in site.camera if camera.id == point.camera)
    lane = made.lanes[point.id]
    table.add(camera.id, kind="camera", access_points=[point.id])
    reports = CameraReports(
        camera.id,
        lane=lane,
        recorder=around.journal,
        table=table,
        now=around.now,
        loop=asyncio.get_running_loop(),
    )
    reader = Reader(camera.id, camera.url, masks=camera.masks)
    made.readers.setdefault(camera.id, reader)
    watcher = made.watchers[point.id] = Watcher(
        camera=camera.id,
        access_point=point.id,
        reader=reader,
        pipeline=pipeline,
        gallery=people,
        recognition=site.recognition,
        demand=demands,
        liveness=eyes.liveness_of(Policy(point.liveness)),
        elsewhere=others,
        on_attempt=reports.attempt,
        on_health=reports.health,
    )
    lane.when_passed(watcher.person_has_passed)
    lane.when_granted(watcher.person_was_let_through)
    watcher.start()


def _side(point: AccessPointEntry) -> Side:
    return Side.IN if point.direction is Direction.IN else Side.OUT
