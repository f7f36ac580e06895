"""A real HTTP server for an application under test, in a thread of this process."""

import contextlib
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

DEADLINE_S = 60.0
KEEP_ALIVE_S = 75  # as central's command has it, and for its reason
PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""``verify`` of a client that speaks plain HTTP: else each would read all authorities' keys."""


def free_port() -> int:
    """Return a port that nobody listens at, for a server that starts later, or again.

    It is below those that a system gives to whoever asks for any, so that nobody gets it meanwhile;
    each process of a run has a thousand of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 20_000 + 1_000 * (worker % 12) + secrets.randbelow(1_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def serving(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Serve on loopback while inside; the value is the address, ``http://127.0.0.1:PORT``."""
    listener = socket.create_server(("127.0.0.1", port or free_port()))
    # Streams never end by themselves, so a graceful end is given little time.
    config = uvicorn.Config(
        app,
        log_level="critical",
        timeout_graceful_shutdown=0,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline_s = time.monotonic() + DEADLINE_S
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline_s, "the server did not start in time"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)
        listener.close()
