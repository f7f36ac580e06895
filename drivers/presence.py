"""Whether a device is there, and when it is asked next: pure, time is an argument.

A device that fails is still believed for a moment: one lost frame is no absence. Then it is absent
and costs its neighbours one time-out per probe, and the probes become rarer. Its first answer
brings it back, whoever asked: a command counts as much as a poll, so a device that is only written
to comes back, too.

::

    unknown --answer--> present --failure--> doubtful --3 s and 2 failures--> absent
       |                   ^                     |                              |
       +--2 failures--> absent                   +--answer--> present <--answer-+
"""

from enum import Enum
from typing import Final

ABSENT_AFTER_S: Final = 3.0
ABSENT_AFTER_COUNT: Final = 2
PROBE_FIRST_S: Final = 0.5
PROBE_LAST_S: Final = 10.0
PROBE_GROWTH_S: Final = 0.5
"""Each probe waits so much longer than the one before, as wb-mqtt-serial does (its PR 989)."""


class Presence(Enum):
    """What is known of a device."""

    UNKNOWN = "unknown"
    PRESENT = "present"
    DOUBTFUL = "doubtful"
    ABSENT = "absent"


class PresenceTracker:
    """One device. Times are monotonic seconds.

    Attributes:
        state: What is known now.
        changed_at_s: When it became absent or present; for how long it was away.
    """

    def __init__(
        self,
        *,
        absent_after_s: float = ABSENT_AFTER_S,
        probe_first_s: float = PROBE_FIRST_S,
        probe_last_s: float = PROBE_LAST_S,
    ) -> None:
        """Know nothing yet.

        Args:
            absent_after_s: From the first failure, and after two of them.
            probe_first_s: Wait before the first probe of an absent device.
            probe_last_s: The longest wait.
        """
        self._absent_after_s = absent_after_s
        self._probe_first_s, self._probe_last_s = probe_first_s, probe_last_s
        self.state = Presence.UNKNOWN
        self.changed_at_s: float | None = None
        self._failing_since_s = 0.0
        self._failure_count = 0
        self._pause_s = probe_first_s

    def answered(self, *, now_s: float) -> bool:
        """Note an answer; returns whether the device has just come, or come back."""
        has_come = self.state in (Presence.UNKNOWN, Presence.ABSENT)
        self.state = Presence.PRESENT
        self._failure_count, self._pause_s = 0, self._probe_first_s
        if has_come:
            self.changed_at_s = now_s
        return has_come

    def failed(self, *, now_s: float) -> bool:
        """Note a failure; returns whether the device is absent from now on."""
        if self._failure_count == 0:
            self._failing_since_s = now_s
        self._failure_count += 1
        if self.state is Presence.ABSENT:
            self._pause_s = min(self._pause_s + PROBE_GROWTH_S, self._probe_last_s)
            return False
        is_long_enough = (
            self.state is Presence.UNKNOWN or now_s - self._failing_since_s >= self._absent_after_s
        )
        if self._failure_count < ABSENT_AFTER_COUNT or not is_long_enough:
            self.state = Presence.UNKNOWN if self.state is Presence.UNKNOWN else Presence.DOUBTFUL
            return False
        self.state, self.changed_at_s = Presence.ABSENT, now_s
        return True

    def pause_s(self, *, poll_interval_s: float) -> float:
        """Return how long to wait before the device is asked again."""
        return self._pause_s if self.state is Presence.ABSENT else poll_interval_s
