"""Updates on command, with a board that does what the test says."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from config.contract.board_commands import (
    BoardCommand,
    CancelBoardUpdate,
    RollBackBoard,
    UpdateBoard,
)
from config.contract.board_events import (
    BoardUpdateEnded,
    BoardUpdateProgressed,
    UpdateOutcome,
    UpdateReason,
    UpdateStage,
)
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import NodeCommand
from config.contract.events import EventData
from config.contract.identifiers import new_id
from config.site_board import BoardRules
from edge.backoff import BackOff
from edge.boards.hindrance import Hindrance
from edge.boards.images import ImageMissingError
from edge.boards.records import Records
from edge.boards.store import UpdatesStore
from edge.boards.updates import Board, Updates, Work
from edge.central_client import CentralUnreachableError
from edge.commands.desk import Carried
from edge.journal import JournalError
from firmware_bridge.update_steps import UpdateProgress, UpdateResult
from tests.config.images import public_pem
from tests.edge.conftest import NOW, eventually

FIRST, SECOND, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)
IMAGE = "ab" * 32
RULES = BoardRules(keys=(public_pem(),))
CONFIRMED = UpdateResult(outcome=UpdateOutcome.CONFIRMED, running="2.0.0", target=b"\x11" * 32)
DONE = Carried(CommandOutcome.DONE)


class Journal:
    """Remembers what was told, in its order."""

    def __init__(self) -> None:
        self.told: list[EventData] = []
        self.refuses = 0

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> object:
        await asyncio.sleep(0)  # the disk's time
        if self.refuses:
            self.refuses -= 1
            raise JournalError("disk full")
        self.told.append(data)
        return None

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        self.told.append(data)

    def ends(self) -> list[BoardUpdateEnded]:
        return [each for each in self.told if isinstance(each, BoardUpdateEnded)]

    def stages(self) -> list[UpdateStage]:
        return [each.stage for each in self.told if isinstance(each, BoardUpdateProgressed)]


class Shelf:
    """Central's images. Attributes: problem: Raised instead of giving one."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.asked_count = 0

    async def get(self, sha256: str, *, size_bytes: int) -> bytes:
        self.asked_count += 1
        if self.problem is not None:
            raise self.problem
        return b"image"

    async def keep_only(self, wanted: frozenset[str]) -> None: ...


