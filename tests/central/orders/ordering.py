"""A takeaway window, people who order there, and what becomes of it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from central.canteen import orders, plans
from central.canteen.plan import Draft
from central.database import Transaction
from central.orders.placing import Wish, place
from config.contract.access import CredentialKind
from config.contract.events import ChargeRecorded
from config.contract.money import (
    ChargeMode,
    Dish,
    MealPeriod,
    MerchantPlan,
    OrderRules,
    OrderWindow,
)
from tests.central.canteen.dining import NOW, SESSION

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 30)
"""It is half past twelve: dinner of today is ordered until four."""
OPENS = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
CLOSES = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)
DUE = CLOSES + timedelta(minutes=30)
KEY = bytes(range(32))
LUNCH = MealPeriod(
    id="lunch", name={"en": "Lunch", "zh-CN": "午餐"}, begins=time(11), ends=time(13)
)
DINNER = MealPeriod(
    id="dinner", name={"en": "Dinner", "zh-CN": "晚餐"}, begins=time(17), ends=time(19)
)
NIGHT = MealPeriod(id="night", name={"en": "Night", "zh-CN": "夜宵"}, begins=time(23), ends=time(1))
BUNS = Dish(id="buns", name={"en": "Buns", "zh-CN": "包子"}, price_fen=300)
SOUP = Dish(id="soup", name={"en": "Soup", "zh-CN": "汤"}, price_fen=250)
NUTS = Dish(id="nuts", name={"en": "Nuts"}, price_fen=500, per_g=100)


def plan_of(**rules: Any) -> Draft:  # noqa: ANN401 - fields of any type
    """Return a plan whose canteen takes orders for dinner."""
    values: dict[str, Any] = {"windows": (OrderWindow(period="dinner"),), **rules}
    merchant = MerchantPlan(
        merchant="canteen",
        periods=(LUNCH, DINNER, NIGHT),
        dishes=(BUNS, SOUP, NUTS),
        orders=OrderRules(**values),
    )
    return Draft(merchants=(merchant,))


def changed(draft: Draft, **merchant: Any) -> Draft:  # noqa: ANN401 - fields of any type
    """Return a plan with something else about its merchant."""
    return draft.model_copy(update={"merchants": (draft.merchants[0].model_copy(update=merchant),)})


async def put_plan(transaction: Transaction, draft: Draft | None = None) -> None:
    """Put a plan in force."""
    version = (await plans.current(transaction)).version + 1
    await plans.put(
        transaction, draft or plan_of(), [], version=version, changed_by="boss", now=NOW
    )


def wish(holder_id: str = "anna", **more: Any) -> Wish:  # noqa: ANN401 - fields of any type
    """Return that somebody wants two buns and a soup."""
    values: dict[str, Any] = {
        "wish_id": uuid4(),
        "merchant": "canteen",
        "day": TODAY,
        "period": "dinner",
        "before": 0,
        "pieces": [("buns", 2), ("soup", 1)],
        "amount_fen": 850,
    }
    return Wish(holder_id=holder_id, **{**values, **more})


async def ordered(
    transaction: Transaction,
    of: Wish | None = None,
    *,
    now: datetime = NOW,
    **more: Any,  # noqa: ANN401 - fields of a wish
) -> Row[Any]:
    """Order; returns the order."""
    charge_id = await place(transaction, of or wish(**more), key=KEY, zone=ZONE, now=now)
    return await order_of(transaction, charge_id)


async def order_of(transaction: Transaction, charge_id: str) -> Row[Any]:
    """Return an order as it is now."""
    return (await orders.of(transaction, [charge_id]))[charge_id]


def collected(row: Row[Any], **more: Any) -> ChargeRecorded:  # noqa: ANN401 - fields of any type
    """Return that a till has handed an order out."""
    values: dict[str, Any] = {
        "charge_id": UUID(row.charge_id),
        "session_id": SESSION,
        "till": "till-1",
        "merchant": row.merchant,
        "holder_id": row.holder_id,
        "amount_fen": row.amount_fen,
        "mode": ChargeMode.ORDERS,
        "period": row.period,
        "lines": orders.LINES.validate_json(row.lines),
        "credential": CredentialKind.CARD,
    }
    return ChargeRecorded(**{**values, **more})
