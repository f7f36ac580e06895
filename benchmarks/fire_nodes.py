"""The last of 20 terminals, central off, on a network that loses datagrams; see ``fire``."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

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

    def confirmed(self, since: int) -> list["Confirmed"]:
        """Return the releases that were confirmed."""
        told = zip(self.told[since:], self.at_s[since:], strict=True)
        return [
            Confirmed(at_s, (data.acknowledged_ms or 0.0) / 1000, data.confirmed_ms / 1000)
            for data, at_s in told
            if isinstance(data, FireReleaseAnswered) and data.confirmed_ms is not None
        ]


class Confirmed(NamedTuple):
    """One release: when it was read back, and how long after the frame it was what."""

    at_s: float
    acknowledged_after_s: float
    confirmed_after_s: float

    @property
    def acknowledged_at_s(self) -> float:
        """Return when the gate had answered that it has the command."""
        return self.at_s - (self.confirmed_after_s - self.acknowledged_after_s)


async def last_of_many(
    runs: int, *, advance: Callable[[], None]
) -> tuple[list[float], list[float], int]:
    """Return for each run when the last gate had acknowledged and was read back.

    Returns:
        Both in ms after the frame, and how many gates were not released within ``PATIENCE_S``.
    """
    site, missing = fire_site(NODES), 0
    acknowledged, confirmed = list[float](), list[float]()
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
                first_ms, then_ms, left = await _burn(terminals, facts)
                acknowledged.append(first_ms)
                confirmed.append(then_ms)
                missing += left
                advance()
    return acknowledged, confirmed, missing


async def _burn(
    terminals: Sequence[FireTerminal], facts: Sequence[Stamped]
) -> tuple[float, float, int]:
    since = [len(told.told) for told in facts]

    def confirmed() -> list[list[Confirmed]]:
        return [told.confirmed(first) for told, first in zip(facts, since, strict=True)]

    def is_done() -> bool:
        return all(len(each) >= POINTS_PER_NODE for each in confirmed())

    terminals[0].smoke(1, 2)
    await _until(is_done)
    answers = confirmed()
    # What the panel's own terminal measured says when the frame had come.
    frame_at_s = min(one.at_s - one.confirmed_after_s for one in answers[0])
    acknowledged_at_s = max(one.acknowledged_at_s for each in answers for one in each)
    confirmed_at_s = max(one.at_s for each in answers for one in each)
    missing = sum(max(0, POINTS_PER_NODE - len(each)) for each in answers)
    terminals[0].smoke(1, 2, on=False)
    await _until(lambda: not any(n.is_active for t in terminals for n in t.station.notices()))
    for terminal in terminals:
        for point in terminal.whole.for_node(terminal.node).access_point:
            await terminal.do(CloseFireRelease(access_point=point.id))
    await _until(lambda: all(t.is_normal for t in terminals))
    first_s, then_s = acknowledged_at_s - frame_at_s, confirmed_at_s - frame_at_s
    return first_s * 1000, then_s * 1000, missing


async def _until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < until_s:  # noqa: ASYNC110 - the hardware's state
        await asyncio.sleep(0.005)
