"""Fire in the site file: zones, which panels' points are theirs, and what a fire releases.

The wires release first: a fire panel's contact at each gate. What stands here is the second path.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from config.contract.identifiers import Frozen, Slug

ConfirmedBy = Literal["panel", "two_devices", "call_point", "one_device"]
FireWarningCode = Literal[
    "call_point",
    "one_device",
    "loss_releases",
    "releases_nothing",
    "no_input",
    "no_link",
    "in_no_zone",
    "door_not_released",
]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]


_WARNINGS: Final[Mapping[FireWarningCode, str]] = {
    "call_point": "one call point opens its gates; people press them in mischief, too",
    "one_device": "one detector alone opens its gates (GB 50116 4.1.6 asks for two)",
    "loss_releases": "its gates open whenever a panel of it is not heard for a minute",
    "releases_nothing": "it releases nothing: there is no access_point, and it has no outputs",
    "no_input": " has no fire_input: only drills and the wires release it",
    "no_link": "without a site link (node.link) no fire reaches {names}",
    "in_no_zone": "no fire_zone releases access_point {names}",
    "door_not_released": "doors of {names} are not released by a fire: wire them",
}


class OutputEntry(Frozen):
    """A relay of a board. Attributes: channel: 0-based, closed while the release stands."""

    device: Slug
    channel: Annotated[int, Field(ge=0, le=255)]


class FireZoneEntry(Frozen):
    """A part of the building whose gates one fire releases.

    Attributes:
        confirm_by: What makes a fire of signals, any of these. ``panel``: the panel's own confirmed
            state. ``two_devices``: two independent points of the zone. ``call_point``: one manual
            call point. ``one_device``: any point alone; a false alarm of one detector opens gates.
        releases: Access points; none is all of the site.
        outputs: Relays that are closed as long as the release stands.
        on_loss: When a panel of the zone is not heard for a minute: an ``alarm``, or a ``release``.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    confirm_by: Annotated[tuple[ConfirmedBy, ...], Field(min_length=1)] = ("panel", "two_devices")
    releases: tuple[Slug, ...] = ()
    outputs: tuple[OutputEntry, ...] = ()
    on_loss: Literal["alarm", "release"] = "alarm"


class FireInputEntry(Frozen):
    """Points of a panel that belong to a zone.

    Attributes:
        device: A fire panel, or a board with its contacts.
        points: Patterns of the panel's addresses (``*`` and ``?``), as the bench shows them.
        is_confirmed: What these points signal is the panel's own confirmed state, as the contact or
            linkage output of a panel whose kind of point does not tell.
    """

    zone: Slug
    device: Slug
    points: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    is_confirmed: bool = False

    def has(self, device: str, point: str) -> bool:
        """Return whether a point of a panel is one of these."""
        return device == self.device and any(fnmatchcase(point, p) for p in self.points)


def fire_problems(
    zones: Iterable[FireZoneEntry],
    inputs: Iterable[FireInputEntry],
    *,
    devices: Iterable[str],
    points: Iterable[str],
) -> Iterator[str]:
    """Return what names nothing of the file, a line each."""
    known_devices, known_points = set(devices), set(points)
    zones = tuple(zones)
    for zone in zones:
        where = f"fire_zone {zone.id!r}"
        for point in zone.releases:
            if point not in known_points:
                yield f"{where} releases no access_point of this file: {point!r}"
        for output in zone.outputs:
            if output.device not in known_devices:
                yield f"{where} has an output of no device of this file: {output.device!r}"
    for entry in inputs:
        if entry.zone not in {zone.id for zone in zones}:
            yield f"fire_input names no fire_zone of this file: {entry.zone!r}"
        if entry.device not in known_devices:
            yield f"fire_input names no device of this file: {entry.device!r}"


@dataclasses.dataclass(frozen=True, slots=True)
class FireWarning:
    """What works as written and may not be what is wanted; ``str`` says it in English.

    Attributes:
        zone: None where it is about the whole file.
        names: Access points or devices that it is about.
    """

    code: FireWarningCode
    zone: str | None = None
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as a line of a log."""
        words = _WARNINGS[self.code].format(names=", ".join(self.names))
        if self.zone is None:
            return words
        return f"fire_zone {self.zone!r}{words if words.startswith(' ') else f': {words}'}"


def fire_warnings(
    zones: Iterable[FireZoneEntry],
    inputs: Iterable[FireInputEntry],
    *,
    nodes: Mapping[str, str | None],
    linked: bool,
    points: Mapping[str, str],
) -> Iterator[FireWarning]:
    """Return what works as written and may not be what is wanted.

    Args:
        zones: Of the file.
        inputs: Of the file.
        nodes: Of each device.
        linked: Whether the nodes have a site link.
        points: The node of each access point.
    """
    zones, inputs = tuple(zones), tuple(inputs)
    released: set[str] = set()
    for zone in zones:
        releases = set(zone.releases or points)
        released |= releases
        if "call_point" in zone.confirm_by:
            yield FireWarning("call_point", zone.id)
        if "one_device" in zone.confirm_by:
            yield FireWarning("one_device", zone.id)
        if zone.on_loss == "release":
            yield FireWarning("loss_releases", zone.id)
        if not releases and not zone.outputs:
            yield FireWarning("releases_nothing", zone.id)
        here = {nodes.get(entry.device) for entry in inputs if entry.zone == zone.id}
        if not here:
            yield FireWarning("no_input", zone.id)
        elsewhere = sorted(p for p in releases if points.get(p) not in here)
        if here and elsewhere and not linked:
            yield FireWarning("no_link", zone.id, tuple(elsewhere))
    if zones and (left := sorted(set(points) - released)):
        yield FireWarning("in_no_zone", names=tuple(left))
