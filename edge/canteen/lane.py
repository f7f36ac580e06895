"""A canteen lane: gate and till in one.

A meal is pending when the gate is about to open, paid when somebody has passed, let go otherwise.
One person at a time is on their way: the gate would count the second for the first.
Only an entrance asks for money, and only of whoever is let in by a credential of their own. Fire,
free egress, an operator and every way out ask nobody; who flees is not charged.
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind, DenialReason
from config.contract.identifiers import new_id
from config.contract.money import ChargeMode
from config.site_canteen import TillEntry
from edge.canteen.book import Charge, Session
from edge.canteen.diner import Diner
from edge.canteen.keeping import Keeping
from edge.canteen.limits import is_repeat, offline_refusal
from edge.canteen.offer import Counter, Offer, Wanted
from edge.canteen.payment import People
from edge.canteen.prices import day_of
from edge.canteen.till import Money

_log = logging.getLogger("edge.canteen")

AGAIN_S: Final = 15.0
"""Whoever shows themselves again within this, after the lane said that they have paid, means it."""
RENEW_S: Final = 30.0
WAY_S: Final = 2.0
"""Whoever shows themselves waits so long for somebody who is on their way: a gate counts people and
does not say whom, so that only one at a time can be known to have passed."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Over:
    charge: Charge
    has_passed: bool


class CanteenLane:
    """One lane. All of it belongs to the event loop's thread."""

    def __init__(
        self,
        entry: TillEntry,
        *,
        keeping: Keeping,
        money: Money,
        people: People,
        zone: ZoneInfo,
        session: Session | None = None,
        now: Callable[[], datetime],
        way_s: float = WAY_S,
    ) -> None:
        """Take money at one access point.

        Args:
            entry: Of the site file.
            keeping: Makes durable what happens.
            money: Central.
            people: Who is known.
            zone: Of the site.
            session: One that was open when the process ended.
            now: Wall clock, aware UTC.
            way_s: How long somebody waits for whoever is on their way.
        """
        self.entry, self._keeping, self._money, self._people = entry, keeping, money, people
        self._zone, self._now, self._session = zone, now, session
        self._counter = Counter(entry, keeping.book, zone=zone, new_id=new_id)
        self._pending, self._way_s = dict[UUID, Charge](), way_s
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._warned = dict[str, datetime]()
        self._over: asyncio.Queue[_Over] = asyncio.Queue()
        self._is_on_fire = False

    def fire_is_on(self, is_on: bool) -> None:
        """A fire releases the gate: whoever is on their way is not charged."""
        self._is_on_fire = is_on
        if is_on:
            for decision_id in tuple(self._pending):
                self.over(decision_id)

    async def hold(
        self, decision_id: UUID, holder_id: str, credential: CredentialKind
    ) -> DenialReason | None:
        """Keep the price of a meal before the gate opens; returns why it must not open.

        Args:
            decision_id: Of the grant.
            holder_id: Who was granted.
            credential: By which.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._way_s):
                await self._is_free.wait()
        if self._is_on_fire:
            return None
        if self._pending:
            return DenialReason.LANE_BUSY
        await self._renew()
        session, now = self._session, self._now()
        if session is None:
            return DenialReason.JOURNAL_UNWRITABLE
        person = self._people.person(holder_id)
        if person is not None and self._counter.eats_free(person, now):
            return None
        offered = self._counter.offer(
            Wanted(mode=ChargeMode.LANE, session_id=session.session_id),
            Diner(holder_id, credential),
            person,
            decision_id=decision_id,
            now=now,
        )
        if not isinstance(offered, Offer):
            return DenialReason.CANNOT_PAY
        limits, charge = self._keeping.book.plan.limits, offered.charge
        if credential is CredentialKind.FACE and charge.amount_fen > limits.pin_above_fen:
            return DenialReason.CANNOT_PAY
        if is_repeat(offered.spending, limits, now=now):
            if not self._is_meant(holder_id, now):
                return DenialReason.CANNOT_PAY
            charge = charge.model_copy(update={"is_repeat": True})
        return await self._keep(charge, decision_id)

    def passed(self, decision_id: UUID) -> None:
        """Somebody passed on a grant: the meal is paid, unless they were fleeing."""
        self._settle(decision_id, has_passed=not self._is_on_fire)

    def over(self, decision_id: UUID) -> None:
        """Nobody passes on a grant any more; whoever has passed has paid."""
        self._settle(decision_id, has_passed=False)

    async def run(self) -> None:
        """Make durable what came of each grant, for ever."""
        while True:
            try:
                async with asyncio.timeout(RENEW_S):
                    over = await self._over.get()
            except TimeoutError:
                await self._renew()
                continue
            if not over.has_passed:
                await self._keeping.release(over.charge, "not_passed")
            elif not await self._keeping.record(over.charge):
                _log.error("charge %s of a lane is not paid", over.charge.charge_id)

    async def _keep(self, charge: Charge, decision_id: UUID) -> DenialReason | None:
        answer, is_begun = await asyncio.gather(
            self._money.reserve(charge), self._keeping.pend(charge)
        )
        if not is_begun:
            return DenialReason.JOURNAL_UNWRITABLE
        if answer is not None:
            can_pay = answer.outcome == "reserved"
        else:
            spending = self._counter.spending_of(charge)
            limits = self._keeping.book.plan.limits
            can_pay = offline_refusal(spending, limits, amount_fen=charge.amount_fen) is None
        if not can_pay:
            await self._keeping.release(charge, "cancelled")
            return DenialReason.CANNOT_PAY
        self._pending[decision_id] = charge.model_copy(update={"is_reserved": answer is not None})
        self._is_free.clear()
        if self._is_on_fire:
            self.over(decision_id)
        return None

    def _is_meant(self, holder_id: str, now: datetime) -> bool:
        """Return whether somebody who has paid already was told so a moment ago."""
        told_at = self._warned.pop(holder_id, None)
        self._warned = {
            other: at
            for other, at in self._warned.items()
            if abs((now - at).total_seconds()) < AGAIN_S
        }
        if told_at is not None and abs((now - told_at).total_seconds()) < AGAIN_S:
            return True
        self._warned[holder_id] = now
        return False

    def _settle(self, decision_id: UUID, *, has_passed: bool) -> None:
        charge = self._pending.pop(decision_id, None)
        if not self._pending:
            self._is_free.set()
        if charge is not None:
            self._over.put_nowait(_Over(charge, has_passed))

    async def _renew(self) -> None:
        """Have a session of this day of the site; one ends only while nobody is on their way."""
        session, now = self._session, self._now()
        if session is not None:
            is_of_today = day_of(session.opened_at, zone=self._zone) == day_of(now, zone=self._zone)
            if is_of_today or self._pending or not self._over.empty():
                return
            self._session = None
            sums = await self._keeping.close_session(
                session, counted_charges=None, counted_fen=None, by=""
            )
            if sums is None:
                self._session = session
                return
        opened = Session(
            session_id=new_id(),
            till=self.entry.id,
            merchant=self.entry.merchant,
            opened_at=now,
        )
        if await self._keeping.open_session(opened):
            self._session = opened
