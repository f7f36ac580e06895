"""Where nodes' batches meet the database: what waits together is written together.

One transaction and one sync for all batches that wait (``waiting`` says which), and a receipt for
each. Where writing them together fails, each is tried by itself, so that one that cannot be written
fails alone. Who finds no room is answered 429 and comes again; nothing is ever dropped silently.
"""

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from central.alarms.service import raise_alarm, return_alarm
from central.database import Database, Transaction
from central.events import repository
from central.events.drafts import BatchError, Draft, is_urgent, may_be_urgent, parsed
from central.events.facts import IngestLimited
from central.events.quotas import Limited, Quotas
from central.events.waiting import BACKLOG_SHARE, Batch, Priority, Waiting
from central.metrics.counters import Counters
from central.problems import RefusedError
from central.video.asking import ask_other_nodes
from config.contract.nodes import BatchReceipt
from config.event_log import log_events
from config.site import Site

_log = logging.getLogger("central.events")
LIMITED: Final = "ingest_limited"
"""Kind of the alarm about a node that sends without end."""
CHECK_S: Final = 1.0
SMALL_BYTES: Final = 64_000
"""A batch with an alarm in it that is no larger gets in before others."""
_ALARM: Final = b'"alarm"'


@dataclasses.dataclass(slots=True)
class _Read:
    """A batch that was read. Attributes: receipt: what its request waits for."""

    drafts: list[Draft]
    receipt: "asyncio.Future[BatchReceipt]"


