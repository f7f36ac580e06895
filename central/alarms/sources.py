"""Which facts of nodes raise and end which alarms. Pure.

To add a source: a line in ``_MEANINGS`` from the event to what it says, and its kind in ``kinds``.
A fact that only sometimes is one returns nothing at other times.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from pydantic import JsonValue

from central.alarms.kinds import KINDS, Kind
from central.events.facts import EmergencyReleased, JournalConflicted, NodeRevoked
from config.contract import events as told
from config.contract.access import DoorCommandOutcome
from config.contract.alarms_events import IntrusionChanged, PanicPressed
from config.contract.board_events import UpdateOutcome, UpdateReason
from config.contract.events import EventData
from config.contract.nodes import NodeStatus

QUEUE_COUNT_MAX: Final = 1_000
"""So many events that central has not acknowledged are a queue that fills."""
QUEUE_COUNT_CALM: Final = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """What can be raised.

    Attributes:
        subject_kind: A field of ``schemas.Subject``; empty for the node itself, or the site.
    """

    kind: str
    subject_kind: str = ""
    subject_id: str = ""
    node: str | None = None

    @property
    def source(self) -> str:
        """Its name: the same for every alarm of it."""
        if self.subject_kind:
            name = f"{self.kind}:{self.subject_kind}:{self.subject_id}"
            # Several nodes may tell of one zone, each of what it hears itself.
            return f"{name}@{self.node}" if self.subject_kind == "zone" and self.node else name
        return f"{self.kind}:node:{self.node}" if self.node else self.kind

    @property
    def kind_of(self) -> Kind:
        """What it is."""
        return KINDS[self.kind]


@dataclasses.dataclass(frozen=True, slots=True)
class Signal:
    """One thing that a fact says of a source. Attributes: detail: Identifiers and figures."""

    kind: str
    subject_kind: str = ""
    subject_id: str = ""
    is_raised: bool = True
    detail: dict[str, JsonValue] = dataclasses.field(default_factory=dict)

    def key(self, node: str | None) -> Key:
        """Return its source at a node."""
        return Key(self.kind, self.subject_kind, self.subject_id, node)


Meaning = Callable[[Any], tuple[Signal, ...]]


def _device(kind: str, *, is_raised: bool = True) -> Meaning:
    return lambda fact: (Signal(kind, "device", fact.device, is_raised, _said(fact)),)


def _point(kind: str) -> Meaning:
    return lambda fact: (Signal(kind, "access_point", fact.access_point, detail=_said(fact)),)


def _said(fact: EventData) -> dict[str, JsonValue]:
    """Return what a fact says, without what the subject says already and without people."""
    said = fact.model_dump(
        mode="json", exclude={"device", "access_point", "holder_id", "user_id", "asked_by"}
    )
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def _duress(fact: told.DuressDetected) -> tuple[Signal, ...]:
    # Whoever is forced is named in the event, for those who may see names; nowhere else.
    return (Signal("duress", "access_point", fact.access_point),)


def _secured(fact: told.DoorSecured) -> tuple[Signal, ...]:
    return tuple(
        Signal(kind, "device", fact.device, is_raised=False)
        for kind in ("forced_open", "held_open")
    )


def _tampered(fact: told.DoorTampered) -> tuple[Signal, ...]:
    return (Signal("tamper", "device", fact.device, fact.active),)


def _faults(fact: told.DoorFaultChanged) -> tuple[Signal, ...]:
    return (Signal("gate_fault", "device", fact.device, bool(fact.faults), _said(fact)),)


def _outdated(fact: told.ReplicaAgeChanged) -> tuple[Signal, ...]:
    return (Signal("replica", is_raised=fact.is_outdated, detail=_said(fact)),)


def _own(kind: str) -> Meaning:
    return lambda fact: (Signal(kind, detail=_said(fact)),)


def _node(kind: str) -> Meaning:
    return lambda fact: (Signal(kind, detail={"node": fact.node}),)


def _panic(fact: PanicPressed) -> tuple[Signal, ...]:
    return (Signal("panic", "device", fact.button, fact.active, _said(fact)),)


def _intrusion(fact: IntrusionChanged) -> tuple[Signal, ...]:
    subject = _at(fact.device, fact.point)
    detail = {"device": fact.device, "point": fact.point, **_said(fact)}
    found = set(fact.conditions)
    return tuple(
        Signal(kind, "device", subject, bool(found & conditions), detail)
        for kind, conditions in _CONDITIONS.items()
    )


def _fire(fact: told.FireConfirmed) -> tuple[Signal, ...]:
    # A drill has an alarm of its own.
    return () if fact.is_drill else (Signal("fire", "zone", fact.zone, detail=_said(fact)),)


def _fire_ended(fact: told.FireEnded) -> tuple[Signal, ...]:
    return () if fact.is_drill else (Signal("fire", "zone", fact.zone, is_raised=False),)


def _fire_point(fact: told.FirePointChanged) -> tuple[Signal, ...]:
    is_raised = "fire" in fact.conditions and fact.test_id is None
    detail = {"device": fact.device, **_said(fact)}
    return (Signal("fire_point", "device", _at(fact.device, fact.point), is_raised, detail),)


def _at(device: str, point: str) -> str:
    """Return a point of a panel as a subject; the whole address is in the detail."""
    return f"{device}/{point}"[:SUBJECT_LENGTH_MAX]


def _fire_input(fact: told.BoardFireInputChanged) -> tuple[Signal, ...]:
    detail: dict[str, JsonValue] = {"device": fact.device}
    return (Signal("fire_point", "device", fact.device, fact.is_active, detail),)


def _safe_state(fact: told.BoardSafeStateEntered) -> tuple[Signal, ...]:
    raised = Signal("board_safe", "device", fact.device, detail=_said(fact))
    if fact.left_at is None:
        return (raised,)
    # A node that was dead tells of it when all is over: somebody is told all the same.
    return raised, dataclasses.replace(raised, is_raised=False)


def _board_health(fact: told.BoardHealthChanged) -> tuple[Signal, ...]:
    return (Signal("board_health", "device", fact.device, bool(fact.faults), _said(fact)),)


def _board_update(fact: told.BoardUpdateEnded) -> tuple[Signal, ...]:
    # What a person broke off is known to them.
    if fact.outcome is UpdateOutcome.CONFIRMED or fact.reason is UpdateReason.CANCELLED:
        return ()
    return (Signal("board_update", "device", fact.device, detail=_said(fact)),)


def _neighbour(fact: told.NeighbourLost) -> tuple[Signal, ...]:
    # One alarm of a lost node, however many others miss it.
    return (Signal("neighbour_lost", "neighbour", fact.node, detail={"boards": [*fact.boards]}),)


def _neighbour_returned(fact: told.NeighbourReturned) -> tuple[Signal, ...]:
    return (Signal("neighbour_lost", "neighbour", fact.node, is_raised=False),)


def _fire_panel(fact: told.FirePanelChanged) -> tuple[Signal, ...]:
    is_raised = (
        not fact.is_current
        or bool(PANEL_TROUBLES & set(fact.conditions))
        or bool(fact.disabled or fact.faulty)
    )
    return (Signal("fire_panel", "device", fact.device, is_raised, _said(fact)),)


def _fire_path(fact: told.FirePathChanged) -> tuple[Signal, ...]:
    return (Signal("fire_path", "zone", fact.zone, not fact.is_up, _said(fact)),)


def _fire_test(fact: told.FireTestChanged) -> tuple[Signal, ...]:
    return (Signal("fire_test", "zone", fact.zone, fact.is_on, _said(fact)),)


def _fire_drill(fact: told.FireDrillChanged) -> tuple[Signal, ...]:
    return (Signal("fire_drill", "zone", fact.zone, fact.is_on, _said(fact)),)


def _fire_release(fact: told.FireReleaseAnswered) -> tuple[Signal, ...]:
    is_raised = fact.outcome is not DoorCommandOutcome.CONFIRMED
    if fact.access_point is None:
        return (Signal("fire_release", "device", fact.device, is_raised, _said(fact)),)
    detail = {"device": fact.device, **_said(fact)}
    return (Signal("fire_release", "access_point", fact.access_point, is_raised, detail),)


def _fire_closed(fact: told.FireReleaseClosed) -> tuple[Signal, ...]:
    return (Signal("fire_release", "access_point", fact.access_point, is_raised=False),)


def _fire_output_closed(fact: told.FireOutputClosed) -> tuple[Signal, ...]:
    return (Signal("fire_release", "device", fact.device, is_raised=False),)


def _duty(fact: told.DutyCheckAnswered) -> tuple[Signal, ...]:
    return (Signal("duty", "device", fact.device, not fact.is_answered, _said(fact)),)


def _recording(fact: told.RecordingChecked) -> tuple[Signal, ...]:
    return (Signal("camera_retention", "camera", fact.camera, not fact.is_enough, _said(fact)),)


PANEL_TROUBLES: Final = frozenset(
    {
        "fault", "disabled", "power_fault", "mains_fault", "battery_fault", "line_fault",
        "centre_fault", "tamper",
    }
)  # fmt: skip
"""Conditions of a panel that somebody must see to; manual and auto are shown, and are none."""
SUBJECT_LENGTH_MAX: Final = 128
_CONDITIONS: Final = {
    "panic": {"panic"},
    "intrusion": {"burglary"},
    "tamper": {"tamper"},
}
_MEANINGS: Final[dict[type[EventData], Meaning]] = {
    told.DoorForcedOpen: _device("forced_open"),
    told.DoorOpenTooLong: _device("held_open"),
    told.DoorSecured: _secured,
    told.DoorTampered: _tampered,
    told.DoorFaultChanged: _faults,
    told.DuressDetected: _duress,
    told.TailgatingDetected: _point("tailgating"),
    told.UnauthorisedPassage: _point("unauthorised"),
    told.WrongWayPassage: _point("wrong_way"),
    told.RefusalsRepeated: _point("refusals"),
    told.DeviceLost: _device("device_lost"),
    told.DeviceReturned: _device("device_lost", is_raised=False),
    told.ReplicaAgeChanged: _outdated,
    told.JournalUnwritable: _own("journal_dropped"),
    told.JournalDropped: _own("journal_dropped"),
    JournalConflicted: _own("journal_conflict"),
    NodeRevoked: _node("node_revoked"),
    EmergencyReleased: _own("emergency"),
    told.FireConfirmed: _fire,
    told.FireEnded: _fire_ended,
    told.FirePointChanged: _fire_point,
    told.FirePanelChanged: _fire_panel,
    told.FirePathChanged: _fire_path,
    told.FireTestChanged: _fire_test,
    told.FireDrillChanged: _fire_drill,
    told.FireReleaseAnswered: _fire_release,
    told.FireReleaseClosed: _fire_closed,
    told.FireOutputClosed: _fire_output_closed,
    told.DutyCheckAnswered: _duty,
    told.RecordingChecked: _recording,
    told.BoardFireInputChanged: _fire_input,
    told.BoardSafeStateEntered: _safe_state,
    told.BoardHealthChanged: _board_health,
    told.BoardUpdateEnded: _board_update,
    told.NeighbourLost: _neighbour,
    told.NeighbourReturned: _neighbour_returned,
    PanicPressed: _panic,
    IntrusionChanged: _intrusion,
}
TYPES: Final = frozenset(model.type_name for model in _MEANINGS)
"""Events that are looked at; all others cost nothing."""
LEVELS: Final = frozenset(
    {"device_lost", "replica", "journal", "queue", "clock", "disk", "recognition"}
)
"""What every heartbeat says anew, so that nothing of it hangs on one event."""


def signals_of(fact: EventData | None) -> tuple[Signal, ...]:
    """Return what a fact says; nothing where it raises and ends no alarm."""
    meaning = None if fact is None else _MEANINGS.get(type(fact))
    return () if meaning is None else meaning(fact)


def levels_of(status: NodeStatus, *, is_queue_full: bool) -> tuple[Signal, ...]:
    """Return what a heartbeat says of everything that it knows.

    Args:
        status: The heartbeat.
        is_queue_full: Whether the queue was said to fill before: it ends later than it begins.
    """
    unsent_max = QUEUE_COUNT_CALM if is_queue_full else QUEUE_COUNT_MAX
    # Of what a terminal that has just started still waits for, nothing is known: an alarm that
    # stood before goes on, and none begins.
    devices = (
        Signal("device_lost", "device", each.device, not each.is_current, {"detail": each.detail})
        for each in status.devices
        if not each.is_awaited
    )
    return (
        *devices,
        *_clock(status),
        *_disk(status),
        Signal("replica", is_raised=status.is_replica_outdated),
        Signal(
            "journal",
            is_raised=not status.is_journal_writable,
            detail={"unrecorded_count": status.unrecorded_count},
        ),
        Signal(
            "queue",
            is_raised=status.unsent_count > unsent_max,
            detail={"unsent_count": status.unsent_count},
        ),
        Signal(
            "recognition",
            is_raised=bool(status.pipeline_missing),
            detail={"missing": list(status.pipeline_missing)},
        ),
    )


def _clock(status: NodeStatus) -> tuple[Signal, ...]:
    if status.is_clock_awaited:
        return ()
    is_unsure = status.clockquality is told.ClockQuality.UNSURE
    if status.clock is None:
        return (Signal("clock", is_raised=is_unsure),)
    detail = status.clock.model_dump(mode="json", include={"offset_s", "drift_s_a_day"})
    return (Signal("clock", is_raised=is_unsure or status.clock.is_wrong, detail=detail),)


def _disk(status: NodeStatus) -> tuple[Signal, ...]:
    """Return nothing of a node that says nothing of its disk: an alarm that stood goes on."""
    disk = status.disk
    if disk is None:
        return ()
    return (Signal("disk", is_raised=disk.is_short, detail={"free_mb": disk.free_mb}),)
