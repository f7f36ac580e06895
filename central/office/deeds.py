"""Doing what is wished: once, with a second person where one is needed, and kept.

Whoever does a deed has the ledger's turn, so a plan is what is moved: nothing changes in between.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Row, bindparam, insert, select, update

from central.approvals.permits import permit
from central.audit.chain import canonical
from central.canteen.tables import canteen_charges
from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.errors import ConflictError, LedgerError, ReversalError, ShortError
from central.office import drawers
from central.office.planned import Planned, orders
from central.office.tables import office_deeds, office_grants, office_moves
from central.office.topup_file import digest
from central.office.wishes import APPROVED, AnyWish, Reversal
from central.operator_tables import approvals
from central.problems import RefusedError
from central.security import Operator
from config.contract.money import FEN_MAX
from config.site import Policy

TOPIC: Final = "canteen"
"""Announced when the office has done something."""
LIST_MAX: Final = 200
Planner = Callable[[Transaction], Awaitable[Planned]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done. Attributes: is_new: by this request, not by one before with the same key."""

    deed_id: str
    kind: str
    wish: dict[str, Any]
    amount_fen: int
    line_count: int
    merchant: str | None
    holder_id: str | None
    charge_id: str | None
    reverses: str | None
    reversed_by: str | None
    done_by: str
    done_by_name: str
    done_at: datetime
    approved_by: str | None
    is_new: bool = False


def content_of(wish: AnyWish) -> dict[str, Any]:
    """Return what a wish says, as it is kept and compared; of a file its digest alone."""
    said = wish.model_dump(mode="json", exclude={"fingerprint", "text", "again"})
    return said | {"file": digest_of(wish)} if wish.kind == "top_up_file" else said


def digest_of(wish: AnyWish) -> str | None:
    """Return the digest of a wish's file; None where it has none."""
    return digest(wish.text) if wish.kind == "top_up_file" else None


async def find(transaction: Transaction, deed_id: UUID | str) -> Deed | None:
    """Return a deed."""
    found = await _some(transaction, office_deeds.c.deed_id == str(deed_id), limit=1)
    return found[0] if found else None


async def latest(
    transaction: Transaction, *, kind: str | None = None, holder_id: str | None = None
) -> list[Deed]:
    """Return deeds, the newest first."""
    wanted = []
    if kind is not None:
        wanted.append(office_deeds.c.kind == kind)
    if holder_id is not None:
        wanted.append(office_deeds.c.holder_id == holder_id)
    return await _some(transaction, *wanted, limit=LIST_MAX)


async def do(
    transaction: Transaction,
    wish: AnyWish,
    plan: Planner,
    *,
    operator: Operator,
    policy: Policy,
    now: datetime,
) -> Deed | RefusedError:
    """Do what is wished; the same wish again is answered by what it came to.

    Args:
        transaction: A writing one.
        wish: What.
        plan: Works out what it would move, in this transaction.
        operator: Who asks.
        policy: Of the site.
        now: Aware UTC.

    Returns:
        The deed; or a refusal to raise after the commit, since it asks a second person.

    Raises:
        RefusedError: It cannot be done, or moves cash and no drawer is open; nothing is written.
    """
    await ledger.take_turn(transaction)
    content = content_of(wish)
    before = await find(transaction, wish.key)
    if before is not None:
        if before.wish != content:
            raise RefusedError(409, "key_used", "this key was used for something else")
        transaction.concerns(f"deed:{wish.key}")
        return before
    planned = await plan(transaction)
    check(planned, wish.fingerprint)
    drawer = await drawers.drawer_for(transaction, planned.moves, operator)
    approved_by = None
    if wish.kind in APPROVED:
        subject = {**content, "moves": planned.fingerprint, "total_fen": planned.amount_fen}
        refusal = await permit(
            transaction, policy, deed=APPROVED[wish.kind], subject=subject,
            operator=operator, now=now,
        )  # fmt: skip
        if refusal is not None:
            transaction.concerns(f"deed:{wish.key}", kind=wish.kind)
            return refusal
        approved_by = await _who_approved(transaction, APPROVED[wish.kind], subject, operator)
    outcomes = await move(transaction, wish, planned, now=now)
    await transaction.execute(
        insert(office_deeds).values(
            deed_id=str(wish.key),
            kind=wish.kind,
            wish=canonical(content),
            amount_fen=planned.amount_fen,
            line_count=len(planned.lines),
            merchant=planned.merchant,
            holder_id=planned.holder_id,
            charge_id=None if planned.charge_id is None else str(planned.charge_id),
            subject=planned.subject,
            reverses=str(wish.deed_id) if isinstance(wish, Reversal) else None,
            done_by=operator.user_id,
            done_by_name=operator.username,
            done_at=now,
            approved_by=approved_by,
        )
    )
    await _keep_moves(transaction, wish.key, planned, outcomes)
    if drawer is not None:
        fen = drawers.cash_of(planned.moves)
        await drawers.enter(transaction, drawer, wish.key, wish.kind, fen, now=now)
    await transaction.execute_many(
        update(canteen_charges)
        .where(canteen_charges.c.charge_id == bindparam("of_charge"))
        .values(returned_fen=canteen_charges.c.returned_fen + bindparam("fen")),
        [{"of_charge": str(each), "fen": fen} for each, fen in planned.returned.items() if fen],
    )
    await transaction.execute_many(
        update(canteen_charges)
        .where(canteen_charges.c.charge_id == bindparam("of_charge"))
        .values(
            moved_to=bindparam("holder"), moved_group=bindparam("group"), moved_by=bindparam("deed")
        ),
        [
            {"of_charge": str(each), "holder": holder, "group": group, "deed": str(wish.key)}
            for each, (holder, group) in planned.moved.items()
        ],
    )
    transaction.announce(TOPIC)
    transaction.concerns(f"deed:{wish.key}", kind=wish.kind, amount_fen=planned.amount_fen)
    done = await find(transaction, wish.key)
    if done is None:
        raise RuntimeError("a deed that was just kept is not there")
    return dataclasses.replace(done, is_new=True)


