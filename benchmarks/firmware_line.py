"""How much of a line an upload uses, and how exactly a board goes into its safe state.

Both in real time, over a pseudo-terminal that takes as long for each byte as a line with 115,200
baud: the whole client, the whole board.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from drivers.bus import Bus
from drivers.simulators.line import BITS_PER_CHARACTER, SimulatedLine
from firmware_bridge.board_line import CHARACTERS_PER_BYTE
from firmware_bridge.client import BoardClient
from firmware_bridge.group import Configuration
from firmware_bridge.group_events import SafeStateChanged
from firmware_bridge.peer import Simulator
from tests.config.images import signed

BAUDRATE: Final = 115_200
IMAGE_BYTES: Final = 100_000
WATCHDOGS_S: Final = (0.5, 1.0, 2.0, 3.0)
POLL_S: Final = 0.05
_Result = TypeVar("_Result")


def line_utilisation(*, image_bytes: int = IMAGE_BYTES) -> float:
    """Return the share of what the line could carry of an image that an upload carries.

    The line carries ``BAUDRATE`` / 10 characters a second, and base64 in lines of 127 characters
    makes 127 / 124 * 4 / 3 of them from a byte. Everything else is loss: headers, answers, silences
    between frames, the board's and our own work.
    """
    data = signed(version="2.0.0", body=bytes(image_bytes))
    times_s: list[float] = []

    async def act(client: BoardClient) -> float:
        def on_progress(offset: int) -> None:
            times_s.append(time.monotonic())
            offsets.append(offset)

        offsets: list[int] = []
        await client.upload(data, on_progress=on_progress)
        # From the end of the first packet: a board erases its slot with it.
        carried_bytes, took_s = offsets[-1] - offsets[0], times_s[-1] - times_s[0]
        return carried_bytes * CHARACTERS_PER_BYTE * BITS_PER_CHARACTER / BAUDRATE / took_s

    return _on_a_paced_line(act)


def safe_state_error_ratio() -> float:
    """Return the largest deviation of a safe state from its configured time, in parts of it."""

    async def act(client: BoardClient) -> float:
        return max([await _error_ratio(client, watchdog_s) for watchdog_s in WATCHDOGS_S])

    return _on_a_paced_line(act)


async def _error_ratio(client: BoardClient, watchdog_s: float) -> float:
    """Return how far off one is, by the board's own count of time."""
    await client.configure(Configuration(watchdog_ms=round(watchdog_s * 1000)))
    await client.heartbeat()
    state = await client.state()
    beaten_at_ms, boot, seq = state.uptime_ms, state.boot, state.sequence
    while not state.is_safe:
        await asyncio.sleep(POLL_S)
        state = await client.state(boot=boot, seq=seq)
    entered = next(
        event for event in state.events if isinstance(event, SafeStateChanged) and event.is_entered
    )
    return abs((entered.at_ms - beaten_at_ms) / 1000 - watchdog_s) / watchdog_s


def _on_a_paced_line(act: Callable[[BoardClient], Awaitable[_Result]]) -> _Result:
    async def run(port: str) -> _Result:
        bus = Bus(port, baudrate=BAUDRATE)
        try:
            return await act(BoardClient(bus))
        finally:
            await bus.close()

    line = SimulatedLine(Simulator(Simulator.Settings()), baudrate=BAUDRATE, is_paced=True)
    try:
        return asyncio.run(run(line.start_serial()))
    finally:
        line.stop()
