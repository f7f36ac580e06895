"""The diner's half over HTTP: no request names a person, all are about who came by the link."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Row

from central.audit.notes import ANYBODY, Note
from central.canteen import plans
from central.database import Transaction
from central.diner import debts, links, meals, repository
from central.diner.links import COOKIE, SESSION_LIFETIME, Here
from central.diner.schemas import (
    DinerTopUp,
    DinerTopUpWish,
    LinkSecret,
    MealList,
    MealView,
    NewDispute,
    NewRating,
    Statement,
    ToldDebts,
)
from central.diner.words import names_of
from central.payments import repository as payments
from central.payments.provider import Way
from central.people.masking import masked
from central.problems import RESPONSES, RefusedError
from central.security import address_of
from central.services import Given, Services
from central.users.endpoints import limit_attempts
from config.contract.identifiers import Slug

router = APIRouter(prefix="/diner", tags=["diner"], responses=RESPONSES)
TOP_UPS_SHOWN: Final = 5


@router.post("/session", status_code=204, dependencies=[Depends(limit_attempts)])
async def open_link(
    wish: LinkSecret, services: Given, request: Request, response: Response
) -> None:
    """Open a one-time link; sets the cookie of half an hour. A second telephone is refused."""
    async with services.database.write() as transaction:
        session, holder_id = await links.open_link(transaction, wish.secret, now=services.now())
        transaction.note(
            Note(
                actor=ANYBODY,
                address=address_of(request),
                action="diner_session_post",
                objects=(f"person:{holder_id}",),
            )
        )
    services.cookies.give(response, COOKIE, session, lifetime=SESSION_LIFETIME)


@router.delete("/session", status_code=204)
async def close_link(diner: Here, services: Given, response: Response) -> None:
    """Leave the page: the link is good no more."""
    async with services.database.write() as transaction:
        await links.end(transaction, diner.link_id, now=services.now())
    services.cookies.take_back(response, COOKIE)


@router.get("/statement")
async def get_own_statement(
    diner: Here, services: Given, before: Annotated[UUID | None, Query()] = None
) -> Statement:
    """Return balances, meals with their receipts, and top-ups; older meals after `before`."""
    site, now = services.settings.site, services.now()
    async with services.database.read() as transaction:
        charges, has_more = await repository.charges(
            transaction,
            diner.holder_id,
            before="" if before is None else str(before),
            now=now,
        )
        rows = await payments.newest(transaction, holder_id=diner.holder_id, limit=TOP_UPS_SHOWN)
        plan = await plans.current(transaction)
        gone = await plans.gone_names(transaction)
        return Statement(
            name=masked(diner.name),
            site={str(key): name for key, name in site.site.name.items()},
            time_zone=site.site.time_zone,
            expires_at=diner.expires_at,
            **await repository.balances(transaction, diner.holder_id),
            debts=await debts.of_diner(transaction, diner.holder_id),
            charges=charges,
            has_more=has_more,
            top_ups=[_top_up(row) for row in rows],
            names={f"{part}/{item}": name for (part, item), name in gone.items()}
            | names_of(services.settings.site, plan.plan),
            top_up=services.payments.bounds,
        )


@router.post("/charges/{charge_id}/dispute", status_code=204)
async def dispute_charge(charge_id: UUID, wish: NewDispute, diner: Here, services: Given) -> None:
    """Say that a charge is wrong; the office reads it, and the page shows what came of it."""
    async with services.database.write() as transaction:
        charge = await repository.own_charge(transaction, charge_id, diner.holder_id)
        await repository.dispute(transaction, charge, wish.reason, now=services.now())
        transaction.concerns(f"charge:{charge_id}", reason=wish.reason)


@router.post("/debts/told", status_code=204)
async def tell_debts(wish: ToldDebts, diner: Here, services: Given) -> None:
    """Say that the page has shown debts: from now on they count as told."""
    async with services.database.write() as transaction:
        await debts.tell(transaction, diner.holder_id, wish.charge_ids, now=services.now())
        transaction.concerns(*(f"charge:{each}" for each in wish.charge_ids))


@router.post("/debts/{charge_id}/dispute", status_code=204)
async def dispute_own_debt(charge_id: UUID, wish: NewDispute, diner: Here, services: Given) -> None:
    """Say that a debt is wrong; a person of the office decides it."""
    async with services.database.write() as transaction:
        await debts.dispute(
            transaction, diner.holder_id, charge_id, wish.reason, now=services.now()
        )
        transaction.concerns(f"charge:{charge_id}", reason=wish.reason)


@router.put("/charges/{charge_id}/rating", status_code=204)
async def rate_meal(charge_id: UUID, wish: NewRating, diner: Here, services: Given) -> None:
    """Say how a meal was; the last word holds."""
    async with services.database.write() as transaction:
        charge = await repository.own_charge(transaction, charge_id, diner.holder_id)
        await repository.rate(transaction, charge, wish.stars, now=services.now())
        transaction.concerns(f"charge:{charge_id}")


@router.post("/top-ups", status_code=201)
async def begin_own_top_up(wish: DinerTopUpWish, diner: Here, services: Given) -> DinerTopUp:
    """Begin a top-up, which is paid on this telephone."""
    row = await services.payments.top_up(
        wish.top_up_id,
        holder_id=diner.holder_id,
        amount_fen=wish.amount_fen,
        way=Way.PHONE,
        made_by="diner",
        payer_address=diner.address,
    )
    return _top_up(row)


@router.get("/meals")
async def list_meals(diner: Here, services: Given) -> MealList:
    """Return the meals of tomorrow, and which of them this diner means to eat."""
    async with services.database.read() as transaction:
        return await _meals(transaction, diner.holder_id, services)


@router.put("/meals/{merchant}/{period}", status_code=204)
async def register_meal(merchant: Slug, period: Slug, diner: Here, services: Given) -> None:
    """Register a meal of tomorrow; refuses with 409 after the deadline."""
    await _change(services, diner.holder_id, merchant, period, is_wanted=True)


@router.delete("/meals/{merchant}/{period}", status_code=204)
async def cancel_meal(merchant: Slug, period: Slug, diner: Here, services: Given) -> None:
    """Cancel a meal of tomorrow; refuses with 409 after the deadline."""
    await _change(services, diner.holder_id, merchant, period, is_wanted=False)


async def _change(
    services: Services, holder_id: str, merchant: str, period: str, *, is_wanted: bool
) -> None:
    async with services.database.write() as transaction:
        known = await _meals(transaction, holder_id, services)
        if not known.is_open:
            raise RefusedError(409, "meals_closed", "meals of tomorrow are counted already")
        if (merchant, period) not in {(meal.merchant, meal.period) for meal in known.meals}:
            raise RefusedError(404, "meal_not_found", "there is no such meal")
        await repository.register(
            transaction,
            holder_id,
            known.day,
            merchant,
            period,
            is_wanted=is_wanted,
            now=services.now(),
        )


async def _meals(transaction: Transaction, holder_id: str, services: Services) -> MealList:
    now, zone = services.now(), services.payments.zone
    day = meals.next_day(now, zone)
    until = meals.closes_at(day, services.settings.site.policy.meals_until, zone)
    wanted = await repository.registered(transaction, holder_id, day)
    plan = (await plans.current(transaction)).plan
    return MealList(
        day=day,
        closes_at=until,
        is_open=now < until,
        meals=[
            MealView(
                merchant=merchant.merchant,
                period=period.id,
                begins=f"{period.begins:%H:%M}",
                ends=f"{period.ends:%H:%M}",
                is_registered=(merchant.merchant, period.id) in wanted,
            )
            for merchant in plan.merchants
            for period in merchant.periods
        ],
        names=names_of(services.settings.site, plan),
    )


def _top_up(row: Row[Any]) -> DinerTopUp:
    view = payments.view_of(row)
    return DinerTopUp(**view.model_dump(include=set(DinerTopUp.model_fields)))
