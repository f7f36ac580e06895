"""The journal: what happened at this node, durable before anybody is told, until central holds it.

One thread writes; requests that wait together share one transaction and one sync to disk (group
commit). A journal that cannot be written keeps trying by itself, and once it can be written again
it records for how long it could not and how many decisions nobody recorded.
"""

import asyncio
import contextlib
import dataclasses
import logging
import queue
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from config.contract.events import ClockQuality, Event, EventClass, EventData, JournalUnwritable
from config.contract.identifiers import new_id
from config.event_log import log_events
from edge.journal_damage import JournalError, JournalUnusableError
from edge.journal_file import Draft, JournalFile, Key, key_of

__all__ = ["Journal", "JournalError", "JournalStatus", "JournalUnusableError"]

_log = logging.getLogger("edge.journal")
_Result = TypeVar("_Result")

EVENT_COUNT_MAX: Final = 200_000
RETRY_S: Final = 1.0
"""Between attempts of a journal that cannot be written."""
BATCH_COUNT_MAX: Final = 500
"""Drafts per transaction; more wait for the next."""
HELD_COUNT_MAX: Final = 1_000
"""Noted facts that are kept in memory while the journal cannot be written."""
NO_EPOCH: Final = UUID(int=0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JournalStatus:
    """What the journal says of itself.

    Attributes:
        epoch: ``NO_EPOCH`` while the file could not be opened yet.
        unsent_count: Events that central has not acknowledged.
        unrecorded_count: Decisions that could not be recorded since it became unwritable.
        detail: Why it cannot be written; empty when it can.
    """

    epoch: UUID = NO_EPOCH
    last_sequences: dict[EventClass, int] = dataclasses.field(default_factory=dict)
    unsent_count: int = 0
    is_writable: bool = False
    unrecorded_count: int = 0
    detail: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class _Append:
    """A draft; without a future it is a note, which is kept until it can be written."""

    draft: Draft
    future: Future[Event] | None


@dataclasses.dataclass(frozen=True, slots=True)
class _Call:
    """Something else to do with the file."""

    run: Callable[[JournalFile], None]
    fail: Callable[[JournalError], None]


class _Unrecorded:
    """A decision was acted on although it could not be recorded."""


class _Stop:
    """Write what waits and end."""


_Request = _Append | _Call | _Unrecorded | _Stop


class Journal:
    """The node's journal. Any thread may call; ``start`` before and ``stop`` after all else."""

    def __init__(
        self,
        path: Path,
        *,
        site: str,
        node: str,
        utc_now: Callable[[], datetime],
        clockquality: Callable[[], ClockQuality],
        event_count_max: int = EVENT_COUNT_MAX,
    ) -> None:
        """Keep the journal of one node in one file.

        Args:
            path: Of the file, whose folder exists.
            site: Site identifier.
            node: Node identifier.
            utc_now: For the journal's own events.
            clockquality: What the node thinks of its clock now.
            event_count_max: Unsent events to keep; what goes beyond it: ``giving_way``.
        """
        self._path, self._site, self._node = path, site, node
        self._utc_now, self._clockquality = utc_now, clockquality
        self._event_count_max = event_count_max
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._listeners: list[Callable[[], None]] = []
        self._hearers: list[Callable[[Sequence[Event]], None]] = []
        self._when_acknowledged: list[Callable[[Sequence[Event]], None]] = []
        self._status = JournalStatus()
        self._under_way = Counter[Key]()
        self._is_disk_short = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        # What follows belongs to the writer thread.
        self._file: JournalFile | None = None
        self._held: deque[Draft] = deque()
        self._unheard: Sequence[Event] = ()
        self._unwritable_since_s: float | None = None
        self._unrecorded_count = 0
        self._next_attempt_s = 0.0
        self._open_error = JournalError("the journal is not open")
        self._started: Future[None] = Future()

    @property
    def status(self) -> JournalStatus:
        """What the journal says of itself now."""
        return self._status

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this in the writer's thread after every change; it must be quick."""
        self._listeners.append(listener)

    def hear(self, hearer: Callable[[Sequence[Event]], None]) -> None:
        """Call this in the writer's thread with what became durable; it must be quick."""
        self._hearers.append(hearer)

    def when_acknowledged(self, call: Callable[[Sequence[Event]], None]) -> None:
        """Call this with what central holds, where ``acknowledge`` is called; it must be quick."""
        self._when_acknowledged.append(call)

    def start(self) -> None:
        """Open the file and begin to write. A disk that refuses is retried, not raised.

        Raises:
            JournalUnusableError: A person must act: another process has the file, or a newer
                version made it.
        """
        self._thread.start()
        self._started.result()

    def stop(self) -> None:
        """Write what waits, close the file and end the thread; idempotent."""
        if self._thread.is_alive():
            self._requests.put(_Stop())
            self._thread.join()

    def submit(self, data: EventData, *, subject: str | None, now: datetime) -> Future[Event]:
        """Append an event; the future resolves when it is durable.

        Args:
            data: What happened.
            subject: The point it is about (a name of the site file); None for the node itself.
            now: When it happened, aware UTC.

        Returns:
            The event, or ``JournalError``: it was not recorded.
        """
        future: Future[Event] = Future()
        self._requests.put(_Append(self._draft(data, subject, now), future))
        return future

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> Event:
        """Append an event and return when it is durable; see ``submit``.

        Raises:
            JournalError: It was not recorded.
        """
        return await asyncio.wrap_future(self.submit(data, subject=subject, now=now))

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """Append a fact for which nobody waits; it is kept in memory while it cannot be written."""
        self._requests.put(_Append(self._draft(data, subject, now), None))

    def count_unrecorded(self) -> None:
        """Count a decision that was acted on although ``append`` failed."""
        self._requests.put(_Unrecorded())

    async def unsent(
        self,
        *,
        count_max: int,
        after: Mapping[EventClass, int] | None = None,
        up_to: Mapping[EventClass, int] | None = None,
    ) -> list[Event]:
        """Return the events to send next: the most urgent class first, oldest first.

        Args:
            count_max: No more than so many.
            after: Only what is newer than these sequences.
            up_to: Only what is not newer than these sequences; of a class without one, nothing.

        Raises:
            JournalError: The file cannot be read.
        """
        return await self._call(
            lambda file: file.unsent(count_max=count_max, after=after, up_to=up_to)
        )

    async def urgent(self, *, count_max: int) -> list[Event]:
        """Return what waits behind nothing else: fires, then ``GO_AHEAD``, oldest first.

        Raises:
            JournalError: The file cannot be read.
        """
        return await self._call(lambda file: file.urgent(count_max=count_max))

    async def unsent_by_class(self) -> dict[EventClass, int]:
        """Return how many events of each class wait for central.

        Raises:
            JournalError: The file cannot be read.
        """
        return await self._call(lambda file: file.unsent_by_class())

    async def acknowledge(self, events: Sequence[Event]) -> None:
        """Forget events that central holds; idempotent.

        Raises:
            JournalError: The file cannot be written; they will be sent again, which is harmless.
        """
        await self._call(lambda file: file.acknowledge(events))
        for call in self._when_acknowledged:
            call(events)

    @contextlib.contextmanager
    def under_way(self, events: Sequence[Event]) -> Iterator[None]:
        """Let nothing of these give way meanwhile: they are on their way to central."""
        keys = [key_of(event) for event in events]
        self._under_way = self._under_way + Counter(keys)
        try:
            yield
        finally:
            self._under_way = self._under_way - Counter(keys)

    def follow_disk(self, *, is_short: bool) -> None:
        """Grow no more while the disk is short; to be told now and then, whatever it was before."""
        self._is_disk_short = is_short

        def follow(file: JournalFile) -> None:
            # A disk that refuses this refuses the next event, too, and is told then.
            with contextlib.suppress(sqlite3.Error):
                file.follow_disk(is_short=is_short)

        self._requests.put(_Call(follow, _ignore))

    async def turn(self) -> None:
        """Return once the writer's thread has turned, whether the file can be written or not."""
        with contextlib.suppress(JournalError):
            await self._call(lambda _: None)

    async def _call(self, function: Callable[[JournalFile], _Result]) -> _Result:
        future: Future[_Result] = Future()

        def run(file: JournalFile) -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(file))
                except sqlite3.Error as error:
                    future.set_exception(JournalError(str(error)))
                except Exception as error:  # the caller's to handle; the thread lives
                    future.set_exception(error)

        def fail(error: JournalError) -> None:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

        self._requests.put(_Call(run, fail))
        return await asyncio.wrap_future(future)

    def _draft(self, data: EventData, subject: str | None, now: datetime) -> Draft:
        return Draft(
            id=new_id(),
            data=data,
            subject=subject,
            occurred_at=now,
            clockquality=self._clockquality(),
        )

    # ---- the writer's thread

    def _run(self) -> None:
        try:
            self._open()
        except JournalUnusableError as error:
            self._started.set_exception(error)
            return
        except JournalError as error:
            self._note_failure(error)
        self._publish()
        self._started.set_result(None)
        is_stopping = False
        while not is_stopping:
            requests = self._wait()
            is_stopping = any(isinstance(request, _Stop) for request in requests)
            self._work(requests)
        if self._file is not None:
            self._file.close()

    def _wait(self) -> list[_Request]:
        """Return what waits; empty when it is time to try an unwritable journal again."""
        requests: list[_Request] = []
        timeout_s = None if self._unwritable_since_s is None else RETRY_S
        with contextlib.suppress(queue.Empty):
            requests.append(self._requests.get(timeout=timeout_s))
            while len(requests) < BATCH_COUNT_MAX:
                requests.append(self._requests.get_nowait())
        return requests

    def _work(self, requests: Sequence[_Request]) -> None:
        self._unrecorded_count += sum(isinstance(request, _Unrecorded) for request in requests)
        appends = [
            request
            for request in requests
            if isinstance(request, _Append)
            and (request.future is None or request.future.set_running_or_notify_cancel())
        ]
        try:
            answers: Sequence[Event | JournalError] = self._write(appends)
        except Exception as error:  # whatever it is, the callers hear it and the thread lives
            self._note_failure(error)
            failure = JournalError(f"not recorded: {error}")
            answers = [failure] * len(appends)
            for append in appends:
                if append.future is None:
                    self._hold(append.draft)
        for request in requests:
            if isinstance(request, _Call):
                self._call_back(request)
        self._publish()
        for append, answer in zip(appends, answers, strict=True):
            if append.future is not None and isinstance(answer, JournalError):
                append.future.set_exception(answer)
            elif append.future is not None and isinstance(answer, Event):
                append.future.set_result(answer)
        # Last, so that nobody who waits for a fact waits for those who only hear of it.
        heard, self._unheard = self._unheard, ()
        if heard:
            if _log.isEnabledFor(logging.DEBUG):
                log_events(_log, "is durable", heard)
            for hearer in self._hearers:
                hearer(heard)

    def _call_back(self, request: _Call) -> None:
        if self._file is None:
            request.fail(JournalError("the journal is not open"))
        else:
            request.run(self._file)

    def _open(self) -> JournalFile:
        if self._file is not None:
            return self._file
        if time.monotonic() < self._next_attempt_s:
            raise self._open_error
        self._next_attempt_s = time.monotonic() + RETRY_S
        try:
            self._file = JournalFile(
                self._path,
                site=self._site,
                node=self._node,
                event_count_max=self._event_count_max,
                now=self._utc_now(),
            )
        except JournalError as error:
            self._open_error = error
            raise
        self._file.follow_disk(is_short=self._is_disk_short)
        return self._file

    def _write(self, appends: Sequence[_Append]) -> list[Event]:
        """Write what is held and what is new in one transaction; return the new as events."""
        file = self._open()
        own = self._report_unwritable()
        drafts = [*self._held, *(append.draft for append in appends), *own]
        if not drafts:
            return []
        events = self._unheard = file.append(drafts, spared=self._under_way)
        new = events[len(self._held) : len(self._held) + len(appends)]
        self._held.clear()
        if own:
            _log.warning("the journal can be written again")
            self._unwritable_since_s, self._unrecorded_count = None, 0
        return new

    def _report_unwritable(self) -> list[Draft]:
        """Return the event that says for how long nothing could be written, if that is over.

        So does a disk that was too slow for somebody, who went on without it.
        """
        now_s = time.monotonic()
        since_s = now_s if self._unwritable_since_s is None else self._unwritable_since_s
        if self._unwritable_since_s is None and not self._unrecorded_count:
            return []
        data = JournalUnwritable(
            unrecorded_count=self._unrecorded_count, duration_s=round(now_s - since_s, 3)
        )
        return [self._draft(data, None, self._utc_now())]

    def _note_failure(self, error: Exception) -> None:
        if self._unwritable_since_s is None:
            self._unwritable_since_s = time.monotonic()
            _log.error(
                "the journal cannot be written, the site's policy decides: %s",
                error,
                exc_info=not isinstance(error, JournalError | sqlite3.Error),
            )
        self._status = dataclasses.replace(self._status, detail=str(error))
        # Damage is no OperationalError: opening again finds it and sets the file aside.
        if self._file is not None and type(error) is sqlite3.DatabaseError:
            self._file.close()
            self._file = None

    def _hold(self, draft: Draft) -> None:
        if len(self._held) < HELD_COUNT_MAX:
            self._held.append(draft)
        else:
            self._unrecorded_count += 1

    def _publish(self) -> None:
        file, before = self._file, self._status
        is_writable = self._unwritable_since_s is None
        self._status = JournalStatus(
            epoch=before.epoch if file is None else file.epoch,
            last_sequences=before.last_sequences if file is None else file.last_sequences,
            unsent_count=before.unsent_count if file is None else file.unsent_count,
            is_writable=is_writable,
            unrecorded_count=self._unrecorded_count,
            detail="" if is_writable else before.detail,
        )
        # Reading is no change: who reads because of one would read for ever.
        if self._status != before:
            for listener in self._listeners:
                listener()


def _ignore(_error: JournalError) -> None:
    """Whoever opens the file tells it anew."""
