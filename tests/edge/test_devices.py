import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from config.contract.access import DoorState
from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    GateMode,
    GateState,
    GateStateChanged,
    Observation,
    Side,
)
from drivers.presence import PresenceTracker
from edge.backoff import BackOff
from edge.devices import AWAITED_S_MAX, DeviceTable, DeviceTask
from edge.supervisor import supervise
from tests.edge.conftest import NOW, eventually

OPEN = GateStateChanged(GateState.OPEN)


class ScriptedDriver:
    """A gate whose line can be cut; keeps what it was asked."""

    def __init__(self) -> None:
        self.is_reachable, self.rejection = True, ""
        self.mistake: Exception | None = None
        self.calls: list[str] = []
        self.observations: list[Observation] = []
        self.running_count = self.running_count_max = 0

    async def start(self) -> None:
        await self._answer("start")

    async def poll(self) -> Sequence[Observation]:
        await self._answer("poll")
        if self.mistake is not None:
            mistake, self.mistake = self.mistake, None
            raise mistake
        found, self.observations = self.observations, []
        return found

    async def access(self, side: Side) -> CommandReceipt:
        await self._answer(f"access {side.value}")
        return CommandReceipt(attempts=1)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        await self._answer(f"set_mode {side.value} {mode.value}")
        if self.rejection:
            raise CommandRejectedError(self.rejection)
        return CommandReceipt(attempts=1)

    async def _answer(self, call: str) -> None:
        self.calls.append(call)
        self.running_count += 1
        self.running_count_max = max(self.running_count_max, self.running_count)
        await asyncio.sleep(0.001)
        self.running_count -= 1
        if not self.is_reachable:
            raise DeviceUnreachableError("no reply")


