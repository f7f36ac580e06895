"""A plan, a round and scans for tests of patrols."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from central.patrol.assignment import Scan
from central.patrol.plan import PatrolPlan, Route, Shift, Stop
from central.patrol.rounds import PlannedRound, PlannedStop
from config.contract.schedules import WEEKDAYS, Interval

START = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
"""22:00 in Shanghai, a Sunday."""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def night(*, every_min: int | None = 120, guards: tuple[str, ...] = ("anna",)) -> PatrolPlan:
    """Return a night shift, 22:00 to 06:00, whose guard walks three stops in half an hour."""
    interval = Interval(days=WEEKDAYS, start="22:00", end="06:00")
    return PatrolPlan(
        shifts=(Shift(id="night", intervals=(interval,), guards=guards),),
        routes=(
            Route(
                id="inside",
                shift="night",
                every_min=every_min,
                stops=tuple(
                    Stop(checkpoint=name, from_min=10 * index, until_min=10 * index + 10)
                    for index, name in enumerate(("gate", "plant", "roof"))
                ),
            ),
        ),
    )


def a_round(
    *names: str,
    number: int = 1,
    is_ordered: bool = True,
    guards: tuple[str, ...] = ("anna",),
    starts_at: datetime = START,
) -> PlannedRound:
    """Return a round whose stops have ten minutes each, 2 of tolerance and are missed after 10."""
    names = names or ("gate", "plant", "roof")
    return PlannedRound(
        round_id=UUID(int=number),
        route=f"route-{number}",
        shift="night",
        day=date(2026, 11, 29),
        starts_at=starts_at,
        is_ordered=is_ordered,
        tolerance_min=2,
        missed_after_min=10,
        stops=tuple(
            PlannedStop(
                checkpoint=name,
                from_at=starts_at + minutes(10 * index),
                until_at=starts_at + minutes(10 * index + 10),
            )
            for index, name in enumerate(names)
        ),
        guards=guards,
    )


def a_scan(
    checkpoint: str,
    at_min: float,
    *,
    heard_min: float | None = None,
    holder_id: str | None = "anna",
    is_time_unsure: bool = False,
) -> Scan:
    """Return a scan so many minutes after ``START``, heard of at once or later."""
    return Scan(
        scan_id=f"{checkpoint}@{at_min}/{holder_id}",
        checkpoint=checkpoint,
        node="gate-1",
        reader="carried",
        holder_id=holder_id,
        by="none" if holder_id is None else "card",
        is_fallback=False,
        is_time_unsure=is_time_unsure,
        scanned_at=START + minutes(at_min),
        received_at=START + minutes(at_min if heard_min is None else heard_min),
    )
