"""Work that comes to its end, whoever is cancelled while they wait for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Value = TypeVar("Value")


async def to_its_end(work: Coroutine[Any, Any, Value]) -> Value:
    """Wait until work is done, also when the waiting task is cancelled; it is so afterwards.

    Raises:
        CancelledError: The waiting task was cancelled meanwhile; the work is done all the same, and
            what came of it is dropped.
    """
    task, cancelled = asyncio.create_task(work), None
    while not task.done():
        try:
            await _end_of(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen, so that nobody logs it as forgotten
    raise cancelled


def _end_of(task: asyncio.Task[Any]) -> asyncio.Future[None]:
    """Return what is done when the task is, and may be cancelled without it."""
    end = task.get_loop().create_future()

    def tell(_: asyncio.Task[Any]) -> None:
        if not end.done():
            end.set_result(None)

    task.add_done_callback(tell)
    return end