class Bench:
    """A node with two boards on one line and a third on another.

    Attributes:
        works: What was begun: device and work.
        answers: What becomes of it; a board without an answer is at work until it has one.
        hindrance: What forbids it now.
        now: Wall clock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.journal, self.shelf = folder, Journal(), Shelf()
        self.works: list[tuple[str, Work]] = []
        self.answers: dict[str, UpdateResult | Exception] = {}
        self.trials: list[tuple[str, bool]] = []
        self.hindrance: Hindrance | None = None
        self.now, self.now_s = NOW, 0.0
        self.rules = RULES
        self.devices = {"a": "line-1", "b": "line-1", "c": "line-2"}

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[Updates]:
        """Run a process of the node; ends as if it was killed."""
        store = self.store = UpdatesStore(self.folder / "boards.sqlite3")
        records = self.records = Records(
            store, self.journal, now=lambda: self.now, monotonic=lambda: self.now_s
        )
        updates = Updates(
            {device: self._board(device, line) for device, line in self.devices.items()},
            self.rules,
            records=records,
            images=self.shelf,
            hindrance=lambda: self.hindrance,
            monotonic=lambda: self.now_s,
            look_s=0.01,
            back_off=lambda: BackOff(first_s=0.01, last_s=0.01),
        )
        running = asyncio.create_task(updates.run())
        try:
            yield updates
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            store.close()

    def _board(self, device: str, line: str) -> Board:
        async def work(wanted: Work) -> UpdateResult:
            self.works.append((device, wanted))
            while True:
                if wanted.is_cancelled():
                    return UpdateResult(outcome=UpdateOutcome.FAILED, reason=UpdateReason.CANCELLED)
                if isinstance(answer := self.answers.get(device), Exception):
                    raise answer
                if answer is not None:
                    return answer
                await asyncio.sleep(0.005)

        return Board(line=line, work=work, trial=lambda on: self.trials.append((device, on)))

    def update(self, update_id: UUID = FIRST, device: str = "a") -> UpdateBoard:
        return UpdateBoard(
            update_id=update_id,
            device=device,
            image=IMAGE,
            size_bytes=5,
            until=self.now + timedelta(minutes=10),
        )

    async def begun(self, device: str = "a") -> Work:
        await eventually(lambda: any(name == device for name, _ in self.works))
        return next(work for name, work in reversed(self.works) if name == device)

    async def end(self) -> BoardUpdateEnded:
        await eventually(lambda: bool(self.journal.ends()))
        return self.journal.ends()[-1]


def command(what: BoardCommand) -> NodeCommand:
    return NodeCommand(
        id=new_id(),
        node="gate-1",
        what=what,
        asked_by="anna",
        reason="roll-out",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=30),
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def ask(updates: Updates, what: BoardCommand) -> Carried:
    return await updates.carry_out(command(what))


def test_an_update_is_taken_on_done_and_told_once(bench: Bench) -> None:
    async def act() -> Carried:
        async with bench.at_work() as updates:
            carried = await ask(updates, bench.update())
            bench.answers["a"] = dataclasses.replace(CONFIRMED, uploaded_bytes=5)
            await bench.end()
            await ask(updates, bench.update())
            return carried

    assert asyncio.run(act()) == DONE
    assert [work.image for _, work in bench.works] == [b"image"]
    assert bench.journal.ends() == [
        BoardUpdateEnded(
            update_id=FIRST,
            device="a",
            outcome=UpdateOutcome.CONFIRMED,
            image=IMAGE,
            running="2.0.0",
            uploaded_bytes=5,
        )
    ]


def test_an_end_that_is_being_told_is_not_told_by_whoever_tidies(bench: Bench) -> None:
    async def act() -> None:
        async with bench.at_work() as updates:
            await ask(updates, bench.update(device="z"))
            records = bench.records
            entry = records.book.take_on(bench.update(device="a"), now=NOW)
            assert entry is not None
            await asyncio.gather(records.end(entry, CONFIRMED), records.tidy(), records.tidy())

    asyncio.run(act())

    assert len(bench.journal.ends()) == 1


def test_a_rollback_needs_no_image_and_names_what_it_went_to(bench: Bench) -> None:
    bench.answers["a"] = CONFIRMED
    until = NOW + timedelta(minutes=1)

    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, RollBackBoard(update_id=FIRST, device="a", until=until))
            return await bench.end()

    assert asyncio.run(act()).image == "11" * 32
    assert bench.shelf.asked_count == 0


def test_a_board_that_is_not_here_is_refused(bench: Bench) -> None:
    async def act() -> Carried:
        async with bench.at_work() as updates:
            return await ask(updates, bench.update(device="z"))

    assert asyncio.run(act()) == Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)
    assert bench.journal.told == []


def test_one_update_goes_over_a_line_at_a_time(bench: Bench) -> None:
    async def act() -> list[str]:
        async with bench.at_work() as updates:
            await ask(updates, bench.update(FIRST, "a"))
            await bench.begun("a")
            await ask(updates, bench.update(SECOND, "b"))
            await ask(updates, bench.update(THIRD, "c"))
            await bench.begun("c")
            before = [name for name, _ in bench.works]
            bench.answers["a"] = CONFIRMED
            await bench.begun("b")
            return before

    assert asyncio.run(act()) == ["a", "c"]
    waiting = [e for e in bench.journal.told if isinstance(e, BoardUpdateProgressed)]
    assert [(e.device, e.stage) for e in waiting] == [("b", UpdateStage.WAITS)]


@pytest.mark.parametrize("hindrance", list(Hindrance))
def test_an_update_waits_for_what_goes_first_and_says_so(
    bench: Bench, hindrance: Hindrance
) -> None:
    bench.hindrance, bench.answers["a"] = hindrance, CONFIRMED

    async def act() -> int:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            await eventually(lambda: bench.journal.stages() == [UpdateStage.WAITS])
            before = len(bench.works)
            bench.hindrance = None
            await bench.end()
            return before

    assert asyncio.run(act()) == 0
    assert len(bench.works) == 1


def test_an_update_that_could_not_begin_in_time_does_not(bench: Bench) -> None:
    bench.hindrance = Hindrance.FIRE

    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            await eventually(lambda: bool(bench.journal.stages()))
            bench.now += timedelta(minutes=10)
            return await bench.end()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.reason) == (UpdateOutcome.REFUSED, UpdateReason.NOT_NOW)
    assert "a fire" in ended.detail
    assert bench.works == []


def test_a_begun_update_hears_of_a_fire(bench: Bench) -> None:
    async def act() -> list[bool]:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            work = await bench.begun()
            before = work.may_go_on()
            bench.hindrance = Hindrance.FIRE
            return [before, work.may_go_on()]

    assert asyncio.run(act()) == [True, False]


def test_without_keys_nothing_is_sent(bench: Bench) -> None:
    bench.rules = BoardRules()

    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            return await bench.end()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.reason) == (UpdateOutcome.REFUSED, UpdateReason.NO_KEYS)
    assert (bench.works, bench.shelf.asked_count) == ([], 0)


def test_an_image_that_central_does_not_have_ends_it(bench: Bench) -> None:
    bench.shelf.problem = ImageMissingError("central has it no more")

    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            return await bench.end()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.reason) == (UpdateOutcome.REFUSED, UpdateReason.IMAGE_MISSING)


def test_an_image_is_waited_for_while_central_is_away(bench: Bench) -> None:
    bench.shelf.problem, bench.answers["a"] = CentralUnreachableError("no answer"), CONFIRMED

    async def act() -> None:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            await eventually(lambda: bench.shelf.asked_count > 2)
            bench.shelf.problem = None
            await bench.end()

    asyncio.run(act())

    assert bench.journal.stages() == [UpdateStage.WAITS]


@pytest.mark.parametrize("is_begun", [False, True])
def test_an_update_is_cancelled_before_its_trial(bench: Bench, is_begun: bool) -> None:
    bench.hindrance = None if is_begun else Hindrance.QUIET

    async def act() -> tuple[Carried, BoardUpdateEnded]:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            if is_begun:
                await bench.begun()
            carried = await ask(updates, CancelBoardUpdate(update_id=FIRST, device="a"))
            return carried, await bench.end()

    carried, ended = asyncio.run(act())

    assert carried == DONE
    assert ended.reason is UpdateReason.CANCELLED
    assert len(bench.works) == is_begun


def test_an_update_on_trial_is_not_cancelled(bench: Bench) -> None:
    async def act() -> Carried:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            for stage in (UpdateStage.PROVES, UpdateStage.WAITS):
                (await bench.begun()).tell(UpdateProgress(stage, b"\x11" * 32))
            return await ask(updates, CancelBoardUpdate(update_id=FIRST, device="a"))

    assert asyncio.run(act()) == Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_NOW)
    assert not bench.works[0][1].is_cancelled()


def test_a_cancellation_that_overtakes_its_update_holds(bench: Bench) -> None:
    async def act() -> tuple[Carried, BoardUpdateEnded]:
        async with bench.at_work() as updates:
            carried = await ask(updates, CancelBoardUpdate(update_id=FIRST, device="a"))
            await ask(updates, bench.update())
            return carried, await bench.end()

    carried, ended = asyncio.run(act())

    assert carried == Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_NOW)
    assert ended.reason is UpdateReason.CANCELLED
    assert bench.works == []


def test_the_gate_is_out_of_service_while_its_board_restarts(bench: Bench) -> None:
    async def act() -> None:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            work = await bench.begun()
            for stage in (UpdateStage.UPLOADS, UpdateStage.RESTARTS, UpdateStage.PROVES):
                work.tell(UpdateProgress(stage, b"\x11" * 32))
            bench.answers["a"] = CONFIRMED
            await bench.end()

    asyncio.run(act())

    assert bench.trials == [("a", True), ("a", False)]


def test_a_gate_stays_in_service_while_the_restart_of_its_board_waits(bench: Bench) -> None:
    async def act() -> list[tuple[str, bool]]:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            work = await bench.begun()
            waits = UpdateProgress(UpdateStage.RESTARTS, b"\x11" * 32, is_in_service=True)
            work.tell(waits)
            trials = [*bench.trials]
            work.tell(dataclasses.replace(waits, is_in_service=False))
            return trials

    assert asyncio.run(act()) == []
    assert bench.trials[:1] == [("a", True)]
    assert bench.journal.stages() == [UpdateStage.WAITS, UpdateStage.RESTARTS]


def test_an_upload_is_told_every_few_seconds(bench: Bench) -> None:
    async def act() -> None:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            work = await bench.begun()
            for sent_bytes in range(1, 13):
                bench.now_s += 1.0
                work.tell(UpdateProgress(UpdateStage.UPLOADS, b"\x11" * 32, sent_bytes, 12))

    asyncio.run(act())

    told = [e for e in bench.journal.told if isinstance(e, BoardUpdateProgressed)]
    assert [(each.sent_bytes, each.size_bytes) for each in told] == [(1, 12), (6, 12), (11, 12)]


def test_an_update_goes_on_after_a_restart_of_the_node(bench: Bench) -> None:
    async def act() -> Work:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            (await bench.begun()).tell(UpdateProgress(UpdateStage.RESTARTS, b"\x11" * 32))
            await eventually(lambda: is_kept(bench))
        bench.works.clear()
        bench.now += timedelta(days=2)
        bench.answers["a"] = CONFIRMED
        async with bench.at_work():
            await bench.end()
        return bench.works[0][1]

    work = asyncio.run(act())

    assert work.interrupted == UpdateProgress(UpdateStage.RESTARTS, b"\x11" * 32)
    assert [each.outcome for each in bench.journal.ends()] == [UpdateOutcome.CONFIRMED]


def is_kept(bench: Bench) -> bool:
    """Return whether the file has the last stage of the first update."""
    store = UpdatesStore(bench.folder / "boards.sqlite3")
    entries = store.load()
    store.close()
    return entries[0].stage is UpdateStage.RESTARTS


def test_what_was_only_taken_on_is_begun_after_a_restart(bench: Bench) -> None:
    bench.hindrance = Hindrance.FIRE

    async def act() -> Work:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
        bench.hindrance, bench.answers["a"] = None, CONFIRMED
        async with bench.at_work():
            await bench.end()
        return bench.works[0][1]

    assert asyncio.run(act()).interrupted is None


def test_a_board_that_the_site_has_no_more_ends_its_update(bench: Bench) -> None:
    bench.hindrance = Hindrance.FIRE

    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
        del bench.devices["a"]
        async with bench.at_work():
            return await bench.end()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.reason) == (UpdateOutcome.REFUSED, UpdateReason.NOT_HERE)


def test_an_end_that_the_journal_refuses_is_told_after_a_restart(bench: Bench) -> None:
    bench.answers["a"], bench.journal.refuses = CONFIRMED, 1

    async def act() -> None:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            await eventually(lambda: bench.journal.refuses == 0)
        async with bench.at_work():
            await bench.end()
        async with bench.at_work() as updates:
            await ask(updates, bench.update())

    asyncio.run(act())

    assert len(bench.journal.ends()) == 1
    assert len(bench.works) == 1


def test_a_mistake_of_ours_ends_one_update_and_no_other(bench: Bench) -> None:
    bench.answers = {"a": RuntimeError("a mistake"), "b": CONFIRMED}

    async def act() -> None:
        async with bench.at_work() as updates:
            await ask(updates, bench.update(FIRST, "a"))
            await ask(updates, bench.update(SECOND, "b"))
            await eventually(lambda: len(bench.journal.ends()) == 2)

    asyncio.run(act())

    assert [(each.device, each.outcome) for each in bench.journal.ends()] == [
        ("a", UpdateOutcome.FAILED),
        ("b", UpdateOutcome.CONFIRMED),
    ]


def test_what_cannot_be_kept_is_not_taken_on(bench: Bench) -> None:
    async def act() -> Carried:
        async with bench.at_work() as updates:
            await ask(updates, bench.update(device="z"))  # answered once the file was read
            bench.store.close()
            return await ask(updates, bench.update())

    assert asyncio.run(act()) == Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_RECORDABLE)
    assert bench.works == []


def test_nothing_is_waited_for_longer_than_a_day(bench: Bench) -> None:
    bench.hindrance = Hindrance.LOCKDOWN
    asked = bench.update().model_copy(update={"until": NOW + timedelta(days=30)})

    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, asked)
            await eventually(lambda: bool(bench.journal.stages()))
            bench.now += timedelta(days=1)
            return await bench.end()

    assert asyncio.run(act()).reason is UpdateReason.NOT_NOW


def test_an_update_that_is_over_is_cancelled_without_a_word(bench: Bench) -> None:
    async def act() -> Carried:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            (await bench.begun()).tell(UpdateProgress(UpdateStage.PROVES, b"\x11" * 32))
            bench.answers["a"] = CONFIRMED
            await bench.end()
            return await ask(updates, CancelBoardUpdate(update_id=FIRST, device="a"))

    assert asyncio.run(act()) == DONE
    assert len(bench.journal.ends()) == 1


def test_a_board_on_trial_is_followed_after_a_restart_during_a_fire(bench: Bench) -> None:
    async def act() -> bool:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            await bench.begun()
        bench.works.clear()
        bench.hindrance = Hindrance.FIRE
        async with bench.at_work():
            return (await bench.begun()).may_go_on()

    assert asyncio.run(act()) is False


def test_a_begun_update_whose_image_is_gone_has_failed(bench: Bench) -> None:
    async def act() -> BoardUpdateEnded:
        async with bench.at_work() as updates:
            await ask(updates, bench.update())
            await bench.begun()
        bench.shelf.problem = ImageMissingError("central has it no more")
        async with bench.at_work():
            return await bench.end()

    ended = asyncio.run(act())

    assert (ended.outcome, ended.reason) == (UpdateOutcome.FAILED, UpdateReason.IMAGE_MISSING)
