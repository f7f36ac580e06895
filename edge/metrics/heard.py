"""What happened at this terminal since its process began, counted from what its journal holds."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from config.contract.access import DenialReason
from config.contract.events import (
    EVENT_TYPES,
    AccessDenied,
    AccessGranted,
    AccessTaken,
    DoorCommandAnswered,
    Event,
    EventClass,
    JournalDropped,
    JournalUnwritable,
)
from config.contract.fire_events import FireReleaseAnswered

LATENCY_S: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 2.0, 5.0)
RELEASE_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
GRANTED: Final = "granted"


class Heard:
    """Counts events. ``hear`` belongs to one thread, the journal's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        recorded = Counter(
            "menshen_edge_recorded_events",
            "Events that the journal made durable, by class.",
            ["class"],
            registry=registry,
        )
        self._recorded = {each: recorded.labels(each.value) for each in EventClass}
        decisions = Counter(
            "menshen_edge_decisions",
            "Decisions about people, by outcome: granted, or the reason of the refusal.",
            ["outcome"],
            registry=registry,
        )
        outcomes = (GRANTED, *(reason.value for reason in DenialReason))
        self._decisions = {each: decisions.labels(each) for each in outcomes}
        decided = Histogram(
            "menshen_edge_decision_seconds",
            "From what was shown to the decision: of a face, from the capture of the deciding"
            " frame.",
            ["credential"],
            buckets=LATENCY_S,
            registry=registry,
        )
        self._decided = decided
        self._gates = Histogram(
            "menshen_edge_gate_seconds",
            "From a decision to the gate's own answer, by what it answered.",
            ["outcome"],
            buckets=LATENCY_S,
            registry=registry,
        )
        self._passages = Counter(
            "menshen_edge_passages",
            "Passages that gates counted, by whether somebody had been let through.",
            ["granted"],
            registry=registry,
        )
        dropped = Counter(
            "menshen_edge_dropped_events",
            "Events that a full journal let go before central had them, by class.",
            ["class"],
            registry=registry,
        )
        self._dropped = {each: dropped.labels(each.value) for each in EventClass}
        self._unrecorded = Counter(
            "menshen_edge_unrecorded_decisions",
            "Decisions that no journal holds because it could not be written.",
            registry=registry,
        )
        self._releases = Histogram(
            "menshen_edge_fire_release_seconds",
            "From a panel's frame to the read-back of a release, drills included.",
            ["heard"],
            buckets=RELEASE_S,
            registry=registry,
        )
        self._unreleased = Counter(
            "menshen_edge_fire_releases_unconfirmed",
            "Answers to releases for a fire that confirmed nothing.",
            registry=registry,
        )
        self._takers: dict[str, Callable[[Any], None]] = {
            AccessGranted.type_name: self._granted,
            AccessDenied.type_name: self._denied,
            AccessTaken.type_name: self._passed,
            DoorCommandAnswered.type_name: self._gate_answered,
            JournalDropped.type_name: self._lost,
            JournalUnwritable.type_name: self._was_unwritable,
            FireReleaseAnswered.type_name: self._released,
        }

    def hear(self, events: Sequence[Event]) -> None:
        """Take what became durable."""
        for event in events:
            self._recorded[event.event_class].inc()
            taker = self._takers.get(event.type)
            if taker is not None:
                # As this process wrote it a moment ago: the model fits.
                taker(EVENT_TYPES[event.type].model_validate(event.data))

    def _granted(self, data: AccessGranted) -> None:
        self._decisions[GRANTED].inc()
        if data.credential_to_decision_ms is not None:
            kind = data.credential.value
            self._decided.labels(kind).observe(data.credential_to_decision_ms / 1000)

    def _denied(self, data: AccessDenied) -> None:
        self._decisions[data.reason.value].inc()
        if data.face is not None:
            kind = data.credential.value
            self._decided.labels(kind).observe(data.face.frame_to_decision_ms / 1000)

    def _passed(self, data: AccessTaken) -> None:
        was_granted = "no" if data.decision_id is None else "yes"
        self._passages.labels(was_granted).inc(data.count)

    def _gate_answered(self, data: DoorCommandAnswered) -> None:
        self._gates.labels(data.outcome.value).observe(data.elapsed_ms / 1000)

    def _lost(self, data: JournalDropped) -> None:
        self._dropped[data.dropped_class].inc(data.last_sequence - data.first_sequence + 1)

    def _was_unwritable(self, data: JournalUnwritable) -> None:
        self._unrecorded.inc(data.unrecorded_count)

    def _released(self, data: FireReleaseAnswered) -> None:
        if data.confirmed_ms is None:
            self._unreleased.inc()
        else:
            self._releases.labels(data.heard).observe(data.confirmed_ms / 1000)
