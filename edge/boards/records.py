"""The updates of one node as they are kept and told: the file first, then the journal."""

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from config.contract.board_commands import UpdateBoard
from config.contract.board_events import (
    BoardUpdateEnded,
    BoardUpdateProgressed,
    UpdateOutcome,
    UpdateReason,
    UpdateStage,
)
from config.contract.events import EventData
from edge.boards.book import Entry, UpdateBook
from edge.journal import JournalError
from edge.kept_file import KeptFileError
from firmware_bridge.update_steps import UpdateProgress, UpdateResult

_log = logging.getLogger("edge.boards")

PROGRESS_S: Final = 5.0
"""So often an upload says how far it is."""
BEFORE_TRIAL: Final = frozenset({None, UpdateStage.WAITS, UpdateStage.UPLOADS})
NO_IMAGE: Final = "0" * 64
"""Of a rollback that ended before anybody knew to what."""


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> object:
        """See ``Journal.append``."""
        ...

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class Keeper(Protocol):
    """The part of the store that is needed here."""

    def load(self) -> Iterable[Entry]:
        """See ``UpdatesStore.load``."""
        ...

    def put(self, entry: Entry) -> None:
        """See ``UpdatesStore.put``."""
        ...

    def remove(self, update_ids: Iterable[UUID]) -> None:
        """See ``UpdatesStore.remove``."""
        ...

    def close(self) -> None:
        """See ``UpdatesStore.close``."""
        ...


class Records:
    """Of one node. All of it belongs to the event loop's thread but for the disk.

    Attributes:
        book: Empty until ``load``.
        now: Wall clock, aware UTC.
    """

    def __init__(
        self,
        store: Keeper,
        journal: Recorder,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing.

        Args:
            store: Keeps what was taken on.
            journal: Told how far an update is, and of its end.
            now: Wall clock, aware UTC.
            monotonic: The clock of progress.
        """
        self._store, self._journal, self.now, self._monotonic = store, journal, now, monotonic
        self.book = UpdateBook()
        self._disk, self._telling = asyncio.Lock(), asyncio.Lock()
        self._told_at_s: dict[UUID, tuple[UpdateStage, float]] = {}
        self._keeping = set[asyncio.Task[None]]()

    async def load(self) -> None:
        """Read what was kept.

        Raises:
            KeptFileError: The disk refuses: no update may be begun.
        """
        self.book = UpdateBook(await asyncio.to_thread(self._store.load))

    def close(self) -> None:
        """Close the file; idempotent."""
        self._store.close()

    def current(self, entry: Entry) -> Entry:
        """Return an entry as it is now."""
        return self.book.get(entry.update_id) or entry

    async def keep(self, entry: Entry) -> None:
        """Keep an entry as it is; when this returns, it is on the disk.

        Raises:
            KeptFileError: It is not.
        """
        async with self._disk:
            await asyncio.to_thread(self._store.put, entry)

    def keep_stage(self, entry: Entry, progress: UpdateProgress) -> None:
        """Keep soon in which stage an update is.

        One on trial that waits, for a fire or so, is on trial still. Should it fail, a restart
        looks at the board itself.
        """
        current = self.current(entry)
        if progress.stage is UpdateStage.WAITS and current.stage not in BEFORE_TRIAL:
            return
        target = progress.target.hex() or current.target
        if (progress.stage, target) == (current.stage, current.target):
            return
        self.book.put(dataclasses.replace(current, stage=progress.stage, target=target))
        task = asyncio.ensure_future(self._keep_current(entry))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _keep_current(self, entry: Entry) -> None:
        with contextlib.suppress(KeptFileError):
            await self.keep(self.current(entry))

    def tell(self, entry: Entry, progress: UpdateProgress) -> None:
        """Tell of a new stage at once, and of an upload every few seconds."""
        now_s = self._monotonic()
        stage, told_at_s = self._told_at_s.get(entry.update_id, (None, 0.0))
        is_due = progress.stage is UpdateStage.UPLOADS and now_s - told_at_s >= PROGRESS_S
        if progress.stage is stage and not is_due:
            return
        self._told_at_s[entry.update_id] = (progress.stage, now_s)
        progressed = BoardUpdateProgressed(
            update_id=entry.update_id,
            device=entry.device,
            stage=progress.stage,
            sent_bytes=progress.sent_bytes,
            size_bytes=progress.size_bytes,
        )
        self._journal.note(progressed, subject=entry.device, now=self.now())

    async def end(self, entry: Entry, result: UpdateResult) -> None:
        """Keep and tell how an update ended."""
        asked, now = entry.asked, self.now()
        ended = BoardUpdateEnded(
            update_id=entry.update_id,
            device=entry.device,
            outcome=result.outcome,
            reason=result.reason,
            image=asked.image
            if isinstance(asked, UpdateBoard)
            else result.target.hex() or NO_IMAGE,
            running=result.running,
            detail=result.detail,
            uploaded_bytes=result.uploaded_bytes,
            took_s=round(result.took_s, 3),
        )
        self._told_at_s.pop(entry.update_id, None)
        entry = self.book.put(dataclasses.replace(self.current(entry), ended=ended, ended_at=now))
        try:
            await self.keep(entry)
        except KeptFileError as error:
            _log.error("the end of an update is told, not kept: %s", error)
        await self._tell_end(entry)

    async def refuse(self, entry: Entry, reason: UpdateReason, detail: str) -> None:
        """Keep and tell that an update ended before anything more was done with the board."""
        is_begun = self.current(entry).begun_at is not None
        outcome = UpdateOutcome.FAILED if is_begun else UpdateOutcome.REFUSED
        result = UpdateResult(outcome=outcome, reason=reason, detail=detail)
        await self.end(entry, result)

    async def tidy(self) -> None:
        """Give the journal the ends that it lacks; let go of what is long over."""
        for entry in self.book.untold:
            await self._tell_end(entry)
        if over := self.book.forget(now=self.now()):
            with contextlib.suppress(KeptFileError):
                async with self._disk:
                    await asyncio.to_thread(self._store.remove, over)

    async def _tell_end(self, entry: Entry) -> None:
        async with self._telling:
            if entry.ended is None or self.current(entry).is_told:
                return
            try:
                await self._journal.append(entry.ended, subject=entry.device, now=self.now())
                told = self.book.put(dataclasses.replace(self.current(entry), is_told=True))
                await self.keep(told)
            except (JournalError, KeptFileError) as error:
                _log.error("the end of an update waits to be told: %s", error)
