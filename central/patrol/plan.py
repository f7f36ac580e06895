"""What is planned: shifts (when, and who), and routes with their stops, as one document.

Central keeps every version whole, and rounds are made of the newest. Minutes of a stop are counted
from the start of its round.
"""

from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from config.contract.identifiers import Frozen, Slug
from config.contract.schedules import Interval, Name, repeated

HolderText = Annotated[str, StringConstraints(min_length=1, max_length=64)]
STOPS_MAX: Final = 200
Minutes = Annotated[int, Field(ge=0, le=1440)]


class Shift(Frozen):
    """When guards are on duty, and which.

    Attributes:
        intervals: Of the site's wall clock; over midnight they belong to the day they began on.
        observes_holidays: See ``Schedule.observes_holidays``; most guards work the whole year.
        guards: Who usually walks; empty: anybody may.
    """

    id: Slug
    name: Name = Field(default_factory=dict)
    intervals: Annotated[tuple[Interval, ...], Field(min_length=1, max_length=50)]
    observes_holidays: bool = False
    guards: Annotated[tuple[HolderText, ...], Field(max_length=100)] = ()


class Stop(Frozen):
    """One checkpoint of a route, and when the guard is expected there.

    Attributes:
        from_min: After the round's start.
        until_min: After the round's start, later than ``from_min``.
    """

    checkpoint: Slug
    from_min: Minutes = 0
    until_min: Minutes

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.until_min <= self.from_min:
            raise ValueError(f"stop {self.checkpoint!r}: until_min is not after from_min")
        return self


class Route(Frozen):
    """A way round, walked in each of a shift's intervals.

    Attributes:
        is_ordered: Whether the stops must be visited in their order.
        first_min: From the start of the shift's interval to the first round.
        every_min: From one round's start to the next; None: one round in each interval.
        tolerance_min: So much earlier or later is still in time.
        missed_after_min: After the end of the tolerance a stop is late for so long, then missed.
    """

    id: Slug
    name: Name = Field(default_factory=dict)
    shift: Slug
    is_ordered: bool = True
    first_min: Minutes = 0
    every_min: Annotated[int, Field(ge=5, le=1440)] | None = None
    tolerance_min: Annotated[int, Field(ge=0, le=120)] = 2
    missed_after_min: Annotated[int, Field(ge=0, le=240)] = 10
    stops: Annotated[tuple[Stop, ...], Field(min_length=1, max_length=STOPS_MAX)]


class PatrolPlan(Frozen):
    """The whole document."""

    shifts: Annotated[tuple[Shift, ...], Field(max_length=50)] = ()
    routes: Annotated[tuple[Route, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        shifts = {shift.id for shift in self.shifts}
        problems = [
            f"{table} {name!r} stands twice"
            for table, entries in (("shift", self.shifts), ("route", self.routes))
            for name in repeated(entry.id for entry in entries)
        ]
        problems += [
            f"route {route.id!r} names no shift of the plan: {route.shift!r}"
            for route in self.routes
            if route.shift not in shifts
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def checkpoints(self) -> frozenset[str]:
        """Every checkpoint that a route visits."""
        return frozenset(stop.checkpoint for route in self.routes for stop in route.stops)

    @property
    def guards(self) -> frozenset[str]:
        """Everybody who is named."""
        return frozenset(guard for shift in self.shifts for guard in shift.guards)
