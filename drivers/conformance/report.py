"""What a conformance run found: steps, findings, and whether the device can be used."""

import dataclasses
from typing import Any

TEXT_LENGTH_MAX = 400
"""Of what a step sent and received: the report is read by people."""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried.

    Attributes:
        sent: Spaced hex of what went out, shortened.
        received: Spaced hex of what came, shortened.
        finding: Why it failed, or what was survived; empty if there is nothing to say.
        is_skipped: It could not be tried; ``finding`` says why. Such a step has not failed.
    """

    name: str
    passed: bool
    sent: str = ""
    received: str = ""
    finding: str = ""
    is_skipped: bool = False


@dataclasses.dataclass(slots=True)
class Report:
    """A whole run.

    Attributes:
        port: Where the device was.
        began_at: Aware UTC, ISO 8601.
        findings: What a technician should know, ``code: sentence`` each.
        latency_ms: Answered exchanges: least, median and longest; empty if nobody asked anything.
    """

    driver: str
    port: str
    began_at: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    steps: list[Step] = dataclasses.field(default_factory=list)
    findings: list[str] = dataclasses.field(default_factory=list)
    latency_ms: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the device can be used: something was tried and nothing failed."""
        return bool(self.steps) and all(step.passed for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {"passed": self.passed, **dataclasses.asdict(self)}


def shortened(text: str) -> str:
    """Return a text that fits into a report."""
    return text if len(text) <= TEXT_LENGTH_MAX else text[: TEXT_LENGTH_MAX - 1] + "…"
