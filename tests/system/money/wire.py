"""Questions and answers between two processes, over a socket; either side may ask."""

import asyncio
import itertools
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

Document = dict[str, Any]
Handler = Callable[[str, Document], Awaitable[Document | None]]
LIMIT_BYTES = 1 << 24


class DiedError(Exception):
    """The other process ended before it answered: what it did is not known."""


class RefusedError(Exception):
    """The other process understood and could not; its own words."""


class Wire:
    """One end. Lines of JSON; ``connect``, then ``run``."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._numbers = itertools.count(1)
        self._asked = dict[int, asyncio.Future[Document | None]]()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._is_over = False
        self._answering = set[asyncio.Task[None]]()

    async def connect(self, end: socket.socket) -> None:
        """Take an end of a pair of sockets."""
        self._reader, self._writer = await asyncio.open_connection(sock=end, limit=LIMIT_BYTES)

    async def run(self) -> None:
        """Hear the other end until it is gone; whoever waits then is told."""
        if self._reader is None or self._writer is None:
            raise ValueError("not connected")
        try:
            while line := await self._reader.readline():
                self._hear(json.loads(line))
        except (ConnectionError, ValueError):
            # Cut off in the middle of a line, as by a kill.
            pass
        finally:
            self._is_over = True
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(DiedError())
            self._writer.close()

    async def ask(self, what: str, **body: object) -> Document:
        """Return the answer.

        Raises:
            DiedError: The other process ended first.
            RefusedError: It could not do it.
        """
        if self._writer is None or self._is_over:
            raise DiedError
        number = next(self._numbers)
        waiting = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self._say({"n": number, "ask": what, "body": body})
            return await waiting or {}
        finally:
            del self._asked[number]

    def _hear(self, message: Document) -> None:
        if "ask" in message:
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
            return
        waiting = self._asked.get(message["n"])
        if waiting is None or waiting.done():
            return
        if "error" in message:
            waiting.set_exception(RefusedError(message["error"]))
        else:
            waiting.set_result(message["answer"])

    async def _answer(self, message: Document) -> None:
        try:
            said: Document = {"answer": await self._handler(message["ask"], message["body"])}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        self._say({"n": message["n"], **said})

    def _say(self, message: Document) -> None:
        if self._writer is not None and not self._is_over:
            self._writer.write(json.dumps(message).encode() + b"\n")
