"""Whose turn it is on a line, and who must be left alone: the pure part of the bus.

Time is monotonic seconds and an argument.
"""

import dataclasses
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Final, Generic, TypeVar


class Priority(IntEnum):
    """How urgent an exchange is; the smaller goes first, whoever waited longer."""

    FIRE = 0
    FIRE_READ_BACK = 1
    """All that hang on a line are told before the first is read back."""
    COMMAND = 2
    POLL = 3


_Job = TypeVar("_Job")


@dataclasses.dataclass(frozen=True, slots=True)
class _Waiting(Generic[_Job]):
    unit_id: int | str
    job: _Job


class Turns(Generic[_Job]):
    """Exchanges that wait for the line.

    A unit that did not answer in time may still do so. Until its longest reply time has passed it
    is not addressed again, so that its late reply answers nothing; others go on meanwhile.
    """

    def __init__(self) -> None:
        self._waiting: dict[Priority, deque[_Waiting[_Job]]] = {p: deque() for p in Priority}
        self._quiet_until_s: dict[int | str, float] = {}

    def __len__(self) -> int:
        """Return how many exchanges wait."""
        return sum(len(queue) for queue in self._waiting.values())

    def put(self, job: _Job, *, unit_id: int | str, priority: Priority) -> None:
        """Add an exchange at the end of its priority."""
        self._waiting[priority].append(_Waiting(unit_id, job))

    def hush(self, unit_id: int | str, *, until_s: float) -> None:
        """Leave a unit alone until then."""
        self._quiet_until_s[unit_id] = until_s

    def promote(self, is_meant: Callable[[_Job], bool], *, to: Priority) -> None:
        """Let some of those that wait go as if they were more urgent."""
        for priority, queue in self._waiting.items():
            if priority > to:
                meant = [waiting for waiting in queue if is_meant(waiting.job)]
                for waiting in meant:
                    queue.remove(waiting)
                self._waiting[to].extend(meant)

    def is_waiting(self, *, above: Priority) -> bool:
        """Return whether something more urgent waits."""
        return any(queue for priority, queue in self._waiting.items() if priority < above)

    def take(self, *, now_s: float) -> _Job | None:
        """Return the most urgent exchange whose unit may be addressed, oldest first."""
        for queue in self._waiting.values():
            for waiting in queue:
                if self._quiet_until_s.get(waiting.unit_id, now_s) <= now_s:
                    queue.remove(waiting)
                    return waiting.job
        return None

    def next_at_s(self) -> float | None:
        """Return when the first unit that is waited for may be addressed; None if nobody waits."""
        times = [
            self._quiet_until_s.get(waiting.unit_id, float("-inf"))
            for queue in self._waiting.values()
            for waiting in queue
        ]
        return min(times, default=None)

    def take_all(self) -> list[_Job]:
        """Return everything that waits; nothing waits then."""
        jobs = [waiting.job for queue in self._waiting.values() for waiting in queue]
        for queue in self._waiting.values():
            queue.clear()
        return jobs


REOPEN_FIRST_S: Final = 0.2
REOPEN_LAST_S: Final = 5.0


class Reopening:
    """When a port that could not be opened, or was lost, is tried again."""

    def __init__(self, *, first_s: float = REOPEN_FIRST_S, last_s: float = REOPEN_LAST_S) -> None:
        self._first_s, self._last_s = first_s, last_s
        self._pause_s, self._due_s = first_s, float("-inf")

    def is_due(self, *, now_s: float) -> bool:
        """Return whether the port may be tried."""
        return now_s >= self._due_s

    def failed(self, *, now_s: float) -> None:
        """Wait longer each time."""
        self._due_s = now_s + self._pause_s
        self._pause_s = min(self._pause_s * 2, self._last_s)

    def succeeded(self) -> None:
        """Begin with the shortest wait again."""
        self._pause_s, self._due_s = self._first_s, float("-inf")


LATENCY_BOUNDS_MS: Final = (5, 10, 20, 50, 100, 200, 500, 1000)


@dataclasses.dataclass(slots=True)
class UnitCounts:
    """What became of the exchanges with one unit.

    Attributes:
        noise: Exchanges in which bytes came that are no answer.
        late: Times that something came between the unit's time-out and the next request.
        dropped_bytes: Bytes that nobody had asked for, found before a request.
        latency_counts: Answered exchanges by duration: up to each of ``LATENCY_BOUNDS_MS``, and
            beyond the last.
    """

    answered: int = 0
    timed_out: int = 0
    noise: int = 0
    late: int = 0
    dropped_bytes: int = 0
    latency_counts: list[int] = dataclasses.field(
        default_factory=lambda: [0] * (len(LATENCY_BOUNDS_MS) + 1)
    )

    def add_latency(self, latency_s: float) -> None:
        """Count an answered exchange."""
        self.answered += 1
        latency_ms = latency_s * 1000
        index = next((i for i, bound in enumerate(LATENCY_BOUNDS_MS) if latency_ms <= bound), -1)
        self.latency_counts[index] += 1
