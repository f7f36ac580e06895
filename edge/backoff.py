"""How long to wait before trying again: longer each time, never exactly as long as others do."""

import asyncio
import contextlib
import random


class BackOff:
    """Waits that double from ``first_s`` to ``last_s``, each cut by up to half at random."""

    def __init__(self, *, first_s: float = 0.5, last_s: float = 10.0) -> None:
        self._first_s, self._last_s = first_s, last_s
        self._next_s = first_s
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing

    def next_s(self) -> float:
        """Return how long to wait now, in seconds."""
        wait_s = self._next_s * self._random.uniform(0.5, 1.0)
        self._next_s = min(self._last_s, self._next_s * 2)
        return wait_s

    def reset(self) -> None:
        """Begin anew: it worked."""
        self._next_s = self._first_s


async def wait_until_set(event: asyncio.Event, *, timeout_s: float | None) -> None:
    """Return when the event is set or the time is over; None is no time.

    ``asyncio.wait_for`` is not used: on Python 3.11 it can swallow a cancellation that comes
    together with the event, and the task would live on.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
