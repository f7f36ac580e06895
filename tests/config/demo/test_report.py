from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from config.contract.access import (
    CredentialKind,
    DenialReason,
    Direction,
    DoorCommandOutcome,
)
from config.contract.events import (
    AccessDenied,
    AccessGranted,
    AccessTaken,
    ClockQuality,
    DoorCommandAnswered,
    Event,
    EventData,
    FaceEvidence,
)
from config.contract.identifiers import new_id
from config.demo.control import Seen
from config.demo.report import Findings, percentile

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
DECISION, EPOCH = UUID(int=1), UUID(int=2)
FACE = FaceEvidence(
    similarity=0.7, threshold=0.55, margin=None, gallery_size=1, frame_count=2,
    network="0" * 64, frame_to_decision_ms=80.0,
)  # fmt: skip
FACTS: list[EventData] = [
    AccessGranted(
        decision_id=DECISION, access_point="east", direction=Direction.IN, holder_id="h",
        credential=CredentialKind.FACE, face=FACE,
    ),
    DoorCommandAnswered(
        decision_id=DECISION, access_point="east", device="gate-east",
        outcome=DoorCommandOutcome.CONFIRMED, elapsed_ms=60.0, attempts=1,
    ),
    AccessTaken(decision_id=DECISION, access_point="east", direction=Direction.IN),
    AccessDenied(
        decision_id=UUID(int=3), access_point="east", direction=Direction.IN,
        reason=DenialReason.UNKNOWN_FACE, credential=CredentialKind.FACE,
    ),
]  # fmt: skip


def as_event(data: EventData, sequence: int) -> Event:
    return Event.model_validate(
        {
            "id": new_id(), "source": "/demo/gate-1/east", "type": data.type_name, "time": NOW,
            "subject": "east", "epoch": EPOCH, "class": data.event_class, "sequence": sequence,
            "clockquality": ClockQuality.SYNCHRONISED, "data": data.model_dump(mode="json"),
        }
    )  # fmt: skip


def findings(**changes: object) -> Findings:
    events = [as_event(data, sequence) for sequence, data in enumerate(FACTS, start=1)]
    fields: dict[str, object] = {
        "gate_passages": 1,
        "edge_last_sequences": {"access": 4},
        "central_events": events,
        "gap_count": 0,
        "seen": [Seen(event=events[2], seen_at=NOW + timedelta(milliseconds=40))],
        "cycle_s": [1.5],
        "edge_rss_mb": 200.0,
        "enrolled_to_passage_s": 3.0,
    }
    return Findings(**(fields | changes))  # type: ignore[arg-type]  # one dict for eight types


def test_a_good_run_has_no_problems() -> None:
    report = findings().to_json()

    assert report["problems"] == []
    assert report["passages"] == 1
    assert report["denied"] == {"unknown_face": 1}
    assert report["events_edge"] == report["events_central"] == 4
    assert report["gaps"] == report["duplicates"] == 0
    assert report["latency_ms"] == {
        "frame_to_decision": {"p50": 80.0, "p95": 80.0},
        "decision_to_gate": {"p50": 60.0, "p95": 60.0},
        "gate_to_console": {"p50": 40.0, "p95": 40.0},
    }
    assert report["people_per_minute_lane"] == 40.0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"gate_passages": 2}, "the gates counted 2 passages, central 1"),
        ({"edge_last_sequences": {"access": 5}}, "5 events at the edge, 4 at central"),
        ({"gap_count": 1}, "1 gaps in the sequences"),
        ({"seen": []}, "the console saw no passage"),
        ({"central_events": []}, "nobody passed"),
        ({"expected": ["the unknown card was not refused"]}, "the unknown card was not refused"),
    ],
)
def test_whatever_is_missing_is_a_problem(change: dict[str, object], problem: str) -> None:
    assert problem in findings(**change).to_json()["problems"]


def test_a_repeated_event_is_a_duplicate() -> None:
    events = [as_event(FACTS[0], 1), as_event(FACTS[0], 1)]

    assert findings(central_events=events).to_json()["duplicates"] == 1


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]

    assert percentile(values, 0.5) == 50.0
    assert percentile(values, 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([], 0.5) is None
