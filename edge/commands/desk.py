"""Takes operators' commands from central, has each carried out once, and answers into the journal.

The order is the promise: an entry is on the disk before anything is done, and stays there until the
journal holds the answer. A power cut between two steps therefore leaves a command not begun, or
begun and answered *unknown*; never begun twice.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import CommandHead, NodeCommand, SignedCommand, SignedCommands
from config.contract.events import EventData
from config.contract.trust import TrustError
from edge.backoff import BackOff, wait_until_set
from edge.central_client import CentralError
from edge.commands.book import Book, Entry
from edge.commands.store import Kept
from edge.journal import JournalError
from edge.kept_file import KeptFileError

_log = logging.getLogger("edge.commands")

CARRYING_S_MAX: Final = 20.0
"""Nobody waits longer for a device; whether the command took effect is unknown then."""
ASK_INTERVAL_S: Final = 15.0
"""The stream says when a command waits; this makes sure."""


@dataclasses.dataclass(frozen=True, slots=True)
class Carried:
    """What became of a command. Attributes: refusal: why not, or why nobody knows."""

    outcome: CommandOutcome
    refusal: CommandRefusal | None = None


class Central(Protocol):
    """The part of central that is needed here."""

    async def commands(self) -> SignedCommands:
        """See ``CentralClient.commands``."""
        ...


class Keeper(Protocol):
    """The part of the store that is needed here."""

    def load(self) -> Kept:
        """See ``CommandsStore.load``."""
        ...

    def put(self, entry: Entry) -> None:
        """See ``CommandsStore.put``."""
        ...

    def remove(self, command_ids: Iterable[UUID]) -> None:
        """See ``CommandsStore.remove``."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> object:
        """See ``Journal.append``."""
        ...


class Desk:
    """One node's. All of it belongs to the event loop's thread but for the disk."""

    def __init__(
        self,
        central: Central,
        store: Keeper,
        *,
        read: Callable[[SignedCommand], NodeCommand | CommandHead],
        carry_out: Callable[[NodeCommand], Awaitable[Carried]],
        journal: Recorder,
        now: Callable[[], datetime],
        resume: Callable[[Mapping[str, datetime]], None] = lambda _: None,
        back_off: Callable[[], BackOff] = BackOff,
    ) -> None:
        """Begin with nothing; see ``start``.

        Args:
            central: Has the commands.
            store: Keeps what was begun.
            read: Checks who signed; raises ``TrustError``.
            carry_out: Does what a command says.
            journal: Takes the answers.
            now: The node's clock, aware UTC, as central's as is known.
            resume: Told at the start which points were held open until when.
            back_off: Waits before central is asked again.
        """
        self._central, self._store, self._read, self._carry_out = central, store, read, carry_out
        self._journal, self._now, self._back_off = journal, now, back_off
        self._resume = resume
        self._book: Book | None = None
        self._disk = asyncio.Lock()
        self._being_told = set[UUID]()
        self._is_waited_for = asyncio.Event()

    def wake(self) -> None:
        """Ask central at once: it says that a command waits."""
        self._is_waited_for.set()

    async def run(self) -> None:
        """Take commands for ever; what was begun before this start is answered first."""
        await self.start()
        back_off = self._back_off()
        async with asyncio.TaskGroup() as carrying:
            while True:
                self._is_waited_for.clear()
                try:
                    waiting = await self._central.commands()
                except CentralError:
                    # The uplink says that central is lost; the stream says when it is back.
                    await wait_until_set(self._is_waited_for, timeout_s=back_off.next_s())
                    continue
                back_off.reset()
                for signed in waiting.commands:
                    carrying.create_task(self.take(signed))
                await self.tell_and_forget()
                await wait_until_set(self._is_waited_for, timeout_s=ASK_INTERVAL_S)

    async def start(self) -> None:
        """Read what was kept and answer what was begun before this start.

        Raises:
            KeptFileError: The disk refuses: no command may be begun.
        """
        kept = await asyncio.to_thread(self._store.load)
        book = Book(kept.entries, not_before=self._now() if kept.is_damaged else None)
        for entry in book.interrupted():
            await self._keep(entry)
        self._book = book
        self._resume(kept.holds)
        await self.tell_and_forget()

    async def take(self, signed: SignedCommand) -> None:
        """Carry a command out, once, and answer; whatever else came is said and passed over."""
        try:
            command = self._read(signed)
        except TrustError as error:
            _log.error("a command is not carried out: %s", error)
            return
        await self._begin(command)

    async def do(self, command: NodeCommand) -> Carried:
        """Carry out what an operator asks at the terminal itself, as if central had signed it.

        Raises:
            KeptFileError: What was begun before this start is not read yet; try again.
        """
        if self._book is None:
            raise KeptFileError("operators' commands are not ready yet")
        entry = await self._begin(command)
        if entry is None:
            raise ValueError("this command was heard before")
        return Carried(entry.fact.outcome, entry.fact.refusal)

    async def _begin(self, command: NodeCommand | CommandHead) -> Entry | None:
        """Carry a command out and answer; None where it was heard before."""
        book = self._known_book()
        entry = book.hear(command, now=self._now())
        if entry is None:
            return None
        try:
            await self._keep(entry)
        except KeptFileError as error:
            _log.error("a command is not carried out: %s", error)
            entry = book.answered(
                entry.command_id, CommandOutcome.REFUSED, CommandRefusal.NOT_RECORDABLE
            )
        if not entry.is_answered and isinstance(command, NodeCommand):
            entry = await self._carried(book, command)
        await self._tell(entry)
        return entry

    async def tell_and_forget(self) -> None:
        """Give the journal the answers that it lacks; let go of what is long over."""
        book = self._known_book()
        for entry in book.untold:
            await self._tell(entry)
        if over := book.forget(now=self._now()):
            try:
                async with self._disk:
                    await asyncio.to_thread(self._store.remove, over)
            except KeptFileError as error:
                _log.warning("old commands are not forgotten: %s", error)

    async def _carried(self, book: Book, command: NodeCommand) -> Entry:
        if self._now() >= command.expires_at:  # the disk took its time
            entry = book.answered(command.id, CommandOutcome.TOO_LATE)
        else:
            try:
                async with asyncio.timeout(CARRYING_S_MAX):
                    carried = await self._carry_out(command)
            except TimeoutError:
                carried = Carried(CommandOutcome.UNKNOWN, CommandRefusal.DEVICE_SILENT)
            entry = book.answered(command.id, carried.outcome, carried.refusal)
        try:
            await self._keep(entry)
        except KeptFileError as error:
            # Were the node to end now, it would answer "unknown" once more; the first one stands.
            _log.error("the answer to a command is told, not kept: %s", error)
        return entry

    async def _tell(self, entry: Entry) -> None:
        if entry.command_id in self._being_told:
            return
        self._being_told.add(entry.command_id)
        subject = entry.fact.access_point or entry.fact.device
        try:
            await self._journal.append(entry.fact, subject=subject, now=self._now())
            await self._keep(self._known_book().told(entry.command_id))
        except (JournalError, KeptFileError) as error:
            _log.error("an answer to a command waits: %s", error)
        finally:
            self._being_told.discard(entry.command_id)

    async def _keep(self, entry: Entry) -> None:
        async with self._disk:
            await asyncio.to_thread(self._store.put, entry)

    def _known_book(self) -> Book:
        if self._book is None:
            raise RuntimeError("not started")
        return self._book
