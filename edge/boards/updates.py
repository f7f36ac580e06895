"""Updates of boards on command: taken on once, done one per line at a time, and always ended.

What is taken on is on the disk before it is answered, and what is begun before a board is told
anything. After a restart an update that was begun is gone on with: the board may be on trial.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, Protocol

from config.contract.board_commands import (
    UPDATE_MAX,
    CancelBoardUpdate,
    RollBackBoard,
    UpdateBoard,
)
from config.contract.board_events import UpdateOutcome, UpdateReason, UpdateStage
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import NodeCommand
from config.site_board import BoardRules
from edge.backoff import BackOff, wait_until_set
from edge.boards.book import Asked, Entry
from edge.boards.hindrance import Hindrance
from edge.boards.images import ImageMissingError
from edge.boards.records import BEFORE_TRIAL, Records
from edge.central_client import CentralError
from edge.commands.carrying import DONE
from edge.commands.desk import Carried
from edge.kept_file import KeptFileError
from firmware_bridge.update_steps import UpdateProgress, UpdateResult

_log = logging.getLogger("edge.boards")

LOOK_S: Final = 1.0
"""So often a waiting update looks whether it may begin."""
RETRY_S: Final = 5.0
TIDY_S: Final = 30.0
_WAITS: Final = UpdateProgress(UpdateStage.WAITS)
_NOT_HERE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)
_NOT_NOW: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_NOW)
_NOT_RECORDABLE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_RECORDABLE)
_GONE: Final = "the site file has no such board at this node any more"
_NO_KEYS: Final = (
    "the site file names nobody whose images are taken: put the signer's public key into [boards]"
    " keys"
)
_WORDS: Final[Mapping[Hindrance, str]] = {
    Hindrance.FIRE: "a fire, or a release that nobody has closed,",
    Hindrance.LOCKDOWN: "a lockdown",
    Hindrance.QUIET: "a quiet time of the site, or a meal,",
}


class _EndedError(Exception):
    """An update ends before it begins; the message is one line for whoever looks into it."""

    def __init__(self, reason: UpdateReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Shelf(Protocol):
    """The part of the images that is needed here."""

    async def get(self, sha256: str, *, size_bytes: int) -> bytes:
        """See ``Images.get``."""
        ...

    async def keep_only(self, wanted: frozenset[str]) -> None:
        """See ``Images.keep_only``."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done with a board.

    Attributes:
        image: The file's bytes; None is a rollback.
        interrupted: Where it was when this process, or the one before, was ended; None: it begins.
        begin_s_max: It begins within that time or not at all.
        may_go_on: Asked before the board is told anything, and before it is restarted.
        tell: Takes how far it is; quick.
        is_cancelled: Whether it is to be broken off, as long as that is possible.
    """

    image: bytes | None
    interrupted: UpdateProgress | None = None
    begin_s_max: float
    may_go_on: Callable[[], bool]
    tell: Callable[[UpdateProgress], None]
    is_cancelled: Callable[[], bool]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board that can be updated.

    Attributes:
        line: One update at a time goes over it.
        work: Does it; raises nothing that a board or a line can cause.
        trial: Told when the board is being restarted, and when that is over.
    """

    line: str
    work: Callable[[Work], Awaitable[UpdateResult]]
    trial: Callable[[bool], None] = lambda _: None


