"""Which orders one till hands out now, to whom, and why it hands out none. Pure."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.money import ChargeMode, TillOrder
from config.site_canteen import TillEntry
from edge.canteen.book import Book, Charge, State
from edge.canteen.diner import Diner
from edge.canteen.orders import state_refusal, time_refusal
from edge.canteen.prices import day_of
from edge.canteen.screen import OrderShown, TillRefusal

CHOICES_MAX: Final = 3
"""So many are asked about at once: they are read at two metres. The others come after them."""
NUMBER_LENGTH_MAX: Final = 6
"""A letter and five digits."""
_TELLING: Final = (
    TillRefusal.ORDER_COLLECTED,
    TillRefusal.ORDER_NOT_YET,
    TillRefusal.ORDER_ELSEWHERE,
    TillRefusal.ORDER_CANCELLED,
    TillRefusal.ORDER_OVER,
)
"""What somebody with several orders, and none to be handed out, is told of first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Chosen:
    """What there is for somebody.

    Attributes:
        orders: To be handed out now, the earliest window first; none with a ``refusal``.
        about: The order that the refusal is of.
    """

    orders: tuple[TillOrder, ...] = ()
    refusal: TillRefusal | None = None
    about: TillOrder | None = None


class Collecting:
    """Of one till."""

    def __init__(self, till: TillEntry, book: Book, *, zone: ZoneInfo) -> None:
        """Hand out for one merchant."""
        self._till, self._book, self._zone = till, book, zone

    def gone(self, charge_id: UUID) -> TillRefusal | None:
        """Return what has become of an order that is not handed out any more, here or anywhere."""
        entry = self._book.entry(charge_id)
        if entry is not None:
            is_void = entry.state is State.VOID
            return TillRefusal.ORDER_CANCELLED if is_void else TillRefusal.ORDER_COLLECTED
        order = self._book.orders.all.get(charge_id)
        return None if order is None else state_refusal(order)

    def refusal(self, order: TillOrder, *, now: datetime) -> TillRefusal | None:
        """Return why an order is not handed out here and now."""
        gone = self.gone(order.charge_id)
        if gone is not None:
            return gone
        if order.merchant != self._till.merchant:
            return TillRefusal.ORDER_ELSEWHERE
        return time_refusal(order, now=now, zone=self._zone)

    def ready(self, holder_id: str, *, now: datetime) -> tuple[TillOrder, ...]:
        """Return what may be handed out to somebody now."""
        return self._ready(self._book.orders.of(holder_id), now)

    def waiting(self, *, now: datetime, typed: str = "") -> Sequence[TillOrder]:
        """Return what may be handed out to anybody now, by number.

        Args:
            now: Aware.
            typed: Of a number; only those that begin so.
        """
        found = self._ready(self._of_today(now), now)
        return sorted((o for o in found if _begins(o, typed)), key=lambda order: order.number)

    def of(self, holder_id: str, wanted: UUID | None, *, now: datetime) -> Chosen:
        """Return what is handed out to somebody who has proved who they are.

        Args:
            holder_id: Of the person.
            wanted: The one order that is meant, by its code or its number; None is any.
            now: Aware.
        """
        if wanted is None:
            orders = self._book.orders.of(holder_id)
            return self._chosen(orders, otherwise=TillRefusal.NO_ORDER, now=now)
        order = self._book.orders.all.get(wanted)
        if order is None:
            return Chosen(refusal=TillRefusal.ORDER_UNKNOWN)
        if order.holder_id != holder_id:
            return Chosen(refusal=TillRefusal.ORDER_NOT_YOURS)
        return self._chosen([order], otherwise=TillRefusal.ORDER_UNKNOWN, now=now)

    def by_number(self, typed: str, *, now: datetime) -> Chosen:
        """Return the order of a pick-up number; leading zeros and its letter may be left out."""
        found = [order for order in self._of_today(now) if _is(order, typed)]
        return self._chosen(found, otherwise=TillRefusal.ORDER_UNKNOWN, now=now)

    def charge(
        self,
        order: TillOrder,
        diner: Diner,
        *,
        session_id: UUID,
        decision_id: UUID | None,
        now: datetime,
    ) -> Charge:
        """Return what is recorded when an order is handed out."""
        return Charge(
            charge_id=order.charge_id,
            session_id=session_id,
            till=self._till.id,
            merchant=order.merchant,
            holder_id=order.holder_id,
            amount_fen=order.amount_fen,
            mode=ChargeMode.ORDERS,
            period=order.period,
            meal=f"{order.day.isoformat()}/{order.period}",
            day=day_of(now, zone=self._zone),
            at=now,
            lines=order.lines,
            credential=diner.credential,
            decision_id=decision_id,
            is_reserved=True,
            code=diner.code,
            order=order.number,
        )

    def shown(self, order: TillOrder, masked_name: Callable[[str], str]) -> OrderShown:
        """Return an order as a page shows it, with what became of it."""
        entry = self._book.entry(order.charge_id)
        charge = None if entry is None else entry.charge
        till = order.till if charge is None else charge.till
        return OrderShown(
            charge_id=order.charge_id,
            number=order.number,
            masked_name=masked_name(order.holder_id),
            lines=order.lines,
            names=order.names,
            amount_fen=order.amount_fen,
            begins=order.begins,
            ends=order.ends,
            collected_at=order.collected_at if charge is None else charge.at,
            till=till,
            till_name=self._till.name if till == self._till.id else order.till_name,
        )

    def find(self, charge_id: UUID | None) -> TillOrder | None:
        """Return an order by the key of its charge."""
        return None if charge_id is None else self._book.orders.all.get(charge_id)

    def _of_today(self, now: datetime) -> list[TillOrder]:
        """Return this merchant's orders of today, and of a window that goes over midnight."""
        today, orders = day_of(now, zone=self._zone), self._book.orders
        days = (today - timedelta(days=1), today)
        return [order for day in days for order in orders.at(self._till.merchant, day)]

    def _ready(self, orders: Iterable[TillOrder], now: datetime) -> tuple[TillOrder, ...]:
        found = [order for order in orders if self.refusal(order, now=now) is None]
        return tuple(sorted(found, key=lambda order: (order.begins, order.number)))

    def _chosen(
        self, orders: Iterable[TillOrder], *, otherwise: TillRefusal, now: datetime
    ) -> Chosen:
        """Return what of these is handed out, or what is to be told of the one that matters."""
        orders = list(orders)
        ready = self._ready(orders, now)
        if ready:
            return Chosen(ready)
        today = day_of(now, zone=self._zone)

        def matters(order: TillOrder) -> tuple[bool, int, float]:
            refusal = self.refusal(order, now=now)
            rank = _TELLING.index(refusal) if refusal in _TELLING else len(_TELLING)
            return order.day != today, rank, abs((order.begins - now).total_seconds())

        about = min(orders, key=matters, default=None)
        if about is None:
            return Chosen(refusal=otherwise)
        return Chosen(refusal=self.refusal(about, now=now), about=about)


def typed_number(typed: str, key: str) -> str:
    """Return a pick-up number after one more key; one that makes no number changes nothing."""
    if key == "clear":
        return ""
    if key == "back":
        return typed[:-1]
    if key == "." or len(typed) >= NUMBER_LENGTH_MAX or (key.isalpha() and typed):
        return typed
    return typed + key


def _begins(order: TillOrder, typed: str) -> bool:
    letter, digits = _parts(typed)
    padded = order.number[1:]
    is_digits = padded.startswith(digits) or padded.lstrip("0").startswith(digits)
    return is_digits and letter in ("", order.number[0])


def _is(order: TillOrder, typed: str) -> bool:
    letter, digits = _parts(typed)
    is_digits = digits.isdecimal() and int(digits) == int(order.number[1:])
    return is_digits and letter in ("", order.number[0])


def _parts(typed: str) -> tuple[str, str]:
    typed = typed.strip().upper()
    return (typed[0], typed[1:]) if typed[:1].isalpha() else ("", typed)
