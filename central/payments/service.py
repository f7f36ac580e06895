"""Top-ups of one central process: places orders, asks again after silence, matches bills.

The provider is asked outside of any transaction; what it says is applied in one, to the order as
it is then. Several processes may do the same at once: the ledger's keys make it once.
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from central.database import EVERYTHING, Database, Transaction
from central.keys import KeysError
from central.ledger.errors import ShortError
from central.payments import repository, states
from central.payments.keys import PaymentSettings
from central.payments.matching import Difference, match
from central.payments.provider import (
    DeclinedError,
    Provider,
    ProviderError,
    RefundStanding,
    Seen,
    SeenRefund,
    Standing,
    Wanted,
    WantedRefund,
    Way,
)
from central.payments.schemas import BillView
from central.payments.states import NotNowError, State, Step, TopUp
from central.problems import RefusedError

_log = logging.getLogger("central.payments")
LOOK_S_MAX: Final = 30.0
LOOK_S_MIN: Final = 0.05
BATCH_LENGTH: Final = 20
Connection = tuple[Provider, PaymentSettings]
BILLS_EVERY: Final = timedelta(minutes=10)
BILLS_BACK: Final = 7
"""So many days back a bill that could not be had is asked for again."""


class Payments:
    """The connector to one provider; without one it refuses, and nothing else changes."""

    def __init__(
        self,
        database: Database,
        connect: Callable[[], Connection | None],
        *,
        time_zone: str,
        now: Callable[[], datetime],
    ) -> None:
        """Ask nothing yet.

        Args:
            database: Central's.
            connect: Returns the provider where the site has one; asked until it does, so that its
                files can be laid beside a central that runs. KeysError where they are not good.
            time_zone: Of the site; the days of bills are its.
            now: The wall clock, aware UTC.
        """
        self._database, self._connect = database, connect
        self.zone, self._now = ZoneInfo(time_zone), now
        self._connection: Connection | None = None
        self._trouble = ""
        self._bills_at: datetime | None = None
        self._wake = asyncio.Event()
        database.listen(self._heard)

    @property
    def is_there(self) -> bool:
        """Whether the site has a provider; what is wrong with its files is logged once."""
        if self._connection is not None:
            return True
        try:
            self._connection, self._trouble = self._connect(), ""
        except KeysError as error:
            if str(error) != self._trouble:
                _log.warning("%s", error)
            self._trouble = str(error)
        return self._connection is not None

    def _connected(self) -> Connection:
        if not self.is_there or self._connection is None:
            raise RefusedError(409, "no_payment_provider", "this site has no payment provider")
        return self._connection

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The least and the most of one top-up, in fen; None where the site has no provider."""
        if not self.is_there:
            return None
        _, settings = self._connected()
        return settings.least_fen, settings.most_fen

    async def close(self) -> None:
        """Close the provider's connections."""
        if self._connection is not None:
            await self._connection[0].close()

    async def run(self) -> None:
        """Work for ever."""
        while True:
            self._wake.clear()
            wait_s = LOOK_S_MAX
            if self.is_there:
                while await self.check_due():
                    pass
                await self.match_due()
                async with self._database.read() as transaction:
                    next_at = await repository.next_due_at(transaction)
                if next_at is not None:
                    wait_s = min(wait_s, (next_at - self._now()).total_seconds())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(LOOK_S_MIN, wait_s)):
                    await self._wake.wait()

    # ---- what operators and diners do

    async def top_up(
        self,
        top_up_id: UUID,
        *,
        holder_id: str,
        amount_fen: int,
        way: Way,
        made_by: str,
        payer_address: str = "",
    ) -> Row[Any]:
        """Make an order and ask the provider for it; the same again is the same.

        Raises:
            RefusedError: 409 without a provider, or the key is another order's; 404 for a person
                who is not here; 422 for an amount out of bounds.
        """
        _, settings = self._connected()
        now, order_no = self._now(), repository.number_of(top_up_id)
        if not settings.least_fen <= amount_fen <= settings.most_fen:
            raise RefusedError(
                422,
                "top_up_amount",
                "one top-up is not as little or as much",
                least_fen=settings.least_fen,
                most_fen=settings.most_fen,
            )
        async with self._database.write() as transaction:
            row = await repository.find(transaction, order_no, to_change=True)
            if row is None:
                if not await repository.may_credit(transaction, holder_id):
                    raise RefusedError(404, "person_not_found")
                await repository.add(
                    transaction,
                    order_no,
                    holder_id=holder_id,
                    amount_fen=amount_fen,
                    way=way,
                    made_by=made_by,
                    expires_at=now + timedelta(minutes=settings.pay_within_min),
                    now=now,
                )
            elif (row.holder_id, row.amount_fen) != (holder_id, amount_fen):
                raise RefusedError(409, "key_in_use", "this key is another order's")
            transaction.concerns(f"top_up:{top_up_id}", amount_fen=amount_fen)
        if row is None or row.state == State.CREATED:
            await self._place(await self._row(order_no), payer_address=payer_address)
        return await self._row(order_no)

    async def refund(
        self, top_up_id: UUID, *, amount_fen: int | None, reason: str, refund_by: str
    ) -> Row[Any]:
        """Take money from the wallet and send it back the way it came.

        Raises:
            RefusedError: 404 for an order that is not there; 409 where it cannot go back, or the
                wallet does not hold it any more.
        """
        self._connected()
        now, order_no = self._now(), repository.number_of(top_up_id)
        async with self._database.write() as transaction:
            row = await repository.find(transaction, order_no, to_change=True)
            if row is None:
                raise RefusedError(404, "top_up_not_found", "there is no such top-up")
            how = partial(
                states.refund_wanted,
                refund_no=_refund_no(row),
                amount_fen=amount_fen or row.amount_fen,
            )
            try:
                await repository.advance(transaction, row, how, now=now)
            except NotNowError as error:
                raise RefusedError(409, "top_up_not_refundable", "this cannot go back") from error
            except ShortError as error:
                raise RefusedError(
                    409,
                    "wallet_short",
                    "the wallet does not hold as much any more",
                    available_fen=error.available_fen,
                ) from error
            await repository.note(transaction, order_no, refund_by=refund_by, refund_reason=reason)
            transaction.concerns(amount_fen=amount_fen or row.amount_fen)
        await self._check(await self._row(order_no))
        return await self._row(order_no)

    async def ask(self, top_up_id: UUID) -> Row[Any]:
        """Ask the provider about an order now, whatever its turn.

        Raises:
            RefusedError: 404 for an order that is not there, 409 without a provider.
        """
        self._connected()
        order_no = repository.number_of(top_up_id)
        await self._check(await self._row(order_no))
        return await self._row(order_no)

    # ---- what the provider says

    async def take_notice(self, headers: Mapping[str, str], body: bytes) -> None:
        """Apply what the provider says unasked; twice is once.

        Raises:
            ForgedError: It is not the provider.
            RefusedError: 409 without a provider.
        """
        provider, _ = self._connected()
        now = self._now()
        notice = provider.read_notice(headers, body, now=now)
        async with self._database.write() as transaction:
            if await repository.is_new(transaction, notice, now=now):
                await self._apply(transaction, notice.seen, now=now)

    async def check_due(self) -> bool:
        """Ask about orders whose turn it is; returns whether there may be more."""
        async with self._database.write() as transaction:
            due = await repository.take_due(transaction, now=self._now(), limit=BATCH_LENGTH)
        for row in due:
            await self._check(row)
        return len(due) == BATCH_LENGTH

    async def match_due(self) -> None:
        """Match the bills that are there and not matched yet."""
        now, (_, settings) = self._now(), self._connected()
        if self._bills_at is not None and now < self._bills_at:
            return
        self._bills_at = now + BILLS_EVERY
        here = now.astimezone(self.zone)
        newest = here.date() - timedelta(days=1 if here.hour >= settings.bill_hour else 2)
        for back in range(BILLS_BACK):
            day = newest - timedelta(days=back)
            async with self._database.read() as transaction:
                is_done = await repository.has_bill(transaction, day)
                is_used = bool(await repository.newest(transaction, limit=1))
            if not is_used:
                return
            if not is_done:
                try:
                    await self.match_bill(day)
                except ProviderError as error:
                    _log.warning("the bill of %s cannot be had: %s", day, error)
                    return

    async def match_bill(self, day: date) -> BillView:
        """Match the bill of a day of the site; what only the bill knows is credited by it.

        Raises:
            ProviderError: The bill cannot be had.
            RefusedError: 409 without a provider.
        """
        provider, _ = self._connected()
        bill = await provider.bill(day)
        first = datetime.combine(day, time(), tzinfo=self.zone)
        span = {"first": first, "last": first + timedelta(days=1)}
        named = {line.order_no for line in bill}
        late = list[Difference]()
        for line in bill:
            if line.kind == "payment" and await self._learnt(line.order_no):
                late.append(
                    Difference(
                        difference="late",
                        kind="payment",
                        order_no=line.order_no,
                        provider_no=line.provider_no,
                        bill_fen=line.amount_fen,
                        own_fen=0,
                    )
                )
        async with self._database.write() as transaction:
            own = await repository.own_lines(transaction, named=named, **span)
            matched = match(bill, own)
            differences = (*late, *matched.differences)
            matched = dataclasses.replace(matched, differences=differences)
            return await repository.keep_bill(transaction, day, matched, now=self._now())

    async def _learnt(self, order_no: str) -> bool:
        """Ask about an order that the bill calls paid; returns whether that was news."""
        async with self._database.read() as transaction:
            row = await repository.find(transaction, order_no)
        if row is None or row.provider_no:
            return False
        await self._check(row)
        return bool((await self._row(order_no)).provider_no)

    # ---- asking

    async def _place(self, row: Row[Any], *, payer_address: str = "") -> None:
        provider, settings = self._connected()
        wanted = Wanted(
            order_no=row.order_no,
            amount_fen=row.amount_fen,
            subject=settings.subject,
            way=Way(row.way),
            expires_at=row.expires_at.astimezone(self.zone),
            payer_address=payer_address,
        )
        how: Callable[[TopUp], Step]
        try:
            url, how = await provider.place(wanted), states.placed
        except DeclinedError as error:
            # Paid or closed already is declined, too: what it is, only looking says.
            seen = await self._seen(row.order_no)
            if seen is None or seen.standing is not Standing.ABSENT:
                await self._told(seen)
                return
            _log.warning("the payment provider declined an order: %s", error.code)
            url, how = "", states.declined
        except ProviderError as error:
            _log.info("the payment provider does not answer: %s", error)
            return
        async with self._database.write() as transaction:
            kept = await repository.find(transaction, row.order_no, to_change=True)
            if kept is not None:
                await repository.advance(transaction, kept, how, now=self._now())
                if kept.state in {State.CREATED, State.WAITING}:
                    await repository.note(transaction, row.order_no, pay_url=url)

    async def _check(self, row: Row[Any]) -> None:
        """Ask what has become of an order, and do what is due."""
        if row.state == State.REFUNDING:
            await self._check_refund(row)
            return
        is_over = self._now() >= row.expires_at
        seen = await self._seen(row.order_no)
        if seen is not None and seen.standing is Standing.WAITING and is_over:
            seen = await self._closed(row.order_no)
        standing = None if seen is None else seen.standing
        is_open = row.state == State.CREATED and not is_over
        if is_open and standing in {Standing.ABSENT, Standing.WAITING}:
            await self._place(row)
        else:
            await self._told(seen)

    async def _closed(self, order_no: str) -> Seen | None:
        """Close an order whose time is over; whoever paid at the last moment has paid."""
        provider, _ = self._connected()
        try:
            await provider.close_order(order_no)
        except DeclinedError as error:
            _log.info("an order is not closed: %s", error.code)
        except ProviderError:
            return None
        return await self._seen(order_no)

    async def _check_refund(self, row: Row[Any]) -> None:
        provider, _ = self._connected()
        wanted = WantedRefund(
            order_no=row.order_no,
            refund_no=row.refund_no,
            amount_fen=row.refund_fen,
            total_fen=row.amount_fen,
        )
        try:
            seen = await provider.look_at_refund(row.order_no, row.refund_no)
            if seen.standing is RefundStanding.ABSENT:
                seen = await provider.refund(wanted)
        except DeclinedError as error:
            _log.warning("the payment provider declined a refund: %s", error.code)
            seen = SeenRefund(
                order_no=row.order_no,
                refund_no=row.refund_no,
                standing=RefundStanding.DECLINED,
            )
        except ProviderError as error:
            _log.info("the payment provider does not answer: %s", error)
            return
        await self._told(seen)

    async def _seen(self, order_no: str) -> Seen | None:
        provider, _ = self._connected()
        try:
            return await provider.look(order_no)
        except ProviderError as error:
            _log.info("the payment provider does not answer: %s", error)
            return None

    async def _told(self, seen: Seen | SeenRefund | None) -> None:
        if seen is not None:
            async with self._database.write() as transaction:
                await self._apply(transaction, seen, now=self._now())

    async def _apply(
        self, transaction: Transaction, seen: Seen | SeenRefund, *, now: datetime
    ) -> None:
        row = await repository.find(transaction, seen.order_no, to_change=True)
        if row is None:
            _log.warning("the payment provider speaks of an order that is not ours")
            return
        how: Callable[[TopUp], Step]
        if isinstance(seen, SeenRefund):
            how = partial(states.refund_told, seen=seen)
        else:
            how = partial(
                states.told,
                seen=seen,
                may_credit=await repository.may_credit(transaction, row.holder_id),
                refund_no=_refund_no(row),
                is_over=now >= row.expires_at,
            )
        await repository.advance(transaction, row, how, now=now)
        if isinstance(seen, Seen) and seen.provider_no and row.paid_at is None:
            await repository.note(transaction, row.order_no, paid_at=seen.paid_at or now)

    async def _row(self, order_no: str) -> Row[Any]:
        async with self._database.read() as transaction:
            row = await repository.find(transaction, order_no)
        if row is None:
            raise RefusedError(404, "top_up_not_found", "there is no such top-up")
        return row

    def _heard(self, topic: str) -> None:
        if topic in {repository.TOPIC, EVERYTHING}:
            self._wake.set()


def _refund_no(row: Row[Any]) -> str:
    return f"{row.order_no}R{row.refund_count + 1}"
