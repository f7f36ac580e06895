"""Makes durable what tills do: the tills' file first, the journal next, the book last.

A charge is paid once the file and the journal both have it. If the process ends between the two,
the file tells the journal at the next start, under the same key, which central posts once. If the
journal refuses, the charge is taken back in the file, and the display never says paid.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol
from uuid import UUID

from config.contract.event_base import EventClass, EventData
from config.contract.events import Event
from config.contract.identifiers import new_id
from config.contract.money import CanteenPlan, TillAccount
from edge.backoff import wait_until_set
from edge.canteen import facts
from edge.canteen.book import Book, Charge, Session, Sums
from edge.canteen.store import Fact, Store, StoreError
from edge.journal import NO_EPOCH, JournalError, JournalStatus

_log = logging.getLogger("edge.canteen")

RETRY_S: Final = 1.0
PURGE_S: Final = 3600.0


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    @property
    def status(self) -> JournalStatus:
        """See ``Journal.status``."""
        ...

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> Event:
        """See ``Journal.append``."""
        ...


class Keeping:
    """Of one node; it belongs to the event loop's thread."""

    def __init__(
        self, store: Store, book: Book, journal: Recorder, *, now: Callable[[], datetime]
    ) -> None:
        """Begin with what the file holds.

        Args:
            store: Opened.
            book: Read from it.
            journal: Started.
            now: Wall clock, aware UTC.
        """
        self._store, self._journal, self._now = store, journal, now
        self.book = book
        self._is_untold = asyncio.Event()
        self._is_untold.set()
        self._in_hand, self._taken_back = set[str](), set[str]()
        self._told, self._held = dict[str, UUID](), set[str]()
        self._to_release = dict[UUID, Charge]()
        self._purged_at: datetime | None = None

    @property
    def is_able(self) -> bool:
        """Whether a charge could be made durable now, as far as is known."""
        return self._journal.status.is_writable and not self._to_release

    async def begin(self, charge: Charge) -> bool:
        """Keep a charge that is on its way; False where the disk refuses, or is not trusted."""
        if not self.is_able:
            return False
        try:
            await asyncio.to_thread(self._store.begin, charge)
        except StoreError as error:
            _log.error("nothing is sold: %s", error)
            return False
        self.book.begin(charge)
        return True

    async def pend(self, charge: Charge) -> bool:
        """Keep, and tell, that a lane has granted; see ``begin``."""
        if not await self.begin(charge):
            return False
        try:
            await self._journal.append(facts.pending(charge), subject=charge.till, now=charge.at)
        except JournalError as error:
            _log.error("nothing is sold: %s", error)
            await self.release(charge, "cancelled")
            return False
        return True

    async def record(self, charge: Charge) -> bool:
        """Make a begun charge durable; when this is True it may be shown as paid."""
        fact = self._fact(charge.recorded(), charge.till, charge.at)
        self._in_hand.add(fact.key)
        try:
            try:
                await asyncio.to_thread(self._store.record, charge, fact)
            except StoreError as error:
                _log.error("a charge is not paid: %s", error)
                await self.release(charge, "cancelled")
                return False
            try:
                event = await self._journal.append(fact.data, subject=fact.subject, now=fact.at)
            except JournalError as error:
                _log.error("a charge is not paid: %s", error)
                await self.release(charge, "cancelled")
                return False
            self.book.record(charge)
            self._told[fact.key] = event.epoch
            return True
        finally:
            self._in_hand.discard(fact.key)
            self._is_untold.set()

    async def release(
        self,
        charge: Charge,
        reason: Literal["not_passed", "not_me", "cancelled", "interrupted"],
    ) -> None:
        """Let go of a charge that was not paid; kept in memory while the disk refuses."""
        self.book.release(charge.charge_id)
        self._taken_back.add(str(charge.charge_id))
        fact = self._fact(facts.released(charge, reason), charge.till, self._now())
        try:
            await asyncio.to_thread(self._store.release, charge.charge_id, fact)
        except StoreError as error:
            _log.error("a charge that was let go is not kept so, nothing is sold: %s", error)
            self._to_release[charge.charge_id] = charge
        self._is_untold.set()

    async def void(self, charge: Charge, *, by: str) -> bool:
        """Take a paid charge back; when this is True it is so."""
        data = facts.voided(charge, void_id=new_id(), by=by)
        return await self._do(
            self._fact(data, charge.till, self._now()),
            lambda fact: self._store.void(charge.charge_id, fact),
            lambda: self.book.void(charge.charge_id),
        )

    async def open_session(self, session: Session) -> bool:
        """Open a till."""
        return await self._do(
            self._fact(facts.opened(session), session.till, session.opened_at),
            lambda fact: self._store.open_session(session, fact),
        )

    async def close_session(
        self,
        session: Session,
        *,
        counted_charges: int | None,
        counted_fen: int | None,
        by: str,
    ) -> Sums | None:
        """Close a till and return what it has; None where that could not be kept."""
        sums, now = self.book.sums(session.session_id), self._now()
        data = facts.closed(
            session, sums, counted_charges=counted_charges, counted_fen=counted_fen, by=by
        )
        is_kept = await self._do(
            self._fact(data, session.till, now),
            lambda fact: self._store.close_session(session.session_id, fact, now=now),
        )
        return sums if is_kept else None

    async def learn(
        self,
        *,
        plan: CanteenPlan | None,
        accounts: Sequence[TillAccount],
        version: int,
        accounted: Iterable[UUID] = (),
        is_anew: bool = False,
    ) -> None:
        """Take over what central says; in memory even if the disk refuses.

        Raises:
            StoreError: It is not kept, and comes again at the next start.
        """
        accounted = tuple(accounted)
        if is_anew:
            self.book.forget_accounts()
        if plan is not None:
            self.book.plan = plan
        self.book.learn(accounts, version=version)
        self.book.account(accounted)
        await asyncio.to_thread(
            lambda: self._store.learn(
                plan=plan,
                accounts=accounts,
                version=version,
                accounted=accounted,
                is_anew=is_anew,
            )
        )

    def acknowledged(self, events: Iterable[Event]) -> None:
        """Central has these events; see ``Journal.when_acknowledged``."""
        keys = {
            key
            for event in events
            if event.event_class is EventClass.MONEY and (key := key_of_event(event)) is not None
        }
        if keys:
            self._held |= keys
            self._is_untold.set()

    async def recover(self) -> None:
        """Let go of what was on its way when the process ended."""
        for charge in self.book.unfinished():
            _log.warning("charge %s was interrupted and is not paid", charge.charge_id)
            await self.release(charge, "interrupted")

    async def run(self) -> None:
        """Tell the journal what it does not have, and keep who has what, for ever."""
        while True:
            await wait_until_set(self._is_untold, timeout_s=PURGE_S)
            self._is_untold.clear()
            try:
                await self._settle()
            except (StoreError, JournalError) as error:
                _log.warning("told later: %s", error)
                await asyncio.sleep(RETRY_S)
                self._is_untold.set()

    async def _settle(self) -> None:
        for charge in tuple(self._to_release.values()):
            fact = self._fact(facts.released(charge, "cancelled"), charge.till, self._now())
            await asyncio.to_thread(self._store.release, charge.charge_id, fact)
            del self._to_release[charge.charge_id]
        epoch = self._journal.status.epoch
        if epoch == NO_EPOCH:
            raise JournalError("the journal is not open")
        await self._keep_told()
        for fact in await asyncio.to_thread(self._store.untold, epoch):
            is_told = self._told.get(fact.key) == epoch
            if not is_told and fact.key not in self._in_hand | self._taken_back:
                event = await self._journal.append(fact.data, subject=fact.subject, now=fact.at)
                self._told[fact.key] = event.epoch
        await self._keep_told()
        held, self._held = self._held, set()
        if held:
            try:
                await asyncio.to_thread(self._store.held, held)
            except StoreError:
                self._held |= held
                raise
            with_charges = [entry for entry in map(_charge_id, held) if entry is not None]
            self.book.hold(with_charges)
        now = self._now()
        if self._purged_at is None or abs((now - self._purged_at).total_seconds()) >= PURGE_S:
            self._purged_at = now
            self.book.forget(
                await asyncio.to_thread(lambda: self._store.purge(now=now)),
            )

    async def _keep_told(self) -> None:
        told = dict(self._told)
        for epoch in set(told.values()):
            keys = [key for key, of in told.items() if of == epoch]
            await asyncio.to_thread(self._store.told, keys, epoch)
            for key in keys:
                if self._told.get(key) == epoch:
                    del self._told[key]

    async def _do(
        self,
        fact: Fact,
        keep: Callable[[Fact], None],
        note: Callable[[], None] = lambda: None,
    ) -> bool:
        """Keep a deed and tell of it; the journal may hear of it later."""
        try:
            await asyncio.to_thread(keep, fact)
        except StoreError as error:
            _log.error("not done: %s", error)
            return False
        note()
        self._is_untold.set()
        return True

    def _fact(self, data: EventData, till: str, at: datetime) -> Fact:
        key = facts.key_of(data)
        if key is None:
            raise ValueError(f"{data.type_name} is no fact of a till")
        return Fact(key, data, till, at)


def key_of_event(event: Event) -> str | None:
    """Return the key of a fact that central has; None of one that is not understood here."""
    data = event.parsed()
    return None if data is None else facts.key_of(data)


def _charge_id(key: str) -> UUID | None:
    with contextlib.suppress(ValueError):
        return UUID(key)
    return None
