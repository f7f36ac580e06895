"""Telling systemd how this service is; where nobody asks, nothing is told.

Source: sd_notify(3) and sd_watchdog_enabled(3), systemd 252.
"""

import contextlib
import os
import socket
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"
TIMEOUT_S: Final = 1.0
"""A manager that is too busy to hear must not hold up a gate."""


def notify(*lines: str) -> None:
    """Send assignments to the service manager; a manager that is gone is no failure of ours."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(TIMEOUT_S)
        channel.connect(address.replace("@", "\0", 1))
        channel.sendall("\n".join(lines).encode())


def watchdog_timeout_s() -> float | None:
    """Return after which silence systemd ends this process; None where it does not watch it."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isdecimal() and int(text) else None
