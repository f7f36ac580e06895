"""The clock of a line's thread: the system's, or a simulated one that costs no time."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time, and the ways in which a thread lets it pass."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Let time pass."""
        ...

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        """Wait on a held condition; None is until it is notified."""
        ...


class SystemClock:
    """The system's clock."""

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return time.monotonic()

    def sleep(self, duration_s: float) -> None:
        """See ``Clock.sleep``."""
        time.sleep(duration_s)

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        """See ``Clock.wait``."""
        condition.wait(timeout_s)


class VirtualClock:
    """A clock of its own. Waiting costs no time."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        """See ``Clock.sleep``."""
        self.now_s += duration_s

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        """See ``Clock.wait``; without a time-out it really waits."""
        if timeout_s is None:
            condition.wait()
        else:
            self.now_s += timeout_s
