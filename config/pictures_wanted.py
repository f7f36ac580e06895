"""Which facts want pictures, and what those facts are about. Pure.

To give another fact pictures: its line in ``WANTED``. What it is about is read from the fields that
all events share (``access_point``, ``device``, ``zone`` and so on), so it need not be known here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from config.contract.event_base import EventClass
from config.contract.events import Event
from config.site import Site

_Data = Mapping[str, Any]


def _always(_: _Data) -> bool:
    return True


def _is_active(data: _Data) -> bool:
    return data.get("active") is True


def _has_conditions(data: _Data) -> bool:
    return bool(data.get("conditions"))


def _is_no_drill(data: _Data) -> bool:
    return data.get("is_drill") is not True


WANTED: Final[Mapping[str, Callable[[_Data], bool]]] = {
    "menshen.door.forced_open.v1": _always,
    "menshen.door.open_too_long.v1": _always,
    "menshen.door.tampered.v1": _is_active,
    "menshen.access.tailgating_detected.v1": _always,
    "menshen.access.unauthorised_passage.v1": _always,
    "menshen.access.wrong_way_passage.v1": _always,
    "menshen.access.refusals_repeated.v1": _always,
    "menshen.access.duress_detected.v1": _always,
    "menshen.access.assistance_requested.v1": _always,
    "menshen.panic.pressed.v1": _is_active,
    "menshen.intrusion.changed.v1": _has_conditions,
    "menshen.fire.confirmed.v1": _is_no_drill,
    "menshen.device.lost.v1": _always,
}
"""By type: whether a fact of it wants pictures."""
_SUBJECTS: Final = ("access_point", "device", "zone", "button", "checkpoint", "camera")


class Scene:
    """What belongs together at a site, so that a fact finds the cameras that see its place."""

    def __init__(self, site: Site) -> None:
        """Read a site, with only what stands at this node."""
        self._zones = {d.id: d.zone for d in site.device if d.zone}
        self._points: dict[str, list[str]] = {}
        for point in site.access_point:
            self._points.setdefault(point.device, []).append(point.id)

    def subjects(self, event: Event) -> tuple[str, ...]:
        """Return what a fact is about, the nearest first; nothing where it wants no pictures."""
        is_wanted = WANTED.get(event.type)
        if is_wanted is None or not is_wanted(event.data):
            return ()
        found = [event.data.get(name) for name in _SUBJECTS]
        points = event.data.get("points")
        if event.event_class is EventClass.FIRE and isinstance(points, Sequence):
            found += [p.get("device") for p in points if isinstance(p, Mapping)]
        named = [name for name in found if isinstance(name, str) and name]
        around = [near for name in named for near in self._around(name)]
        return tuple(dict.fromkeys([*named, *around]))

    def _around(self, name: str) -> list[str]:
        zone = self._zones.get(name)
        return [*self._points.get(name, ()), *([zone] if zone else ())]
