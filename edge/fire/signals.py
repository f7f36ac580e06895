"""What the panels at this node signal, and whether that is a fire in a zone. Pure.

A signal stands until its panel takes it back: a panel that is lost ends no fire. Bit "test" of a
message hides nothing; a test that an operator began does, for exactly its points and its time.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final
from uuid import UUID

from config.contract.fire_events import FireConfirmation, FirePoint
from config.contract.fire_status import RunningFireTest
from config.site_fire import FireInputEntry, FireZoneEntry
from drivers.base import PointChanged, PointCondition

PANEL_KINDS: Final = frozenset(
    {"system", "transmitter", "controller", "repeater panel", "panel", "linkage", "dry contacts"}
)
"""Kinds of points that are the panel itself: their fire is what it has confirmed."""
CALL_POINT_KINDS: Final = frozenset({"manual call point", "115"})
"""As ``gbt26875`` names them, and the Contact ID code of a pull station."""
FIRE_CONDITIONS: Final = frozenset({PointCondition.FIRE, PointCondition.STARTED})
TWO: Final = 2
POINT_COUNT_MAX: Final = 10_000
"""A line that invents points must not fill the memory."""
TOLD_COUNT_MAX: Final = 50

Key = tuple[str, str]
"""Device and point."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """A fire in a zone. Attributes: points: all that signal it, the first of them."""

    confirmed_by: FireConfirmation
    points: tuple[FirePoint, ...]


@dataclasses.dataclass(slots=True)
class _Point:
    change: PointChanged
    zones: tuple[str, ...]
    confirmed_in: frozenset[str]
    round: int = 0


class Signals:
    """Of the panels at one node. Belongs to one thread."""

    def __init__(self, zones: Iterable[FireZoneEntry], inputs: Iterable[FireInputEntry]) -> None:
        """Begin with panels that have said nothing.

        Args:
            zones: Of the site.
            inputs: Whose device stands at this node.
        """
        self._zones = {zone.id: zone for zone in zones}
        self._inputs = tuple(inputs)
        self._points: dict[Key, _Point] = {}
        self._live: dict[str, dict[Key, _Point]] = {zone: {} for zone in self._zones}
        self._tests: dict[UUID, RunningFireTest] = {}
        self._rounds: dict[str, int] = {}

    @property
    def devices(self) -> frozenset[str]:
        """Panels that are listened to."""
        return frozenset(entry.device for entry in self._inputs)

    @property
    def tests(self) -> Sequence[RunningFireTest]:
        """Tests that run."""
        return tuple(self._tests.values())

    def inputs_of(self, zone: str) -> frozenset[str]:
        """Return the panels at this node that watch a zone."""
        return frozenset(entry.device for entry in self._inputs if entry.zone == zone)

    def zones_of(self, device: str, point: str) -> tuple[str, ...]:
        """Return the zones that a point belongs to, in the order of the site file."""
        return self._place(device, point)[0]

    def take(self, device: str, change: PointChanged) -> None:
        """Take what a panel says of a point."""
        key = (device, change.point)
        known = self._points.get(key)
        if known is None and not self._has_room(change):
            return
        if known is None:
            zones, confirmed_in = self._place(device, change.point)
            known = self._points[key] = _Point(change, zones, confirmed_in)
        known.change, known.round = change, self._rounds.get(device, 0)
        for zone in known.zones:
            if FIRE_CONDITIONS & set(change.conditions):
                self._live[zone][key] = known
            else:
                self._live[zone].pop(key, None)

    def begin_round(self, device: str) -> None:
        """A panel that says everything anew at each start was started; see ``end_round``."""
        self._rounds[device] = self._rounds.get(device, 0) + 1

    def end_round(self, device: str) -> None:
        """It has said everything: what it has not said again is over."""
        now = self._rounds.get(device, 0)
        for (owner, _), point in list(self._points.items()):
            if owner == device and point.round < now and point.change.conditions:
                self.take(device, dataclasses.replace(point.change, conditions=()))

    def verdict(self, zone: str) -> Verdict | None:
        """Return the fire that is signalled in a zone; None where none is confirmed."""
        live = {key: p for key, p in self._live[zone].items() if self.test_of(*key) is None}
        if not live:
            return None
        panel = [k for k, p in live.items() if _is_panel(p, zone)]
        single = [k for k in live if k not in set(panel)]
        call_points = [k for k in single if live[k].change.kind in CALL_POINT_KINDS]
        found = {
            "panel": (FireConfirmation.PANEL, bool(panel)),
            "two_devices": (FireConfirmation.TWO_DEVICES, len(single) >= TWO),
            "call_point": (FireConfirmation.CALL_POINT, bool(call_points)),
            "one_device": (FireConfirmation.ONE_DEVICE, bool(single)),
        }
        for rule, (confirmed_by, holds) in found.items():
            if holds and rule in self._zones[zone].confirm_by:
                points = [FirePoint(device=d, point=p[:200]) for d, p in live]
                return Verdict(confirmed_by, tuple(points[:TOLD_COUNT_MAX]))
        return None

    def alerts(self, zone: str) -> tuple[str, ...]:
        """Return the points that signal in a zone, confirmed or not, under test or not."""
        return tuple(point for _, point in self._live[zone])[:TOLD_COUNT_MAX]

    def knows(self, device: str, point: str) -> bool:
        """Return whether a panel has said anything of a point since this process began."""
        return (device, point) in self._points

    # ---- tests

    def begin_test(self, test: RunningFireTest) -> None:
        """Let the signals of a test's points confirm nothing."""
        self._tests[test.test_id] = test

    def end_test(self, test_id: UUID) -> RunningFireTest | None:
        """Let them count again; None where there is no such test."""
        return self._tests.pop(test_id, None)

    def tests_over(self, now: datetime) -> list[RunningFireTest]:
        """Return the tests whose time is over."""
        return [test for test in self._tests.values() if now >= test.until]

    def test_of(self, device: str, point: str) -> UUID | None:
        """Return the test that a point is under."""
        if not self._tests:
            return None
        zones = self.zones_of(device, point)
        for test in self._tests.values():
            is_meant = not test.points or any(fnmatchcase(point, p) for p in test.points)
            if test.zone in zones and is_meant:
                return test.test_id
        return None

    # ---- inside

    def _place(self, device: str, point: str) -> tuple[tuple[str, ...], frozenset[str]]:
        known = self._points.get((device, point))
        if known is not None:
            return known.zones, known.confirmed_in
        mine = [entry for entry in self._inputs if entry.has(device, point)]
        named = {entry.zone for entry in mine}
        zones = tuple(zone for zone in self._zones if zone in named)
        return zones, frozenset(entry.zone for entry in mine if entry.is_confirmed)

    def _has_room(self, change: PointChanged) -> bool:
        if len(self._points) < POINT_COUNT_MAX:
            return True
        if not FIRE_CONDITIONS & set(change.conditions):
            return False
        # A fire finds room: what is normal, or least, goes.
        weight: Mapping[Key, int] = {k: len(p.change.conditions) for k, p in self._points.items()}
        least = min(weight, key=weight.__getitem__)
        point = self._points.pop(least)
        for zone in point.zones:
            self._live[zone].pop(least, None)
        return True


def _is_panel(point: _Point, zone: str) -> bool:
    """Return whether a point's signal is what its panel has confirmed."""
    if PointCondition.STARTED in point.change.conditions:
        return True  # the panel has set a linkage off
    return point.change.kind in PANEL_KINDS or zone in point.confirmed_in
