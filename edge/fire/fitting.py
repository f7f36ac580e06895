"""Ties a node's devices to its fire station: panels to be heard, gates and relays to be told."""

from collections.abc import Mapping, Sequence
from functools import partial

from config.site import DeviceEntry, Site, SiteError
from drivers.base import (
    CommandReceipt,
    DoorControl,
    Driver,
    DutyCheckable,
    FireContact,
    LockOpenControl,
    OutputBoard,
    PassageGate,
    Releasable,
    Side,
)
from edge.devices import DeviceListener, DeviceTask
from edge.fire.orders import CheckPanel
from edge.fire.releases import Told
from edge.fire.station import FireStation
from edge.fire.watch import FireWatch


def watched(
    device: DeviceEntry, driver: Driver, listener: DeviceListener, station: FireStation
) -> DeviceListener:
    """Return what listens to a device for the station, and passes on what it hears."""
    return FireWatch(device.id, driver, listener, station)


def fit(
    device: DeviceEntry,
    driver: Driver,
    task: DeviceTask,
    points: Mapping[Side, Sequence[str]],
    station: FireStation,
) -> CheckPanel | None:
    """Have the station release a device where it can be; returns how to ask who is on duty there.

    Args:
        device: Of the site file.
        driver: Of the device.
        task: Of the device.
        points: Access points at it, by side; none for a device that is no gate.
        station: Of the node.

    Raises:
        SiteError: An output of a zone is a device that can be neither switched nor opened, or its
            input one that tells of no fires.
    """

    def is_current() -> bool:
        return task.is_current

    if device.id in station.places.own_panels and _is_no_panel(driver):
        raise SiteError(
            f"a fire_input names device {device.id!r}, which is a {device.driver!r}: it tells of no"
            " fires; for a contact take dry_contact_fire"
        )
    if isinstance(driver, DoorControl) and not is_in_a_zone(device.id, station.site):
        station.places.unreleased.add(device.id)
    if points:
        station.gates.add_gate(device.id, task.release, points, is_current=is_current)
    outputs = [output for output in station.places.own_outputs if output.device == device.id]
    for output in sorted(outputs, key=lambda each: each.channel):
        told, is_door = _told(device, driver, task, output.channel)
        station.gates.add_output(output, told, is_current=is_current)
        if is_door:
            station.places.doors.add(output)
    return _asking(task, driver) if isinstance(driver, DutyCheckable) else None


def _is_no_panel(driver: Driver) -> bool:
    """Return whether a device is known to be something else than a panel: its zone would wait."""
    is_other = isinstance(driver, PassageGate | OutputBoard | DoorControl | Releasable)
    has_contact = isinstance(driver, FireContact) and driver.fire_contact >= 0
    return is_other and not has_contact


def is_in_a_zone(device: str, site: Site) -> bool:
    """Return whether a device is an output of a fire zone, or has access points."""
    is_output = any(output.device == device for zone in site.fire_zone for output in zone.outputs)
    return is_output or any(point.device == device for point in site.access_point)


def _told(device: DeviceEntry, driver: Driver, task: DeviceTask, channel: int) -> tuple[Told, bool]:
    """Return how an output is told, and whether it is a door or a barrier, which people close.

    Raises:
        SiteError: See ``fit``.
    """
    where = f"a fire_zone has device {device.id!r} ({device.driver!r}) as an output:"
    if isinstance(driver, OutputBoard):
        return partial(_switched, task, channel), False
    if isinstance(driver, Releasable):
        return task.release, True
    if isinstance(driver, LockOpenControl):
        if channel >= driver.door_count:
            raise SiteError(f"{where} its doors are 0..{driver.door_count - 1}, not {channel}")
        return partial(_kept_open, task, driver, channel), True
    if isinstance(driver, DoorControl):
        raise SiteError(f"{where} no fire can keep its doors open; wire them, and take it out")
    raise SiteError(f"{where} it has no relays, and cannot stand open")


async def _kept_open(
    task: DeviceTask,
    driver: LockOpenControl,
    door: int,
    sides: frozenset[Side],
    *,
    is_urgent: bool,
) -> CommandReceipt:
    tell = driver.lock_open_door if sides else driver.end_lock_open_door
    return await task.call(lambda: tell(door), is_urgent=is_urgent)


async def _switched(
    task: DeviceTask, channel: int, sides: frozenset[Side], *, is_urgent: bool
) -> CommandReceipt:
    return await task.switch(channel, on=bool(sides), is_urgent=is_urgent)


def _asking(task: DeviceTask, panel: DutyCheckable) -> CheckPanel:
    async def ask(minutes: int) -> None:
        await task.call(lambda: panel.check_duty(minutes))

    return ask
