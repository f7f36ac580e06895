"""Serves the terminal's own pages and local API on loopback, inside the node's event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

_log = logging.getLogger("edge.pages")


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to the node."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing; see ``uvicorn.Server.capture_signals``."""
        yield


def listen(port: int) -> socket.socket | None:
    """Return a listening socket on loopback, or None, said, when the port is taken.

    Args:
        port: 0 picks a free one.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        _log.error(
            "the terminal's page cannot be shown: port %d is in use (%s);"
            " choose another kiosk_port in the site file",
            port,
            error.strerror,
        )
        return None


async def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until cancelled; nobody is left with half a connection."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        for connection in list(server.server_state.connections):
            # A stream never ends by itself; a page that loses its own asks again.
            connection.transport.abort()
        await asyncio.wait([serving])
        raise
