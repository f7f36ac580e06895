"""The processes of a history, each of which may be killed at any moment, and started again."""

import asyncio
import contextlib
import multiprocessing
import signal
import socket
from collections.abc import Callable
from typing import Final

from tests.system.money.wire import DiedError, Document, Handler, Wire

_NURSERY: Final = multiprocessing.get_context("forkserver")
"""Has everything imported already, so that a start costs milliseconds and kills can be many."""


def prepare() -> None:
    """Import once what every process needs."""
    modules = ("centre", "counter", "gate")
    _NURSERY.set_forkserver_preload([f"tests.system.money.{name}" for name in modules])


class Player:
    """A process behind a wire."""

    def __init__(
        self, main: Callable[..., None], arguments: Callable[[], tuple[object, ...]], hear: Handler
    ) -> None:
        """Take what it runs and with what, and who answers what it asks."""
        self._main, self._arguments, self._hear = main, arguments, hear
        self._process: multiprocessing.process.BaseProcess | None = None
        self._wire: Wire | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it is there, as far as is known."""
        return self._process is not None and self._process.exitcode is None

    async def start(self) -> None:
        """Start it; what it is asked before it is ready waits."""
        here, there = socket.socketpair()
        here.setblocking(False)
        with there:
            self._process = _NURSERY.Process(
                target=self._main, args=(there, *self._arguments()), daemon=True
            )
            self._process.start()
        self._wire = Wire(self._hear)
        await self._wire.connect(here)
        self._running = asyncio.create_task(self._wire.run())

    async def ask(self, what: str, **body: object) -> Document:
        """Return its answer.

        Raises:
            DiedError: It was killed before it answered.
            RefusedError: It could not do it.
        """
        if self._wire is None:
            raise DiedError
        return await self._wire.ask(what, **body)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None and self._process.exitcode is None:
            self._process.kill()

    async def ended(self) -> None:
        """Return when it is gone, whoever waited for it has been told.

        Raises:
            RuntimeError: It ended by itself.
        """
        if self._process is None:
            return
        # Not joined in a thread: whoever starts another process looks at this one, too, and the
        # first of two who look takes the exit code.
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, gone.set)
        await gone.wait()
        loop.remove_reader(self._process.sentinel)
        self._process.join()
        if self._running is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        code, self._process, self._wire = self._process.exitcode, None, None
        if code != -signal.SIGKILL:
            raise RuntimeError(f"a process ended by itself with {code}")
