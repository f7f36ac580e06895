"""A program of somebody else that listens at a port: started, asked whether it does, and killed."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any, Final

from tests.serving import free_port

DEADLINE_S: Final = 60.0
PATHS: Final = "/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin"


def eventually(condition: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """Return what a condition says once that is true."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline_s, "it did not come true in time"
        time.sleep(0.02)
    return found


class Peer:
    """One such program, on loopback; killed and run again it keeps its address."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *command: str) -> None:
        """Start it, and return when it listens."""
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(self._listens)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