def check(planned: Planned, fingerprint: str | None) -> None:
    """Refuse what cannot be done, or is not what somebody has seen."""
    if planned.problem:
        raise RefusedError(409, planned.problem, "this cannot be done")
    if fingerprint is not None and fingerprint != planned.fingerprint:
        raise RefusedError(409, "preview_outdated", "it would be another deed by now: look again")
    if not planned.moves:
        raise RefusedError(409, "nothing_to_move", "there is nothing to do")
    if sum(each.amount_fen for each in planned.moves) > 100 * FEN_MAX:
        raise RefusedError(422, "amount_too_large", "no deed moves as much")


async def move(
    transaction: Transaction, wish: AnyWish, planned: Planned, *, now: datetime
) -> list[ledger.Outcome]:
    """Move a plan's money; what the ledger refuses is refused in words."""
    detail: dict[str, JsonValue] = {"deed": str(wish.key)}
    try:
        return await ledger.post(
            transaction,
            orders(planned, wish.key, reason=wish.kind, now=now, detail=detail),
            now=now,
        )
    except ShortError as error:
        raise RefusedError(
            409, "wallet_short", "the money is not there any more", account=error.account
        ) from error
    except ReversalError as error:
        raise RefusedError(409, "given_back_already", "it is given back already") from error
    except (ConflictError, LedgerError) as error:
        raise RefusedError(409, "key_used", "this key was used for something else") from error


async def _keep_moves(
    transaction: Transaction, key: UUID, planned: Planned, outcomes: list[ledger.Outcome]
) -> None:
    ids = {
        each.part: str(outcome.transfer_id)
        for each, outcome in zip(planned.moves, outcomes, strict=True)
    }
    await transaction.execute_many(
        insert(office_moves),
        [
            {
                "transfer_id": ids[each.part],
                "deed_id": str(key),
                "charge_id": None if each.group is None else str(each.group),
            }
            for each in planned.moves
        ],
    )
    await transaction.execute_many(
        insert(office_grants),
        [
            {
                "transfer_id": ids[each.part],
                "deed_id": str(key),
                "holder_id": each.holder_id,
                "payer": each.payer,
                "amount_fen": each.amount_fen,
                "lapses_on": each.lapses_on,
            }
            for each in planned.grants
        ],
    )


async def _who_approved(
    transaction: Transaction, deed: str, subject: dict[str, Any], operator: Operator
) -> str | None:
    query = select(approvals.c.decided_by_name).where(
        approvals.c.deed == deed,
        approvals.c.subject == canonical(subject),
        approvals.c.asked_by == operator.user_id,
        approvals.c.state == "used",
    )
    latest_first = query.order_by(approvals.c.decided_at.desc()).limit(1)
    name: str | None = (await transaction.execute(latest_first)).scalar_one_or_none()
    return name


async def _some(transaction: Transaction, *wanted: ColumnElement[bool], limit: int) -> list[Deed]:
    back = office_deeds.alias("back")
    query = (
        select(office_deeds, back.c.deed_id.label("reversed_by"))
        .select_from(office_deeds.outerjoin(back, back.c.reverses == office_deeds.c.deed_id))
        .where(*wanted)
        .order_by(office_deeds.c.done_at.desc(), office_deeds.c.deed_id.desc())
        .limit(limit)
    )
    return [_deed(row) for row in await transaction.execute(query)]


def _deed(row: Row[Any]) -> Deed:
    return Deed(
        deed_id=row.deed_id,
        kind=row.kind,
        wish=json.loads(row.wish),
        amount_fen=row.amount_fen,
        line_count=row.line_count,
        merchant=row.merchant,
        holder_id=row.holder_id,
        charge_id=row.charge_id,
        reverses=row.reverses,
        reversed_by=row.reversed_by,
        done_by=row.done_by,
        done_by_name=row.done_by_name,
        done_at=row.done_at,
        approved_by=row.approved_by,
    )
