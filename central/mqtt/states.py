"""How a site stands, as retained messages: topic below ``PREFIX/SITE`` and payload.

Doors, access points, nodes, areas' counts, alarms and fires, by the names of the site file. Counts
of people and identifiers of alarms, never who.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from central.alarms.repository import views
from central.alarms.schemas import AlarmView
from central.database import Transaction
from central.muster.service import inside
from central.nodes import repository as nodes
from config.contract.nodes import DeviceStatus, NodeStatus
from config.site import Site

ALARMS_MAX: Final = 200
PRIORITIES: Final = (1, 2, 3, 4)
DOOR_ALARMS: Final = ("forced_open", "held_open", "tamper", "gate_fault")
"""Kinds that are states of an access point of their own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is read. Attributes: counts: people by area. areas: every area, with its limit."""

    statuses: Mapping[str, NodeStatus | None]
    online: frozenset[str]
    alarms: Sequence[AlarmView]
    areas: Mapping[str, int | None]
    counts: Mapping[str, int]


async def read(transaction: Transaction, *, now: datetime) -> Situation:
    """Return how the site stands."""
    state, listed = await inside(transaction)
    return Situation(
        statuses=await nodes.statuses(transaction),
        online=frozenset(await nodes.online(transaction, now=now)),
        alarms=await views(transaction, "standing", limit=ALARMS_MAX, with_gathered=True),
        areas={area.id: area.occupancy_max for area in listed},
        counts={area.id: state.count(area.id) for area in listed},
    )


def states(site: Site, now: Situation) -> dict[str, str]:
    """Return every retained message of a site."""
    told = dict[str, str]()
    devices = _devices(now)
    standing = {(a.kind, a.subject.device, a.subject.access_point) for a in now.alarms}
    for node in site.node:
        told[f"node/{node.id}"] = "online" if node.id in now.online else "offline"
    for point in site.access_point:
        told[f"access_point/{point.id}"] = _text(
            {
                **_door(devices.get(point.device)),
                **{
                    kind: (kind, point.device, None) in standing
                    or (kind, None, point.id) in standing
                    for kind in DOOR_ALARMS
                },
            }
        )
    for device in site.device:
        found = devices.get(device.id)
        told[f"device/{device.id}"] = _text({"is_current": found is not None and found.is_current})
    for area, limit in now.areas.items():
        told[f"area/{area}"] = _text({"count": now.counts.get(area, 0), "max": limit})
    told["alarms"] = _text(_alarms(now.alarms))
    told["fire"] = _text(_fire(now))
    return told


def _devices(now: Situation) -> dict[str, DeviceStatus]:
    """Return what is known of each device; nothing of those at a node that is not heard."""
    return {
        device.device: device
        for node, status in now.statuses.items()
        if status is not None and node in now.online
        for device in status.devices
    }


def _door(device: DeviceStatus | None) -> dict[str, Any]:
    is_known = device is not None and device.is_current and device.state is not None
    state = device.state.value if is_known and device is not None and device.state else "unknown"
    since = device.since.isoformat() if is_known and device is not None else None
    return {"door": state, "since": since}


def _alarms(alarms: Sequence[AlarmView]) -> dict[str, Any]:
    counts = Counter(alarm.priority for alarm in alarms)
    return {
        "standing": len(alarms),
        "unacknowledged": sum(alarm.acknowledged_at is None for alarm in alarms),
        **{f"priority_{each}": counts[each] for each in PRIORITIES},
        "items": [
            {
                "id": str(alarm.id),
                "kind": alarm.kind,
                "priority": alarm.priority,
                "node": alarm.node,
                "device": alarm.subject.device,
                "access_point": alarm.subject.access_point,
                "raised_at": alarm.raised_at.isoformat(),
                "is_acknowledged": alarm.acknowledged_at is not None,
            }
            for alarm in alarms
        ],
    }


def _fire(now: Situation) -> dict[str, Any]:
    fires = [
        fire
        for node, status in now.statuses.items()
        if status is not None and status.fire is not None and node in now.online
        for fire in status.fire.fires
        if fire.is_active
    ]
    return {
        "is_on": any(not fire.is_drill for fire in fires),
        "is_drill": any(fire.is_drill for fire in fires),
        "zones": sorted({fire.zone for fire in fires}),
    }


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
