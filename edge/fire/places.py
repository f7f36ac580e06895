"""What the site file says of fire, as one node needs it: points, panels, whom to hear. Pure."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from config.site import Site
from config.site_fire import FireInputEntry


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    """A relay, or a barrier, that a zone's release sets. Attributes: channel: 0-based."""

    device: str
    channel: int

    @property
    def name(self) -> str:
        """As no access point is named."""
        return f"{self.device}#{self.channel}"


class Places:
    """Of one node.

    Attributes:
        doors: Outputs that are doors or barriers, as the installation finds them.
        unreleased: Devices that open doors and are in no zone, as it finds them.
    """

    def __init__(self, site: Site, node: str) -> None:
        """Look everything up.

        Args:
            site: The whole site.
            node: This one.
        """
        self._site = site
        buses = {bus.id: bus.node for bus in site.bus}
        nodes = {device.id: buses.get(device.bus, "") for device in site.device}
        self._nodes = nodes
        self.own_points = frozenset(p.id for p in site.access_point if p.node == node)
        self._all_points = tuple(p.id for p in site.access_point)
        self.own_inputs: Sequence[FireInputEntry] = tuple(
            entry for entry in site.fire_input if nodes.get(entry.device) == node
        )
        self.own_panels = frozenset(entry.device for entry in self.own_inputs)
        self.other_nodes = frozenset(n.id for n in site.node if n.id != node)
        self.outputs: Mapping[str, tuple[Output, ...]] = {
            zone.id: tuple(
                Output(output.device, output.channel)
                for output in zone.outputs
                if nodes.get(output.device) == node
            )
            for zone in site.fire_zone
        }
        self.own_outputs = frozenset(o for each in self.outputs.values() for o in each)
        self.doors: set[Output] = set()
        self.unreleased: set[str] = set()
        self.sources: Mapping[str, frozenset[str]] = {
            zone.id: frozenset(
                f"device {entry.device}"
                if nodes.get(entry.device) == node
                else f"node {nodes.get(entry.device)}"
                for entry in site.fire_input
                if entry.zone == zone.id
            )
            for zone in site.fire_zone
        }

    def by_zone(self, zones_of: Callable[[str], Iterable[str]]) -> dict[str, frozenset[str]]:
        """Return the access points and doors of this node that a fire in each zone releases.

        Args:
            zones_of: Zones that the access model puts a point into, besides the site file.
        """
        return {
            zone.id: self.own_points.intersection(self.everywhere(zone.id, zones_of)).union(
                output.name for output in self.outputs[zone.id] if output in self.doors
            )
            for zone in self._site.fire_zone
        }

    def everywhere(self, zone: str, zones_of: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
        """Return the access points that a fire in a zone releases, at all nodes."""
        named = next(z.releases for z in self._site.fire_zone if z.id == zone) or self._all_points
        return tuple(p for p in self._all_points if p in named or zone in zones_of(p))
