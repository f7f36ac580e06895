"""The last of 20 terminals, central off, on a network that loses datagrams; see ``fire``."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from config.contract.commands import CloseFireRelease
from config.contract.events import EventData
from config.contract.fire_events import FireReleaseAnswered
from tests.edge.fire.terminal import Facts, FireTerminal, fire_site, linked
from tests.edge.link.switch import Switch

NODES: Final = 20
LOSS: Final = 0.05
PATIENCE_S: Final = 10.0
POINTS_PER_NODE: Final = 4


class Stamped(Facts):
    """Facts with the moment at which each was told, by the one clock of the process."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s: list[float] = []

    def note(self, data: EventData, *, subject: str | None, now: object) -> None:
        """Keep a fact."""
        self.at_s.append(time.monotonic())
        super().note(data, subject=subject, now=now)

    def confirmed(self, since: int) -> list[tuple[float, float]]:
        """Return when each release was confirmed, and how long after the panel's frame."""
        told = zip(self.told[since:], self.at_s[since:], strict=True)
        return [
            (at_s, data.confirmed_ms / 1000)
            for data, at_s in told
            if isinstance(data, FireReleaseAnswered) and data.confirmed_ms is not None
        ]


async def last_of_many(runs: int, *, advance: Callable[[], None]) -> tuple[list[float], int]:
    """Return for each run when the last gate had confirmed, in ms after the frame.

    Returns:
        The times, and how many gates were not released within ``PATIENCE_S``.
    """
    site, times, missing = fire_site(NODES), list[float](), 0
    with tempfile.TemporaryDirectory(prefix="menshen-fire-") as folder:
        facts = [Stamped() for _ in site.node]
        terminals = [
            FireTerminal(Path(folder) / node.id, site, node.id, recorder=told)
            for node, told in zip(site.node, facts, strict=True)
        ]
        switch = Switch([node.id for node in site.node], loss=LOSS)
        for terminal in terminals:
            switch.connect(terminal.node, terminal.address)
            terminal.address = switch.ports[terminal.node]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(switch)
            await stack.enter_async_context(linked(*terminals))
            for _ in range(runs):
                took_ms, left = await _burn(terminals, facts)
                times.append(took_ms)
                missing += left
                advance()
    return times, missing


async def _burn(terminals: Sequence[FireTerminal], facts: Sequence[Stamped]) -> tuple[float, int]:
    since = [len(told.told) for told in facts]

    def confirmed() -> list[list[tuple[float, float]]]:
        return [told.confirmed(first) for told, first in zip(facts, since, strict=True)]

    def is_done() -> bool:
        return all(len(each) >= POINTS_PER_NODE for each in confirmed())

    terminals[0].smoke(1, 2)
    await _until(is_done)
    answers = confirmed()
    # What the panel's own terminal measured says when the frame had come.
    frame_at_s = min(at_s - after_s for at_s, after_s in answers[0])
    last_at_s = max(at_s for each in answers for at_s, _ in each)
    missing = sum(max(0, POINTS_PER_NODE - len(each)) for each in answers)
    terminals[0].smoke(1, 2, on=False)
    await _until(lambda: not any(n.is_active for t in terminals for n in t.station.notices()))
    for terminal in terminals:
        for point in terminal.whole.for_node(terminal.node).access_point:
            await terminal.do(CloseFireRelease(access_point=point.id))
    await _until(lambda: all(t.is_normal for t in terminals))
    return (last_at_s - frame_at_s) * 1000, missing


async def _until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < until_s:  # noqa: ASYNC110 - the hardware's state
        await asyncio.sleep(0.005)
