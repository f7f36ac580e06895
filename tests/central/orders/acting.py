"""A running central whose canteen takes orders, and diners who order by telephone."""

from typing import Any
from uuid import uuid4

import httpx

from central.canteen import repository
from central.database import Transaction
from config.contract.events import ChargeRecorded
from config.site_canteen import MerchantEntry
from tests.central.bench import Bench, Node
from tests.central.canteen.serving import PATH, in_central, tell, top_up
from tests.central.diner.acting import at, came
from tests.central.orders.ordering import collected, order_of, plan_of, put_plan
from tests.central.payments.acting import in_loop, manager

ORDERS = "/api/v1/diner/orders"
OFFICE = f"{PATH}/orders"
SORRY = {"note": "炉子坏了，抱歉"}


def take_orders(bench: Bench, **rules: Any) -> None:  # noqa: ANN401 - of a plan
    """Put a plan in force whose canteen takes orders; it is ten in the morning."""

    async def act(transaction: Transaction) -> None:
        await repository.keep_places(transaction, [MerchantEntry(id="canteen")], [])
        await put_plan(transaction, plan_of(**rules))

    in_central(bench, act)
    at(bench, hour=10)


def diner(bench: Bench, name: str = "王小明", *, cash_fen: int = 2_000) -> tuple[str, httpx.Client]:
    """Return somebody with money, and their telephone."""
    holder_id = bench.person(name)
    top_up(bench, holder_id, cash_fen)
    telephone, reply = came(bench, holder_id)
    assert reply.status_code == 204, reply.text
    return holder_id, telephone


def page(telephone: httpx.Client) -> dict[str, Any]:
    """Return what the page of orders shows."""
    reply = telephone.get(ORDERS)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def wanted(telephone: httpx.Client, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields
    """Return that the diner wants two buns and a soup of the first window."""
    offer = page(telephone)["offers"][0]
    values = {name: offer[name] for name in ("merchant", "day", "period", "before")}
    pieces = [{"dish": "buns", "count": 2}, {"dish": "soup", "count": 1}]
    return {"order_id": str(uuid4()), "pieces": pieces, "amount_fen": 850, **values, **more}


def order(telephone: httpx.Client, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields
    """Order; returns the order."""
    reply = telephone.post(ORDERS, json=wanted(telephone, **more))
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


def hand_out(bench: Bench, node: Node, charge_id: str) -> None:
    """Let a till of a node tell that it has handed an order out."""

    async def act(transaction: Transaction) -> ChargeRecorded:
        return collected(await order_of(transaction, charge_id))

    tell(node, in_central(bench, act))


def work(bench: Bench) -> None:
    """Let the task of orders do what is due, once."""
    in_loop(bench, bench.app.state.services.orders.work())


def place_order(bench: Bench) -> httpx.Response:
    take_orders(bench)
    _, telephone = diner(bench)
    return telephone.post(ORDERS, json=wanted(telephone))


def cancel_own_order(bench: Bench) -> httpx.Response:
    take_orders(bench)
    _, telephone = diner(bench)
    return telephone.delete(f"{ORDERS}/{order(telephone)['charge_id']}")


def cancel_for_diner(bench: Bench) -> httpx.Response:
    take_orders(bench)
    _, telephone = diner(bench)
    return manager(bench).post(f"{OFFICE}/{order(telephone)['charge_id']}/cancel", json=SORRY)
