"""What the site file says of fire and may not mean, and doors that only the wires release."""

from collections.abc import Iterator

from config.doctor.findings import Finding, Level
from config.site import Site
from config.site_fire import FireWarning
from drivers.base import DoorControl, LockOpenControl
from drivers.registry import driver_class
from edge.fire.fitting import is_in_a_zone

CHECK = "fire"
WIRE = "the fire panel's own contact must open it"
KEEPS = "name it among the outputs of its fire_zone, and wire it: "


def judge_fire(site: Site, *, node: str = "") -> Iterator[Finding]:
    """Yield a warning for each.

    Args:
        site: The whole site; one without a fire zone has nothing to say.
        node: Whose devices are looked at; empty is all.

    Raises:
        ValueError: A device has a driver that is none.
    """
    if not site.fire_zone:
        return
    for warning in site.fire_warnings:
        yield Finding(CHECK, Level.WARNING, str(warning), "see docs/fire.md")
    buses = {bus.id for bus in site.bus if node in ("", bus.node)}
    for device in site.device:
        driver = driver_class(device.driver)
        opens_doors = hasattr(driver, DoorControl.access_door.__name__)
        if device.bus not in buses or not opens_doors or is_in_a_zone(device.id, site):
            continue
        said = FireWarning("door_not_released", names=(device.id,))
        can_be = hasattr(driver, LockOpenControl.lock_open_door.__name__)
        yield Finding(CHECK, Level.WARNING, str(said), (KEEPS if can_be else "") + WIRE)