class Updates:
    """Of one node; it belongs to the event loop's thread."""

    def __init__(
        self,
        boards: Mapping[str, Board],
        rules: BoardRules,
        *,
        records: Records,
        images: Shelf,
        hindrance: Callable[[], Hindrance | None],
        monotonic: Callable[[], float] = time.monotonic,
        look_s: float = LOOK_S,
        back_off: Callable[[], BackOff] = BackOff,
    ) -> None:
        """Begin with nothing; see ``run``.

        Args:
            boards: By device; may grow until ``run``.
            rules: Of the site file.
            records: Of this node.
            images: Of central.
            hindrance: What forbids it now.
            monotonic: The clock of how long it took.
            look_s: See ``LOOK_S``.
            back_off: Waits before central is asked for an image again.
        """
        self._boards, self._rules, self._records, self._images = boards, rules, records, images
        self._hindrance, self._now, self._monotonic = hindrance, records.now, monotonic
        self._look_s, self._back_off = look_s, back_off
        self._is_loaded = asyncio.Event()
        self._news: dict[str, asyncio.Event] = {}

    # ---- commands

    async def carry_out(self, command: NodeCommand) -> Carried:
        """Take on what central asks about a board; see ``Hands.boards``."""
        await self._is_loaded.wait()
        match command.what:
            case UpdateBoard() | RollBackBoard() | CancelBoardUpdate() as what:
                if what.device not in self._boards:
                    return _NOT_HERE
                if isinstance(what, CancelBoardUpdate):
                    return await self._cancel(what)
                return await self._take_on(what)
            case _:
                return _NOT_HERE

    async def _take_on(self, asked: Asked) -> Carried:
        book = self._records.book
        if book.is_full:
            return _NOT_NOW
        entry = book.take_on(asked, now=self._now())
        if entry is None:
            return DONE
        try:
            await self._records.keep(entry)
        except KeptFileError as error:
            _log.error("an update of board %s is not taken on: %s", asked.device, error)
            book.drop(entry)
            return _NOT_RECORDABLE
        if self._is_behind_another(entry):
            self._records.tell(entry, _WAITS)
        self._wake(asked.device)
        return DONE

    async def _cancel(self, what: CancelBoardUpdate) -> Carried:
        book = self._records.book
        known = book.get(what.update_id)
        if known is not None and known.ended is not None:
            return DONE
        if known is not None and known.stage not in BEFORE_TRIAL:
            return _NOT_NOW
        entry = book.cancel(what.update_id, what.device, now=self._now())
        self._wake(what.device)
        try:
            await self._records.keep(entry)
        except KeptFileError as error:
            _log.error("that an update is cancelled is not kept: %s", error)
        # Of one that was never heard of there is nothing to end, and will not be.
        return _NOT_NOW if known is None else DONE

    # ---- the lines

    async def run(self) -> None:
        """Do for ever what was taken on, and first what was begun before this start."""
        await self._records.load()
        for entry in self._records.book.open:
            if entry.device not in self._boards:
                await self._records.refuse(entry, UpdateReason.NOT_HERE, _GONE)
        self._is_loaded.set()
        lines = sorted({board.line for board in self._boards.values()})
        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(self._run_line(line), name=f"updates on {line}")
            group.create_task(self._tidy())

    async def _run_line(self, line: str) -> None:
        news = self._news.setdefault(line, asyncio.Event())
        while True:
            news.clear()
            entry = self._next(line)
            if entry is None:
                await wait_until_set(news, timeout_s=None)
            else:
                await self._do(entry, self._boards[entry.device])

    async def _tidy(self) -> None:
        while True:
            await self._records.tidy()
            open_ = self._records.book.open
            wanted = {e.asked.image for e in open_ if isinstance(e.asked, UpdateBoard)}
            await self._images.keep_only(frozenset(wanted))
            await asyncio.sleep(TIDY_S)

    def _next(self, line: str) -> Entry | None:
        """Return what is done next on a line: what was asked first, begun already or not."""
        mine = (e for e in self._records.book.open if self._boards[e.device].line == line)
        return next(mine, None)

    def _is_behind_another(self, entry: Entry) -> bool:
        line = self._boards[entry.device].line
        return any(
            other.update_id != entry.update_id and self._boards[other.device].line == line
            for other in self._records.book.open
        )

    # ---- one update

    async def _do(self, entry: Entry, board: Board) -> None:
        began_s = self._monotonic()
        try:
            image = await self._prepared(entry)
            entry = await self._begun(entry)
        except _EndedError as end:
            await self._records.refuse(entry, end.reason, str(end))
            return
        result = await self._worked(entry, board, image)
        took_s = self._monotonic() - began_s
        await self._records.end(entry, dataclasses.replace(result, took_s=took_s))

    async def _prepared(self, entry: Entry) -> bytes | None:
        """Return the image of an update, once the rules allow it; None is a rollback.

        Raises:
            _EndedError: It never will be.
        """
        image = None
        if isinstance(entry.asked, UpdateBoard):
            if not self._rules.keys:
                raise _EndedError(UpdateReason.NO_KEYS, _NO_KEYS)
            image = await self._fetched(entry, entry.asked)
        while (hindrance := self._hindrance()) is not None and entry.begun_at is None:
            self._records.tell(entry, _WAITS)
            self._check_open(entry, f"{_WORDS[hindrance]} lasted until the command's end")
            await self._look_again(entry, pause_s=self._look_s)
        if entry.begun_at is None:
            self._check_open(entry, "it could not begin until the command's end")
        return image

    async def _fetched(self, entry: Entry, asked: UpdateBoard) -> bytes:
        back_off = self._back_off()
        while True:
            if entry.begun_at is None:
                self._check_open(entry, "the image could not be fetched until the command's end")
            try:
                return await self._images.get(asked.image, size_bytes=asked.size_bytes)
            except ImageMissingError as error:
                raise _EndedError(UpdateReason.IMAGE_MISSING, str(error)) from error
            except CentralError:
                # The uplink says that central is lost.
                self._records.tell(entry, _WAITS)
                self._check_open(entry, "the image could not be fetched until the command's end")
            await self._look_again(entry, pause_s=back_off.next_s())

    def _check_open(self, entry: Entry, late: str) -> None:
        """Check that an update may begin, or go on, as far as time and operators are concerned.

        Raises:
            _EndedError: It may not.
        """
        entry = self._records.current(entry)
        if entry.asked is None:
            return
        if entry.begun_at is not None:
            if self._now() >= entry.begun_at + timedelta(seconds=self._rules.update_s_max):
                raise _EndedError(
                    UpdateReason.IMAGE_MISSING, "its image was lost and not got again"
                )
            return
        if entry.is_cancelled:
            raise _EndedError(UpdateReason.CANCELLED, "cancelled before it began")
        if self._now() >= min(entry.asked.until, entry.taken_at + UPDATE_MAX):
            raise _EndedError(UpdateReason.NOT_NOW, late)

    async def _begun(self, entry: Entry) -> Entry:
        """Keep that a board may be told something from now on.

        Raises:
            _EndedError: It could not be kept until the command's end.
        """
        book, now = self._records.book, self._now()
        while (current := self._records.current(entry)).begun_at is None:
            try:
                await self._records.keep(dataclasses.replace(current, begun_at=now))
            except KeptFileError as error:
                _log.error("an update of board %s does not begin: %s", entry.device, error)
                self._check_open(entry, "the node's disk could not be written")
                await self._look_again(entry, pause_s=RETRY_S)
            else:
                book.put(dataclasses.replace(self._records.current(entry), begun_at=now))
        return current

    async def _worked(self, entry: Entry, board: Board, image: bytes | None) -> UpdateResult:
        is_away = False

        def tell(progress: UpdateProgress) -> None:
            nonlocal is_away
            self._records.keep_stage(entry, progress)
            was_away, is_away = is_away, _is_away(progress)
            if is_away is not was_away:
                board.trial(is_away)
            if progress.is_in_service:
                progress = dataclasses.replace(progress, stage=UpdateStage.WAITS)
            self._records.tell(entry, progress)

        left = None if entry.asked is None else entry.asked.until - self._now()
        stage = entry.stage
        work = Work(
            image=image,
            interrupted=UpdateProgress(stage, bytes.fromhex(entry.target)) if stage else None,
            begin_s_max=0.0 if left is None else max(0.0, left.total_seconds()),
            may_go_on=lambda: self._hindrance() is None,
            tell=tell,
            is_cancelled=lambda: self._records.current(entry).is_cancelled,
        )
        try:
            return await board.work(work)
        except Exception:
            # A mistake of ours must end this update, not all that wait behind it.
            _log.exception("the update of board %s failed", entry.device)
            detail = "this program made a mistake; its log says which"
            return UpdateResult(
                outcome=UpdateOutcome.FAILED, reason=UpdateReason.REJECTED, detail=detail
            )
        finally:
            board.trial(False)

    async def _look_again(self, entry: Entry, *, pause_s: float) -> None:
        """Wait for a moment, or until something was said of this line."""
        news = self._news[self._boards[entry.device].line]
        news.clear()
        await wait_until_set(news, timeout_s=pause_s)

    def _wake(self, device: str) -> None:
        self._news.setdefault(self._boards[device].line, asyncio.Event()).set()


def _is_away(progress: UpdateProgress) -> bool:
    """Return whether a board is restarted, or proves itself: its gate is without it."""
    return progress.stage not in BEFORE_TRIAL and not progress.is_in_service
