"""Points that operators hold open: until a time, over a restart, and never against a lockdown.

The gate is told whenever what should be differs from what it was told last. One that does not
answer is told again: a gate must not stay open because its line was noisy for a moment.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from config.contract.access import DoorCommandOutcome
from edge.access.happenings import HoldsChanged
from edge.backoff import wait_until_set

_log = logging.getLogger("edge.commands")

CHECK_INTERVAL_S: Final = 1.0


class Held(Protocol):
    """The part of a lane that is needed here."""

    @property
    def is_held_open(self) -> bool:
        """See ``Lane.is_held_open``."""
        ...

    async def hold(self, *, is_held: bool) -> DoorCommandOutcome:
        """See ``Lane.hold``."""
        ...


class Keeper(Protocol):
    """The part of the store that is needed here."""

    def put_hold(self, access_point: str, until: datetime | None) -> None:
        """See ``CommandsStore.put_hold``."""
        ...


class Holds:
    """Of one node. All of it belongs to the event loop's thread but for the disk."""

    def __init__(
        self,
        lanes: Mapping[str, Held],
        keeper: Keeper,
        *,
        take: Callable[[HoldsChanged], None],
        now: Callable[[], datetime],
        check_interval_s: float = CHECK_INTERVAL_S,
    ) -> None:
        """Hold nothing; see ``resume``.

        Args:
            lanes: By access point.
            keeper: Keeps holds over a restart.
            take: Tells the rules which points are held.
            now: The node's clock, aware UTC.
            check_interval_s: Between two looks at what is over or could not be told.
        """
        self._lanes, self._keeper, self._take, self._now = lanes, keeper, take, now
        self._check_interval_s = check_interval_s
        self._until = dict[str, datetime]()
        self._told = dict.fromkeys(lanes, False)
        self._changed = asyncio.Event()
        self._telling = asyncio.Lock()

    @property
    def points(self) -> frozenset[str]:
        """Points that are held open, a lockdown apart."""
        return frozenset(self._until)

    def resume(self, kept: Mapping[str, datetime]) -> None:
        """Go on with what was held before this start."""
        self._until = {point: until for point, until in kept.items() if point in self._lanes}
        self._follow()

    def wake(self) -> None:
        """Look at once: a lockdown was set off or ended."""
        self._changed.set()

    async def begin(self, access_point: str, until: datetime) -> DoorCommandOutcome:
        """Hold a point open; one whose gate does not confirm is not held.

        Raises:
            KeptFileError: It could not be kept, and is not held.
        """
        await asyncio.to_thread(self._keeper.put_hold, access_point, until)
        self._until[access_point] = until
        self._follow()
        outcome = await self._tell(access_point)
        if outcome is not DoorCommandOutcome.CONFIRMED:
            await self.end(access_point)
        return outcome

    async def end(self, access_point: str) -> DoorCommandOutcome:
        """Hold a point open no more; the gate is told, held or not.

        Raises:
            KeptFileError: It ends now and may begin again at the next start, until its time.
        """
        self._until.pop(access_point, None)
        self._follow()
        self._told[access_point] = True
        try:
            return await self._tell(access_point)
        finally:
            await asyncio.to_thread(self._keeper.put_hold, access_point, None)

    async def run(self) -> None:
        """End for ever what is over, and tell gates what could not be told."""
        while True:
            is_waiting = bool(self._until) or self._is_behind()
            timeout_s = self._check_interval_s if is_waiting else None
            await wait_until_set(self._changed, timeout_s=timeout_s)
            self._changed.clear()
            for point in self._over():
                _log.info("access point %s is held open no more: its time is over", point)
                await self.end(point)
            for point, lane in self._lanes.items():
                if lane.is_held_open != self._told[point]:
                    await self._tell(point)

    def _over(self) -> list[str]:
        now = self._now()
        return [point for point, until in self._until.items() if now >= until]

    def _is_behind(self) -> bool:
        return any(lane.is_held_open != self._told[point] for point, lane in self._lanes.items())

    def _follow(self) -> None:
        self._take(HoldsChanged(frozenset(self._until)))
        self._changed.set()

    async def _tell(self, access_point: str) -> DoorCommandOutcome:
        async with self._telling:
            is_held = self._lanes[access_point].is_held_open
            outcome = await self._lanes[access_point].hold(is_held=is_held)
            if outcome is not DoorCommandOutcome.UNREACHABLE:
                self._told[access_point] = is_held
            return outcome
