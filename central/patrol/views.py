"""Rounds as they are shown. Pure: rows, names and the time are arguments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from central.patrol.assignment import Scan
from central.patrol.evaluation import SCANNED, StopStatus, evaluate
from central.patrol.plan import PatrolPlan
from central.patrol.repository import KeptRound
from central.patrol.rounds import PlannedRound
from central.patrol.schemas import CheckpointView, RoundView, ScanView, StopView
from config.contract.schedules import Name
from config.site import Site


class Namer:
    """Names of routes, shifts and people, as far as they are still known."""

    def __init__(self, plan: PatrolPlan, people: Mapping[str, str]) -> None:
        """Take a plan, and people's names by identifier."""
        self._routes: dict[str, Name] = {route.id: route.name for route in plan.routes}
        self._shifts: dict[str, Name] = {shift.id: shift.name for shift in plan.shifts}
        self._people = people

    def route(self, name: str) -> Name:
        """Return a route's name."""
        return self._routes.get(name, {})

    def shift(self, name: str) -> Name:
        """Return a shift's name."""
        return self._shifts.get(name, {})

    def people(self, holder_ids: Sequence[str | None]) -> dict[str, str]:
        """Return the names of those who are known."""
        return {h: self._people[h] for h in holder_ids if h is not None and h in self._people}


def people_in(rounds: Sequence[KeptRound]) -> set[str]:
    """Return everybody who is named in rounds or was there."""
    found = {guard for kept in rounds for guard in kept.planned.guards}
    return found | {s.holder_id for kept in rounds for s in kept.result.stops if s.holder_id}


def checkpoints_of(site: Site) -> list[CheckpointView]:
    """Return the checkpoints of the site file."""
    nodes = _reading_nodes(site)
    return [
        CheckpointView(
            id=each.id,
            name={**each.name},
            zone=each.zone,
            node=nodes.get(each.id),
        )
        for each in site.checkpoint
    ]


def reader_nodes(site: Site) -> set[str]:
    """Return the terminals that have readers of checkpoints or guards."""
    at = _nodes_of_devices(site)
    carried = {at[reader.device] for reader in site.patrol_reader}
    return carried.union(_reading_nodes(site).values())


def _reading_nodes(site: Site) -> dict[str, str]:
    """Return whose reader or gate a checkpoint is, by checkpoint; a tag is anybody's."""
    at = _nodes_of_devices(site)
    points = {point.id: point.node for point in site.access_point}
    return {
        each.id: at[each.device] if each.device else points[each.access_point or ""]
        for each in site.checkpoint
        if each.credential is None
    }


def _nodes_of_devices(site: Site) -> dict[str, str]:
    nodes = {bus.id: bus.node for bus in site.bus}
    return {device.id: nodes.get(device.bus, "") for device in site.device}


def fields_of(kept: KeptRound, namer: Namer, *, now: datetime) -> dict[str, Any]:
    """Return the fields of a ``RoundView``; what time alone makes of it is worked out here."""
    planned, stops = kept.planned, _stops(kept, now=now)
    open_stops = [i for i, s in enumerate(stops) if s.status not in SCANNED | {StopStatus.MISSED}]
    is_coming = now < planned.starts_at and not any(s.scanned_at for s in stops)
    return {
        "round_id": planned.round_id,
        "route": planned.route,
        "route_name": namer.route(planned.route),
        "shift": planned.shift,
        "shift_name": namer.shift(planned.shift),
        "day": planned.day,
        "starts_at": planned.starts_at,
        "closes_at": planned.closes_at,
        "is_ordered": planned.is_ordered,
        "phase": "coming" if is_coming else "walking" if open_stops else "over",
        "guards": planned.guards,
        "people": namer.people([*planned.guards, *(s.holder_id for s in stops)]),
        "done_count": sum(s.status in SCANNED for s in stops),
        "abnormal_count": sum(s.is_abnormal_now for s in stops),
        "next_index": min(open_stops, key=lambda i: (stops[i].until_at, i), default=None),
        "stops": stops,
    }


def round_view(kept: KeptRound, namer: Namer, *, now: datetime) -> RoundView:
    """Return a round as the board shows it."""
    return RoundView(**fields_of(kept, namer, now=now))


def _stops(kept: KeptRound, *, now: datetime) -> list[StopView]:
    planned, result = kept.planned, kept.result
    if not result.stops:
        result = evaluate(planned, [None] * len(planned.stops), now=now)
    return [
        StopView(
            **each.model_dump(),
            checkpoint=stop.checkpoint,
            from_at=stop.from_at,
            until_at=stop.until_at,
            late_at=planned.late_after(stop),
            is_abnormal_now=each.is_abnormal,
        )
        for stop, each in zip(planned.stops, result.stops, strict=True)
    ]


def scan_views(kept: KeptRound, scans: Sequence[Scan]) -> list[ScanView]:
    """Return the scans at a round's checkpoints in its time, with the stop that they belong to."""
    belongs = {s.scan_id: i for i, s in enumerate(kept.result.stops) if s.scan_id is not None}
    return [
        ScanView(
            scan_id=scan.scan_id,
            checkpoint=scan.checkpoint,
            node=scan.node,
            holder_id=scan.holder_id,
            by=scan.by,
            is_fallback=scan.is_fallback,
            is_time_unsure=scan.is_time_unsure,
            scanned_at=scan.scanned_at,
            received_at=scan.received_at,
            index=belongs.get(scan.scan_id),
        )
        for scan in scans
        if _is_at(kept.planned, scan.checkpoint)
    ]


def _is_at(planned: PlannedRound, checkpoint: str) -> bool:
    return any(stop.checkpoint == checkpoint for stop in planned.stops)
