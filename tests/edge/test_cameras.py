import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from config.contract.events import AccessGranted, DeviceLost, DeviceReturned, EventData
from config.contract.nodes import DeviceStatus
from edge.cameras import CameraReports
from edge.devices import DeviceTable
from edge.vision.attempt import CameraHealth
from tests.edge.access.bench import Bench, face_attempt, running_bench
from tests.edge.conftest import NOW

CAMERA = "camera-east"
WELL = CameraHealth(is_current=True, detail="", since_s=10.0)
FROZEN = CameraHealth(is_current=False, detail="the camera's picture is frozen", since_s=20.0)
BACK = CameraHealth(is_current=True, detail="", since_s=25.5)


def watch(
    folder: Path, say: Callable[[CameraReports, Bench], None]
) -> tuple[list[EventData | None], DeviceStatus, str]:
    """Return facts, status and the screen's phase after a watcher's thread has said all this."""

    async def run() -> tuple[list[EventData | None], DeviceStatus, str]:
        async with running_bench(folder) as bench:
            table = DeviceTable(now=lambda: NOW, on_change=lambda: None)
            table.add(CAMERA, kind="camera", access_points=["east"])
            reports = CameraReports(
                CAMERA,
                lane=bench.lane,
                recorder=bench.journal,
                table=table,
                now=lambda: NOW,
                loop=asyncio.get_running_loop(),
            )
            thread = threading.Thread(target=say, args=(reports, bench))
            thread.start()
            await asyncio.to_thread(thread.join)
            await bench.settle()
            return await bench.facts(), next(iter(table)), bench.phase()

    return asyncio.run(run())


def test_a_camera_that_is_well_from_the_start_is_no_event(tmp_path: Path) -> None:
    facts, status, phase = watch(tmp_path, lambda reports, _: reports.health(WELL))

    assert facts == []
    assert (status.is_current, phase) == (True, "looking")


def test_a_frozen_camera_is_a_fault_and_cards_remain(tmp_path: Path) -> None:
    def say(reports: CameraReports, _: Bench) -> None:
        reports.health(WELL)
        reports.health(FROZEN)

    facts, status, phase = watch(tmp_path, say)

    assert facts == [DeviceLost(device=CAMERA, detail="the camera's picture is frozen")]
    assert (status.is_current, phase) == (False, "unavailable")


def test_a_camera_that_comes_back_says_for_how_long_it_was_gone(tmp_path: Path) -> None:
    def say(reports: CameraReports, _: Bench) -> None:
        for health in (WELL, FROZEN, BACK):
            reports.health(health)

    facts, status, _ = watch(tmp_path, say)

    assert facts[-1] == DeviceReturned(device=CAMERA, absence_s=5.5)
    assert status.is_current


def test_what_the_watcher_sees_reaches_the_lane(tmp_path: Path) -> None:
    def say(reports: CameraReports, bench: Bench) -> None:
        reports.attempt(face_attempt([0.8], captured_at_s=bench.now_s))

    facts, _, _ = watch(tmp_path, say)

    assert isinstance(facts[0], AccessGranted)
