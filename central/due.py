"""Waiting for what is due, without asking the database in turn.

A task looks, learns from the database when something is due next, and waits for that moment or for
an announcement of what may change it. What nobody announced is found all the same after about
``FAR_S``; when announcements may have been missed, everything is announced. So a site where nothing
happens costs nothing.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from central.database import EVERYTHING

FAR_S: Final = 60.0
SPREAD: Final = 0.25
"""Of the longest wait, more or less: sites that began together do not look together."""
LEAST_S: Final = 0.05
"""What stays due however often it is looked at does not keep a process busy."""
TURN_S: Final = 1.0
"""So soon is a wall clock heeded that is set, or that stood still while the machine slept."""


class Due:
    """What one task waits for; for one event loop."""

    def __init__(
        self,
        listen: Callable[[Callable[[str], None]], None],
        topics: Iterable[str],
        *,
        now: Callable[[], datetime],
        least_s: float = LEAST_S,
        far_s: float = FAR_S,
    ) -> None:
        """Hear of changes; nothing is due yet.

        Args:
            listen: ``Database.listen``.
            topics: What may change when something is due; ``node`` is also ``node:gate-1``.
            now: The wall clock, aware UTC.
            least_s: Between two looks, however much is announced.
            far_s: The longest wait, within ``SPREAD``.
        """
        self._topics = frozenset(topics)
        self._now, self._least_s, self._far_s = now, least_s, far_s
        self._woken = asyncio.Event()
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        listen(self._heard)

    def wake(self) -> None:
        """Let the task look at once."""
        self._woken.set()

    async def wait(self, next_at: datetime | None = None) -> None:
        """Return when the task is to look again.

        What was announced since the last return counts: a look that was under way meanwhile may
        have missed it.

        Args:
            next_at: When something is due next, aware UTC; None where time alone changes nothing.
        """
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._least_s)
        far_s = self._far_s * self._random.uniform(1 - SPREAD, 1 + SPREAD)
        end_s = loop.time() + far_s
        while not self._woken.is_set() and (left_s := end_s - loop.time()) > 0:
            if next_at is not None:
                until_s = (next_at - self._now()).total_seconds()
                if until_s <= 0:
                    break
                left_s = min(left_s, until_s, TURN_S)
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`: until Python 3.12 it forgets a cancel that crosses with a topic.
                async with asyncio.timeout(left_s):
                    await self._woken.wait()
        self._woken.clear()

    def _heard(self, topic: str) -> None:
        if topic == EVERYTHING or topic.partition(":")[0] in self._topics:
            self._woken.set()


class Lookout:
    """When a task that turns all the same is to look for what time alone changes."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        now_s: Callable[[], float] = time.monotonic,
        far_s: float = FAR_S,
    ) -> None:
        """Be due at once.

        Args:
            now: The wall clock, aware UTC.
            now_s: Monotonic.
            far_s: The longest time between two looks, within ``SPREAD``.
        """
        self._now, self._now_s, self._far_s = now, now_s, far_s
        self._next_at: datetime | None = None
        self._until_s = now_s()
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing

    @property
    def is_due(self) -> bool:
        """Whether it is time to look."""
        is_now = self._next_at is not None and self._now() >= self._next_at
        return is_now or self._now_s() >= self._until_s

    def look_at_once(self) -> None:
        """Be due."""
        self._until_s = self._now_s()

    def looked(self, next_at: datetime | None) -> None:
        """Wait until a moment, aware UTC; None where time alone changes nothing."""
        self._next_at = next_at
        self._until_s = self._now_s() + self._far_s * self._random.uniform(1 - SPREAD, 1 + SPREAD)


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of some moments; None where there is none."""
    return min((each for each in moments if each is not None), default=None)
