"""Sirens and lamps on relays: sounded by central, or by the node itself for a fire or a panic.

A relay is closed for ``PULSE_S`` and again before that is over, so that the board itself ends what
a dead node began. Nobody waits for a siren: a board that does not answer is told again.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from config.contract.access import DoorCommandOutcome
from config.contract.commands import Signal
from config.site_alarms import SounderEntry
from drivers.base import CommandReceipt, CommandRejectedError, DriverError
from edge.backoff import wait_until_set

_log = logging.getLogger("edge.alarms")

PULSE_S: Final = 30.0
AGAIN_S: Final = 20.0
RETRY_S: Final = 2.0
SIGNAL_MAX: Final = timedelta(hours=1)
"""Whatever central says: a siren that nobody can stop by any page ends by itself."""


class Relays(Protocol):
    """The part of a device's task that is needed here."""

    async def switch(self, channel: int, *, on: bool) -> CommandReceipt:
        """See ``DeviceTask.switch``."""
        ...

    async def pulse(self, channel: int, *, duration_s: float) -> CommandReceipt:
        """See ``DeviceTask.pulse``."""
        ...


@dataclasses.dataclass(slots=True)
class _Sounding:
    """Attributes: next_s: when the relay is told again; it has not been told since the start."""

    until_s: float = 0.0
    next_s: float = 0.0
    is_on: bool = False


class Sounders:
    """Of one node; all of it belongs to the event loop's thread."""

    def __init__(
        self,
        entries: Iterable[SounderEntry],
        relays: Mapping[str, Relays],
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Sound nothing.

        Args:
            entries: Of the site file, of this node.
            relays: By device.
            now: Wall clock, aware UTC.
            monotonic: The clock of sounding.
        """
        self._entries = {entry.id: entry for entry in entries}
        self._relays, self._now, self._monotonic = relays, now, monotonic
        self._sounding = {name: _Sounding() for name in self._entries}
        self._is_due = asyncio.Event()
        self._telling = asyncio.Lock()

    def __contains__(self, sounder: object) -> bool:
        """Return whether this node has it."""
        return sounder in self._entries

    def begin(self, cause: Literal["fire", "panic", "neighbour_lost"]) -> None:
        """Sound what the site wants sounded here for it; nobody waits."""
        for entry in self._entries.values():
            if cause in entry.own:
                self._sound(entry.id, entry.own_s)
        self.wake()

    async def signal(self, wish: Signal) -> DoorCommandOutcome:
        """Do what central asks, and return what the board answered."""
        sounding = self._sounding[wish.sounder]
        if wish.is_on:
            left = min(wish.until - self._now(), SIGNAL_MAX)
            self._sound(wish.sounder, left.total_seconds())
        else:
            sounding.until_s = 0.0
            sounding.is_on = True  # whatever was before: the relay is told
        outcome = await self._tell(wish.sounder)
        self._is_due.set()
        return outcome

    def wake(self) -> None:
        """Look at once whether a relay is to be told."""
        self._is_due.set()

    async def run(self) -> None:
        """Keep relays closed as long as they must be, for ever."""
        while True:
            self._is_due.clear()
            for name in self._entries:
                if self._is_to_be_told(name):
                    await self._tell(name)
            await wait_until_set(self._is_due, timeout_s=self._pause_s())

    def _sound(self, sounder: str, for_s: float) -> None:
        sounding, now_s = self._sounding[sounder], self._monotonic()
        sounding.until_s = max(sounding.until_s, now_s + for_s)
        sounding.next_s = min(sounding.next_s, now_s)

    def _is_wanted(self, sounding: _Sounding) -> bool:
        return self._monotonic() < sounding.until_s

    def _is_to_be_told(self, sounder: str) -> bool:
        sounding = self._sounding[sounder]
        is_behind = self._is_wanted(sounding) or sounding.is_on
        return is_behind and self._monotonic() >= min(sounding.next_s, sounding.until_s)

    def _pause_s(self) -> float | None:
        now_s = self._monotonic()
        times = [
            min(s.next_s, s.until_s) if now_s < s.until_s else s.next_s
            for s in self._sounding.values()
            if s.is_on or now_s < s.until_s
        ]
        return max(0.05, min(times) - now_s) if times else None

    async def _tell(self, sounder: str) -> DoorCommandOutcome:
        entry, sounding = self._entries[sounder], self._sounding[sounder]
        relays = self._relays[entry.device]
        async with self._telling:
            is_wanted = self._is_wanted(sounding)
            try:
                if is_wanted:
                    await relays.pulse(entry.channel, duration_s=PULSE_S)
                else:
                    await relays.switch(entry.channel, on=False)
            except DriverError as error:
                sounding.next_s = self._monotonic() + RETRY_S
                _log.warning("sounder %s is told again: %s", sounder, error)
                if isinstance(error, CommandRejectedError):
                    return DoorCommandOutcome.REFUSED
                return DoorCommandOutcome.UNREACHABLE
            sounding.is_on = is_wanted
            sounding.next_s = self._monotonic() + AGAIN_S
            return DoorCommandOutcome.CONFIRMED
