"""What a node's status says of fire, made of the rules. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from config.contract.fire_status import (
    FirePanelStatus,
    FirePhase,
    FireStatus,
    FireZoneStatus,
    StandingFire,
    StandingRelease,
)
from edge.fire.book import FireBook
from edge.fire.fire import Fire
from edge.fire.keeping import until_of
from edge.fire.paths import Paths
from edge.fire.places import Output
from edge.fire.releases import Release
from edge.fire.signals import Signals

Target = tuple[str, Output | None, Sequence[str]]
"""Device, output, and the access points (or the output's name) that it is released for."""


def status_of(
    book: FireBook,
    signals: Signals,
    paths: Paths,
    panels: Sequence[FirePanelStatus],
    targets: Mapping[Release, Target],
    *,
    now: datetime,
    now_s: float,
) -> FireStatus:
    """Return how fires, releases, panels, tests and drills are now."""
    zones = []
    for zone in book.zones:
        path = paths.state(zone)
        zones.append(
            FireZoneStatus(
                zone=zone,
                phase=_phase(book, signals, zone),
                alerts=signals.alerts(zone),
                is_path_up=path.is_up,
                is_wired_only=path.is_wired_only,
                path_detail=path.detail,
            )
        )
    return FireStatus(
        zones=tuple(zones),
        fires=tuple(
            StandingFire(
                fire_id=f.fire_id,
                zone=f.zone,
                origin=f.origin,
                confirmed_by=f.confirmed_by,
                is_drill=f.is_drill,
                has_release=f.has_release,
                is_active=f.is_active,
                since=f.since,
                until=until_of(f, now=now, now_s=now_s) if f.is_active else None,
            )
            for f in book.fires
            if f.is_active or book.is_open_for_some(f)
        ),
        releases=tuple(
            each
            for release, target in targets.items()
            for point in target[2]
            if (each := _release(book, release, target, point)) is not None
        ),
        tests=tuple(signals.tests),
        panels=tuple(panels),
    )


def _phase(book: FireBook, signals: Signals, zone: str) -> FirePhase:
    standing = book.standing(zone)
    if any(not f.is_drill for f in standing):
        return "fire"
    if standing:
        return "drill"
    if any(book.is_open_for_some(f) for f in book.fires if f.zone == zone):
        return "released"
    return "alert" if signals.alerts(zone) else "normal"


def _release(
    book: FireBook, release: Release, target: Target, point: str
) -> StandingRelease | None:
    device, output, _ = target
    fires: Sequence[Fire] = book.releasing(point)
    closed_for: Sequence[Fire] = book.closed_for(point)
    if not fires and not closed_for:
        return None
    known = fires or closed_for
    return StandingRelease(
        access_point=None if output else point,
        device=device,
        output=output.channel if output else None,
        fire_ids=tuple(f.fire_id for f in known),
        since=min(f.since for f in known),
        outcome=None if release.answer is None else release.answer.outcome,
        is_confirmed=release.is_confirmed,
        is_closed=not fires,
    )
