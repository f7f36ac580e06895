"""What must turn at a node for it to be alive: the watchdog hears it from here.

Lines and lanes count, the threads that search pictures for faces, the rules and the journal. A
camera that hangs does not: its lane goes on with cards, and the camera is reported as lost.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from config.watchdog import LOOP_BEAT_S, Watchdog, beat_for_ever
from edge.boards.life import Life
from edge.journal import Journal

DEVICE_LATE_S: Final = 120.0
"""A poll waits behind an update of a board and behind devices that do not answer."""


class Turning(Protocol):
    """A loop that says when it turned. Attributes: turned_at_s: last, monotonic."""

    turned_at_s: float


def pulses(
    watchdog: Watchdog,
    life: Life,
    journal: Journal,
    *,
    devices: Mapping[str, Turning],
    watchers: Mapping[str, Turning],
) -> dict[str, Callable[[], Awaitable[None]]]:
    """Let the watchdog watch a node; returns the tasks that must run for it, by name.

    Args:
        watchdog: Forgets the node when its owner says so.
        life: Knows whether lanes, rules and fires run.
        journal: Its writer.
        devices: By identifier: whoever polls them.
        watchers: By access point or till: whoever searches pictures.
    """
    for name, device in devices.items():
        watchdog.watch(f"device {name}", _moment(device), late_s=DEVICE_LATE_S)
    for name, watcher in watchers.items():
        watchdog.watch(f"recognition at {name}", _moment(watcher))
    watchdog.ask("lanes", lambda now_s: life.trouble(now_s=now_s))
    loop_turned, journal_turned = watchdog.beat("event loop"), watchdog.beat("journal")

    async def beat_journal() -> None:
        while True:
            await journal.turn()
            journal_turned()
            await asyncio.sleep(LOOP_BEAT_S)

    return {
        "pulse": functools.partial(beat_for_ever, loop_turned),
        "pulse of the journal": beat_journal,
    }


def _moment(loop: Turning) -> Callable[[], float]:
    return lambda: loop.turned_at_s
