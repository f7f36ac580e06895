"""Duty checks over HTTP: asked by a supervisor or by the plan, answered at any console."""

from random import SystemRandom
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends

from central.fire import duty
from central.fire.duty_plan import DutyPlan, next_check
from central.fire.repository import TOPIC
from central.fire.schemas import DutyCheck, WantedDutyCheck
from central.fire.watch import ask_duty
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(tags=["fire"], responses=RESPONSES)
Supervisor = Annotated[Operator, Depends(Requires("fire.supervise"))]
Guard = Annotated[Operator, Depends(Requires("fire.answer"))]


@router.post("/fire/duty-checks", status_code=201)
async def begin_duty_check(
    wish: WantedDutyCheck, operator: Supervisor, services: Given
) -> DutyCheck:
    """Ask whether somebody is on duty; who does not answer in time is an alarm."""
    now = services.now()
    async with services.database.write() as transaction:
        check_id = await ask_duty(
            transaction,
            services,
            minutes=wish.minutes,
            asks_panels=wish.asks_panels,
            operator=operator,
            now=now,
        )
        transaction.concerns(f"duty_check:{check_id}", minutes=wish.minutes)
        return next(
            check for check in await duty.newest(transaction) if str(check.check_id) == check_id
        )


@router.post("/fire/duty-checks/{check_id}/answer", status_code=204)
async def answer_duty_check(check_id: UUID, operator: Guard, services: Given) -> None:
    """Say that one is on duty."""
    async with services.database.write() as transaction:
        if not await duty.answer(transaction, check_id, who=operator.username, now=services.now()):
            raise RefusedError(409, "duty_check_over", "this check was answered, or is over")
        transaction.announce(TOPIC)
        transaction.concerns(f"duty_check:{check_id}")


@router.get("/fire/duty-plan")
async def get_duty_plan(_: Supervisor, services: Given) -> DutyPlan:
    """Return when duty is checked by chance."""
    async with services.database.read() as transaction:
        return (await duty.plan(transaction))[0]


@router.put("/fire/duty-plan")
async def put_duty_plan(wish: DutyPlan, _: Supervisor, services: Given) -> DutyPlan:
    """Have duty checked by chance in a window of each day, or no more."""
    zone = ZoneInfo(services.settings.site.site.time_zone)
    following = next_check(wish, zone, now=services.now(), dice=SystemRandom())
    async with services.database.write() as transaction:
        await duty.put_plan(transaction, wish, next_at=following)
        transaction.announce(TOPIC)
        transaction.concerns(**wish.model_dump(mode="json"))
    return wish
