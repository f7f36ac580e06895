"""A running central with a canteen: its tills, its manager and its diners."""

import contextlib
from asyncio import run_coroutine_threadsafe
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from central.database import Transaction
from central.ledger import accounts
from central.ledger.repository import Order, post
from config.contract.events import EventData
from config.contract.money import MoneyUnit, ReservationAnswer, TillPage, Wallet
from config.site import Site
from config.site_canteen import MerchantEntry, TillEntry
from tests.central.bench import SITE, Bench, Node, running_central

PATH = "/api/v1/canteen"
DINING: Site = SITE.model_copy(
    update={
        "merchant": (MerchantEntry(id="canteen", name={"en": "Canteen", "zh-CN": "食堂"}),),
        "till": tuple(
            TillEntry(id=till, node=node, merchant="canteen")
            for till, node in (("till-1", "gate-1"), ("till-2", "gate-2"))
        ),
    }
)
LUNCH: dict[str, Any] = {
    "merchants": [
        {
            "merchant": "canteen",
            "periods": [
                {
                    "id": "lunch",
                    "name": {"en": "Lunch", "zh-CN": "午餐"},
                    "begins": "11:00",
                    "ends": "13:30",
                    "fixed_fen": {"": 1_500},
                }
            ],
            "dishes": [{"id": "rice", "name": {"en": "Rice"}, "price_fen": 200, "key": 1}],
        }
    ]
}


@contextlib.contextmanager
def dining(home: Path, *, database: str | None = None) -> Iterator[Bench]:
    """Run central with a canteen of two tills, each on a node of its own."""
    with running_central(home, database=database, site=DINING) as bench:
        yield bench


def manager(bench: Bench) -> httpx.Client:
    """Return the browser of the canteen's manager."""
    return bench.planted("canteen_manager").client


def in_central(bench: Bench, act: Any) -> Any:  # noqa: ANN401 - whatever is done there
    """Do something in one writing transaction of a running central."""
    services = bench.app.state.services

    async def run() -> Any:  # noqa: ANN401
        async with services.database.write() as transaction:
            return await act(transaction)

    return run_coroutine_threadsafe(run(), services.loop).result(60)


def work(bench: Bench) -> None:
    """Let the canteen's own task do what is due, once."""
    services = bench.app.state.services
    run_coroutine_threadsafe(services.canteen.work(), services.loop).result(60)


def give(bench: Bench, debit: str, credit: str, amount_fen: int) -> None:
    """Move money from one account to another."""
    order = Order(
        transfer_id=uuid4(),
        debit=debit,
        credit=credit,
        amount_fen=amount_fen,
        unit=MoneyUnit.CNY,
        reason="given",
        happened_at=bench.clock(),
    )

    async def act(transaction: Transaction) -> None:
        await post(transaction, [order], now=bench.clock())

    in_central(bench, act)


def top_up(bench: Bench, holder_id: str, amount_fen: int) -> None:
    """Put cash into somebody's wallet."""
    cash = accounts.wallet(holder_id, Wallet.CASH)
    give(bench, accounts.source("counter"), cash, amount_fen)


def tell(node: Node, *facts: EventData, first: int = 1) -> None:
    """Let a node tell what its till says."""
    now = node.clock()
    events = [node.event(number, fact=fact, time=now) for number, fact in enumerate(facts, first)]
    node.send(*events)


def till_page(node: Node, after: int = 0, plan: int = -1) -> TillPage:
    """Return what a till is told."""
    reply = node.request("GET", f"{PATH}/till?after={after}&plan={plan}")
    assert reply.status_code == 200, reply.text
    return TillPage.model_validate_json(reply.content)


def ask(node: Node, holder_id: str, amount_fen: int = 1_200, **more: object) -> httpx.Response:
    """Let a till ask for money to be kept."""
    values = {
        "charge_id": str(uuid4()),
        "till": "till-1",
        "holder_id": holder_id,
        "amount_fen": amount_fen,
        "at": node.clock().isoformat(),
    }
    body = httpx.Request("POST", "http://x", json={**values, **more}).content
    return node.request("POST", f"{PATH}/reservations", body)


def reserved(node: Node, holder_id: str, charge_id: UUID, amount_fen: int) -> ReservationAnswer:
    """Return what central answers to a wish."""
    reply = ask(node, holder_id, amount_fen, charge_id=str(charge_id))
    assert reply.status_code == 200, reply.text
    return ReservationAnswer.model_validate_json(reply.content)
