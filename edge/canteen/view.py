"""What a till is becomes what its page shows. Pure."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from config.contract.money import ChargeMode
from edge.canteen.book import Entry, Session, State
from edge.canteen.offer import Counter
from edge.canteen.prices import meal_price
from edge.canteen.questions import PIN_LENGTH_MAX
from edge.canteen.sale import Sale
from edge.canteen.screen import (
    LAST_COUNT,
    WAITING_COUNT,
    CloseShown,
    LastCharge,
    Link,
    OwnPageShown,
    PeriodShown,
    SelfServiceShown,
    SessionShown,
    TillScreen,
)

Eyes = Literal["ok", "lost", "none"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a screen shows beside the sale. Attributes: since: of the link, aware UTC."""

    is_online: bool
    since: datetime
    eyes: Eyes
    close: CloseShown | None
    own_page: OwnPageShown | None
    self_service: SelfServiceShown | None
    masked_name: Callable[[str], str]


def screen_of(
    sale: Sale, counter: Counter, around: Around, *, revision: int, now: datetime, now_s: float
) -> TillScreen:
    """Return the screen of now."""
    till, book, draft = counter.till, counter.book, sale.draft
    session = sale.session
    charges = () if session is None else book.of_session(session.session_id)
    limit = book.plan.limits.offline_till_fen - book.offline_fen(till.id)
    plan = book.merchant(till.merchant)
    order, orders, shown = sale.order, counter.orders, around.masked_name
    is_handing_out = draft.mode is ChargeMode.ORDERS and session is not None
    waiting = orders.waiting(now=now, typed=draft.typed) if is_handing_out else ()
    has_orders = orders.ready(sale.has_orders, now=now) if sale.has_orders else ()
    return TillScreen(
        till=till.id,
        name=till.name,
        merchant=till.merchant,
        revision=revision,
        mode=draft.mode,
        modes=tuple(dict.fromkeys(draft.modes)),
        is_attended=till.attended,
        phase=sale.phase(now=now),
        amount_fen=sale.amount_fen(now=now),
        typed=draft.typed,
        masked_name=sale.payment.masked_name,
        refusal=sale.payment.refusal,
        question=sale.payment.question(now_s=now_s),
        lines=draft.lines if order is None else order.lines,
        order=None if order is None else orders.shown(order, shown),
        waiting=tuple(orders.shown(each, shown) for each in waiting[:WAITING_COUNT]),
        waiting_count=len(waiting),
        has_orders=tuple(each.number for each in has_orders),
        last=_last(charges, around.masked_name),
        can_void=voidable(charges),
        link=Link(is_online=around.is_online, since=around.since, limit_left_fen=max(0, limit)),
        period=_period(counter, now),
        menu=() if plan is None else plan.dishes,
        weight=None if draft.scale is None else draft.scale.shown(),
        eyes=around.eyes,
        session=_session(session),
        close=around.close,
        pin_length_max=PIN_LENGTH_MAX,
        own_page=around.own_page,
        self_service=around.self_service,
    )


def _last(charges: Sequence[Entry], masked_name: Callable[[str], str]) -> tuple[LastCharge, ...]:
    return tuple(
        LastCharge(
            charge_id=entry.charge.charge_id,
            at=entry.charge.at,
            amount_fen=entry.charge.amount_fen,
            masked_name=masked_name(entry.charge.holder_id),
            order=entry.charge.order,
            is_void=entry.state is State.VOID,
        )
        for entry in charges[: -LAST_COUNT - 1 : -1]
    )


def voidable(charges: Sequence[Entry]) -> UUID | None:
    """Return the charge that a cashier may take back: the newest that is paid, of those shown.

    Args:
        charges: Of a session, oldest first, void ones included.
    """
    shown = reversed(charges[-LAST_COUNT:])
    return next((e.charge.charge_id for e in shown if e.state is State.RECORDED), None)


def _period(counter: Counter, now: datetime) -> PeriodShown | None:
    meal = counter.meal(now)
    if meal is None:
        return None
    period = meal.period
    return PeriodShown(id=period.id, name=period.name, price_fen=meal_price(period, ""))


def _session(session: Session | None) -> SessionShown | None:
    if session is None:
        return None
    return SessionShown(session_id=session.session_id, opened_at=session.opened_at, by=session.by)
