"""A central with a simulated payment provider, and what operators do there."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx

from central.ledger import accounts
from central.ledger import repository as ledger
from config.contract.money import Wallet
from drivers.simulation import Simulation
from tests.central.bench import Bench
from tests.central.payments.connecting import simulated

PAYMENTS = "/api/v1/payments"
TOP_UPS = f"{PAYMENTS}/top-ups"
DEADLINE_S = 60.0
CHINA = timezone(timedelta(hours=8))
_Result = TypeVar("_Result")


@contextlib.contextmanager
def provider_of(bench: Bench) -> Iterator[Simulation]:
    """Have a provider whose files central finds, and that tells it."""
    home = bench.app.state.services.settings.home
    with simulated(home, notify_url=f"{bench.url}{PAYMENTS}/notices") as provider:
        agree_on_time(bench, provider)
        yield provider


def agree_on_time(bench: Bench, provider: Simulation) -> None:
    """Set the provider's clock by central's; it runs, and central's stands."""
    error = bench.clock() - datetime.now(UTC)
    provider.act("set_clock", {"error_s": error.total_seconds()})


@functools.lru_cache(maxsize=4)
def cashier(bench: Bench) -> httpx.Client:
    return bench.planted("cashier").client


@functools.lru_cache(maxsize=4)
def manager(bench: Bench) -> httpx.Client:
    return bench.planted("canteen_manager").client


def begin_top_up(bench: Bench) -> httpx.Response:
    with provider_of(bench):
        return top_up(bench, bench.person())


def send_top_up_back(bench: Bench) -> httpx.Response:
    with provider_of(bench) as provider:
        path = paid(bench, provider, bench.person())
        return manager(bench).post(f"{path}/refund", json={"reason": "wrong person"})


def ask_again(bench: Bench) -> httpx.Response:
    with provider_of(bench):
        return manager(bench).post(f"{begun(bench, bench.person())}/ask")


def answer_question(bench: Bench) -> httpx.Response:
    """Say what came of a top-up that was paid with another amount."""
    with provider_of(bench) as provider:
        path = begun(bench, bench.person())
        provider.act("pay", {"amount_fen": 4_000})
        becomes(bench, path, "unknown")
        return answered(manager(bench), path, "amount")


def late_in_the_day(bench: Bench) -> str:
    """Turn central's clock on to minutes before midnight; return the path of the day's bill.

    After ``past_midnight`` what the provider signs is as good as before, so its clock need not be
    set while central asks it something.
    """
    here = bench.clock().astimezone(CHINA)
    bench.clock.now = here.replace(hour=23, minute=57).astimezone(UTC)
    return f"{PAYMENTS}/bills/{here.date()}"


def past_midnight(bench: Bench) -> None:
    """Let the day be over; central asks for its bill by itself hours later."""
    bench.clock.advance(minutes=4)


def answer_bill(bench: Bench) -> httpx.Response:
    """Say what differs on the bill of a day."""
    with provider_of(bench) as provider:
        path = paid(bench, provider, bench.person())
        provider.act("fault", {"kind": "bill_missing", "on": True})
        paid_at = datetime.fromisoformat(view(bench, path)["paid_at"])
        day = f"{PAYMENTS}/bills/{paid_at.astimezone(CHINA).date()}"
        bench.clock.advance(days=2)  # the provider's day may be one further than central's
        agree_on_time(bench, provider)
        office = bench.planted("canteen_manager").client
        return answered(office, day, office.post(day).json()["question"])


def answered(client: httpx.Client, path: str, question: str) -> httpx.Response:
    """Answer a question, of a top-up or of a bill."""
    said = {"question": question, "words": "已与平台核实"}
    return client.post(f"{path}/answer", json=said)


def alarms(bench: Bench) -> list[str]:
    """Return the kinds of alarms that are raised."""
    guard = bench.planted("guard").client
    items = guard.get("/api/v1/alarms", params={"state": "standing"}).json()["items"]
    return sorted(each["kind"] for each in items if each["condition"] == "active")


def match_bill(bench: Bench) -> httpx.Response:
    with provider_of(bench):
        day = (bench.clock() - timedelta(days=2)).date()
        return manager(bench).post(f"{PAYMENTS}/bills/{day}")


def top_up(
    bench: Bench, holder_id: str, *, fen: int = 5_000, top_up_id: UUID | None = None
) -> httpx.Response:
    wish = {
        "top_up_id": str(top_up_id or uuid4()),
        "holder_id": holder_id,
        "amount_fen": fen,
    }
    return cashier(bench).post(TOP_UPS, json=wish)


def begun(bench: Bench, holder_id: str, *, fen: int = 5_000) -> str:
    """Return the path of an order that can be paid."""
    reply = top_up(bench, holder_id, fen=fen)
    assert reply.status_code == 201, reply.text
    return f"{TOP_UPS}/{reply.json()['top_up_id']}"


def view(bench: Bench, path: str) -> dict[str, Any]:
    return dict(manager(bench).get(path).json())


def eventually(is_so: Callable[[], bool]) -> None:
    """Return once something is so."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline_s, "it did not become so"
        time.sleep(0.01)


def becomes(bench: Bench, path: str, state: str) -> dict[str, Any]:
    """Return an order once it is in a state."""
    eventually(lambda: view(bench, path)["state"] == state)
    return view(bench, path)


def paid(bench: Bench, provider: Simulation, holder_id: str, *, fen: int = 5_000) -> str:
    """Return the path of an order that is paid, and credited."""
    path = begun(bench, holder_id, fen=fen)
    provider.act("pay", {})
    assert becomes(bench, path, "paid")["provider_no"]
    return path


def has(bench: Bench, holder_id: str) -> int:
    """Return what is in a person's cash wallet, by the ledger."""

    async def ask() -> int:
        async with bench.app.state.services.database.read() as transaction:
            return (await ledger.balances(transaction, [cash(holder_id)]))[
                cash(holder_id)
            ].posted_fen

    return in_loop(bench, ask())


def moves(bench: Bench, holder_id: str) -> int:
    """Return how often money moved from or to a person's cash wallet."""

    async def ask() -> int:
        async with bench.app.state.services.database.read() as transaction:
            return len(await ledger.entries(transaction, cash(holder_id)))

    return in_loop(bench, ask())


def cash(holder_id: str) -> str:
    return accounts.wallet(holder_id, Wallet.CASH)


def in_loop(bench: Bench, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what comes of work that is done in central's own loop."""
    loop = bench.app.state.services.loop
    return asyncio.run_coroutine_threadsafe(work, loop).result(60)
