"""A till from its opening to its close, and the charges that its cashier takes back meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.identifiers import new_id
from config.site_canteen import TillEntry
from edge.canteen.book import Session
from edge.canteen.keeping import Keeping
from edge.canteen.prices import day_of
from edge.canteen.sale import Sale
from edge.canteen.screen import CloseShown
from edge.canteen.view import voidable


class TillSessions:
    """Of one till; one deed at a time.

    Attributes:
        last_close: What was counted and what the till had, until it is open again.
    """

    def __init__(
        self,
        entry: TillEntry,
        sale: Sale,
        keeping: Keeping,
        *,
        zone: ZoneInfo,
        on_change: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        """Open and close one till.

        Args:
            entry: Of the site file.
            sale: What is sold there.
            keeping: Makes durable what happens.
            zone: Of the site.
            on_change: Called when the screen is another.
            now: Wall clock, aware UTC.
        """
        self._entry, self._sale, self._keeping = entry, sale, keeping
        self._zone, self._on_change, self._now = zone, on_change, now
        self._in_session = asyncio.Lock()
        self.last_close: CloseShown | None = None

    async def open(self, *, by: str = "") -> bool:
        """Begin a session; False where there is one, or it cannot be kept."""
        async with self._in_session:
            if self._sale.session is not None:
                return False
            session = Session(
                session_id=new_id(),
                till=self._entry.id,
                merchant=self._entry.merchant,
                opened_at=self._now(),
                by=by,
            )
            if not await self._keeping.open_session(session):
                return False
            self._sale.opened(session)
            self.last_close = None
            self._on_change()
            return True

    async def close(
        self, *, counted_charges: int | None = None, counted_fen: int | None = None, by: str = ""
    ) -> bool:
        """End the session; False while somebody pays, or where it cannot be kept."""
        async with self._in_session:
            session = self._sale.session
            if session is None or not self._sale.is_at_rest:
                return False
            # Nothing is sold any more from here on: what is summed up is all of it.
            self._sale.closed()
            sums = await self._keeping.close_session(
                session, counted_charges=counted_charges, counted_fen=counted_fen, by=by
            )
            if sums is None:
                self._sale.opened(session)
                self._on_change()
                return False
            self.last_close = CloseShown(
                session_id=session.session_id,
                closed_at=self._now(),
                charge_count=sums.charge_count,
                charge_fen=sums.charge_fen,
                void_count=sums.void_count,
                void_fen=sums.void_fen,
                counted_charges=counted_charges,
                counted_fen=counted_fen,
            )
            self._on_change()
            return True

    async def void_last(self, charge_id: UUID, *, by: str = "") -> bool:
        """Take the last charge of the session back, if it is the one that is meant and is shown."""
        async with self._in_session:
            session, book = self._sale.session, self._keeping.book
            if session is None:
                return False
            charges = book.of_session(session.session_id)
            if voidable(charges) != charge_id:
                return False
            last = next(e.charge for e in reversed(charges) if e.charge.charge_id == charge_id)
            is_void = await self._keeping.void(last, by=by)
            self._on_change()
            return is_void

    async def renew(self) -> None:
        """A till that nobody attends opens by itself, and anew on each day of the site."""
        if self._entry.attended:
            return
        session, now = self._sale.session, self._now()
        if session is not None and self._sale.is_at_rest:
            opened_on = day_of(session.opened_at, zone=self._zone)
            if day_of(now, zone=self._zone) != opened_on:
                await self.close()
        if self._sale.session is None:
            await self.open()
