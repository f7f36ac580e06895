"""Asks a time server once."""

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from drivers.protocols import FrameError
from drivers.protocols.sntp import Measured, Reply, decode_reply, encode_request, measure

TIMEOUT_S: Final = 3.0


class TimeServerError(Exception):
    """Nobody answered, or the answer is worth nothing; ask again later."""


async def ask(
    address: tuple[str, int],
    *,
    wall: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
    timeout_s: float = TIMEOUT_S,
) -> Measured:
    """Return how far the clock is from a server's.

    Args:
        address: Host and port.
        wall: The clock, aware UTC.
        monotonic: Seconds.
        timeout_s: For name and answer.

    Raises:
        TimeServerError: It is not known now.
    """
    nonce = secrets.randbits(63) + 1
    try:
        async with asyncio.timeout(timeout_s):
            loop = asyncio.get_running_loop()
            transport, asked = await loop.create_datagram_endpoint(
                lambda: _Asked(nonce, monotonic), remote_addr=address
            )
            try:
                asked_at, asked_at_s = wall(), monotonic()
                transport.sendto(encode_request(nonce))
                reply, came_at_s = await asked.answer
            finally:
                transport.close()
        return measure(reply, asked_at=asked_at, took_s=came_at_s - asked_at_s)
    except (OSError, TimeoutError, FrameError) as error:
        raise TimeServerError(str(error) or "no answer") from error


class _Asked(asyncio.DatagramProtocol):
    """One question. Attributes: answer: the reply, and when it came, monotonic."""

    def __init__(self, nonce: int, monotonic: Callable[[], float]) -> None:
        self._nonce, self._monotonic = nonce, monotonic
        self.answer: asyncio.Future[tuple[Reply, float]] = (
            asyncio.get_running_loop().create_future()
        )

    def datagram_received(self, data: bytes, _addr: object) -> None:
        at_s = self._monotonic()
        if self.answer.done():
            return
        try:
            self.answer.set_result((decode_reply(data, nonce=self._nonce), at_s))
        except FrameError as error:
            self.answer.set_exception(error)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)
