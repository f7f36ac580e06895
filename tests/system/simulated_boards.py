"""Boards as processes of their own, and programs that are run against them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.config.images import public_pem, signed
from tests.drivers.test_cli import MENSHEN, simulated

DEADLINE_S = 120.0
"""Generous: the machine may be busy with other things."""
BODY = bytes(range(256)) * 100
"""25 kB: several packets, and quickly sent."""


class SimulatedBoard:
    """``menshen sim board``. Attributes: port: the path of its pseudo-terminal, or its URL."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.port = str(ready["driver_port"])
        self._http = httpx.Client(
            base_url=ready["control"], headers={"Authorization": f"Bearer {ready['token']}"}
        )

    def state(self, address: int = 0) -> dict[str, Any]:
        """Return the state of one of its boards."""
        state: dict[str, Any] = self._http.get("/state").json()["boards"][str(address)]
        return state

    def close(self) -> None:
        """Close the connection to its control port."""
        self._http.close()


@contextmanager
def simulated_board(
    folder: Path, *words: str, settings: Sequence[str] = (), name: str = "board"
) -> Iterator[SimulatedBoard]:
    """Run one meanwhile; it takes the images of ``tests.config.images``'s maker.

    Args:
        folder: For its keys and its port.
        words: More of the command's; with ``--udp`` it is on the network.
        settings: Of the simulator.
        name: Of its port.
    """
    keys = folder / "keys.pem"
    keys.write_text(public_pem())
    options = [word for setting in (f"keys={keys}", *settings) for word in ("--set", setting)]
    port = [] if "--udp" in words else ["--port", str(folder / name)]
    control = ["--control", "127.0.0.1:0"]
    with simulated("board", *port, *control, *options, *words) as (ready, _):
        board = SimulatedBoard(ready)
        try:
            yield board
        finally:
            board.close()


def firmware_command(*words: str | Path) -> list[str]:
    """Return ``menshen firmware`` with its arguments."""
    return [*MENSHEN, "firmware", *map(str, words)]


def firmware(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``menshen firmware`` to its end."""
    return run(firmware_command(*words))


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def smpmgr(port: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run smpmgr to its end."""
    script = Path(sys.executable).parent / "smpmgr"
    return run([str(script), "--port", port, "--timeout", "20", *map(str, words)])


def image_file(path: Path, **how: Any) -> Path:  # noqa: ANN401 - as tests.config.images.signed
    """Write an image of the maker's, by imgtool."""
    path.write_bytes(signed(**{"version": "1.1.0", "body": BODY, **how}))
    return path


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds in another process; fails when it does not in time."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
