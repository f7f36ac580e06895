"""Whether a device is there, and when it is asked next: pure, time is an argument.

A device that fails is still believed for a moment: one lost frame is no absence. Then it is absent
and costs its neighbours one time-out per probe, and the probes become rarer. Its first answer
brings it back, whoever asked: a command counts as much as a poll, so a device that is only written
to comes back, too.

::

    unknown --answer--> present --failure--> doubtful --3 s and 2 failures--> absent
       |                   ^                     |                              |
       |                   +-------answer--------+------------answer------------+
       +--2 failures, and the time for its first answer is over--> absent

One that was never heard has a time of its own for the first answer: it may have been switched on
together with whoever asks. It is probed as rarely as an absent one meanwhile.
"""

from enum import Enum
from typing import Final

ABSENT_AFTER_S: Final = 3.0
ABSENT_AFTER_COUNT: Final = 2
PROBE_FIRST_S: Final = 0.5
PROBE_LAST_S: Final = 10.0
FIRST_ANSWER_COUNT: Final = 3
"""Longest replies that a device may take to be heard for the first time: line, set-up, poll."""
PROBE_GROWTH_S: Final = 0.5
"""Each probe waits so much longer than the one before, as wb-mqtt-serial does (its PR 989)."""


def first_answer_s(settings: object) -> float:
    """Return how long a device with these settings may take until it is heard first.

    Args:
        settings: Of its driver; ``timeout_s`` is its longest reply, where it has one.
    """
    timeout_s = getattr(settings, "timeout_s", 0.0)
    return max(ABSENT_AFTER_S, FIRST_ANSWER_COUNT * timeout_s)


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
        first_answer_s: float = ABSENT_AFTER_S,
        probe_first_s: float = PROBE_FIRST_S,
        probe_last_s: float = PROBE_LAST_S,
    ) -> None:
        """Know nothing yet.

        Args:
            absent_after_s: From the first failure, and after two of them.
            first_answer_s: Likewise, of a device that was never heard.
            probe_first_s: Wait before the first probe of an absent device.
            probe_last_s: The longest wait.
        """
        self._absent_after_s, self._first_answer_s = absent_after_s, first_answer_s
        self._probe_first_s, self._probe_last_s = probe_first_s, probe_last_s
        self.state = Presence.UNKNOWN
        self.changed_at_s: float | None = None
        self._failing_since_s = 0.0
        self._failure_count = 0
        self._pause_s, self._is_probed = probe_first_s, False

    def answered(self, *, now_s: float) -> bool:
        """Note an answer; returns whether the device has just come, or come back."""
        has_come = self.state in (Presence.UNKNOWN, Presence.ABSENT)
        self.state = Presence.PRESENT
        self._failure_count, self._pause_s, self._is_probed = 0, self._probe_first_s, False
        if has_come:
            self.changed_at_s = now_s
        return has_come

    def failed(self, *, now_s: float) -> bool:
        """Note a failure; returns whether the device is absent from now on."""
        if self._failure_count == 0:
            self._failing_since_s = now_s
        self._failure_count += 1
        if self.state is Presence.ABSENT or self._is_probed:
            self._pause_s = min(self._pause_s + PROBE_GROWTH_S, self._probe_last_s)
        if self.state is Presence.ABSENT:
            return False
        is_unheard = self.state is Presence.UNKNOWN
        limit_s = self._first_answer_s if is_unheard else self._absent_after_s
        is_long_enough = now_s - self._failing_since_s >= limit_s
        if self._failure_count < ABSENT_AFTER_COUNT or not is_long_enough:
            self._is_probed = is_unheard and self._failure_count >= ABSENT_AFTER_COUNT
            self.state = Presence.UNKNOWN if is_unheard else Presence.DOUBTFUL
            return False
        self.state, self.changed_at_s = Presence.ABSENT, now_s
        return True

    def pause_s(self, *, poll_interval_s: float) -> float:
        """Return how long to wait before the device is asked again."""
        is_probed = self._is_probed or self.state is Presence.ABSENT
        return self._pause_s if is_probed else poll_interval_s
