"""What the canteen's manager does, each from nothing: for the test of the audit log."""

import httpx

from central.canteen import repository
from central.database import Transaction
from config.site_canteen import MerchantEntry
from tests.central.bench import Bench
from tests.central.canteen.dining import charge, hear
from tests.central.canteen.serving import PATH, in_central, manager

NOTE = {"note": "核对过小票"}


def put_canteen_plan(bench: Bench) -> httpx.Response:
    """Put the empty plan in force again."""
    client = manager(bench)
    made_from = client.get(f"{PATH}/plan").json()["version"]
    return client.put(f"{PATH}/plan", json={"made_from": made_from, "plan": {}})


def decide_exception(bench: Bench) -> httpx.Response:
    """Leave a charge that its merchant cannot be paid for."""

    async def act(transaction: Transaction) -> None:
        await hear(transaction, charge(merchant="nowhere"), now=bench.clock())

    in_central(bench, act)
    client = manager(bench)
    line = client.get(f"{PATH}/exceptions").json()["items"][0]["exception_id"]
    return client.post(f"{PATH}/exceptions/{line}/decision", json={"decision": "leave", **NOTE})


def debt_of(bench: Bench, deed: str, **wish: str) -> httpx.Response:
    """Do something about the debt of somebody without money."""
    meal = charge(bench.person())

    async def act(transaction: Transaction) -> None:
        await repository.keep_places(transaction, [MerchantEntry(id="canteen")], [])
        await hear(transaction, meal, now=bench.clock())

    in_central(bench, act)
    path = f"{PATH}/debts/{meal.charge_id}/{deed}"
    return manager(bench).post(path, json=wish or None)


def block(bench: Bench, *, and_again: bool = False) -> httpx.Response:
    """Let somebody pay nowhere, and perhaps again."""
    client, path = manager(bench), f"{PATH}/blocks/{bench.person()}"
    blocked = client.put(path, json={"reason": "lost"})
    return client.delete(path) if and_again else blocked
