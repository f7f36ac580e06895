"""The canteen over HTTP: charges, sessions of tills, what needs a person, debts and blocks."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from central.canteen import accounts, debts, exceptions, repository, sessions
from central.canteen.schemas import (
    BlockList,
    BlockView,
    ChargeList,
    ChargeView,
    DebtList,
    DebtView,
    ExceptionList,
    OrphanView,
    SessionDifference,
    SessionList,
    SessionView,
    SumsView,
    WantedBlock,
    WantedDebtDecision,
    WantedDecision,
    WantedDispute,
)
from central.canteen.sessions import Session, Sums, differences
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


@router.get("/sessions")
async def list_sessions(
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
        items=[_session(each) for each in found],
        without_session=[
            OrphanView(merchant=each, charge_count=count, charge_fen=fen)
            for each, (count, fen) in sorted(alone.items())
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
        holders = {row.holder_id for row in rows}
        owed = await debts.owed_fen(transaction, holders)
        names = await _names(transaction, holders, operator)
        count, fen = await debts.owed_in_all(transaction)
    items = [
        DebtView(
            **{name: row._mapping[name] for name in DebtView.model_fields if name in row._mapping},  # noqa: SLF001 - SQLAlchemy's public name
            name=names.get(row.holder_id),
            owed_fen=owed[row.holder_id],
            is_void=row.reversed_at is not None,
        )
        for row in rows
    ]
    return DebtList(items=items, open_count=count, open_fen=fen)


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
async def dispute_debt(charge_id: UUID, wish: WantedDispute, _: Manager, services: Given) -> None:
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
    """Return who cannot pay anywhere."""
    async with services.database.read() as transaction:
        rows = await accounts.blocks(transaction)
        names = await _names(transaction, {row.holder_id for row in rows}, operator)
    return BlockList(
        items=[BlockView(**row._mapping, name=names.get(row.holder_id)) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
    )


@router.put("/blocks/{holder_id}", status_code=204)
async def block(holder_id: UUID, wish: WantedBlock, operator: Manager, services: Given) -> None:
    """Let somebody pay nowhere, as after a loss; tills know within seconds."""
    async with services.database.write() as transaction:
        if not await people.names_of(transaction, [str(holder_id)], has_names=False):
            raise RefusedError(404, "person_not_found", "there is no such person")
        await accounts.block(
            transaction,
            str(holder_id),
            reason=wish.reason,
            note=wish.note,
            by=operator.username,
            now=services.now(),
        )


@router.delete("/blocks/{holder_id}", status_code=204)
async def unblock(holder_id: UUID, _: Manager, services: Given) -> None:
    """Let somebody pay again."""
    async with services.database.write() as transaction:
        await accounts.unblock(transaction, str(holder_id), now=services.now())


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
            "is_posted": charge.posted_at is not None,
            "lines": lines,
        }
    )


def _session(session: Session) -> SessionView:
    values = {
        name: getattr(session, name) for name in SessionView.model_fields if hasattr(session, name)
    }
    said = [
        SessionDifference(code=each.code, till=each.till, centre=each.centre)
        for each in differences(session)
    ]
    return SessionView.model_validate(
        {
            **values,
            "till_sums": None if session.till_sums is None else _sums(session.till_sums),
            "centre_sums": _sums(session.centre_sums),
            "differences": said,
        }
    )


def _sums(sums: Sums) -> SumsView:
    return SumsView(
        charge_count=sums.charge_count,
        charge_fen=sums.charge_fen,
        void_count=sums.void_count,
        void_fen=sums.void_fen,
    )
