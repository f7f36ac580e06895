"""A simulated camera in a thread of its own, and ways to wait for what threads do."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from config.demo.photographs import find_photographs
from drivers.simulators.camera import Simulator
from tests.serving import free_port

PHOTOGRAPHS = find_photographs()
ASTRONAUT, ADMIRAL = PHOTOGRAPHS["astronaut"].path, PHOTOGRAPHS["admiral"].path


def wait_until(condition: Callable[[], bool], *, within_s: float = 60.0, what: str = "") -> float:
    """Wait for a condition that threads bring about; returns how long it took."""
    began_s = time.monotonic()
    while not condition():
        if time.monotonic() - began_s > within_s:
            pytest.fail(f"not within {within_s} s: {what or condition}")
        time.sleep(0.01)
    return time.monotonic() - began_s


def holds(condition: Callable[[], bool], *, for_s: float) -> bool:
    """Return whether a condition stays true for a time."""
    end_s = time.monotonic() + for_s
    while time.monotonic() < end_s:
        if not condition():
            return False
        time.sleep(0.02)
    return True


class SimulatedCamera:
    """The camera simulator, driven from a test's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated camera")
        self._thread.start()
        self.simulator: Simulator | None = None
        self.url = ""
        self.plug_in(free_port())

    def plug_in(self, port: int) -> None:
        """Switch the camera on."""
        photos = [f"astronaut={ASTRONAUT}", f"admiral={ADMIRAL}"]
        self.simulator = Simulator(Simulator.Settings(photo=photos))
        self.url = asyncio.run_coroutine_threadsafe(
            self.simulator.serve("127.0.0.1", port), self._loop
        ).result(60)

    def plug_out(self) -> int:
        """Switch it off; returns its port, for the next time."""
        assert self.simulator is not None
        asyncio.run_coroutine_threadsafe(self.simulator.close(), self._loop).result(60)
        self.simulator = None
        return urlsplit(self.url).port or 0

    def act(self, action: str, **arguments: object) -> None:
        """Do something before the camera, or to it."""

        async def act() -> None:
            assert self.simulator is not None
            self.simulator.act(action, arguments)

        asyncio.run_coroutine_threadsafe(act(), self._loop).result(60)

    def is_doing(self, name: str, doing: str) -> bool:
        """Return whether a person is doing that."""
        assert self.simulator is not None
        people = self.simulator.state()["people"]
        return any(p["name"] == name and p["doing"] == doing for p in people)

    def close(self) -> None:
        """End everything."""
        if self.simulator is not None:
            self.plug_out()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    """A camera on a free port that sees an empty corridor."""
    simulated = SimulatedCamera()
    yield simulated
    simulated.close()
