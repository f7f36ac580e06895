"""Diners with meals, and their pages by one-time links."""

from datetime import time, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import update

from central.canteen import plans, repository
from central.canteen.plan import Draft
from central.operator_tables import sessions
from central.security import SESSION_LIFETIME
from config.contract.money import ChargeLine, Dish, MealPeriod, MerchantPlan
from tests.central.bench import Bench
from tests.central.canteen.dining import MERCHANTS, TILLS, charge, hear
from tests.central.payments.acting import cashier, in_loop, manager, provider_of

DINER = "/api/v1/diner"
DINERS = "/api/v1/diners"
LUNCH = MealPeriod(
    id="lunch", name={"zh-CN": "午餐", "en": "Lunch"}, begins=time(11), ends=time(13, 30)
)
RICE = Dish(id="rice", name={"zh-CN": "米饭", "en": "Rice"}, price_fen=100)
PORK = Dish(id="pork", name={"zh-CN": "红烧肉", "en": "Braised pork"}, price_fen=1_100)
PLAN = Draft(merchants=(MerchantPlan(merchant="canteen", periods=(LUNCH,), dishes=(RICE, PORK)),))
TRAY = (ChargeLine(item="rice", amount_fen=100), ChargeLine(item="pork", amount_fen=1_100))


def link_for(bench: Bench, holder_id: str) -> httpx.Response:
    return cashier(bench).post(f"{DINERS}/links", json={"holder_id": holder_id})


def secret_for(bench: Bench, holder_id: str) -> str:
    reply = link_for(bench, holder_id)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["link"]).partition("#")[2]


def came(bench: Bench, holder_id: str) -> tuple[httpx.Client, httpx.Response]:
    """Return a telephone that has opened a person's link, and what it was answered."""
    telephone, secret = bench.client(), secret_for(bench, holder_id)
    return telephone, telephone.post(f"{DINER}/session", json={"secret": secret})


def eats(bench: Bench, holder_id: str, *, minutes_ago: float = 10.0) -> UUID:
    """Let a person pay a meal of 12.00 at a till; returns the charge."""
    (charge_id,) = eat(bench, holder_id, minutes_ago=minutes_ago)
    return charge_id


def eat(bench: Bench, holder_id: str, *, minutes_ago: float = 10.0, times: int = 1) -> list[UUID]:
    """Let a person pay the same meal several times."""
    services, now = bench.app.state.services, bench.clock()
    meals = [charge(holder_id, lines=TRAY) for _ in range(times)]

    async def told() -> None:
        async with services.database.write() as transaction:
            await repository.keep_places(transaction, MERCHANTS, TILLS)
            await hear(transaction, *meals, at=now - timedelta(minutes=minutes_ago), now=now)

    in_loop(bench, told())
    return [meal.charge_id for meal in meals]


def plan_meals(bench: Bench) -> None:
    """Put a plan with one lunch in force."""
    services = bench.app.state.services

    async def put() -> None:
        async with services.database.write() as transaction:
            version = (await plans.current(transaction)).version + 1
            await plans.put(
                transaction, PLAN, [], version=version, changed_by="test", now=bench.clock()
            )

    in_loop(bench, put())


def dispute(bench: Bench) -> tuple[UUID, httpx.Response]:
    """Return a charge that its diner has disputed, and what they were answered."""
    person = bench.person()
    charge_id, (telephone, _) = eats(bench, person), came(bench, person)
    path = f"{DINER}/charges/{charge_id}/dispute"
    return charge_id, telephone.post(path, json={"reason": "not_me"})


def of_debt(bench: Bench, *, disputed: bool) -> httpx.Response:
    """Let a diner dispute a debt, or their page say that it has shown it."""
    person = bench.person()
    charge_id, (telephone, _) = eats(bench, person), came(bench, person)
    if disputed:
        path = f"{DINER}/debts/{charge_id}/dispute"
        return telephone.post(path, json={"reason": "not_me"})
    return telephone.post(f"{DINER}/debts/told", json={"charge_ids": [str(charge_id)]})


def decide_dispute(bench: Bench) -> httpx.Response:
    wish = {"decision": "declined", "note": "the picture shows you"}
    return manager(bench).post(f"{DINERS}/disputes/{dispute(bench)[0]}/decide", json=wish)


def rate_meal(bench: Bench) -> httpx.Response:
    person = bench.person()
    charge_id, (telephone, _) = eats(bench, person), came(bench, person)
    return telephone.put(f"{DINER}/charges/{charge_id}/rating", json={"stars": 4})


def top_up_by_phone(bench: Bench) -> httpx.Response:
    with provider_of(bench):
        telephone, _ = came(bench, bench.person())
        return begin_top_up(telephone)


def begin_top_up(telephone: httpx.Client, *, fen: int = 2_000) -> httpx.Response:
    wish = {"top_up_id": str(uuid4()), "amount_fen": fen}
    return telephone.post(f"{DINER}/top-ups", json=wish)


def register_meal(bench: Bench) -> httpx.Response:
    plan_meals(bench)
    at(bench, hour=10)
    telephone, _ = came(bench, bench.person())
    return telephone.put(f"{DINER}/meals/canteen/lunch")


def cancel_meal(bench: Bench) -> httpx.Response:
    plan_meals(bench)
    at(bench, hour=10)
    telephone, _ = came(bench, bench.person())
    return telephone.delete(f"{DINER}/meals/canteen/lunch")


def at(bench: Bench, *, hour: int) -> None:
    """Let it be an hour of the site's day, today or tomorrow; sessions of before stay good."""
    zone = bench.app.state.services.payments.zone
    here = bench.clock().astimezone(zone)
    bench.clock.advance(hours=(hour - here.hour) % 24)

    async def stay() -> None:
        async with bench.app.state.services.database.write() as transaction:
            until = bench.clock() + SESSION_LIFETIME
            await transaction.execute(update(sessions).values(expires_at=until))

    in_loop(bench, stay())
    cashier.cache_clear()
    manager.cache_clear()


def statement(telephone: httpx.Client, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parameters
    reply = telephone.get(f"{DINER}/statement", params=more)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())
