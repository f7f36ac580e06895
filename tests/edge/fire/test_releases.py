import asyncio
from collections.abc import Awaitable, Callable

from config.contract.access import DoorCommandOutcome
from drivers.base import CommandReceipt, CommandRejectedError, DeviceUnreachableError, Side
from edge.fire.releases import BOTH, NEITHER, Answer, Release
from tests.edge.conftest import eventually

CONFIRMED, UNREACHABLE = DoorCommandOutcome.CONFIRMED, DoorCommandOutcome.UNREACHABLE


class Gate:
    """Answers with what is next in ``errors``, then confirms."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.is_current = list(errors), True
        self.told: list[tuple[frozenset[Side], bool]] = []
        self.answers: list[Answer] = []
        self.release = Release(
            "gate",
            self._tell,
            is_current=lambda: self.is_current,
            on_answer=lambda _, answer: self.answers.append(answer),
        )

    async def _tell(self, sides: frozenset[Side], *, is_urgent: bool) -> CommandReceipt:
        self.told.append((sides, is_urgent))
        if self.errors:
            raise self.errors.pop(0)
        return CommandReceipt(attempts=1)

    @property
    def outcomes(self) -> list[DoorCommandOutcome]:
        return [answer.outcome for answer in self.answers]


def at_work(gate: Gate, act: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        task = asyncio.create_task(gate.release.run())
        await act()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_a_gate_is_told_until_it_confirms_and_each_other_answer_is_said_once() -> None:
    lost = [DeviceUnreachableError("no reply") for _ in range(3)]
    gate = Gate(*lost)

    async def act() -> None:
        gate.release.want(BOTH)
        await eventually(lambda: gate.release.is_confirmed)

    at_work(gate, act)

    assert gate.told == [(BOTH, True)] * 4
    assert gate.outcomes == [UNREACHABLE, CONFIRMED]
    assert gate.answers[-1].attempts == 4


def test_a_gate_that_does_not_answer_waits_behind_those_that_do() -> None:
    gate = Gate()
    gate.is_current = False

    async def act() -> None:
        gate.release.want(BOTH)
        await eventually(lambda: bool(gate.told))

    at_work(gate, act)

    assert gate.told == [(BOTH, False)]
    assert not gate.release.is_confirmed


def test_a_gate_that_refuses_is_told_again() -> None:
    gate = Gate(CommandRejectedError("fault"))

    async def act() -> None:
        gate.release.want(BOTH)
        await eventually(lambda: gate.release.is_confirmed)

    at_work(gate, act)

    assert gate.outcomes == [DoorCommandOutcome.REFUSED, CONFIRMED]


def test_what_is_wanted_meanwhile_is_told_next() -> None:
    gate = Gate()

    async def act() -> None:
        gate.release.want(BOTH)
        gate.release.want(frozenset({Side.OUT}))
        gate.release.want(NEITHER)
        await eventually(lambda: gate.release.is_confirmed)

    at_work(gate, act)

    assert gate.told[-1] == (NEITHER, False)


def test_a_gate_that_comes_back_is_told_at_once_what_it_was_to_do() -> None:
    gate = Gate()

    async def act() -> None:
        gate.release.want(BOTH)
        await eventually(lambda: gate.release.is_confirmed)
        gate.release.wake()
        await eventually(lambda: len(gate.told) == 2)

    at_work(gate, act)

    assert gate.outcomes == [CONFIRMED]


def test_a_gate_that_is_to_do_nothing_is_left_alone() -> None:
    gate = Gate()

    async def act() -> None:
        gate.release.wake()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    at_work(gate, act)

    assert gate.told == []


def test_a_gate_that_did_not_confirm_that_it_is_closed_owes_that_also_after_a_restart() -> None:
    gate, restarted = Gate(DeviceUnreachableError("no reply")), Gate(DeviceUnreachableError("no"))

    owed = list[bool]()

    async def act() -> None:
        for sides in (BOTH, NEITHER):
            gate.release.want(sides)
            owed.append(gate.release.is_owed)
        await eventually(lambda: not gate.release.is_owed)

    async def act_again() -> None:
        restarted.release.owe()
        await eventually(lambda: not restarted.release.is_owed)

    at_work(gate, act)
    at_work(restarted, act_again)

    assert owed == [False, True]
    assert restarted.told == [(NEITHER, False)] * 2


def test_who_waits_for_the_answer_and_the_task_do_not_both_tell_the_gate() -> None:
    """The line is a fire's next moment: what is confirmed is not said twice."""
    gate = Gate()

    async def act() -> None:
        gate.release.want(BOTH)
        answer = await gate.release.tell()
        await eventually(lambda: gate.release.is_confirmed)
        for _ in range(5):
            await asyncio.sleep(0)
        assert answer.outcome is CONFIRMED

    at_work(gate, act)

    assert gate.told == [(BOTH, True)]


def test_a_gate_that_has_come_back_is_told_again_although_it_had_confirmed() -> None:
    gate = Gate()

    async def act() -> None:
        gate.release.want(BOTH)
        await eventually(lambda: gate.release.is_confirmed)
        gate.release.wake()
        await eventually(lambda: len(gate.told) == 2)

    at_work(gate, act)
