"""The server around an application: what it listens with, and how it stops."""

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from central.certificates.connection import Entrance
from config.notify import STOPPING, notify

SHUTDOWN_S: Final = 2
# Longer than clients keep an idle connection (ours: 5 s; proxies: 60 s): the client must close
# first, or its next request may cross with the server's close.
KEEP_ALIVE_S: Final = 75


class Server(uvicorn.Server):
    """A server that ends its streams, which never end by themselves, before it waits for them."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        end_streams: Callable[[], None],
        tls: ssl.SSLContext | None = None,
        protocol: type[asyncio.Protocol] = HttpToolsProtocol,
        entrance: Entrance | None = None,
    ) -> None:
        """Serve an application that is started and stopped by whoever calls.

        Args:
            app: The application.
            end_streams: Ends those that are open.
            tls: None is plain HTTP.
            protocol: Speaks HTTP on a connection.
            entrance: Listened at, too: for clients with a certificate.
        """
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                lifespan="off",
                log_config=None,
                # Paths hold identifiers of people, and their log would be kept by nobody's rule.
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
                timeout_keep_alive=KEEP_ALIVE_S,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
            )
        )
        self._end_streams, self._entrance = end_streams, entrance

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in order when asked to, and not by the signal itself, as uvicorn would at last."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        if self._entrance is None or not self.started:
            return

        def connection() -> asyncio.Protocol:
            protocol: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
            return protocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        self.servers.append(
            await asyncio.get_running_loop().create_server(
                connection, sock=self._entrance.listener, ssl=self._entrance.tls
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        notify(STOPPING)
        self._end_streams()
        await super().shutdown(sockets)


def spare_the_collector() -> None:
    """Look for cycles among what comes, and not again and again at the program itself.

    A batch of events is tens of thousands of objects without one: looked at every 700 of them,
    with the whole program each time that a quarter was added, this took half the time of reading.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # SQLite's thread comes back for each statement: the loop lets go of the interpreter sooner.
    sys.setswitchinterval(0.001)
