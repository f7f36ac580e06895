"""Would this node hear of a fire in a zone: are the zone's panels and their nodes heard? Pure."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Final

WIRED_ONLY_AFTER_S: Final = 60.0
START_S: Final = 60.0
"""So long after its start a node may not have heard everybody yet."""


@dataclasses.dataclass(frozen=True, slots=True)
class PathState:
    """Of one zone.

    Attributes:
        is_wired_only: The path has been down for a minute: the wires alone release the zone.
        missing: What is not heard: ``device ID`` or ``node ID``, sorted.
    """

    is_up: bool
    is_wired_only: bool = False
    missing: tuple[str, ...] = ()

    @property
    def detail(self) -> str:
        """What is not heard, in one line."""
        return ", ".join(self.missing)


class Paths:
    """Of all zones at one node. Times are monotonic seconds."""

    def __init__(self, sources: Mapping[str, Iterable[str]], *, now_s: float) -> None:
        """Begin with nobody heard, and with patience.

        Args:
            sources: What must be heard, by zone. A zone without any has no path: its wires alone
                release it, and nobody is alarmed of what the site file says.
            now_s: When the process began.
        """
        self._sources = {zone: frozenset(names) for zone, names in sources.items()}
        self._heard: set[str] = set()
        self._down_since_s: dict[str, float] = dict.fromkeys(self._sources, now_s)
        self._began_s = now_s
        self._was_told = set[str]()
        self._states = {
            zone: PathState(is_up=False, is_wired_only=not names, missing=tuple(sorted(names)))
            for zone, names in self._sources.items()
        }

    def state(self, zone: str) -> PathState:
        """Return how a zone's path is; as of the last ``look``."""
        return self._states[zone]

    def set_heard(self, source: str, *, is_heard: bool) -> None:
        """Note whether a panel (``device ID``) or a node (``node ID``) is heard now."""
        (self._heard.add if is_heard else self._heard.discard)(source)

    def look(self, *, now_s: float) -> dict[str, PathState]:
        """Return the zones whose path is another one, with how it is now."""
        changed = {}
        for zone, names in self._sources.items():
            if not names:
                continue
            before, now = self._states[zone], self._state(zone, now_s)
            self._states[zone] = now
            is_early = zone not in self._was_told and not now.is_up and not now.is_wired_only
            if is_early and now_s - self._began_s < START_S:
                continue
            if now != before or zone not in self._was_told:
                self._was_told.add(zone)
                changed[zone] = now
        return changed

    def _state(self, zone: str, now_s: float) -> PathState:
        missing = self._sources[zone] - self._heard
        if not missing:
            self._down_since_s.pop(zone, None)
            return PathState(is_up=True)
        since_s = self._down_since_s.setdefault(zone, now_s)
        is_long = now_s - since_s >= WIRED_ONLY_AFTER_S
        return PathState(is_up=False, is_wired_only=is_long, missing=tuple(sorted(missing)))
