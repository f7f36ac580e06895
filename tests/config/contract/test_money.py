from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from config.contract.money import (
    ChargeLine,
    MerchantPlan,
    OrderState,
    OrderWindow,
    TillOrder,
    TillPage,
)

ORDER = TillOrder(
    charge_id=UUID(int=17),
    number="A017",
    holder_id="p-1",
    merchant="takeaway",
    day=date(2026, 11, 30),
    period="dinner",
    begins=datetime(2026, 11, 30, 9, 0, tzinfo=UTC),
    ends=datetime(2026, 11, 30, 11, 0, tzinfo=UTC),
    lines=(ChargeLine(item="buns", count=2, amount_fen=600),),
    names={"buns": {"en": "Buns", "zh-CN": "包子"}},
    amount_fen=600,
    code_hash="0" * 64,
    state=OrderState.WAITING,
    version=8,
)


def test_page_of_a_central_that_knows_no_orders_is_read() -> None:
    told = '{"plan": null, "accounts": [], "version": 7, "has_more": false}'

    assert TillPage.model_validate_json(told).orders == ()


def test_order_comes_to_a_till_as_it_was_sent() -> None:
    page = TillPage(plan=None, accounts=[], orders=[ORDER], version=8, has_more=False)

    assert TillPage.model_validate_json(page.model_dump_json()) == page


def test_order_that_was_collected_says_when_and_where() -> None:
    collected = {
        "state": "collected",
        "collected_at": "2026-11-30T09:05:00Z",
        "till": "till-2",
        "till_name": {"en": "Till 2"},
    }

    order = TillOrder.model_validate(ORDER.model_dump() | collected)

    assert (ORDER.collected_at, ORDER.till) == (None, "")
    assert order.collected_at == datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
    assert (order.till, order.till_name) == ("till-2", {"en": "Till 2"})


@pytest.mark.parametrize(
    "change",
    [{"number": "17"}, {"lines": ()}, {"code_hash": "x"}, {"begins": datetime(2026, 1, 1)}],  # noqa: DTZ001 - a time without a zone
)
def test_order_that_nobody_could_hand_out_is_no_order(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TillOrder.model_validate(ORDER.model_dump() | change)


def test_merchant_takes_no_orders_unless_the_plan_says_how() -> None:
    assert MerchantPlan(merchant="takeaway").orders is None


def test_window_that_says_nothing_takes_orders_until_an_hour_before_it() -> None:
    assert OrderWindow(period="dinner").until_min == 60
