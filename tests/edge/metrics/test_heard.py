"""What a terminal counts of its own journal."""

from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from config.contract.access import CredentialKind, DenialReason, Direction, DoorCommandOutcome
from config.contract.events import (
    AccessDenied,
    AccessTaken,
    EventClass,
    EventData,
    FireReleaseAnswered,
    JournalDropped,
    JournalUnwritable,
)
from edge.metrics.heard import Heard
from tests.central.bench import make_event

LOST = JournalDropped(dropped_class=EventClass.TELEMETRY, first_sequence=3, last_sequence=7)
UNWRITABLE = JournalUnwritable(unrecorded_count=4, duration_s=2.0)
STRANGER = AccessDenied(
    decision_id=uuid4(),
    access_point="lane",
    direction=Direction.IN,
    reason=DenialReason.UNKNOWN_CARD,
    credential=CredentialKind.CARD,
)
UNGRANTED = AccessTaken(decision_id=None, access_point="lane", direction=Direction.IN, count=2)


def release(confirmed_ms: float | None) -> FireReleaseAnswered:
    is_confirmed = confirmed_ms is not None
    return FireReleaseAnswered(
        fire_id=uuid4(),
        zone="building",
        access_point="lane",
        device="gate",
        origin="gate-1",
        heard="here",
        told_ms=10,
        confirmed_ms=confirmed_ms,
        outcome=DoorCommandOutcome.CONFIRMED if is_confirmed else DoorCommandOutcome.UNREACHABLE,
        attempts=1,
    )


@pytest.mark.parametrize(
    ("fact", "name", "labels", "value"),
    [
        (LOST, "dropped_events_total", {"class": "telemetry"}, 5),
        (UNWRITABLE, "unrecorded_decisions_total", {}, 4),
        (STRANGER, "decisions_total", {"outcome": "unknown_card"}, 1),
        (UNGRANTED, "passages_total", {"granted": "no"}, 2),
        (release(240), "fire_release_seconds_sum", {"heard": "here"}, 0.24),
        (release(None), "fire_releases_unconfirmed_total", {}, 1),
    ],
    ids=["lost", "unwritable", "refused", "ungranted", "released", "unreleased"],
)
def test_an_event_is_counted(
    fact: EventData, name: str, labels: dict[str, str], value: float
) -> None:
    registry = CollectorRegistry()

    Heard(registry).hear([make_event(1, fact=fact)])

    assert registry.get_sample_value(f"menshen_edge_{name}", labels) == value
