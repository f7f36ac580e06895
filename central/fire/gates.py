"""What belongs to a zone by the site file. Pure."""

from central.fire.report import Expected
from config.site import Site
from config.site_fire import FireZoneEntry


def zone_of(site: Site, zone: str) -> FireZoneEntry | None:
    """Return a zone of the site file."""
    return next((each for each in site.fire_zone if each.id == zone), None)


def expected(site: Site, zone: str, *, only: tuple[str, ...] = ()) -> tuple[Expected, ...]:
    """Return the access points and relays that a zone releases.

    Args:
        site: The whole site.
        zone: Of it, or one that it has no more: then what is told of it.
        only: The access points that a terminal said it releases; none takes the file's word.
    """
    entry = zone_of(site, zone)
    wanted = only or (() if entry is None else entry.releases)
    nodes = {bus.id: bus.node for bus in site.bus}
    devices = {device.id: nodes.get(device.bus, "") for device in site.device}
    points = [
        Expected(
            access_point=point.id,
            device=point.device,
            node=point.node,
            name={str(language): name for language, name in point.name.items()},
        )
        for point in site.access_point
        if point.id in wanted or (entry is not None and not wanted)
    ]
    outputs = [
        Expected(
            access_point=None,
            output=output.channel,
            device=output.device,
            node=devices.get(output.device, ""),
        )
        for output in (() if entry is None else entry.outputs)
    ]
    return (*points, *outputs)


def origins(site: Site, zone: str) -> tuple[str, ...]:
    """Return the nodes that hear a zone's panels, else those of its gates, each once."""
    nodes = {bus.id: bus.node for bus in site.bus}
    devices = {device.id: nodes.get(device.bus) for device in site.device}
    hearing = [devices.get(each.device) for each in site.fire_input if each.zone == zone]
    found = hearing or [gate.node for gate in expected(site, zone)]
    return tuple(dict.fromkeys(node for node in found if node))


def panels_of(site: Site, zone: str | None = None) -> tuple[str, ...]:
    """Return the devices that a zone, or the site, hears fires from."""
    found = (each.device for each in site.fire_input if zone in (None, each.zone))
    return tuple(dict.fromkeys(found))


def node_of_device(site: Site, device: str) -> str | None:
    """Return the node that a device hangs on."""
    nodes = {bus.id: bus.node for bus in site.bus}
    return next((nodes.get(each.bus) for each in site.device if each.id == device), None)
