"""How a fire panel itself is: its mode and supplies, what is disabled or faulty. Pure."""

import dataclasses
from datetime import datetime
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
