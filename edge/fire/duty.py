"""Duty checks that wait for somebody at a panel to answer. Pure."""

import dataclasses
from datetime import datetime

from config.contract.fire_events import DutyCheckAnswered


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    minutes: int
    at: datetime
    at_s: float
    asked_by: str


class DutyChecks:
    """Of one node; one at a time for each panel. ``_s`` are monotonic seconds."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    def asked(
        self, device: str, *, minutes: int, asked_by: str, at: datetime, at_s: float
    ) -> DutyCheckAnswered | None:
        """Begin to wait; returns the one before, which nobody can answer any more."""
        before = self._asked.get(device)
        self._asked[device] = _Asked(minutes, at, at_s, asked_by)
        return None if before is None else _fact(device, before, None, None)

    def answered(self, device: str, operator: int, *, at_s: float) -> DutyCheckAnswered | None:
        """Take an answer; None where nobody had asked."""
        asked = self._asked.pop(device, None)
        return None if asked is None else _fact(device, asked, at_s - asked.at_s, operator)

    def over(self, *, now_s: float) -> list[DutyCheckAnswered]:
        """Return those that nobody answered in time."""
        late = [d for d, a in self._asked.items() if now_s - a.at_s >= a.minutes * 60]
        return [_fact(device, self._asked.pop(device), None, None) for device in late]


def _fact(
    device: str, asked: _Asked, after_s: float | None, operator: int | None
) -> DutyCheckAnswered:
    return DutyCheckAnswered(
        device=device,
        is_answered=after_s is not None,
        minutes=asked.minutes,
        asked_at=asked.at,
        answered_after_s=None if after_s is None else round(after_s, 3),
        operator=operator,
        asked_by=asked.asked_by,
    )
