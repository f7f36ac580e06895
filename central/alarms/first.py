"""Which of several alarms came first: the likely cause of the others. Pure."""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(seconds=30)
"""What begins so soon after another at the same place may follow from it."""
EQUIPMENT: Final = frozenset(
    {
        "node_lost", "device_lost", "gate_fault", "fire_path", "fire_panel", "journal", "queue",
        "clock", "disk", "replica", "recognition", "camera_retention", "neighbour_lost",
        "board_safe", "board_health",
    }
)  # fmt: skip
"""Trouble of what hangs on one terminal: one line or one supply takes several rooms with it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An open line.

    Attributes:
        place: Its room; the same as ``terminal`` where it stands in none.
        is_marked: It was found to be the first before.
    """

    alarm_id: str
    kind: str
    raised_at: datetime
    place: str
    terminal: str
    is_marked: bool = False

    @property
    def has_room(self) -> bool:
        """Whether it is known where it stands."""
        return self.place != self.terminal


def first_up(lines: Iterable[Begun]) -> list[str]:
    """Return which lines came first of several that may have one cause, and are not marked yet.

    Two may have one cause that begin within ``WINDOW`` of each other in one room; or at one
    terminal, unless both stand in rooms that differ and are not both trouble of equipment.

    Args:
        lines: Open ones, by when they were raised.
    """
    told = list(lines)
    groups = list(range(len(told)))
    latest = dict[tuple[str, ...], int]()
    for index, line in enumerate(told):
        for before in _before(line, latest):
            if line.raised_at - told[before].raised_at <= WINDOW:
                _join(groups, before, index)
        for name in _names(line):
            latest[name] = index
    found = dict[int, list[Begun]]()
    for index, line in enumerate(told):
        found.setdefault(_root(groups, index), []).append(line)
    return [
        group[0].alarm_id
        for group in found.values()
        if len(group) > 1 and not any(line.is_marked for line in group)
    ]


def _names(line: Begun) -> list[tuple[str, ...]]:
    """Return what others find a line by."""
    names: list[tuple[str, ...]] = [("at", line.terminal, line.place), ("place", line.place)]
    if line.kind in EQUIPMENT:
        names.append(("equipment", line.terminal))
    return names


def _before(line: Begun, latest: dict[tuple[str, ...], int]) -> list[int]:
    """Return the newest lines of before that a line may follow from."""
    wanted: list[tuple[str, ...]] = [("place", line.place), ("at", line.terminal, line.terminal)]
    if line.kind in EQUIPMENT:
        wanted.append(("equipment", line.terminal))
    if not line.has_room:
        # Nobody knows where it is: it may belong to any room of its terminal.
        wanted += [name for name in latest if name[:2] == ("at", line.terminal)]
    return [latest[name] for name in wanted if name in latest]


def _root(groups: Sequence[int], index: int) -> int:
    while groups[index] != index:
        index = groups[index]
    return index


def _join(groups: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(groups, one), _root(groups, other)))
    groups[second] = first
