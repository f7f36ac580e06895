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
from config.contract.events import Event, FaceEvidence
from config.contract.identifiers import new_id
from config.contract.money import CanteenPlan, TillAccount, TillOrder
from edge.backoff import wait_until_set
from edge.canteen import facts
from edge.canteen.book import Book, Charge, Session, Sums
from edge.canteen.store import Fact, Store
from edge.journal import NO_EPOCH, JournalError, JournalStatus
from edge.kept_file import KeptFileError

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
        except KeptFileError as error:
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

    async def record(self, charge: Charge, face: FaceEvidence | None = None) -> bool:
        """Make a begun charge durable; when this is True it may be shown as paid.

        Args:
            charge: To be paid.
            face: What was seen of whoever pays by face: durable with the charge, told after it.
        """
        fact, *beside = self._paid(charge, face)
        in_hand = {each.key for each in (fact, *beside)}
        self._in_hand |= in_hand
        try:
            try:
                await asyncio.to_thread(self._store.record, charge, fact, *beside)
            except KeptFileError as error:
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
            self._in_hand -= in_hand
            self._is_untold.set()

    async def release(
        self,
        charge: Charge,
        reason: Literal["not_passed", "not_me", "cancelled", "interrupted"],
    ) -> None:
        """Let go of a charge that was not paid; kept in memory while the disk refuses."""
        self.book.release(charge.charge_id)
        self._taken_back |= {str(charge.charge_id), facts.face_key(charge.charge_id)}
        fact = self._fact(facts.released(charge, reason), charge.till, self._now())
        try:
            await asyncio.to_thread(self._store.release, charge.charge_id, fact)
        except KeptFileError as error:
            _log.error("a charge that was let go is not kept so, nothing is sold: %s", error)
            self._to_release[charge.charge_id] = charge
        self._is_untold.set()

    async def hand_out(self, charge: Charge, face: FaceEvidence | None = None) -> bool:
        """Make durable that an order was handed out; when this is True it may be shown so.

        Nothing is kept of it before and nothing let go where it is not: central keeps its money
        whatever happens here. Args: see ``record``.
        """
        fact, *beside = self._paid(charge, face)
        is_free = self.book.entry(charge.charge_id) is None and fact.key not in self._in_hand
        if not self.is_able or not is_free:
            return False
        in_hand = {each.key for each in (fact, *beside)}
        self._in_hand |= in_hand
        self._taken_back -= in_hand
        try:
            try:
                await asyncio.to_thread(self._store.hand_out, charge, fact, *beside)
                event = await self._journal.append(fact.data, subject=fact.subject, now=fact.at)
            except (KeptFileError, JournalError) as error:
                _log.error("an order is not handed out: %s", error)
                await self.put_back(charge)
                return False
            self.book.record(charge)
            self._told[fact.key] = event.epoch
            return True
        finally:
            self._in_hand -= in_hand
            self._is_untold.set()

    async def put_back(self, charge: Charge) -> None:
        """An order was not handed out after all; kept in memory while the disk refuses."""
        self._taken_back |= {str(charge.charge_id), facts.face_key(charge.charge_id)}
        try:
            await asyncio.to_thread(self._store.put_back, charge)
        except KeptFileError as error:
            _log.error("an order that was not handed out is not kept so: %s", error)
            self._to_release[charge.charge_id] = charge

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
        orders: Sequence[TillOrder] = (),
        version: int,
        accounted: Iterable[UUID] = (),
        is_anew: bool = False,
    ) -> None:
        """Take over what central says; in memory even if the disk refuses.

        Raises:
            KeptFileError: It is not kept, and comes again at the next start.
        """
        accounted = tuple(accounted)
        if is_anew:
            self.book.begin_anew()
        if plan is not None:
            self.book.plan = plan
        self.book.learn(accounts, orders, version=version)
        self.book.account(accounted)
        await asyncio.to_thread(
            lambda: self._store.learn(
                plan=plan,
                accounts=accounts,
                orders=orders,
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
            except (KeptFileError, JournalError) as error:
                _log.warning("told later: %s", error)
                await asyncio.sleep(RETRY_S)
                self._is_untold.set()

    async def _settle(self) -> None:
        for charge in tuple(self._to_release.values()):
            if charge.order:
                await asyncio.to_thread(self._store.put_back, charge)
            else:
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
            except KeptFileError:
                self._held |= held
                raise
            with_charges = [entry for entry in map(_charge_id, held) if entry is not None]
            self.book.hold(with_charges)
        now = self._now()
        if self._purged_at is None or abs((now - self._purged_at).total_seconds()) >= PURGE_S:
            self._purged_at = now
            forgotten = await asyncio.to_thread(lambda: self._store.purge(now=now))
            self.book.forget(forgotten.charges)
            self.book.orders.forget(forgotten.orders)
            self.book.forget_codes(forgotten.codes)

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
        except KeptFileError as error:
            _log.error("not done: %s", error)
            return False
        note()
        self._is_untold.set()
        return True

    def _paid(self, charge: Charge, face: FaceEvidence | None) -> tuple[Fact, ...]:
        """Return that a charge is paid, and after it what that rests on."""
        fact = self._fact(charge.recorded(), charge.till, charge.at)
        seen = None if face is None else facts.identified(charge, face)
        return (fact,) if seen is None else (fact, self._fact(seen, charge.till, charge.at))

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
