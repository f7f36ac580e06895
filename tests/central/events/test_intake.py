"""Batches that wait together are written together, and each has its own answer."""

import asyncio
import itertools
import shutil
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import func, select, text

from central.alarms.tables import alarm_sources, alarms
from central.database import Database, DatabaseError
from central.events import reading
from central.events.facts import IngestLimited
from central.events.intake import LIMITED, Intake
from central.events.quotas import BURST_BYTES
from central.events.waiting import Batch
from central.problems import RefusedError
from central.tables import events
from config.contract.events import DoorForcedOpen, Event, EventClass
from config.contract.nodes import BatchReceipt
from tests.central.bench import SITE, Bench, make_event
from tests.central.migrated import migrated_file

EPOCH = UUID(int=1)
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
_TIMES = select(func.count().label("most")).select_from(events).group_by(events.c.received_at)
_BATCH = TypeAdapter(list[Event])
Result = TypeVar("Result")


class Seconds:
    """A monotonic clock that a test turns on."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def ticking() -> Callable[[], datetime]:
    """Return a wall clock that is never the same again."""
    seconds = itertools.count()
    return lambda: NOW + timedelta(seconds=next(seconds))


def on(
    url: str,
    act: Callable[[Database, Intake, Seconds], Awaitable[Result]],
    *,
    now: Callable[[], datetime] = lambda: NOW,
) -> Result:
    """Do something with an intake that is not running yet."""

    async def run() -> Result:
        database, seconds = Database(url), Seconds()
        await database.open()
        intake = Intake(database, SITE, epoch=UUID(int=2), now=now, now_s=seconds)
        try:
            return await act(database, intake, seconds)
        finally:
            await database.close()

    return asyncio.run(run())


def body(node: str, *sequences: int, **more: Any) -> bytes:  # noqa: ANN401 - fields of any type
    told = [make_event(n, node=node, epoch=EPOCH, time=NOW, **more) for n in sequences]
    return _BATCH.dump_json(told, by_alias=True)


def fresh(folder: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_file(), folder / 'central.sqlite3')}"


async def answers(
    intake: Intake, *wishes: Awaitable[BatchReceipt]
) -> list[BatchReceipt | BaseException]:
    """Let batches wait together, then let the intake run until each has its answer."""
    waiting = [asyncio.ensure_future(wish) for wish in wishes]
    await asyncio.sleep(0)
    running = asyncio.create_task(intake.run())
    try:
        return await asyncio.gather(*waiting, return_exceptions=True)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def held(database: Database) -> list[tuple[str, int]]:
    async with database.read() as transaction:
        page = await reading.after(transaction, 0, limit=1000, has_names=True)
    return [(item.node, item.event.sequence) for item in page]


def test_what_waits_together_is_one_transaction_with_a_receipt_each(database_url: str) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        receipts = await answers(
            intake,
            intake.take_in("gate-1", body("gate-1", *range(1, 13))),
            intake.take_in("gate-2", body("gate-2", 1, 2)),
        )
        async with database.read() as transaction:
            (times,) = (await transaction.execute(_TIMES)).all()

        assert [r.stored for r in receipts if isinstance(r, BatchReceipt)] == [12, 2]
        assert len(await held(database)) == 14
        assert times.most == 14, "one transaction"

    on(database_url, act, now=ticking())


def test_of_nodes_that_tell_together_each_has_caught_up_by_itself(database_url: str) -> None:
    def forced(device: str) -> Event:
        past, fact = NOW - timedelta(hours=1), DoorForcedOpen(device=device)
        return make_event(1, node=device, epoch=EPOCH, time=past, fact=fact)

    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        fresh = make_event(1, node="gate-2", epoch=EPOCH, time=NOW)
        await answers(
            intake,
            intake.take_in("gate-1", _BATCH.dump_json([forced("gate-1")], by_alias=True)),
            intake.take_in("gate-2", _BATCH.dump_json([forced("gate-2"), fresh], by_alias=True)),
        )
        held_back = select(alarm_sources.c.node).where(alarm_sources.c.pending_at.is_not(None))
        async with database.read() as transaction:
            opened = (await transaction.execute(select(alarms.c.node))).scalars().all()
            waiting = (await transaction.execute(held_back)).scalars().all()

        assert (opened, waiting) == (["gate-2"], ["gate-1"]), "nothing of now came from gate-1"

    on(database_url, act)


def test_a_batch_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        refuse = (
            "CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.node = 'gate-2'"
            " BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
        async with database.write() as transaction:
            await transaction.execute(text(refuse))

        first, second = await answers(
            intake,
            intake.take_in("gate-1", body("gate-1", 1)),
            intake.take_in("gate-2", body("gate-2", 1)),
        )

        assert isinstance(first, BatchReceipt)
        assert isinstance(second, Exception)
        assert await held(database) == [("gate-1", 1)]

    on(fresh(tmp_path), act)


def test_fire_goes_before_a_batch_that_waits_for_its_turn_to_write(tmp_path: Path) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        async def until_waiting(count: int) -> None:
            async with asyncio.timeout(60):
                while database.waiting_writers < count:  # noqa: ASYNC110 - nobody tells of it
                    await asyncio.sleep(0.001)

        running = asyncio.create_task(intake.run())
        async with database.write():
            usual = asyncio.create_task(intake.take_in("gate-1", body("gate-1", 1)))
            await until_waiting(1)
            fire = body("gate-2", 1, event_class=EventClass.FIRE)
            urgent = asyncio.create_task(intake.take_in("gate-2", fire))
            await until_waiting(2)
        await asyncio.gather(usual, urgent)
        running.cancel()

        assert await held(database) == [("gate-2", 1), ("gate-1", 1)]

    on(fresh(tmp_path), act)


def test_who_waits_hears_of_an_end_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        is_in = asyncio.Event()

        async def write(group: Sequence[Batch[Any]]) -> dict[str, BatchReceipt]:
            if len(group) == 2:
                raise ValueError("not together")
            is_in.set()
            return await asyncio.Future()

        monkeypatch.setattr(intake, "_written_together", write)
        running = asyncio.create_task(intake.run())
        wishes = [intake.take_in(n, body(n, 1)) for n in ("gate-1", "gate-2")]
        waiting = asyncio.gather(*wishes, return_exceptions=True)
        await is_in.wait()
        running.cancel()

        async with asyncio.timeout(60):
            ends = await waiting
        assert [e.status for e in ends if isinstance(e, RefusedError)] == [503, 503]

    on(fresh(tmp_path), act)


def test_a_database_that_has_gone_is_not_asked_once_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        asked, really = list[int](), intake._written_together  # noqa: SLF001 - what is counted

        async def write(group: Sequence[Batch[Any]]) -> dict[str, BatchReceipt]:
            asked.append(len(group))
            return await really(group)

        monkeypatch.setattr(intake, "_written_together", write)
        await database.close()
        nodes = [f"gate-{n}" for n in range(9)]
        ends = await answers(intake, *(intake.take_in(n, body(n, 1)) for n in nodes))

        assert asked == [9]
        assert all(isinstance(end, DatabaseError) for end in ends)

    on(fresh(tmp_path), act)


def test_what_only_looks_urgent_is_counted_like_the_others(tmp_path: Path) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        intake._quotas.take("gate-1", BURST_BYTES, now_s=0.0)  # noqa: SLF001 - it has sent all

        with pytest.raises(RefusedError, match="429 ingest_limited"):
            await intake.take_in("gate-1", body("gate-1", 1, subject="fire"))

    on(fresh(tmp_path), act)


def test_two_batches_of_a_node_are_written_one_after_the_other(tmp_path: Path) -> None:
    async def act(database: Database, intake: Intake, _: Seconds) -> None:
        again = body("gate-1", 1, 2)

        receipts = await answers(
            intake, intake.take_in("gate-1", again), intake.take_in("gate-1", again)
        )

        assert [r.stored for r in receipts if isinstance(r, BatchReceipt)] == [2, 0]
        assert await held(database) == [("gate-1", 1), ("gate-1", 2)]

    on(fresh(tmp_path), act)


def test_a_node_without_end_is_told_of_once_and_counted_at_the_end(tmp_path: Path) -> None:
    async def act(database: Database, intake: Intake, seconds: Seconds) -> None:
        running = asyncio.create_task(intake.run())
        flood = body("gate-1", 1).ljust(BURST_BYTES // 2 + 1)
        await intake.take_in("gate-1", flood)
        for _ in range(3):
            with pytest.raises(RefusedError, match="429 ingest_limited"):
                await intake.take_in("gate-1", flood)
        seconds.now_s = 5.0
        await intake.take_in("gate-1", body("gate-1", 2))
        await until(database, is_raised=True)
        seconds.now_s = 70.0
        await intake.take_in("gate-1", body("gate-1", 3))
        await until(database, is_raised=False)
        running.cancel()

        async with database.read() as transaction:
            page = await reading.after(transaction, 0, limit=10, has_names=True)
        (fact,) = [e.event.data for e in page if e.event.type == IngestLimited.type_name]
        assert (fact["node"], fact["refused_count"]) == ("gate-1", 3)

    on(fresh(tmp_path), act)


async def until(database: Database, *, is_raised: bool) -> None:
    """Wait until the alarm about a node stands, or stands no more."""
    query = select(alarm_sources.c.is_active).where(alarm_sources.c.kind == LIMITED)
    async with asyncio.timeout(60):
        while True:
            async with database.read() as transaction:
                if bool((await transaction.execute(query)).scalar_one_or_none()) is is_raised:
                    return
            await asyncio.sleep(0.01)


def test_a_full_room_is_said_over_http_and_fire_gets_in(bench: Bench) -> None:
    gate, other = bench.node("gate-1"), bench.node("gate-2")
    intake = bench.app.state.services.intake
    intake._waiting._size_bytes.update({2: 100_000_000})  # noqa: SLF001 - as if so much waited

    refused = gate.request("POST", "/api/v1/events", body("gate-1", 1))
    fire = other.request("POST", "/api/v1/events", body("gate-2", 1, event_class="fire"))

    assert (refused.status_code, refused.json()["code"]) == (429, "ingest_busy")
    assert int(refused.headers["Retry-After"]) == refused.json()["retry_after_s"] >= 1
    assert fire.status_code == httpx.codes.OK
