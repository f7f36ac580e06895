"""The canteen over HTTP: charges, sessions of tills, what needs a person, debts and blocks."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from central.canteen import blocks, debts, exceptions, repository, sessions
from central.canteen.schemas import (
    BlockList,
    BlockView,
    ChargeList,
    ChargeView,
    DebtList,
    DebtorView,
    DebtView,
    ExceptionList,
    LiftedBlock,
    OrphanView,
    SessionList,
    WantedBlock,
    WantedDebtDecision,
    WantedDecision,
    WantedDispute,
)
from central.canteen.session_views import view_of
from central.canteen.state import Charge
from central.database import Transaction
from central.people import repository as people
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from config.contract.money import ChargeLine

router = APIRouter(prefix="/canteen", tags=["canteen"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]
Refunder = Annotated[Operator, Depends(Requires("canteen.refund"))]
Name = Annotated[str, Query(max_length=64)]
LIST_MAX: Final = 500


@router.get("/charges")
async def list_charges(
    operator: Reader,
    services: Given,
    merchant: Name = "",
    till: Name = "",
    person: Name = "",
    session_id: UUID | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 100,
) -> ChargeList:
    """Return charges, newest first; `next` is the `before` of the next page."""
    async with services.database.read() as transaction:
        found = await repository.page_of_charges(
            transaction,
            merchant=_safe(merchant),
            till=_safe(till),
            holder_id=_safe(person),
            session_id="" if session_id is None else str(session_id),
            since=since,
            until=until,
            before="" if before is None else str(before),
            limit=limit + 1,
        )
        page = found[:limit]
        lines = await repository.lines_of(transaction, [each.charge_id for each in page])
        names = await _names(transaction, {str(each.holder_id) for each in page}, operator)
    items = [_charge(each, lines.get(each.charge_id, []), names) for each in page]
    return ChargeList(items=items, next=items[-1].charge_id if len(found) > limit else None)


@router.get("/charges/{charge_id}")
async def get_charge(charge_id: UUID, operator: Reader, services: Given) -> ChargeView:
    """Return one charge with its receipt."""
    async with services.database.read() as transaction:
        found = (await repository.charges(transaction, [str(charge_id)])).get(str(charge_id))
        if found is None or found.content_hash is None:
            raise RefusedError(404, "charge_not_found", "there is no such charge")
        lines = await repository.lines_of(transaction, [found.charge_id])
        names = await _names(transaction, {str(found.holder_id)}, operator)
    return _charge(found, lines.get(found.charge_id, []), names)


@router.get("/sessions")
async def list_till_sessions(
    _: Reader,
    services: Given,
    day: Annotated[date | None, Query(description="Of the site; today if it is not said.")] = None,
    merchant: Name = "",
) -> SessionList:
    """Return a day's sessions of tills with both sides' sums, each difference named."""
    since, until = day_of(services.canteen.zone, day, now=services.now())
    async with services.database.read() as transaction:
        found = await sessions.between(
            transaction, since=since, until=until, merchant=_safe(merchant)
        )
        alone = await sessions.orphans(transaction, since=since, until=until)
    return SessionList(
        items=[view_of(each) for each in found],
        without_session=[
            OrphanView(merchant=each, charge_count=sums.charge_count, charge_fen=sums.charge_fen)
            for each, sums in sorted(alone.items())
            if merchant in ("", each)
        ],
    )


@router.get("/exceptions")
async def list_exceptions(
    _: Reader,
    services: Given,
    is_open: Annotated[bool, Query(description="Only what nobody has decided.")] = True,
) -> ExceptionList:
    """Return what needs a person, the newest first."""
    async with services.database.read() as transaction:
        rows = await repository.list_exceptions(transaction, is_open=is_open, limit=LIST_MAX)
    return ExceptionList(items=[exceptions.view(row) for row in rows])


@router.post("/exceptions/{exception_id}/decision", status_code=204)
async def decide_exception(
    exception_id: UUID, wish: WantedDecision, operator: Refunder, services: Given
) -> None:
    """Decide what becomes of a fact: do what it says in the ledger, or leave it."""
    async with services.database.write() as transaction:
        await exceptions.decide(
            transaction,
            str(exception_id),
            wish.decision,
            note=wish.note,
            by=operator.username,
            now=services.now(),
        )
        transaction.concerns(f"canteen-exception:{exception_id}", decision=wish.decision)


@router.get("/debts")
async def list_debts(
    operator: Reader,
    services: Given,
    state: Annotated[debts.State | None, Query(description="All, if it is not said.")] = None,
    person: Name = "",
) -> DebtList:
    """Return what meals left owing, the newest first."""
    async with services.database.read() as transaction:
        rows = await debts.page(transaction, state=state, holder_id=_safe(person), limit=LIST_MAX)
        debtors = await debts.debtors(transaction, limit=LIST_MAX)
        holders = {row.holder_id for row in rows}.union(debtors)
        owing = await debts.owing(transaction, holders)
        names = await _names(transaction, holders, operator)
        count, fen = await debts.owed_in_all(transaction)
        owed_fen = await debts.owed_by_all(transaction)
    items = [
        DebtView(
            **{name: row._mapping[name] for name in DebtView.model_fields if name in row._mapping},  # noqa: SLF001 - SQLAlchemy's public name
            name=names.get(row.holder_id),
            left_fen=owing[row.holder_id].of_meals.get(row.charge_id, 0),
            owed_fen=owing[row.holder_id].fen,
            is_void=row.is_gone,
        )
        for row in rows
    ]
    others = [
        DebtorView(holder_id=each, name=names.get(each), rest_fen=owing[each].rest_fen)
        for each in debtors
        if owing[each].rest_fen > 0 and person in ("", each)
    ]
    return DebtList(
        items=items,
        open_count=count,
        open_fen=fen,
        owed_fen=owed_fen,
        others=others,
    )


@router.post("/debts/{charge_id}/notified", status_code=204)
async def note_notified(charge_id: UUID, operator: Manager, services: Given) -> None:
    """Note that the diner has been told of a debt."""
    async with services.database.write() as transaction:
        await _find_debt(transaction, charge_id)
        await debts.note_notified(
            transaction, [charge_id], by=operator.username, now=services.now()
        )
        transaction.concerns(f"charge:{charge_id}")


@router.post("/debts/{charge_id}/dispute", status_code=204)
async def note_debt_dispute(
    charge_id: UUID, wish: WantedDispute, _: Manager, services: Given
) -> None:
    """Write down what the diner says against a debt, who said it at the counter."""
    async with services.database.write() as transaction:
        await _find_debt(transaction, charge_id)
        if not await debts.dispute(transaction, charge_id, words=wish.words, now=services.now()):
            raise _decided()
        transaction.concerns(f"charge:{charge_id}")


@router.post("/debts/{charge_id}/decision", status_code=204)
async def decide_debt(
    charge_id: UUID, wish: WantedDebtDecision, operator: Refunder, services: Given
) -> None:
    """Let a debt stand, or let a fund pay what is left of it."""
    async with services.database.write() as transaction:
        await _find_debt(transaction, charge_id)
        paid = await debts.decide(
            transaction,
            charge_id,
            wish.decision,
            by=operator.username,
            note=wish.note,
            now=services.now(),
        )
        if paid is None:
            raise _decided()
        transaction.concerns(f"charge:{charge_id}", decision=wish.decision, paid_fen=paid)


@router.get("/blocks")
async def list_blocks(operator: Reader, services: Given) -> BlockList:
    """Return who cannot pay anywhere, and who could not before."""
    async with services.database.read() as transaction:
        rows, lifted = await blocks.standing(transaction), await blocks.lifted(transaction)
        names = await _names(transaction, {row.holder_id for row in (*rows, *lifted)}, operator)
    return BlockList(
        items=[BlockView(**row._mapping, name=names.get(row.holder_id)) for row in rows],  # noqa: SLF001 - SQLAlchemy's public name
        lifted=[LiftedBlock(**row._mapping, name=names.get(row.holder_id)) for row in lifted],  # noqa: SLF001 - the same
    )


@router.put("/blocks/{holder_id}", status_code=204)
async def block(holder_id: UUID, wish: WantedBlock, operator: Manager, services: Given) -> None:
    """Let somebody pay nowhere, as after a loss; tills know within seconds."""
    async with services.database.write() as transaction:
        if not await people.names_of(transaction, [str(holder_id)], has_names=False):
            raise RefusedError(404, "person_not_found", "there is no such person")
        await blocks.block(
            transaction,
            str(holder_id),
            reason=wish.reason,
            note=_safe(wish.note),
            by=operator.username,
            now=services.now(),
        )


@router.delete("/blocks/{holder_id}", status_code=204)
async def unblock(
    holder_id: UUID,
    operator: Manager,
    services: Given,
    note: Annotated[str, Query(max_length=500, description="Why.")] = "",
) -> None:
    """Let somebody pay again."""
    async with services.database.write() as transaction:
        await blocks.unblock(
            transaction,
            str(holder_id),
            note=_safe(note),
            by=operator.username,
            now=services.now(),
        )


def day_of(zone: ZoneInfo, day: date | None, *, now: datetime) -> tuple[datetime, datetime]:
    """Return when a day of the site begins and ends."""
    day = day or now.astimezone(zone).date()
    first = datetime.combine(day, time(), zone)
    return first, datetime.combine(day + timedelta(days=1), time(), zone)


def _safe(value: str) -> str:
    return value.replace("\0", "")


async def _names(
    transaction: Transaction, holder_ids: Iterable[str], operator: Operator
) -> dict[str, str]:
    found = dict[str, str]()
    for some in repository.chunks(holder_ids):
        found |= await people.names_of(transaction, some, has_names=operator.may("people.names"))
    return found


async def _find_debt(transaction: Transaction, charge_id: UUID) -> None:
    if await debts.find(transaction, charge_id) is None:
        raise RefusedError(404, "debt_not_found", "this charge left no debt")


def _decided() -> RefusedError:
    return RefusedError(409, "decided_already", "somebody has decided this already")


def _charge(charge: Charge, lines: list[ChargeLine], names: dict[str, str]) -> ChargeView:
    values = {
        name: getattr(charge, name) for name in ChargeView.model_fields if hasattr(charge, name)
    }
    return ChargeView.model_validate(
        {
            **values,
            "name": names.get(str(charge.holder_id)),
            "group": charge.payer_group or "",
            "till": charge.till or "",
            "credential": charge.credential or "",
            "is_posted": charge.posted_at is not None,
            "lines": lines,
        }
    )
