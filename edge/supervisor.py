"""Keeps the node's tasks alive: one that ends is started again, and one failing ends no other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from edge.backoff import BackOff

_log = logging.getLogger("edge.supervisor")

STEADY_AFTER_S: Final = 60.0
"""A task that ran for so long is started again soon, however often it failed before."""


async def supervise(
    tasks: Mapping[str, Callable[[], Awaitable[None]]],
    *,
    back_off: Callable[[], BackOff] = BackOff,
) -> None:
    """Run every task for ever, each by itself.

    Args:
        tasks: What to run, by a name for the log. Each is meant never to return.
        back_off: Waits before a task is started again.
    """
    async with asyncio.TaskGroup() as group:
        for name, run in tasks.items():
            group.create_task(_keep(name, run, back_off()), name=name)


async def _keep(name: str, run: Callable[[], Awaitable[None]], back_off: BackOff) -> None:
    loop = asyncio.get_running_loop()
    while True:
        began_s = loop.time()
        try:
            await run()
            _log.error("%s ended and is started again", name)
        except Exception:
            # Nobody awaits these tasks: without this, one mistake would end a gate in silence.
            _log.exception("%s failed and is started again", name)
        if loop.time() - began_s > STEADY_AFTER_S:
            back_off.reset()
        await asyncio.sleep(back_off.next_s())
