"""What the demo measured, and whether everything happened that should have."""

import dataclasses
import platform
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.contract.access import DenialReason, DoorCommandOutcome
from config.contract.events import (
    AccessDenied,
    AccessGranted,
    AccessTaken,
    DoorCommandAnswered,
    Event,
)
from config.demo.control import Seen


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which this share (0..1) lies, by nearest rank; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    rank = min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))
    return round(ordered[rank], 1)


def _quantiles(values: Sequence[float]) -> dict[str, float | None]:
    return {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95)}


def describe_machine() -> str:
    """Return processor, cores and system in one line."""
    cores = Path("/proc/cpuinfo")
    lines = cores.read_text().splitlines() if cores.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    count = len(models) or 1
    return f"{name}, {count} cores, {platform.system()}, Python {platform.python_version()}"


@dataclasses.dataclass(slots=True)
class Findings:
    """Everything that the demo saw, gathered at its end.

    Attributes:
        gate_passages: Of the gates' own counters, both lanes, way in.
        edge_last_sequences: Of the node's journal, per class.
        central_events: All that central holds.
        seen: What the console's live stream showed, with the time.
        enrolled_to_passage_s: From the enrolment of the stranger to that person's passage.
        fire_to_open_s: From two detectors' signals to all lanes open; None where one stayed shut.
        lunch: What was paid in the canteen, see ``canteen.LunchFindings``.
        expected: A line per thing that should have happened and did not.
    """

    gate_passages: int
    edge_last_sequences: dict[str, int]
    central_events: list[Event]
    gap_count: int
    seen: list[Seen]
    cycle_s: list[float]
    edge_rss_mb: float | None
    enrolled_to_passage_s: float | None
    fire_to_open_s: float | None = None
    lunch: dict[str, Any] = dataclasses.field(default_factory=dict)
    expected: list[str] = dataclasses.field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the demo's JSON document."""
        facts = [(event, event.parsed()) for event in self.central_events]
        granted = [data for _, data in facts if isinstance(data, AccessGranted)]
        denied = Counter(data.reason.value for _, data in facts if isinstance(data, AccessDenied))
        cycle = percentile(self.cycle_s, 0.5)
        return {
            "passages": sum(d.count for _, d in facts if isinstance(d, AccessTaken)),
            "denied": dict(denied),
            "attacks": self.attacks(),
            "granted": dict(Counter(data.credential.value for data in granted)),
            "events_edge": sum(self.edge_last_sequences.values()),
            "events_central": len(self.central_events),
            "gaps": self.gap_count,
            "duplicates": len(self.central_events) - len({_key(e) for e in self.central_events}),
            "latency_ms": {
                "frame_to_decision": _quantiles(
                    [d.face.frame_to_decision_ms for d in granted if d.face is not None]
                ),
                "decision_to_gate": _quantiles(
                    [
                        data.elapsed_ms
                        for _, data in facts
                        if isinstance(data, DoorCommandAnswered)
                        and data.outcome is DoorCommandOutcome.CONFIRMED
                    ]
                ),
                "gate_to_console": _quantiles(
                    [
                        (seen.seen_at - seen.event.time) / timedelta(milliseconds=1)
                        for seen in self.seen
                        if seen.event.type == AccessTaken.type_name
                    ]
                ),
            },
            "people_per_minute_lane": None if not cycle else round(60 / cycle, 1),
            "enrolled_to_passage_s": self.enrolled_to_passage_s,
            "fire_to_open_s": self.fire_to_open_s,
            "canteen": self.lunch,
            "edge_rss_mb": self.edge_rss_mb,
            "machine": describe_machine(),
            "problems": self.problems(),
        }

    def attacks(self) -> dict[str, Any]:
        """Return what became of pictures that were held up where a live face is asked for."""
        facts = [event.parsed() for event in self.central_events]
        judged = [
            data
            for data in facts
            if isinstance(data, AccessGranted | AccessDenied)
            and data.face is not None
            and data.face.liveness != "off"
        ]
        refused = [data.reason.value for data in judged if isinstance(data, AccessDenied)]
        return {
            "tried": len(judged),
            "passed": len(judged) - len(refused),
            "refused": dict(Counter(refused)),
        }

    def problems(self) -> list[str]:
        """Return a line for everything that is not as it should be; empty when all is well."""
        facts = [event.parsed() for event in self.central_events]
        passages = sum(data.count for data in facts if isinstance(data, AccessTaken))
        strangers = [
            data
            for data in facts
            if isinstance(data, AccessDenied) and data.reason is DenialReason.UNKNOWN_FACE
        ]
        in_journal = sum(self.edge_last_sequences.values())
        found = list(self.expected)
        if passages == 0:
            found.append("nobody passed")
        if passages != self.gate_passages:
            found.append(f"the gates counted {self.gate_passages} passages, central {passages}")
        if not strangers:
            found.append("no stranger was refused")
        if in_journal != len(self.central_events):
            found.append(f"{in_journal} events at the edge, {len(self.central_events)} at central")
        if self.gap_count:
            found.append(f"{self.gap_count} gaps in the sequences")
        if not any(seen.event.type == AccessTaken.type_name for seen in self.seen):
            found.append("the console saw no passage")
        return found


def _key(event: Event) -> tuple[object, ...]:
    return (event.source.split("/")[2], event.epoch, event.event_class, event.sequence)
