"""Whether what lets people through still runs: boards are told that the node lives only then. Pure.

A process whose event loop turns while its lanes do not is dead to whoever stands at the gate. So a
loop that has ended, and one that has been busy with one person for too long, both stop heartbeats.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

BUSY_S_MAX: Final = 30.0
"""A lane waits for a disk, a gate and central's money, each with a time-out far below."""


class Life:
    """The loops of one node that matter. Belongs to one thread."""

    def __init__(self, *, busy_s_max: float = BUSY_S_MAX) -> None:
        """Watch nothing yet; whoever watches nothing is alive."""
        self._busy_s_max = busy_s_max
        self._watched: list[str] = []
        self._running: dict[str, int] = {}
        self._busy_since_s: dict[str, Callable[[], float | None]] = {}

    def watched(
        self, tasks: Mapping[str, Callable[[], Awaitable[None]]]
    ) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return the same tasks; each must run from now on."""
        return {name: self._noted(name, run) for name, run in tasks.items()}

    def watch_busy(self, name: str, busy_since_s: Callable[[], float | None]) -> None:
        """Ask this since when a loop is at work on one thing, monotonic; None while it waits."""
        self._busy_since_s[name] = busy_since_s

    def trouble(self, *, now_s: float) -> str | None:
        """Return what does not run any more, in one line; None where all is well.

        Args:
            now_s: Monotonic.
        """
        for name in self._watched:
            if not self._running.get(name):
                return f"{name} does not run"
        for name, busy_since_s in self._busy_since_s.items():
            since_s = busy_since_s()
            if since_s is not None and now_s - since_s > self._busy_s_max:
                return f"{name} has been at work on one thing for over {self._busy_s_max:.0f} s"
        return None

    def _noted(
        self, name: str, run: Callable[[], Awaitable[None]]
    ) -> Callable[[], Awaitable[None]]:
        self._watched.append(name)

        async def living() -> None:
            self._running[name] = self._running.get(name, 0) + 1
            try:
                await run()
            finally:
                self._running[name] -= 1

        return living
