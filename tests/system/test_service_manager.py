"""Central and a terminal as a service manager runs them, which here is a socket of the test's."""

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from tests.system.running_site import running_site, until


class Manager:
    """Hears what services say, as systemd does."""

    def __init__(self, path: Path) -> None:
        self.told = list[str]()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def _hear(self) -> None:
        while message := self._socket.recv(1000):
            self.told.extend(message.decode().splitlines())

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


def test_both_say_when_they_are_ready_that_they_live_and_that_they_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = Manager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "400000")

    async def both_tick() -> bool:
        return manager.told.count("READY=1") == 2 and manager.told.count("WATCHDOG=1") > 10

    async def run() -> None:
        async with running_site(tmp_path):
            await until(both_tick)

    try:
        asyncio.run(run())
    finally:
        manager.close()

    assert manager.told.count("STOPPING=1") == 2
    assert not any(line.startswith("STATUS=stuck") for line in manager.told)
