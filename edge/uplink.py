"""What the node tells central: its journal until acknowledged, its status, its pictures.

The journal is told in priority order and again until central says that it holds it; fires and
whoever is in danger wait behind no batch that is under way; what happens now waits behind no
backlog (``lanes``); the status is fresh or not told at all; pictures are best effort and expire
here. A central that is busy says for how long it wants to be left alone. The nodes of a city do not
come back in step: the more seldom central wants to hear of each, the further apart they are.
"""

import asyncio
import contextlib
import dataclasses
import enum
import hashlib
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol
from uuid import UUID

from config.contract.access import CropClass
from config.contract.events import GO_AHEAD, Event, EventClass
from config.contract.headers import STATUS_INTERVAL_S, STATUS_INTERVAL_S_MAX
from config.contract.nodes import BatchReceipt, NodeStatus
from config.event_log import log_events
from config.tracing import new_trace, trace_of, traced
from edge.backoff import BackOff, wait_until_set
from edge.central_client import CentralError, CentralRefusedError, CentralUnreachableError
from edge.journal import Journal, JournalError
from edge.lanes import Lanes

_log = logging.getLogger("edge.uplink")

BATCH_COUNT_MAX: Final = 200
URGENT_COUNT_MAX: Final = 50
KNOCK_S: Final = 1.0
"""The longest time between two looks whether a central that does not answer is back."""
STATUS_PAUSE_S: Final = 0.2
"""Changes within this time are told together."""
IDLE_S: Final = 60.0
"""Between two looks at what nobody says is due."""
URGENT_RETRY_S: Final = 1.0
"""The longest that a fire waits although central wants to be left alone."""
RETRY_SPREAD: Final = 1.5
"""Who was told to come back comes up to so much later: all were told the same."""
BLOB_COUNT_MAX: Final = 64
BLOB_LIFETIME_S: Final = 900.0
BATCH_MISTAKES: Final = frozenset({400, 413, 422})
"""Answers about the content of a batch, not about who sends it."""
REFUSED_PAUSE_S: Final = 600.0
"""An event that central refuses by itself is offered again after this."""


class Central(Protocol):
    """The part of central that is needed here."""

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        """See ``CentralClient.send_events``."""
        ...

    async def put_status(self, status: NodeStatus) -> float | None:
        """See ``CentralClient.put_status``."""
        ...

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        """See ``CentralClient.put_blob``."""
        ...


class _Job(enum.Enum):
    """What a loop does, which says how it waits for a central that cannot serve."""

    STATUS = enum.auto()  # knocks for all
    URGENT = enum.auto()
    USUAL = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class _Blob:
    sha256: str
    jpeg: bytes = dataclasses.field(repr=False)
    kind: CropClass
    expires_at_s: float


