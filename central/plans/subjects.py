"""What of a site file can be placed on a plan. Pure."""

from collections.abc import Mapping
from typing import Any

from central.plans.schemas import Subject
from config.site import Site


def subjects_of(site: Site) -> list[Subject]:
    """Return everything that has a place: ways in and out, cameras, devices, checkpoints."""
    at_device = dict[str, list[str]]()
    seen_by = dict[str, list[str]]()
    for point in site.access_point:
        at_device.setdefault(point.device, []).append(point.id)
        if point.camera is not None:
            seen_by.setdefault(point.camera, []).append(point.id)
    nodes = {bus.id: bus.node for bus in site.bus}
    return [
        *(
            Subject(
                kind="access_point", id=point.id, name=_named(point.name), node=point.node,
                device=point.device, access_points=(point.id,),
            )
            for point in site.access_point
        ),
        *(
            Subject(
                kind="camera", id=camera.id, name=_named(camera.name), node=camera.node,
                device=camera.id, access_points=tuple(seen_by.get(camera.id, ())),
            )
            for camera in site.camera
        ),
        *(
            Subject(
                kind="device", id=device.id, name=_named(device.name),
                node=nodes.get(device.bus), device=device.id,
            )
            # A gate is placed as the ways through it.
            for device in site.device
            if device.id not in at_device
        ),
        *(
            Subject(kind="checkpoint", id=checkpoint.id, name=_named(checkpoint.name))
            for checkpoint in site.checkpoint
        ),
        *(
            Subject(
                kind="fire_zone", id=zone.id, name=_named(zone.name), access_points=zone.releases
            )
            for zone in site.fire_zone
        ),
    ]  # fmt: skip


def _named(name: Mapping[Any, str]) -> dict[str, str]:
    return {str(language): words for language, words in name.items()}
