"""The events that a node tells of fires, drills, tests and paths, made of the rules. Pure."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from config.contract.fire_events import (
    FireConfirmed,
    FireDrillChanged,
    FireEnded,
    FireOutputClosed,
    FirePathChanged,
    FirePointChanged,
    FireTestChanged,
)
from config.contract.fire_status import RunningFireTest
from drivers.base import PointChanged
from edge.fire.fire import Fire
from edge.fire.keeping import until_of
from edge.fire.paths import PathState
from edge.fire.places import Output
from edge.fire.signals import Signals


def confirmed(fire: Fire, access_points: tuple[str, ...]) -> FireConfirmed:
    """Return that a fire or drill began. Args: access_points: that its zone releases."""
    return FireConfirmed(
        fire_id=fire.fire_id,
        zone=fire.zone,
        confirmed_by=fire.confirmed_by,
        points=fire.fire_points,
        is_drill=fire.is_drill,
        has_release=fire.has_release,
        access_points=access_points,
    )


def ended(fire: Fire) -> FireEnded:
    """Return that a fire or drill is over."""
    return FireEnded(fire_id=fire.fire_id, zone=fire.zone, is_drill=fire.is_drill)


def output_closed(output: Output, fires: Iterable[Fire], *, asked_by: str = "") -> FireOutputClosed:
    """Return that an output's release is over. Args: fires: that it stood for."""
    return FireOutputClosed(
        fire_ids=tuple(fire.fire_id for fire in fires),
        device=output.device,
        output=output.channel,
        asked_by=asked_by,
    )


def drill_changed(
    fire: Fire, *, is_on: bool, asked_by: str, now: datetime, now_s: float
) -> FireDrillChanged:
    """Return that a drill began or ended."""
    return FireDrillChanged(
        drill_id=fire.fire_id,
        zone=fire.zone,
        is_on=is_on,
        releases=fire.has_release,
        until=until_of(fire, now=now, now_s=now_s) or now,
        asked_by=asked_by,
    )


def test_changed(test: RunningFireTest, *, is_on: bool, asked_by: str) -> FireTestChanged:
    """Return that a test began or ended."""
    return FireTestChanged(
        test_id=test.test_id,
        zone=test.zone,
        points=test.points,
        until=test.until,
        is_on=is_on,
        asked_by=asked_by,
    )


def point_changed(device: str, change: PointChanged, signals: Signals) -> FirePointChanged:
    """Return what a panel says of a point."""
    zones = signals.zones_of(device, change.point)
    test_id: UUID | None = signals.test_of(device, change.point)
    return FirePointChanged(
        device=device,
        zone=zones[0] if zones else None,
        point=change.point[:200],
        kind=change.kind[:100],
        text=change.text[:200],
        conditions=tuple(condition.value for condition in change.conditions),
        test_id=test_id,
    )


def path_changed(zone: str, state: PathState) -> FirePathChanged:
    """Return whether a fire in a zone would be heard."""
    return FirePathChanged(
        zone=zone, is_up=state.is_up, is_wired_only=state.is_wired_only, detail=state.detail
    )
