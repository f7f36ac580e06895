"""What guards see of fires, read from the database and the site file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select

from central.database import Transaction
from central.fire import duty
from central.fire.gates import expected, node_of_device, panels_of
from central.fire.report import Expected
from central.fire.schemas import (
    DrillView,
    FireLine,
    FireView,
    PanelView,
    PathView,
    Phase,
    PointView,
    Release,
    TestView,
    WarningView,
    ZoneView,
)
from central.fire.tables import (
    fire_drills,
    fire_panels,
    fire_paths,
    fire_points,
    fire_releases,
    fire_tests,
    fires,
)
from central.nodes import repository as nodes
from config.contract.nodes import NodeStatus
from config.site import Site
from config.site_fire import FireWarning, FireZoneEntry

LINE_COUNT: Final = 50
SIGNALS: Final = frozenset({"fire", "prealarm"})


async def view(transaction: Transaction, site: Site, *, now: datetime) -> FireView:
    """Return everything."""
    newest = await newest_fires(transaction, limit=LINE_COUNT)
    standing = await standing_fires(transaction)
    told = await releases_of(transaction, [row.fire_id for row in (*newest, *standing)])
    points = list(await transaction.execute(select(fire_points)))
    paths = list(await transaction.execute(select(fire_paths).order_by(fire_paths.c.node)))
    tests = await open_tests(transaction, now=now)
    statuses = await nodes.statuses(transaction)
    return FireView(
        at=now,
        zones=[
            _zone(
                entry,
                site,
                [row for row in standing if row.zone == entry.id],
                told,
                points=[row for row in points if row.zone == entry.id],
                paths=[row for row in paths if row.zone == entry.id],
                tests=tests,
            )
            for entry in site.fire_zone
        ],
        panels=await _panels(transaction, site, heard=last_frames(statuses)),
        tests=tests,
        drills=await open_drills(transaction, now=now),
        fires=[line_of(row, told, site) for row in newest],
        duty=await duty.newest(transaction),
        warnings=_warnings(site, statuses),
    )


def _warnings(site: Site, statuses: Mapping[str, NodeStatus | None]) -> list[WarningView]:
    """Return what the site file may not mean, and which doors terminals say no fire releases."""
    told = [status.fire for status in statuses.values() if status is not None]
    doors = sorted({device for fire in told if fire is not None for device in fire.unreleased})
    found = list(site.fire_warnings)
    if doors:
        found.append(FireWarning("door_not_released", names=tuple(doors)))
    return [WarningView(code=w.code, zone=w.zone, names=list(w.names)) for w in found]


def last_frames(statuses: Mapping[str, NodeStatus | None]) -> Mapping[str, datetime]:
    """Return when each panel was heard last, by its device, as terminals said in their status.

    A panel's event says it of the moment at which the panel's own state changed, and no later one.
    """
    told = [status.fire for status in statuses.values() if status is not None]
    return {
        panel.device: panel.last_frame_at
        for fire in told
        if fire is not None
        for panel in fire.panels
        if panel.last_frame_at is not None
    }


async def newest_fires(transaction: Transaction, *, limit: int) -> Sequence[Row[Any]]:
    """Return fires and drills, newest first."""
    query = select(fires).order_by(fires.c.began_at.desc(), fires.c.fire_id.desc()).limit(limit)
    return (await transaction.execute(query)).all()


async def standing_fires(transaction: Transaction) -> Sequence[Row[Any]]:
    """Return fires that go on, or whose releases nobody has closed; drills that go on."""
    is_open = select(fire_releases.c.fire_id).where(
        fire_releases.c.confirmed_ms.is_not(None), fire_releases.c.closed_at.is_(None)
    )
    left_open = ~fires.c.is_drill & fires.c.fire_id.in_(is_open)
    query = select(fires).where(fires.c.ended_at.is_(None) | left_open)
    return (await transaction.execute(query.order_by(fires.c.began_at))).all()


async def find_fire(transaction: Transaction, fire_id: UUID | str) -> Row[Any] | None:
    """Return a fire or drill."""
    query = select(fires).where(fires.c.fire_id == str(fire_id))
    return (await transaction.execute(query)).first()


async def releases_of(transaction: Transaction, fire_ids: Iterable[str]) -> list[Row[Any]]:
    """Return what was told of the gates of some fires."""
    query = select(fire_releases).where(fire_releases.c.fire_id.in_(set(fire_ids)))
    return list(await transaction.execute(query))


async def open_tests(transaction: Transaction, *, now: datetime) -> list[TestView]:
    """Return tests that were asked for and are not over."""
    table = fire_tests.c
    query = select(fire_tests).where(
        table.ended_at.is_(None), table.until.is_(None) | (table.until > now)
    )
    return [
        TestView(
            test_id=UUID(row.test_id),
            **_given(row, "zone", "points", "until", "asked_by", "reason", "asked_at", "began_at"),
        )
        for row in await transaction.execute(query.order_by(table.asked_at))
    ]


async def open_drills(transaction: Transaction, *, now: datetime) -> list[DrillView]:
    """Return drills that were asked for and are not over."""
    table = fire_drills.c
    query = select(fire_drills).where(table.ended_at.is_(None), table.until > now)
    return [drill_of(row) for row in await transaction.execute(query.order_by(table.asked_at))]


def drill_of(row: Row[Any]) -> DrillView:
    """Return a drill as it is shown."""
    names = ("zone", "releases", "until", "node", "asked_by", "reason")
    times = ("asked_at", "began_at", "ended_at")
    return DrillView(drill_id=UUID(row.drill_id), **_given(row, *names, *times))


def expected_of(row: Row[Any], site: Site) -> tuple[Expected, ...]:
    """Return what a fire is to release: as it was looked up then, else by the site file of now."""
    if row.expected is not None:
        return tuple(Expected.model_validate(each) for each in row.expected)
    return expected(site, row.zone, only=tuple(row.access_points))


def line_of(row: Row[Any], told: Iterable[Row[Any]], site: Site) -> FireLine:
    """Return a fire in the list."""
    own = [each for each in told if each.fire_id == row.fire_id]
    wanted = {each.key for each in expected_of(row, site)} | {each.subject for each in own}
    counts = Counter(
        {
            "confirmed": sum(each.confirmed_ms is not None for each in own),
            "open": sum(_is_open(each, row) for each in own),
        }
    )
    return FireLine(
        fire_id=UUID(row.fire_id),
        **_given(row, "zone", "is_drill", "has_release", "confirmed_by", "points", "origin"),
        **_given(row, "began_at", "heard_at", "ended_at"),
        expected_count=len(wanted),
        confirmed_count=counts["confirmed"],
        open_count=counts["open"],
    )


def _zone(
    entry: FireZoneEntry,
    site: Site,
    own: Sequence[Row[Any]],
    told: Sequence[Row[Any]],
    *,
    points: Iterable[Row[Any]],
    paths: Iterable[Row[Any]],
    tests: Iterable[TestView],
) -> ZoneView:
    shown = [
        PointView(
            **_given(row, "device", "point", "kind", "text", "conditions", "changed_at"),
            is_under_test=row.test_id is not None,
        )
        for row in points
        if row.conditions
    ]
    seen = [
        PathView(**_given(row, "node", "is_up", "is_wired_only", "detail", "changed_at"))
        for row in paths
    ]
    return ZoneView(
        zone=entry.id,
        name={str(language): name for language, name in entry.name.items()},
        phase=_phase(own, told, shown),
        confirm_by=list(entry.confirm_by),
        on_loss=entry.on_loss,
        is_wired_only=any(path.is_wired_only for path in seen),
        paths=seen,
        points=shown,
        fires=[line_of(row, told, site) for row in own],
        releases=_releases(own, told, expected(site, entry.id)),
    )


def _phase(own: Sequence[Row[Any]], told: Sequence[Row[Any]], points: Sequence[PointView]) -> Phase:
    """Return the gravest thing that a zone is in."""
    if any(row.ended_at is None and not row.is_drill for row in own):
        return "fire"
    if any(row.ended_at is None for row in own):
        return "drill"
    rows = {row.fire_id: row for row in own}
    if any(each.fire_id in rows and _is_open(each, rows[each.fire_id]) for each in told):
        return "released"
    signals = (p for p in points if not p.is_under_test and SIGNALS.intersection(p.conditions))
    return "signal" if any(signals) else "normal"


def _releases(
    own: Sequence[Row[Any]], told: Sequence[Row[Any]], gates: Iterable[Expected]
) -> list[Release]:
    """Return how each gate of a zone is: of several fires the newest that it answered."""
    rows = {row.fire_id: row for row in own}
    newest = dict[str, Row[Any]]()
    for each in sorted(told, key=lambda one: one.answered_at):
        if each.fire_id in rows:
            newest[each.subject] = each
    return [_release(gate, newest.get(gate.key), rows) for gate in gates]


def _release(gate: Expected, said: Row[Any] | None, rows: dict[str, Row[Any]]) -> Release:
    place: dict[str, Any] = {
        "subject": gate.key,
        "access_point": gate.access_point,
        "device": gate.device,
    }
    if said is None:
        nothing: dict[str, Any] = dict.fromkeys(
            ("outcome", "last_outcome", "confirmed_ms", "closed_at", "closed_by")
        )
        return Release(**place, node=gate.node, name=gate.name, is_open=False, **nothing)
    return Release(
        **place,
        node=gate.node,
        name=gate.name,
        is_open=_is_open(said, rows[said.fire_id]),
        **_given(said, "outcome", "last_outcome", "confirmed_ms", "closed_at", "closed_by"),
    )


def _is_open(said: Row[Any], fire: Row[Any]) -> bool:
    """Return whether a gate is still released: the end of a drill closes its gates itself."""
    is_over = fire.is_drill and fire.ended_at is not None
    return said.confirmed_ms is not None and said.closed_at is None and not is_over


async def _panels(
    transaction: Transaction, site: Site, *, heard: Mapping[str, datetime]
) -> list[PanelView]:
    rows = {row.device: row for row in await transaction.execute(select(fire_panels))}
    names = {device.id: device.name for device in site.device}
    found = list[PanelView]()
    for device in panels_of(site):
        place: dict[str, Any] = {
            "device": device,
            "name": {str(k): v for k, v in names.get(device, {}).items()},
        }
        row = rows.get(device)
        if row is None:
            nothing: dict[str, Any] = {"conditions": [], "disabled": [], "faulty": []}
            node = node_of_device(site, device) or ""
            found.append(
                PanelView(
                    **place, node=node, is_current=False, mode="unknown", **nothing,
                    last_frame_at=None, changed_at=None,
                )
            )  # fmt: skip
            continue
        found.append(
            PanelView(
                **place,
                **_given(row, "node", "is_current", "mode", "conditions", "disabled", "faulty"),
                last_frame_at=max(
                    (at for at in (row.last_frame_at, heard.get(device)) if at is not None),
                    default=None,
                ),
                changed_at=row.changed_at,
            )
        )
    return found


def _given(row: Row[Any], *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