class Ear:
    """Keeps what a listener hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def observed(self, observation: Observation) -> None:
        self.heard.append(observation)

    def lost(self, detail: str) -> None:
        self.heard.append(f"lost: {detail}")

    def returned(self, absence_s: float) -> None:
        self.heard.append("returned" if absence_s else "first heard")


@asynccontextmanager
async def tended(
    driver: ScriptedDriver, ear: Ear, *, probe_s: float = 0.01
) -> AsyncIterator[DeviceTask]:
    presence = PresenceTracker(
        absent_after_s=0.02, first_answer_s=0.02, probe_first_s=probe_s, probe_last_s=0.05
    )
    task = DeviceTask(
        "gate-east",
        driver,
        ear,
        modes=[(Side.OUT, GateMode.FREE)],
        poll_interval_s=0.005,
        presence=presence,
    )
    keep = supervise({"device": task.run}, back_off=lambda: BackOff(first_s=0.001, last_s=0.01))
    running = asyncio.create_task(keep)
    try:
        yield task
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_what_changes_is_told(ear: Ear, driver: ScriptedDriver) -> None:
    async def act() -> None:
        async with tended(driver, ear):
            await eventually(lambda: ear.heard == ["first heard"])
            driver.observations = [OPEN]
            await eventually(lambda: ear.heard == ["first heard", OPEN])

    asyncio.run(act())


def test_a_device_is_lost_once_and_back_once(
    ear: Ear, driver: ScriptedDriver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            driver.is_reachable = False
            await eventually(lambda: not task.is_current)
            failed_count = len(driver.calls)
            await eventually(lambda: len(driver.calls) >= failed_count + 2)
            driver.is_reachable = True
            await eventually(lambda: task.is_current)

    asyncio.run(act())

    assert ear.heard == ["first heard", "lost: no reply", "returned"]
    assert (caplog.text.count("is lost"), caplog.text.count("is back")) == (1, 1)


def test_one_failed_poll_is_no_loss(ear: Ear, driver: ScriptedDriver) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            driver.is_reachable = False
            count = len(driver.calls)
            await eventually(lambda: len(driver.calls) > count)
            driver.is_reachable = True
            await eventually(lambda: len(driver.calls) > count + 3)

    asyncio.run(act())

    assert ear.heard == ["first heard"]


def test_a_device_that_comes_back_is_set_up_again(ear: Ear, driver: ScriptedDriver) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            driver.is_reachable = False
            await eventually(lambda: not task.is_current)
            driver.calls.clear()
            driver.is_reachable = True
            await eventually(lambda: task.is_current)

    asyncio.run(act())

    start = driver.calls.index("start")
    assert driver.calls[start : start + 3] == ["start", "set_mode out free", "poll"]


def test_a_gate_that_refuses_its_set_up_is_still_heard(
    ear: Ear, driver: ScriptedDriver, caplog: pytest.LogCaptureFixture
) -> None:
    driver.rejection, driver.observations = "motor fault", [GateStateChanged(GateState.FAULT)]

    async def act() -> None:
        async with tended(driver, ear):
            await eventually(lambda: GateStateChanged(GateState.FAULT) in ear.heard)

    asyncio.run(act())

    assert caplog.text.count("refuses its set-up") == 1


def test_calls_come_one_at_a_time(ear: Ear, driver: ScriptedDriver) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await asyncio.gather(*(task.access(Side.IN) for _ in range(10)))

    asyncio.run(act())

    assert driver.calls.count("access in") == 10
    assert driver.running_count_max == 1


def test_a_command_is_tried_while_the_device_is_lost(ear: Ear, driver: ScriptedDriver) -> None:
    driver.is_reachable = False

    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: "lost: no reply" in ear.heard)
            with pytest.raises(DriverError):
                await task.access(Side.IN)
            driver.is_reachable = True
            await task.access(Side.IN)
            await eventually(lambda: task.is_current)

    asyncio.run(act())


def test_a_device_that_is_only_written_to_comes_back_by_a_command_and_is_set_up_again(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        # Once it is lost, no poll asks for it within this test.
        async with tended(driver, ear, probe_s=600.0) as task:
            await eventually(lambda: task.is_current)
            driver.is_reachable = False
            await eventually(lambda: "lost: no reply" in ear.heard)
            driver.is_reachable = True
            driver.calls.clear()
            await task.access(Side.IN)

            assert task.is_current
            await eventually(lambda: "set_mode out free" in driver.calls)

    asyncio.run(act())


def test_a_device_that_is_silent_from_the_start_is_lost_after_its_own_time_and_not_before(
    ear: Ear, driver: ScriptedDriver
) -> None:
    driver.is_reachable, now_s = False, [0.0]
    presence = PresenceTracker(first_answer_s=9.0, probe_first_s=0.01, probe_last_s=0.01)
    task = DeviceTask("gate-east", driver, ear, presence=presence, monotonic=lambda: now_s[0])

    async def act() -> list[object]:
        running = asyncio.create_task(task.run())
        try:
            await eventually(lambda: len(driver.calls) > 3)
            now_s[0] = 8.9
            count = len(driver.calls)
            await eventually(lambda: len(driver.calls) > count + 2)
            before = list(ear.heard)
            now_s[0] = 9.0
            await eventually(lambda: bool(ear.heard))
            return before
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    assert asyncio.run(act()) == []
    assert ear.heard == ["lost: no reply"]


def test_a_device_is_awaited_until_it_is_heard_or_lost() -> None:
    table = DeviceTable(now=lambda: NOW, on_change=lambda: None)
    for device in ("gate-east", "gate-west", "reader"):
        table.add(device, kind="speed_gate", access_points=[])
    table.set_current("gate-east")
    table.set_lost("gate-west", "no reply")

    assert [(s.is_awaited, s.is_current) for s in table] == [
        (False, True), (False, False), (True, False),
    ]  # fmt: skip


def test_nothing_is_awaited_for_ever() -> None:
    now_s = [0.0]
    table = DeviceTable(now=lambda: NOW, on_change=lambda: None, monotonic=lambda: now_s[0])
    table.add("gate-east", kind="speed_gate", access_points=[])
    now_s[0] = AWAITED_S_MAX

    assert [(s.is_awaited, s.is_current) for s in table] == [(False, False)]


def test_polling_goes_on_after_an_error_that_nobody_expected(
    ear: Ear, driver: ScriptedDriver, caplog: pytest.LogCaptureFixture
) -> None:
    driver.mistake = ZeroDivisionError("of a driver")

    async def act() -> None:
        async with tended(driver, ear):
            await eventually(lambda: driver.mistake is None)
            driver.observations = [OPEN]
            await eventually(lambda: OPEN in ear.heard)

    asyncio.run(act())

    assert "of a driver" in caplog.text


def test_the_last_state_of_a_lost_gate_is_not_kept() -> None:
    changes: list[None] = []
    table = DeviceTable(now=lambda: NOW, on_change=lambda: changes.append(None))
    table.add("gate-east", kind="speed_gate", access_points=["east"])
    table.set_current("gate-east", state=DoorState.CLOSED)
    table.set_lost("gate-east", "no reply")
    table.set_lost("gate-east", "no reply")

    (status,) = table
    assert (status.is_current, status.state, status.detail) == (False, None, "no reply")
    assert len(changes) == 2


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def driver() -> ScriptedDriver:
    return ScriptedDriver()


def test_a_release_holds_over_a_loss_and_beats_what_is_set_meanwhile(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            await task.release(frozenset(Side))
            with pytest.raises(CommandRejectedError, match="free for a fire"):
                await task.set_mode(Side.IN, GateMode.CONTROLLED)
            driver.is_reachable = False
            await eventually(lambda: not task.is_current)
            driver.calls.clear()
            driver.is_reachable = True
            await eventually(lambda: "set_mode out free" in driver.calls)

            assert "set_mode in free" in driver.calls
            assert "set_mode in controlled" not in driver.calls

    asyncio.run(act())


def test_after_a_release_people_are_treated_as_was_set_meanwhile(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            await task.release(frozenset(Side))
            await task.set_mode(Side.IN, GateMode.FREE)
            driver.calls.clear()

            await task.release(frozenset())

            modes = [call for call in driver.calls if call.startswith("set_mode")]
            assert modes == ["set_mode in free", "set_mode out free"]

    asyncio.run(act())


def test_a_suspended_gate_lets_nobody_through_but_a_fire_does(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            task.suspend("it restarts")
            with pytest.raises(DeviceUnreachableError, match="it restarts"):
                await task.access(Side.IN)
            await task.release(frozenset(Side))
            task.suspend("")
            await task.access(Side.IN)

    asyncio.run(act())

    assert ear.heard == ["first heard", "lost: it restarts", "returned"]
    assert driver.calls.count("access in") == 1
    assert "set_mode in free" in driver.calls


def test_a_suspended_device_that_is_lost_meanwhile_is_lost_once_and_back_once(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            await eventually(lambda: task.is_current)
            task.suspend("it restarts")
            driver.is_reachable = False
            await eventually(lambda: not task.is_current)
            task.suspend("")
            driver.calls.clear()
            driver.is_reachable = True
            await eventually(lambda: task.is_current)
            await eventually(lambda: "start" in driver.calls)

    asyncio.run(act())

    assert ear.heard == ["first heard", "lost: it restarts", "returned"]


def test_a_device_that_is_suspended_before_it_was_heard_is_heard_first_afterwards(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        async with tended(driver, ear) as task:
            task.suspend("it restarts")
            await eventually(lambda: task.is_current)
            task.suspend("")

    asyncio.run(act())

    assert ear.heard == ["first heard"]


def test_a_device_that_is_suspended_and_never_heard_is_lost_afterwards(
    ear: Ear, driver: ScriptedDriver
) -> None:
    async def act() -> None:
        driver.is_reachable = False
        async with tended(driver, ear) as task:
            task.suspend("it restarts")
            await eventually(lambda: driver.calls.count("start") > 5)
            task.suspend("")
            driver.is_reachable = True
            await eventually(lambda: task.is_current)

    asyncio.run(act())

    assert ear.heard == ["lost: it restarts", "returned"]
