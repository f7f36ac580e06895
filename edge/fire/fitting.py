"""Ties a node's devices to its fire station: panels to be heard, gates and relays to be told."""

from collections.abc import Mapping, Sequence
from functools import partial

from config.site import DeviceEntry, SiteError
from drivers.base import CommandReceipt, Driver, DutyCheckable, OutputBoard, Releasable, Side
from edge.devices import DeviceListener, DeviceTask
from edge.fire.orders import CheckPanel
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
        SiteError: An output of a zone is a device that can be neither switched nor opened.
    """

    def is_current() -> bool:
        return task.is_current

    if points:
        station.gates.add_gate(device.id, task.release, points, is_current=is_current)
    outputs = {o for each in station.places.outputs.values() for o in each if o.device == device.id}
    for output in sorted(outputs, key=lambda each: each.channel):
        if isinstance(driver, OutputBoard):
            station.gates.add_output(
                output, partial(_switched, task, output.channel), is_current=is_current
            )
        elif isinstance(driver, Releasable):
            station.gates.add_output(output, task.release, is_current=is_current)
        else:
            raise SiteError(
                f"a fire_zone has device {device.id!r} as an output, which is a"
                f" {device.driver!r}: it has no relays, and cannot stand open"
            )
    return _asking(task, driver) if isinstance(driver, DutyCheckable) else None


async def _switched(
    task: DeviceTask, channel: int, sides: frozenset[Side], *, is_urgent: bool
) -> CommandReceipt:
    return await task.switch(channel, on=bool(sides), is_urgent=is_urgent)


def _asking(task: DeviceTask, panel: DutyCheckable) -> CheckPanel:
    async def ask(minutes: int) -> None:
        await task.call(lambda: panel.check_duty(minutes))

    return ask
