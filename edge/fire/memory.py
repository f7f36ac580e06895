"""Has what must outlive the process written; a disk that refuses changes nothing."""

import asyncio
import logging
from collections.abc import Callable

from edge.fire.store import FireMemory, FireStore

_log = logging.getLogger("edge.fire")


class Memory:
    """Of one node."""

    def __init__(self, store: FireStore, to_keep: Callable[[], FireMemory]) -> None:
        """Keep in ``store`` what ``to_keep`` returns, in the event loop, when it has changed."""
        self._store, self._to_keep = store, to_keep
        self._has_changed = asyncio.Event()

    def load(self) -> FireMemory:
        """Return what was kept; see ``FireStore.load``."""
        return self._store.load()

    def changed(self) -> None:
        """Have it written soon; nothing is waited for."""
        self._has_changed.set()

    async def run(self) -> None:
        """Write for ever."""
        has_failed = False
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            memory = self._to_keep()
            try:
                await asyncio.to_thread(self._store.save, memory)
                has_failed = False
            except OSError as error:
                if not has_failed:
                    _log.error("what stands for a fire is not kept over a restart: %s", error)
                has_failed = True
