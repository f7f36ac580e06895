"""How a fire panel itself is: its mode and supplies, what is disabled or faulty. Pure."""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from config.contract.fire_events import FirePanelChanged, PanelMode
from config.contract.fire_status import FirePanelStatus
from drivers.base import PointChanged, PointCondition
from edge.fire.signals import FIRE_CONDITIONS, PANEL_KINDS

LISTED_COUNT_MAX: Final = 100
KNOWN_COUNT_MAX: Final = 2_000
"""A line that invents points must not fill the memory."""


@dataclasses.dataclass(slots=True)
class Panel:
    """One panel, as its points tell; what it has not told yet is unknown, not good."""

    device: str
    is_current: bool = False
    last_frame_at: datetime | None = None
    _own: dict[str, frozenset[PointCondition]] = dataclasses.field(default_factory=dict)
    _disabled: dict[str, None] = dataclasses.field(default_factory=dict)
    _faulty: dict[str, None] = dataclasses.field(default_factory=dict)
    _has_system: bool = False

    def take(self, change: PointChanged) -> None:
        """Take what it says of a point, or of itself."""
        if change.kind in PANEL_KINDS and change.kind != "controller":
            self._has_system |= change.kind == "system"
            if change.point in self._own or len(self._own) < LISTED_COUNT_MAX:
                self._own[change.point] = frozenset(change.conditions)
            return
        for listed, condition in (
            (self._disabled, PointCondition.DISABLED),
            (self._faulty, PointCondition.FAULT),
        ):
            if condition not in change.conditions:
                listed.pop(change.point, None)
            elif len(listed) < KNOWN_COUNT_MAX:
                listed[change.point] = None

    def forget(self) -> None:
        """It was started anew and says everything again."""
        self._own, self._disabled, self._faulty = {}, {}, {}

    @property
    def conditions(self) -> tuple[str, ...]:
        """Of the panel itself, without fires, sorted."""
        every = frozenset[PointCondition]().union(*self._own.values())
        return tuple(sorted(c.value for c in every - FIRE_CONDITIONS))

    @property
    def mode(self) -> PanelMode:
        """Whether it sets linkages off by itself; a panel that never said is unknown."""
        if PointCondition.MANUAL.value in self.conditions:
            return PanelMode.MANUAL
        return PanelMode.AUTO if self._has_system else PanelMode.UNKNOWN

    def status(self) -> FirePanelStatus:
        """Return how it is now."""
        return FirePanelStatus(
            device=self.device,
            is_current=self.is_current,
            mode=self.mode,
            conditions=self.conditions,
            disabled=tuple(sorted(self._disabled))[:LISTED_COUNT_MAX],
            faulty=tuple(sorted(self._faulty))[:LISTED_COUNT_MAX],
            last_frame_at=self.last_frame_at,
        )

    def fact(self) -> FirePanelChanged:
        """Return it as an event."""
        return FirePanelChanged(**self.status().model_dump())


class Panels:
    """Those of one node.

    Times are monotonic seconds, and the wall clock's where people read them.
    """

    def __init__(
        self,
        devices: Iterable[str],
        *,
        tell: Callable[[FirePanelChanged, str], None],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Begin with panels that have said nothing.

        Args:
            devices: Of the site file.
            tell: Records how a panel is now, about its device.
            now: Wall clock, aware UTC.
            monotonic: The clock of ``listen_to``.
        """
        self._panels = {device: Panel(device) for device in devices}
        self._heard_at_s: dict[str, Callable[[], float | None]] = {}
        self._tell, self._now, self._monotonic = tell, now, monotonic

    def listen_to(self, device: str, heard_at_s: Callable[[], float | None]) -> None:
        """Ask so when a panel was heard last; None is with each poll that it answers."""
        self._heard_at_s[device] = heard_at_s

    def is_current(self, device: str) -> bool:
        """Return whether a device is a panel of this node that is heard."""
        panel = self._panels.get(device)
        return panel is not None and panel.is_current

    def set_current(self, device: str, *, is_current: bool) -> None:
        """Note whether a panel is heard; tells if that is news."""
        self.change(device, lambda panel: setattr(panel, "is_current", is_current))

    def change(self, device: str, change: Callable[[Panel], None]) -> None:
        """Change what is known of a panel, and tell if it is another then."""
        panel = self._panels.get(device)
        if panel is None:
            return
        before = panel.status()
        change(panel)
        if panel.status() != before:
            self._date(panel)
            self._tell(panel.fact(), device)

    def statuses(self) -> list[FirePanelStatus]:
        """Return how all of them are now."""
        for panel in self._panels.values():
            self._date(panel)
        return [panel.status() for panel in self._panels.values()]

    def _date(self, panel: Panel) -> None:
        ask = self._heard_at_s.get(panel.device)
        at_s = None if ask is None else ask()
        if at_s is not None:
            age_s = max(0.0, self._monotonic() - at_s)
            panel.last_frame_at = self._now() - timedelta(seconds=age_s)
        elif panel.is_current:
            panel.last_frame_at = self._now()
