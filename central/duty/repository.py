"""Guards' desks in the database."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update

from central.database import Transaction
from central.duty.schemas import Change
from central.duty.tables import duty_changes, guard_desks, shift_notes
from central.operator_tables import users
from central.people.masking import masked
from central.roles import DESK, ROLES
from central.security import DESK_OWNER, DESK_ROLE, Operator

KEEPER: Final = "desk.keep"
"""Whose browser may go on watching after a session."""
_DESK: Final = guard_desks.c


async def find(
    transaction: Transaction,
    *,
    now: datetime,
    desk_id: str | None = None,
    secret_hash: str | None = None,
) -> Row[Any] | None:
    """Return a desk that is good, with the account of who was on duty there last."""
    which: ColumnElement[bool] = (
        _DESK.secret_hash == secret_hash if desk_id is None else _DESK.desk_id == desk_id
    )
    query = (
        select(guard_desks, users.c.username, users.c.role)
        .join(users, users.c.user_id == _DESK.user_id)
        .where(which, _DESK.expires_at > now, users.c.deactivated_at.is_(None))
    )
    return (await transaction.execute(query)).first()


def watcher(row: Row[Any] | None) -> Operator | None:
    """Return whom a browser without a session is taken for; None where it is no desk."""
    if row is None or KEEPER not in ROLES.get(row.role, frozenset()):
        return None
    return Operator(
        user_id="",
        username=masked(row.username),
        role=DESK_ROLE,
        session=f"{DESK_OWNER}{row.desk_id}",
        scopes=DESK,
    )


async def end_of(
    transaction: Transaction, *, user_id: str | None, session: str | None, but: str
) -> None:
    """Let desks end whose sessions are ended by somebody: of one operator, one session or all."""
    chosen = func.coalesce(_DESK.session, "") != but
    if user_id is not None:
        chosen = and_(chosen, _DESK.user_id == user_id)
    if session is not None:
        chosen = and_(chosen, _DESK.session == session)
    await remove(transaction, chosen)


async def add(
    transaction: Transaction,
    *,
    desk_id: str,
    secret_hash: str,
    user_id: str,
    session: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new desk."""
    await transaction.execute(
        insert(guard_desks).values(
            desk_id=desk_id,
            secret_hash=secret_hash,
            user_id=user_id,
            session=session,
            since=now,
            expires_at=expires_at,
        )
    )


async def give_over(
    transaction: Transaction,
    desk_id: str,
    *,
    user_id: str,
    session: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Note who is on duty from now on."""
    await transaction.execute(
        update(guard_desks)
        .where(_DESK.desk_id == desk_id)
        .values(user_id=user_id, session=session, since=now, expires_at=expires_at)
    )


async def remove(transaction: Transaction, chosen: ColumnElement[bool]) -> None:
    """Let desks be none any more; their streams end."""
    removed = await transaction.execute(delete(guard_desks).where(chosen).returning(_DESK.desk_id))
    for desk_id in removed.scalars():
        transaction.announce(f"session:{DESK_OWNER}{desk_id}")


async def note_change(
    transaction: Transaction,
    desk_id: str,
    change: Change,
    *,
    username: str,
    before: str = "",
    now: datetime,
) -> None:
    """Note who is on duty, or no longer."""
    await transaction.execute(
        insert(duty_changes).values(
            desk_id=desk_id, at=now, change=change, username=username, before=before
        )
    )


async def add_note(
    transaction: Transaction, note_id: str, text: str, *, username: str, now: datetime
) -> None:
    """Keep what somebody wrote down."""
    await transaction.execute(
        insert(shift_notes).values(note_id=note_id, at=now, written_by=username, text=text)
    )
