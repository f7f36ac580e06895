"""One OSDP reader between its line's thread and its driver's task: events, commands, restarts."""

import contextlib
import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import Any, Final, Protocol

from drivers.base import DeviceUnreachableError
from drivers.osdp_exchanges import ABSENT_S, Exchanges

EVENT_COUNT_MAX: Final = 256
RESTART_FIRST_S, RESTART_LAST_S = 0.3, 5.0
"""Of the first pause, after a try at once, and the longest: a wrong key locks some readers."""


class Line(Protocol):
    """What a reader wants of its line.

    Attributes:
        problem: What is wrong with it, in one sentence; None if nothing is.
        lost_at_s: When it was last found missing, monotonic.
    """

    problem: str | None
    lost_at_s: float
    exchanges: Exchanges

    def capability(self, reader: "LineReader", function_code: int) -> tuple[int, int]:
        """See ``LineReader.capability``."""
        ...

    def remove(self, reader: "LineReader") -> None:
        """Let a reader leave; idempotent."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """An event of libosdp. Attributes: at_s: when it came, monotonic."""

    at_s: float
    event: Mapping[str, Any]


@dataclasses.dataclass(slots=True)
class LineCommand:
    """A command in libosdp's words, and who waits for it."""

    fields: Mapping[str, Any]
    future: "Future[None]"


class LineReader:
    """One reader of a line, as its driver sees it. Made by ``OsdpLine.add``."""

    def __init__(
        self,
        line: "Line",
        address: int,
        *,
        load_key: Callable[[], bytes],
        is_install_mode: bool,
    ) -> None:
        self.address, self.load_key, self.is_install_mode = address, load_key, is_install_mode
        self._line = line
        self._lock = threading.Lock()
        self._events: deque[Heard] = deque()
        self.overflow_count = self.session_count = 0
        # What follows is written by the line's thread alone.
        self.key_problem: str | None = None
        self.is_secure = self.is_online = self.is_withdrawn = False
        self.insecure_at_s: float | None = None
        self.submitted: deque[LineCommand] = deque()
        self.waiting: deque[LineCommand] = deque()
        self.restart = Restart()

    @property
    def problem(self) -> str | None:
        """Why nothing can be heard from the reader now; None if all is well."""
        if (problem := self._line.problem) is not None:
            return problem
        if self.key_problem is not None:
            return self.key_problem
        exchanges = self._line.exchanges
        if exchanges.heard_at_s(self.address) < self._line.lost_at_s:
            return f"no reply from reader {self.address} since the line was lost"
        silent_s = exchanges.silent_s(self.address, now_s=time.monotonic())
        if silent_s >= ABSENT_S:
            return f"no reply from reader {self.address} for {ABSENT_S} s"
        if not (self.is_online and self.is_secure):
            return (
                f"no secure channel with reader {self.address}: it is off, or has another key,"
                " or none yet"
            )
        return None

    def take(self) -> list[Heard]:
        """Return libosdp's events since the last call, oldest first."""
        with self._lock:
            events = list(self._events)
            self._events.clear()
        return events

    def put(self, event: Mapping[str, Any], *, now_s: float) -> None:
        """Keep an event; called by the line's thread."""
        with self._lock:
            if len(self._events) >= EVENT_COUNT_MAX:
                self._events.popleft()
                self.overflow_count += 1
            self._events.append(Heard(now_s, event))

    def submit(self, fields: Mapping[str, Any]) -> "Future[None]":
        """Send a command; the future ends when the reader has confirmed or refused it."""
        future: Future[None] = Future()
        self.waiting.append(LineCommand(fields, future))
        return future

    def withdraw(self) -> None:
        """Give up what was submitted: none of it is sent any more."""
        self.is_withdrawn = True

    def capability(self, function_code: int) -> tuple[int, int]:
        """Return compliance level and number of items that the reader declared; zeros unknown."""
        return self._line.capability(self, function_code)

    def close(self) -> None:
        """Leave the line; idempotent."""
        self._line.remove(self)

    def fail_all(self, why: str) -> None:
        """End every command with an error; called by the line's thread."""
        for command in (*self.submitted, *self.waiting):
            settle(command.future, DeviceUnreachableError(why))
        self.submitted.clear()
        self.waiting.clear()


class Restart:
    """When and how a reader that libosdp gave up begins anew; pure, times are monotonic."""

    def __init__(self) -> None:
        self._pause_s, self._due_s = 0.0, float("-inf")
        self.is_wanted = False

    def gave_up(self, *, now_s: float) -> None:
        """Begin anew when the pause is over; the next pause is longer."""
        if self.is_wanted:
            return
        self.is_wanted = True
        self._due_s = now_s + self._pause_s
        self._pause_s = min(max(RESTART_FIRST_S, self._pause_s * 2), RESTART_LAST_S)

    def is_due(self, *, now_s: float) -> bool:
        """Return whether to begin anew now."""
        return self.is_wanted and now_s >= self._due_s

    def began(self) -> None:
        """It was begun anew."""
        self.is_wanted = False

    def succeeded(self) -> None:
        """The secure channel is there: next time without a pause."""
        self._pause_s, self.is_wanted = 0.0, False


def settle(future: "Future[None]", error: Exception | None) -> None:
    """End a future; who waited for it may have left."""
    with contextlib.suppress(InvalidStateError):
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
