"""How requests reach central: by its address, or with a certificate where it takes those.

What cannot be reached with the certificate goes the other way from then on, until there is a new
one: a firewall that knows nothing of the second port stops no terminal.
"""

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpx

from edge.central_answers import reason_of

_log = logging.getLogger("edge.central")
_BROKEN: Final = (
    httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError,
)  # fmt: skip


class WaysToCentral(httpx.AsyncBaseTransport):
    """A transport whose connections change; for one event loop.

    Attributes:
        count: Of the certificates that were taken so far.
    """

    def __init__(self, tls: ssl.SSLContext | None, limits: httpx.Limits) -> None:
        """Go by the address alone. ``tls``: None trusts whom this machine trusts."""
        self._limits = limits
        self._ordinary = self._transport(True if tls is None else tls)
        self._certified: _Certified | None = None
        self.count = 0

    @property
    def is_certified(self) -> bool:
        """Whether the next request goes with a certificate."""
        return self._certified is not None

    async def go_by(self, tls: ssl.SSLContext, port: int) -> None:
        """Open connections with the certificate of ``tls``; those that are in use are finished.

        Args:
            tls: Trusts central, and shows a certificate.
            port: Of central, where it is taken.
        """
        before = self._certified
        self._certified = _Certified(self._transport(tls), port)
        self.count += 1
        if before is not None:
            await before.finish()

    async def drop(self) -> None:
        """Go by the address alone."""
        before, self._certified = self._certified, None
        if before is not None:
            await before.finish()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask central; raises what ``httpx`` does."""
        certified = self._certified
        if certified is None:
            return await self._ordinary.handle_async_request(request)
        try:
            return await certified.ask(request)
        except _BROKEN as error:
            if certified is self._certified:
                _log.info("central is not reached with the certificate: %s", reason_of(error))
                await self.drop()
            raise

    async def aclose(self) -> None:
        """Close all connections."""
        await self._ordinary.aclose()
        if self._certified is not None:
            await self._certified.transport.aclose()

    def _transport(self, verify: ssl.SSLContext | bool) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(verify=verify, limits=self._limits, trust_env=False)


class _Certified:
    """Connections with one certificate, closed when they are given up and nobody reads there."""

    def __init__(self, transport: httpx.AsyncHTTPTransport, port: int) -> None:
        self.transport, self._port = transport, port
        self._open_count, self._is_over = 0, False

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Ask central at its other port."""
        asked = httpx.Request(
            request.method,
            request.url.copy_with(port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        self._open_count += 1
        try:
            response = await self.transport.handle_async_request(asked)
        except BaseException:
            await self._left()
            raise
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise AssertionError("an asynchronous transport gives an asynchronous stream")
        response.stream = _Body(response.stream, self._left)
        return response

    async def finish(self) -> None:
        """Close what is open once nobody reads it."""
        self._is_over = True
        if not self._open_count:
            await self.transport.aclose()

    async def _left(self) -> None:
        self._open_count -= 1
        if self._is_over and not self._open_count:
            await self.transport.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer, which says when it is closed."""

    def __init__(
        self, inner: httpx.AsyncByteStream, on_close: Callable[[], Awaitable[None]]
    ) -> None:
        self._inner, self._on_close, self._is_closed = inner, on_close, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            yield piece

    async def aclose(self) -> None:
        """Close it, once."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._inner.aclose()
        finally:
            await self._on_close()
