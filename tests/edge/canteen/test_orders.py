"""Orders as central told them, and until when one is handed out."""

from datetime import datetime, timedelta

import pytest

from config.contract.money import OrderState
from config.contract.order_code import code_hash
from edge.canteen.orders import Orders, state_refusal, time_refusal
from edge.canteen.screen import TillRefusal
from tests.edge.canteen.making import NOON, ZONE, order, order_code

MIDNIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=ZONE)


def numbers(orders: object) -> list[str]:
    assert isinstance(orders, list | tuple)
    return [each.number for each in orders]


def test_orders_are_found_by_person_place_and_code() -> None:
    tomorrow = order(2, day=NOON.date() + timedelta(days=1))
    orders = Orders([order(1), tomorrow, order(3, "boris", merchant="shop")])

    hashed = code_hash(order_code(3))

    assert hashed is not None
    assert numbers(orders.of("anna")) == ["A001", "A002"]
    assert numbers(orders.at("canteen", NOON.date())) == ["A001"]
    assert orders.by_code(hashed) == orders.all[order(3).charge_id]


def test_an_order_that_is_told_again_takes_the_place_of_what_it_was() -> None:
    orders = Orders([order(1)])
    again = order(1, "boris", state="cancelled", code_hash="0" * 64)

    orders.learn([again])

    assert (orders.of("anna"), orders.of("boris")) == ([], [again])
    assert [orders.by_code(order(1).code_hash), orders.by_code("0" * 64)] == [None, again]


def test_orders_that_are_forgotten_are_nowhere() -> None:
    orders = Orders([order(1), order(2)])

    orders.forget([order(1).charge_id, order(9).charge_id])
    left = numbers(orders.of("anna"))
    orders.forget_all()

    assert (left, orders.of("anna"), orders.all) == (["A002"], [], {})
    assert orders.by_code(order(1).code_hash) is None


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (OrderState.WAITING, None),
        (OrderState.UNCLAIMED, None),
        (OrderState.COLLECTED, TillRefusal.ORDER_COLLECTED),
        (OrderState.CANCELLED, TillRefusal.ORDER_CANCELLED),
    ],
)
def test_what_central_says_of_an_order(state: OrderState, refusal: TillRefusal | None) -> None:
    assert state_refusal(order(state=state)) is refusal


@pytest.mark.parametrize(
    ("unclaimed", "state", "now", "refusal"),
    [
        ("charge", "waiting", order().begins - timedelta(seconds=1), TillRefusal.ORDER_NOT_YET),
        ("charge", "waiting", order().begins, None),
        ("charge", "unclaimed", MIDNIGHT - timedelta(seconds=1), None),
        ("charge", "unclaimed", MIDNIGHT, TillRefusal.ORDER_OVER),
        ("release", "waiting", order().ends + timedelta(minutes=29), None),
        ("release", "waiting", order().ends + timedelta(minutes=30), TillRefusal.ORDER_OVER),
        ("release", "unclaimed", order().ends, TillRefusal.ORDER_OVER),
    ],
)
def test_what_is_paid_is_handed_out_all_day_and_what_is_let_go_until_then(
    unclaimed: str, state: str, now: datetime, refusal: TillRefusal | None
) -> None:
    of = order(state=state, unclaimed=unclaimed)

    assert time_refusal(of, now=now, zone=ZONE) is refusal


def test_a_window_over_midnight_is_open_until_its_grace_is_over() -> None:
    late = order(ends=MIDNIGHT + timedelta(hours=1), due=MIDNIGHT + timedelta(hours=2))
    at = (late.due or NOON, late.ends)

    refusals = [time_refusal(late, now=now - timedelta(seconds=1), zone=ZONE) for now in at]
    refusals.append(time_refusal(late, now=at[0], zone=ZONE))

    assert refusals == [None, None, TillRefusal.ORDER_OVER]
    told_by_none = late.model_copy(update={"due": None})
    assert time_refusal(told_by_none, now=late.ends, zone=ZONE) is TillRefusal.ORDER_OVER
