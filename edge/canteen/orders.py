"""Orders of a node's merchants, as central last told them, and when one may be handed out. Pure.

What was handed out here stands in the book under the order's own key, and holds whatever central
says of it meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.money import OrderState, TillOrder
from edge.canteen.screen import TillRefusal

_STATES: Final = {
    OrderState.COLLECTED: TillRefusal.ORDER_COLLECTED,
    OrderState.CANCELLED: TillRefusal.ORDER_CANCELLED,
}


class Orders:
    """Of one node; it belongs to the event loop's thread."""

    def __init__(self, orders: Iterable[TillOrder] = ()) -> None:
        """Begin with what was kept."""
        self._all = dict[UUID, TillOrder]()
        self._by_code = dict[str, UUID]()
        self._by_holder = dict[str, dict[UUID, None]]()
        self._by_place = dict[tuple[str, date], dict[UUID, None]]()
        self.learn(orders)

    def learn(self, orders: Iterable[TillOrder]) -> None:
        """Take over orders as central has them now."""
        for order in orders:
            self.forget((order.charge_id,))
            key = order.charge_id
            self._all[key] = order
            self._by_code[order.code_hash] = key
            self._by_holder.setdefault(order.holder_id, {})[key] = None
            self._by_place.setdefault((order.merchant, order.day), {})[key] = None

    def forget(self, charge_ids: Iterable[UUID]) -> None:
        """Forget orders of days that are over."""
        for charge_id in charge_ids:
            order = self._all.pop(charge_id, None)
            if order is not None:
                self._by_code.pop(order.code_hash, None)
                self._by_holder[order.holder_id].pop(charge_id)
                self._by_place[order.merchant, order.day].pop(charge_id)

    def forget_all(self) -> None:
        """Begin anew: central counts from an earlier version again."""
        self.forget(tuple(self._all))

    @property
    def all(self) -> Mapping[UUID, TillOrder]:
        """By the key of their charge."""
        return self._all

    def by_code(self, code_hash: str) -> TillOrder | None:
        """Return whose QR code has this hash; see ``order_code.code_hash``."""
        key = self._by_code.get(code_hash)
        return None if key is None else self._all[key]

    def of(self, holder_id: str) -> Collection[TillOrder]:
        """Return everything that somebody has ordered, whatever became of it."""
        return [self._all[key] for key in self._by_holder.get(holder_id, ())]

    def at(self, merchant: str, day: date) -> Collection[TillOrder]:
        """Return what was ordered at a merchant for a day of the site."""
        return [self._all[key] for key in self._by_place.get((merchant, day), ())]


def state_refusal(order: TillOrder) -> TillRefusal | None:
    """Return what central says has become of an order that is not handed out any more."""
    return _STATES.get(order.state)


def time_refusal(order: TillOrder, *, now: datetime, zone: ZoneInfo) -> TillRefusal | None:
    """Return why an order is not handed out at this time.

    Who comes late is given what they have paid until the day is over. What is not charged when
    nobody comes is gone once its money is let go, whether or not this node has heard of it.

    Args:
        order: Neither collected nor cancelled.
        now: Aware.
        zone: Of the site.
    """
    if now < order.begins:
        return TillRefusal.ORDER_NOT_YET
    until = order.due or order.ends
    if order.unclaimed == "charge":
        midnight = datetime.combine(order.day + timedelta(days=1), time(), tzinfo=zone)
        until = max(until, midnight)
    elif order.state is OrderState.UNCLAIMED:
        return TillRefusal.ORDER_OVER
    return TillRefusal.ORDER_OVER if now >= until else None
