"""The watchdog: systemd is told that this process lives only while all of its loops turn.

It ticks from a thread of its own, so that a loop that hangs cannot keep it from saying which one
hangs; but a thread that ticks by itself would prove nothing, so every loop that matters says when
it turned last, and one that is late stops the ticks. systemd then starts the process anew.
"""

import asyncio
import dataclasses
import faulthandler
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from config.notify import ALIVE, notify, watchdog_timeout_s

_log = logging.getLogger("config.watchdog")

LATE_S: Final = 30.0
"""A loop that has not turned for so long is stuck: each waits for less than a third of it."""
LOOP_BEAT_S: Final = 1.0
TICKS_PER_TIMEOUT: Final = 4
INTERVAL_S_MAX: Final = 5.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Watched:
    turned_at_s: Callable[[], float]
    late_s: float


class Watchdog:
    """The loops of one process. Loops may be added and forgotten from any thread."""

    def __init__(
        self,
        *,
        tell: Callable[..., None] = notify,
        timeout_s: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        dump: Callable[[], None] = faulthandler.dump_traceback,
    ) -> None:
        """Watch nothing yet.

        Args:
            tell: Sends assignments to the service manager.
            timeout_s: Of the service manager; None asks the environment. Where nobody watches
                this process, stuck loops are logged all the same.
            monotonic: The clock, seconds.
            dump: Writes where every thread is to standard error.
        """
        timeout_s = watchdog_timeout_s() if timeout_s is None else timeout_s
        self._interval_s = min(INTERVAL_S_MAX, (timeout_s or 60.0) / TICKS_PER_TIMEOUT)
        self._tell, self._monotonic, self._dump = tell, monotonic, dump
        self._watched: dict[str, _Watched] = {}
        self._troubles: dict[str, Callable[[float], str | None]] = {}
        self._troubled_since_s: dict[str, float] = {}
        self._complained = frozenset[str]()
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def watch(self, name: str, turned_at_s: Callable[[], float], *, late_s: float = LATE_S) -> None:
        """Watch a loop.

        Args:
            name: For the log.
            turned_at_s: When it turned last, monotonic; asked in the watchdog's thread.
            late_s: It is stuck when it has not turned for so long.
        """
        self._watched = {**self._watched, name: _Watched(turned_at_s, late_s)}

    def ask(self, name: str, trouble: Callable[[float], str | None]) -> None:
        """Ask this, at a monotonic moment, what does not run any more; None where all is well."""
        self._troubles = {**self._troubles, name: trouble}

    def forget(self) -> None:
        """Watch nothing any more: the loops end as planned."""
        self._watched, self._troubles, self._troubled_since_s = {}, {}, {}

    def beat(self, name: str, *, late_s: float = LATE_S) -> Callable[[], None]:
        """Watch a loop that calls what is returned each time it turns."""
        turned_at_s = self._monotonic()

        def turned() -> None:
            nonlocal turned_at_s
            turned_at_s = self._monotonic()

        self.watch(name, lambda: turned_at_s, late_s=late_s)
        return turned

    def stuck(self, *, now_s: float) -> dict[str, str]:
        """Return what is stuck, by name, and why in words; none is a process that lives."""
        late = {
            name: f"{name} has not turned for {now_s - watched.turned_at_s():.0f} s"
            for name, watched in self._watched.items()
            if now_s - watched.turned_at_s() > watched.late_s
        }
        for name, trouble in self._troubles.items():
            line = trouble(now_s)
            if line is None:
                self._troubled_since_s.pop(name, None)
            # Whoever failed is started again, which takes a moment.
            elif now_s - self._troubled_since_s.setdefault(name, now_s) > LATE_S:
                late[name] = line
        return late

    def tick(self, *, now_s: float) -> bool:
        """Tell that this process lives, if it does; returns whether it was told."""
        stuck = self.stuck(now_s=now_s)
        if frozenset(stuck) != self._complained:
            self._complained = frozenset(stuck)
            if stuck:
                _log.critical(
                    "stuck, so that nobody is told that this lives: %s", "; ".join(stuck.values())
                )
                self._tell(f"STATUS=stuck: {', '.join(sorted(stuck))}")
                # Where it hangs: functions and lines, and nothing of what they work on.
                self._dump()
            else:
                _log.warning("nothing is stuck any more")
                self._tell("STATUS=at work")
        if not stuck:
            self._tell(ALIVE)
        return not stuck

    def start(self) -> None:
        """Begin to tick; once."""
        self._thread.start()

    def stop(self) -> None:
        """Tick no more."""
        self._is_stopped.set()

    def _run(self) -> None:
        while not self._is_stopped.wait(self._interval_s):
            self.tick(now_s=self._monotonic())


async def beat_for_ever(turned: Callable[[], None]) -> None:
    """Say for ever that the running event loop turns."""
    while True:
        turned()
        await asyncio.sleep(LOOP_BEAT_S)