class Uplink:
    """Five loops towards central, in the loop of whoever calls ``run``."""

    def __init__(
        self,
        central: Central,
        journal: Journal,
        *,
        status: Callable[[], NodeStatus],
        back_off: Callable[[], BackOff] = BackOff,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell ``central`` about ``journal`` and ``status()``."""
        self._central, self._journal, self._status = central, journal, status
        self._back_off, self._monotonic = back_off, monotonic
        self._has_events, self._has_backlog, self._has_urgent = (asyncio.Event() for _ in range(3))
        self._has_status, self._has_blobs = asyncio.Event(), asyncio.Event()
        self._lanes = Lanes(batch_count_max=BATCH_COUNT_MAX)
        self._status_interval_s = STATUS_INTERVAL_S
        self._under_way = frozenset[UUID]()
        # The second is a little later than the first, at another moment at each node of a city.
        self._is_back, self._is_turn = asyncio.Event(), asyncio.Event()
        self._blobs: deque[_Blob] = deque(maxlen=BLOB_COUNT_MAX)
        self._when_back: list[Callable[[], None]] = []
        self._refused: dict[UUID, float] = {}
        self._is_connected: bool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing

    @property
    def is_connected(self) -> bool:
        """Whether central took the last thing that it was told."""
        return self._is_connected is True

    def when_back(self, call: Callable[[], None]) -> None:
        """Call this when central answers again after it did not; it must be quick."""
        self._when_back.append(call)

    def status_changed(self) -> None:
        """Tell the status at once."""
        self._has_status.set()

    def offer_blob(self, jpeg: bytes, kind: CropClass) -> str:
        """Send a picture when possible, and return its SHA-256; the oldest gives way to it."""
        sha256 = hashlib.sha256(jpeg).hexdigest()
        self._blobs.append(_Blob(sha256, jpeg, kind, self._monotonic() + BLOB_LIFETIME_S))
        self._has_blobs.set()
        return sha256

    async def run(self) -> None:
        """Tell central everything, for ever."""
        if self._loop is None:
            self._journal.listen(lambda: self._wake(self._has_events))
            self._journal.hear(self._hear)
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            for send, is_due, job in (
                (self.send_waiting, self._has_events, _Job.USUAL),
                (self.send_backlog, self._has_backlog, _Job.USUAL),
                (self.send_urgent, self._has_urgent, _Job.URGENT),
                (self.send_status, self._has_status, _Job.STATUS),
                (self.send_blob, self._has_blobs, _Job.USUAL),
            ):
                tasks.create_task(self._repeat(send, is_due, job))

    def _hear(self, events: Sequence[Event]) -> None:
        if any(e.event_class is EventClass.FIRE or e.type in GO_AHEAD for e in events):
            self._wake(self._has_urgent)

    def _wake(self, is_due: asyncio.Event) -> None:
        """Say in the journal's thread that something may wait."""
        # That thread may outlive the loop by its last words.
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(is_due.set)

    async def _repeat(
        self, send: Callable[[], Awaitable[bool]], is_due: asyncio.Event, job: _Job
    ) -> None:
        """Send when something is due and now and then; wait longer when it fails."""
        back_off, complaint = self._back_off(), ""
        while True:
            is_due.clear()
            try:
                has_more = await send()
            except CentralUnreachableError as error:
                if not error.is_busy:
                    self._note_lost(error)
                await self._wait_for_central(error, back_off, job)
                continue
            except (CentralError, JournalError) as error:
                if str(error) != complaint:
                    complaint = str(error)
                    _log.error("central is not told: %s", complaint)
                await asyncio.sleep(back_off.next_s())
                continue
            back_off.reset()
            complaint = ""
            if not has_more:
                pause_s = self._status_interval_s if job is _Job.STATUS else IDLE_S
                await wait_until_set(is_due, timeout_s=pause_s)

    async def _wait_for_central(
        self, error: CentralUnreachableError, back_off: BackOff, job: _Job
    ) -> None:
        """Wait until it is sensible to try again.

        One of the loops knocks for all: a line that nobody answers costs nothing.
        """
        pause_s = back_off.next_s()
        if error.retry_after_s is not None:
            pause_s = error.retry_after_s * self._random.uniform(1.0, RETRY_SPREAD)
            if job is _Job.URGENT:
                pause_s = min(pause_s, URGENT_RETRY_S)
        elif job is _Job.STATUS and not error.is_answered:
            knock_s = KNOCK_S * self._status_interval_s / STATUS_INTERVAL_S
            pause_s = min(pause_s, knock_s * self._random.uniform(0.5, 1.0))
        if error.is_busy or error.retry_after_s is not None:
            await asyncio.sleep(pause_s)
        else:
            is_back = self._is_turn if job is _Job.USUAL else self._is_back
            await wait_until_set(is_back, timeout_s=pause_s)

    async def send_waiting(self) -> bool:
        """Send one batch of what is no backlog; return whether more may wait.

        Raises:
            CentralError: Central does not hold the batch, as far as is known.
            JournalError: The journal cannot be read, or the acknowledgement not be written.
        """
        lanes = self._lanes
        lanes.look(self._journal.status, now_s=self._monotonic())
        if lanes.marks is not None:
            self._has_backlog.set()
        count_max = self._count_max
        events = await self._journal.unsent(count_max=count_max, after=lanes.marks)
        await self._send(self._without_refused(events, but=self._under_way)[:BATCH_COUNT_MAX])
        has_more = len(events) >= count_max
        if not has_more:
            lanes.note_all_told(now_s=self._monotonic())
        return has_more

    async def send_backlog(self) -> bool:
        """Send one batch of what has waited for long; return whether more may wait.

        Raises:
            CentralError: Central does not hold the batch, as far as is known.
            JournalError: The journal cannot be read, or the acknowledgement not be written.
        """
        marks = self._lanes.marks
        if marks is None:
            return False
        events = await self._journal.unsent(count_max=self._count_max, up_to=marks)
        batch = self._without_refused(events, but=self._under_way)[:BATCH_COUNT_MAX]
        await self._send(batch, is_backlog=True)
        if not batch:
            self._lanes.close_backlog()
        return bool(batch)

    @property
    def _count_max(self) -> int:
        """So many events may be read until a batch is found among them."""
        return BATCH_COUNT_MAX + len(self._refused) + len(self._under_way)

    async def send_urgent(self) -> bool:
        """Send what waits behind nothing else; return whether more may wait.

        Raises:
            CentralError: Central does not hold it, as far as is known.
            JournalError: The journal cannot be read, or the acknowledgement not be written.
        """
        count_max = URGENT_COUNT_MAX + len(self._refused)
        events = await self._journal.urgent(count_max=count_max)
        batch = self._without_refused(events)[:URGENT_COUNT_MAX]
        self._under_way = frozenset(event.id for event in batch)
        try:
            await self._send(batch)
        finally:
            self._under_way = frozenset()
        return len(events) >= count_max

    def _without_refused(
        self, events: Iterable[Event], *, but: frozenset[UUID] = frozenset()
    ) -> list[Event]:
        now_s = self._monotonic()
        self._refused = {id_: at_s for id_, at_s in self._refused.items() if at_s > now_s}
        return [e for e in events if e.id not in self._refused and e.id not in but]

    async def _send(self, batch: Sequence[Event], *, is_backlog: bool = False) -> None:
        """Send events and forget what central holds."""
        if not batch:
            return
        trace = next(filter(None, (trace_of(event.data) for event in batch)), "")
        try:
            with traced(trace or new_trace()), self._journal.under_way(batch):
                receipt = await self._central.send_events(batch, is_backlog=is_backlog)
        except CentralRefusedError as error:
            if error.status not in BATCH_MISTAKES:
                raise
            await self._send_singly(batch, is_backlog=is_backlog)
            return
        self._note_answer()
        if receipt.conflicts:
            _log.error("central holds %d of our numbers with another content", receipt.conflicts)
        if _log.isEnabledFor(logging.DEBUG):
            log_events(_log, "is held by central", batch)
        await self._journal.acknowledge(batch)

    async def _send_singly(self, batch: Sequence[Event], *, is_backlog: bool) -> None:
        """Find what central refuses, so that one event does not hold up all behind it."""
        for event in batch:
            try:
                with self._journal.under_way([event]):
                    await self._central.send_events([event], is_backlog=is_backlog)
            except CentralRefusedError as error:
                if error.status not in BATCH_MISTAKES:
                    raise
                _log.error("%s keeps event %s (%s)", error, event.id, event.type)
                self._refused[event.id] = self._monotonic() + REFUSED_PAUSE_S
            else:
                await self._journal.acknowledge([event])

    async def send_status(self) -> bool:
        """Send how the node is now; return False.

        Raises:
            CentralError: Central did not take it.
        """
        wanted_s = await self._central.put_status(self._status())
        if wanted_s is not None:
            self._status_interval_s = min(max(wanted_s, KNOCK_S), STATUS_INTERVAL_S_MAX)
        self._note_answer()
        await asyncio.sleep(STATUS_PAUSE_S)
        return False

    async def send_blob(self) -> bool:
        """Send one picture; return whether more wait.

        Raises:
            CentralError: Central cannot be reached; the picture waits until it expires.
        """
        if not self._blobs:
            return False
        blob = self._blobs.popleft()
        if blob.expires_at_s <= self._monotonic():
            return True
        try:
            await self._central.put_blob(blob.sha256, blob.jpeg, blob.kind)
        except CentralRefusedError as error:
            _log.warning("%s a picture", error)
        except CentralError:
            if len(self._blobs) < BLOB_COUNT_MAX:
                self._blobs.appendleft(blob)
            raise
        return True

    def _note_lost(self, error: CentralUnreachableError) -> None:
        self._is_back.clear()
        self._is_turn.clear()
        if self._is_connected is not False:
            _log.warning("central is lost, events wait in the journal: %s", error)
            self._has_status.set()  # whoever noticed, the one that knocks begins
        self._is_connected = False

    def _note_answer(self) -> None:
        if self._is_connected is False:
            _log.info("central is back")
            self._is_back.set()
            spread_s = max(0.0, self._status_interval_s - STATUS_INTERVAL_S)
            later_s = self._random.uniform(0.0, spread_s)
            asyncio.get_running_loop().call_later(later_s, self._begin_turn)
        self._is_connected = True

    def _begin_turn(self) -> None:
        """Let everything else begin that has waited for central."""
        if self._is_back.is_set():
            self._is_turn.set()
            for call in self._when_back:
                call()
