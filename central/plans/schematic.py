"""The plan of a site that has uploaded none: a room for each terminal, and what it has. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from central.plans.drawing import SVG, Drawing
from central.plans.schemas import SCHEMATIC, Place, PlanView, Subject

WIDTH: Final = 1200.0
ROOM_WIDTH: Final = 376.0
GAP: Final = 18.0
CELL_WIDTH: Final = 118.0
CELL_HEIGHT: Final = 96.0
CELLS_IN_ROW: Final = 3
ROOMS_IN_ROW: Final = 3
MARGIN: Final = 24.0
Rooms = list[tuple[str, list[Subject]]]


def schematic(subjects: Sequence[Subject]) -> tuple[PlanView, Drawing]:
    """Return the plan and its drawing; an empty sheet where there is nothing to place."""
    rooms, boxes, spots = _rooms(subjects), list[str](), list[tuple[Subject, float, float]]()
    top = GAP
    for first in range(0, len(rooms), ROOMS_IN_ROW):
        row = rooms[first : first + ROOMS_IN_ROW]
        height = max(_height(held) for _, held in row)
        for column, (_, held) in enumerate(row):
            left = GAP + column * (ROOM_WIDTH + GAP)
            boxes.append(_box(left, top, ROOM_WIDTH, height))
            spots += _spots(held, left, top)
        top += height + GAP
    height = max(top, WIDTH / 3)
    body = "".join(boxes)
    svg = (
        f'<svg xmlns="{SVG}" viewBox="0 0 {WIDTH:g} {height:g}" width="{WIDTH:g}" '
        f'height="{height:g}">{body}</svg>'
    )
    drawing = Drawing(svg, WIDTH, height)
    places = tuple(
        Place(kind=s.kind, id=s.id, x=round(x / WIDTH, 4), y=round(y / height, 4))
        for s, x, y in spots
    )
    plan = PlanView(
        id=SCHEMATIC, version=0, name={}, floor=0, drawing=drawing.sha256, width=WIDTH,
        height=height, places=places, is_schematic=True,
    )  # fmt: skip
    return plan, drawing


def _rooms(subjects: Iterable[Subject]) -> Rooms:
    rooms = dict[str, list[Subject]]()
    for subject in subjects:
        rooms.setdefault(subject.node or "", []).append(subject)
    # What belongs to no terminal stands last.
    return sorted(rooms.items(), key=lambda room: (room[0] == "", room[0]))


def _height(held: Sequence[Subject]) -> float:
    return MARGIN + CELL_HEIGHT * math.ceil(len(held) / CELLS_IN_ROW)


def _spots(
    held: Sequence[Subject], left: float, top: float
) -> Iterable[tuple[Subject, float, float]]:
    for index, subject in enumerate(held):
        row, column = divmod(index, CELLS_IN_ROW)
        x = left + (ROOM_WIDTH - CELLS_IN_ROW * CELL_WIDTH) / 2 + CELL_WIDTH * (column + 0.5)
        yield subject, x, top + MARGIN + CELL_HEIGHT * row + CELL_HEIGHT * 0.35


def _box(left: float, top: float, width: float, height: float) -> str:
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="4" '
        'fill="#ffffff" stroke="#8a949c" stroke-width="2"/>'
    )
