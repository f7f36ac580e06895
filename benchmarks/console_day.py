"""A site's working day for ``benchmarks.console``: people pass, now and then there is an alarm."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final
from uuid import uuid4

from rich.progress import Progress

from benchmarks.console_pages import Console
from benchmarks.console_site import BenchSite, Feeder
from config.contract.access import CredentialKind, Direction, DoorCommandOutcome, DoorState
from config.contract.events import (
    AccessGranted,
    AccessTaken,
    DoorCommandAnswered,
    DoorForcedOpen,
    DoorSecured,
    DoorStateChanged,
    EventData,
)

RATE_PER_S: Final = 5
ALARM_EVERY: Final = 10
"""Passages between two alarms: one in some ten seconds, more than any site should have."""
SAMPLES: Final = 24
WAITING_COUNT_MAX: Final = 400
PORTION_COUNT: Final = 100
ACKNOWLEDGE_S: Final = 1.0
LANES: Final = 16
SETTLE_S: Final = 0.3
TIME_S_MAX: Final = 230.0


class Day:
    """What a terminal tells on a day."""

    def __init__(self, feeder: Feeder, dice: random.Random) -> None:
        self._feeder, self._dice = feeder, dice
        self._facts = self._facts_of()

    async def go_on(self) -> None:
        """Let things happen at the day's rate, for ever."""
        while True:
            self._tell()
            await asyncio.sleep(1 / RATE_PER_S)

    async def pass_by(
        self, site: BenchSite, page: Console, events: int, bar: Progress
    ) -> dict[str, Any]:
        """Let a whole day pass as fast as central and the page take it; returns the page's heap.

        ``start`` is after the first of ``SAMPLES`` parts, when every list of the page is full. A
        machine that is too slow for the whole day in ``TIME_S_MAX`` shows how far it came.
        """
        task, began_s, heap = bar.add_task("day", total=events), time.monotonic(), list[float]()
        guard = asyncio.create_task(self._acknowledge(site))
        told = 0
        try:
            for part in range(1, SAMPLES + 1):
                while told < events * part // SAMPLES:
                    for _ in range(min(PORTION_COUNT, events * part // SAMPLES - told)):
                        self._tell()
                        told += 1
                    await self._feeder.drained(to=WAITING_COUNT_MAX)
                    bar.update(task, completed=told)
                await self._feeder.drained()
                await asyncio.sleep(SETTLE_S)
                heap.append(round(await page.heap_mb(), 2))
                if time.monotonic() - began_s > TIME_S_MAX:
                    break
        finally:
            guard.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await guard
        bar.remove_task(task)
        return {
            "start": heap[0],
            "end": heap[-1],
            "max": max(heap),
            "samples": heap,
            "events": told,
            "hours": round(told / RATE_PER_S / 3600, 2),
            "loads": page.load_count,
            "seconds": round(time.monotonic() - began_s, 1),
        }

    def _tell(self) -> None:
        place, fact = next(self._facts)
        self._feeder.tell(fact, subject=place)

    async def _acknowledge(self, site: BenchSite) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_S)
            await site.acknowledge_all()

    def _facts_of(self) -> Iterator[tuple[str, EventData]]:
        for number in count(1):
            lane = f"lane-{self._dice.randrange(LANES)}"
            gate, decision = f"{lane}-gate", uuid4()
            yield (
                lane,
                AccessGranted(
                    decision_id=decision,
                    access_point=lane,
                    direction=Direction.IN,
                    holder_id=f"holder-{self._dice.randrange(2_000)}",
                    credential=CredentialKind.CARD,
                    credential_to_decision_ms=3.0,
                ),
            )
            yield lane, DoorCommandAnswered(
                decision_id=decision, access_point=lane, device=gate,
                outcome=DoorCommandOutcome.CONFIRMED, elapsed_ms=81.0, attempts=1,
            )  # fmt: skip
            for state in (DoorState.OPEN, DoorState.CLOSED):
                yield lane, DoorStateChanged(device=gate, state=state)
            yield lane, AccessTaken(decision_id=decision, access_point=lane, direction=Direction.IN)
            if number % ALARM_EVERY == 0:
                # A door of its own each time: one door that did it all day would be one line.
                yield lane, DoorForcedOpen(device=f"door-{number}")
                yield lane, DoorSecured(device=f"door-{number}")