class Intake:
    """Takes batches in, for one event loop and one site."""

    def __init__(
        self,
        database: Database,
        site: Site,
        *,
        epoch: UUID,
        now: Callable[[], datetime],
        now_s: Callable[[], float] = time.monotonic,
        counters: Counters | None = None,
    ) -> None:
        """Take in for a site; ``run`` must run, or nobody gets an answer.

        Args:
            database: Open.
            site: As installed.
            epoch: Of central's own events.
            now: Wall clock, aware UTC.
            now_s: Monotonic.
            counters: Count what is taken in.
        """
        self._counters = counters or Counters()
        self._database, self._site, self._epoch = database, site, epoch
        self._now, self._now_s = now, now_s
        self._waiting, self._quotas = Waiting[_Read](), Quotas()
        self._has_come, self._is_urgent = asyncio.Event(), asyncio.Event()
        self._is_open = True
        self._raised, self._ended = set[str](), list[Limited]()
        self._check_at_s = 0.0

    async def take_in(self, node: str, body: bytes, *, is_backlog: bool = False) -> BatchReceipt:
        """Return what became of a batch, once central holds all of it durably.

        Args:
            node: Who sends, proven.
            body: As it was signed.
            is_backlog: The node says that it lay in its journal for long.

        Raises:
            RefusedError: 413 or 422 as the batch is, 429 when there is no room, 503 at the end.
        """
        began_s = self._now_s()
        batch = self._let_in(node, _priority(body, is_backlog=is_backlog), len(body))
        try:
            drafts = await self._read(body, node)
        except BaseException:
            self._waiting.leave(batch)
            raise
        if batch.priority is Priority.URGENT and not is_urgent(drafts):
            # It only looked so, which is no way past the others: it asks for room as what it is.
            self._waiting.leave(batch)
            batch = self._let_in(node, _usual(body, is_backlog=is_backlog), len(body))
        if not self._is_open:
            self._waiting.leave(batch)
            raise _stopping()
        receiving: asyncio.Future[BatchReceipt] = asyncio.get_running_loop().create_future()
        batch.payload = _Read(drafts, receiving)
        self._waiting.put(batch)
        (self._is_urgent if batch.priority is Priority.URGENT else self._has_come).set()
        receipt = await receiving
        took_s = self._now_s() - began_s
        if _log.isEnabledFor(logging.DEBUG):
            log_events(_log, "is stored", [draft.event for draft in drafts])
        said = [(draft.event_class, draft.event.time) for draft in drafts]
        self._counters.took_in(said, receipt, took_s=took_s, now=self._now())
        return receipt

    def _let_in(self, node: str, priority: Priority, size_bytes: int) -> Batch[_Read]:
        batch, now_s = Batch[_Read](node, priority, size_bytes), self._now_s()
        is_backlog = batch.priority is Priority.BACKLOG
        # A journal may be long: it is held up by its share of the room already.
        share = batch.size_bytes // BACKLOG_SHARE if is_backlog else batch.size_bytes
        if batch.priority is not Priority.URGENT:
            retry_s = self._quotas.take(batch.node, share, now_s=now_s)
            if retry_s is not None:
                self._counters.put_off("limited")
                raise _later("ingest_limited", retry_s, "this node sends more than a node may")
        retry_s = self._waiting.let_in(batch, now_s=now_s)
        if retry_s is not None:
            if batch.priority is not Priority.URGENT:
                self._quotas.give_back(batch.node, share)
            self._counters.put_off("busy")
            raise _later("ingest_busy", retry_s, "more events wait than can be written")
        return batch

    async def _read(self, body: bytes, node: str) -> list[Draft]:
        source = f"/{self._site.site.id}/{node}"
        try:
            if len(body) <= SMALL_BYTES:
                return parsed(body, source=source)
            return await asyncio.to_thread(parsed, body, source=source)
        except BatchError as error:
            status = 413 if error.code == "too_large" else 422
            raise RefusedError(status, error.code, str(error)) from error

    async def run(self) -> None:
        """Write what waits, for ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write_urgent())
                tasks.create_task(self._write_usual())
        except asyncio.CancelledError:
            self._is_open = False
            raise
        finally:
            for batch in self._waiting.drain():
                self._answer(batch, _stopping())

    async def _write_usual(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._has_come.wait()
            self._has_come.clear()
            while group := self._waiting.take():
                await self._write(group)
                await self._follow_limits()
            await self._follow_limits()

    async def _write_urgent(self) -> None:
        # By itself: what is usual may stand in the database's line just now, among all who write.
        while True:
            await self._is_urgent.wait()
            self._is_urgent.clear()
            while group := self._waiting.take_urgent():
                await self._write(group)

    async def _write(self, group: Sequence[Batch[_Read]]) -> None:
        began_s, left = self._now_s(), list(group)
        try:
            answers = await self._written(group)
            if isinstance(answers, Exception) and len(group) > 1:
                # Whatever is wrong with one batch is not to touch the others: each by itself.
                _log.warning("%d batches are written one by one", len(group))
                answers = await self._write_singly(left, answers)
            size_bytes = sum(batch.size_bytes for batch in group)
            self._waiting.written(size_bytes, took_s=self._now_s() - began_s)
            while left:
                self._answer_with(left.pop(), answers)
        finally:
            # Whoever was not come to, as central ends in the middle, sends it again.
            for batch in left:
                self._answer(batch, _stopping())

    async def _write_singly(self, left: list[Batch[_Read]], why: Exception) -> Exception:
        """Write one batch after the other, and take off the list who has an answer.

        Where the database has gone, the others stay on it; returned is what they are told.
        """
        while left and await self._can_write(is_urgent=left[0].priority is Priority.URGENT):
            answer = await self._written(left[:1])
            self._answer_with(left.pop(0), answer)
            if isinstance(answer, Exception):
                why = answer
        return why

    async def _can_write(self, *, is_urgent: bool) -> bool:
        """Return whether the database serves at all; where it does not, each try may take long."""
        try:
            async with self._database.write(is_urgent=is_urgent):
                return True
        except Exception:  # whatever it is, the batches' requests are told theirs
            return False

    def _answer_with(
        self, batch: Batch[_Read], answers: Mapping[str, BatchReceipt] | Exception
    ) -> None:
        self._answer(batch, answers if isinstance(answers, Exception) else answers[batch.node])

    def _answer(self, batch: Batch[_Read], answer: BatchReceipt | BaseException) -> None:
        self._waiting.leave(batch)
        read = batch.payload
        if read is None or read.receipt.done():
            return  # whoever sent it has gone
        if isinstance(answer, BaseException):
            read.receipt.set_exception(answer)
        else:
            read.receipt.set_result(answer)

    async def _written(self, group: Sequence[Batch[_Read]]) -> dict[str, BatchReceipt] | Exception:
        try:
            return await self._written_together(group)
        except Exception as error:  # whatever it is, it is its request's to tell
            return error

    async def _written_together(self, group: Sequence[Batch[_Read]]) -> dict[str, BatchReceipt]:
        told = {batch.node: batch.payload.drafts for batch in group if batch.payload is not None}

        async def write(transaction: Transaction) -> dict[str, BatchReceipt]:
            now = self._now()
            receipts = await repository.append_all(
                transaction, told, site=self._site.site.id, epoch=self._epoch, now=now
            )
            for node, drafts in told.items():
                batch = [draft.event for draft in drafts]
                await ask_other_nodes(transaction, self._site, node, batch, now=now)
            return receipts

        urgent = group[0].priority is Priority.URGENT
        return await self._database.write_whole(write, is_urgent=urgent)

    async def _follow_limits(self) -> None:
        """Say once that a node is limited, and what it was refused once it is no more."""
        now_s = self._now_s()
        if now_s < self._check_at_s:
            return
        self._check_at_s = now_s + CHECK_S
        self._ended += self._quotas.ended(now_s=now_s)
        try:
            for node in self._quotas.limited - self._raised:
                async with self._database.write() as transaction:
                    await raise_alarm(transaction, kind=LIMITED, node=node, now=self._now())
                self._raised.add(node)
            while self._ended:
                await self._state_end(self._ended[0], now_s)
                self._raised.discard(self._ended.pop(0).node)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("a limited node cannot be told of: %s", type(error).__name__)

    async def _state_end(self, limited: Limited, now_s: float) -> None:
        now = self._now()
        fact = IngestLimited(
            node=limited.node,
            from_at=now - timedelta(seconds=now_s - limited.since_s),
            to_at=now - timedelta(seconds=now_s - limited.until_s),
            refused_count=limited.count,
            refused_bytes=limited.size_bytes,
        )
        async with self._database.write() as transaction:
            await repository.state(
                transaction, fact, site=self._site.site.id, epoch=self._epoch, now=now
            )
            await return_alarm(transaction, kind=LIMITED, node=limited.node, now=now)


def _priority(body: bytes, *, is_backlog: bool) -> Priority:
    """Return what a batch looks like that nobody has read."""
    return Priority.URGENT if may_be_urgent(body) else _usual(body, is_backlog=is_backlog)


def _usual(body: bytes, *, is_backlog: bool) -> Priority:
    """Return what a batch looks like in which nobody is in danger."""
    if is_backlog:
        return Priority.BACKLOG
    return Priority.ALARM if len(body) <= SMALL_BYTES and _ALARM in body else Priority.LIVE


def _later(code: str, retry_s: int, words: str) -> RefusedError:
    return RefusedError(
        429,
        code,
        f"{words}: send this again in {retry_s} s",
        headers={"Retry-After": str(retry_s)},
        retry_after_s=retry_s,
    )


def _stopping() -> RefusedError:
    return RefusedError(503, "stopping", "central stops: send this again")
