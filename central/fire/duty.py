"""Duty checks in the database: asked, answered by a guard or at the panel, or missed."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from central.database import Transaction
from central.fire.duty_plan import DutyPlan
from central.fire.schemas import DutyCheck, PanelAnswer
from central.fire.tables import duty_checks, duty_plans
from config.contract.fire_events import DutyCheckAnswered
from config.contract.identifiers import new_id

SHOWN_COUNT: Final = 20
_CHECKS: Final = duty_checks.c
_THE_PLAN: Final = 1


async def ask(
    transaction: Transaction,
    *,
    minutes: int,
    panels: list[str],
    asked_by: str,
    now: datetime,
) -> UUID:
    """Keep that duty is asked for; the caller announces it, and tells the panels' terminals."""
    check_id = new_id()
    await transaction.execute(
        insert(duty_checks).values(
            check_id=str(check_id),
            asked_at=now,
            due_at=now + timedelta(minutes=minutes),
            asked_by=asked_by,
            panels=dict.fromkeys(panels),
        )
    )
    return check_id


async def answer(transaction: Transaction, check_id: UUID, *, who: str, now: datetime) -> bool:
    """Note that somebody is on duty; False where it was answered, missed or never asked."""
    said = await transaction.execute(
        update(duty_checks)
        .where(
            _CHECKS.check_id == str(check_id),
            _CHECKS.answered_at.is_(None),
            _CHECKS.missed_at.is_(None),
            _CHECKS.due_at > now,
        )
        .values(answered_at=now, answered_by=who)
        .returning(_CHECKS.check_id)
    )
    return said.first() is not None


async def note_answer(transaction: Transaction, told: DutyCheckAnswered, *, at: datetime) -> None:
    """Keep what a panel's transmitter told, with the check that asked it."""
    query = select(duty_checks).where(_CHECKS.asked_at <= at)
    newest = query.order_by(_CHECKS.asked_at.desc()).limit(SHOWN_COUNT)
    for row in await transaction.execute(newest):
        if told.device in row.panels and row.panels[told.device] is None:
            said = PanelAnswer(is_answered=told.is_answered, answered_after_s=told.answered_after_s)
            panels = row.panels | {told.device: said.model_dump()}
            chosen = update(duty_checks).where(_CHECKS.check_id == row.check_id)
            await transaction.execute(chosen.values(panels=panels))
            return


async def overdue(transaction: Transaction, *, now: datetime) -> list[Row[Any]]:
    """Return checks that nobody answered in time and that are not alarmed yet."""
    query = select(duty_checks).where(
        _CHECKS.answered_at.is_(None), _CHECKS.missed_at.is_(None), _CHECKS.due_at <= now
    )
    return list((await transaction.execute(query)).all())


async def next_due(transaction: Transaction) -> datetime | None:
    """Return until when somebody is waited for; None where no check is open."""
    query = select(func.min(_CHECKS.due_at)).where(
        _CHECKS.answered_at.is_(None), _CHECKS.missed_at.is_(None)
    )
    at: datetime | None = (await transaction.execute(query)).scalar_one()
    return at


async def note_missed(transaction: Transaction, check_id: str, *, now: datetime) -> None:
    """Note that it is alarmed."""
    chosen = update(duty_checks).where(_CHECKS.check_id == check_id)
    await transaction.execute(chosen.values(missed_at=now))


async def newest(transaction: Transaction) -> list[DutyCheck]:
    """Return the newest checks, the newest first."""
    query = select(duty_checks).order_by(_CHECKS.asked_at.desc()).limit(SHOWN_COUNT)
    return [
        DutyCheck(
            check_id=UUID(row.check_id),
            asked_at=row.asked_at,
            due_at=row.due_at,
            asked_by=row.asked_by,
            answered_at=row.answered_at,
            answered_by=row.answered_by,
            missed_at=row.missed_at,
            panels={
                device: None if said is None else PanelAnswer.model_validate(said)
                for device, said in row.panels.items()
            },
        )
        for row in await transaction.execute(query)
    ]


async def plan(transaction: Transaction) -> tuple[DutyPlan, datetime | None]:
    """Return what a supervisor wants, and when the next check is due; nobody shows that."""
    row = (await transaction.execute(select(duty_plans))).first()
    if row is None:
        return DutyPlan(), None
    return DutyPlan.model_validate_json(row.body), row.next_at


async def put_plan(transaction: Transaction, wanted: DutyPlan, *, next_at: datetime | None) -> None:
    """Replace the plan, or when its next check is due."""
    values = {"body": wanted.model_dump_json(), "next_at": next_at}
    changed = await transaction.execute(
        update(duty_plans)
        .where(duty_plans.c.plan_id == _THE_PLAN)
        .values(values)
        .returning(duty_plans.c.plan_id)
    )
    if changed.first() is None:
        await transaction.execute(insert(duty_plans).values(plan_id=_THE_PLAN, **values))
