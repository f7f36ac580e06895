"""Who has left has no face: terminals delete it at once, central after `leaver_faces_days`.

Somebody has left who is switched off, or whose validity is over. The days of grace are for a file
that was wrong, or a contract that is renewed: until then nothing has to be enrolled anew.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, exists, or_, select

from central.audit.notes import CENTRAL, Note
from central.consent import deletions, erasures
from central.consent import repository as consents
from central.consent.tables import face_deletion_nodes, face_deletions, terminal_faces
from central.database import Transaction
from central.people import repository, templates
from central.tables import people
from central.tables import templates as template_table
from config.crypto.keys import SigningKey

BATCH_LENGTH: Final = 100
"""People in one transaction: others may write in between."""


async def look_after(transaction: Transaction, *, key: SigningKey, now: datetime) -> None:
    """Take faces of people who have left from terminals, and give back those of who returned."""
    await templates.take_turn(transaction)
    withheld = people.c.face_withheld_at.is_not(None)
    for holder_id in await _found(transaction, _has_left(now) & ~withheld):
        await _leave(transaction, holder_id, key=key, now=now)
    for holder_id in await _found(transaction, ~_has_left(now) & withheld):
        await _return(transaction, holder_id)


async def finish(
    transaction: Transaction, holder_id: str, *, key: SigningKey, now: datetime
) -> None:
    """Delete central's own copy of a leaver's face, and what waits about it."""
    waiting = select(face_deletions.c.deletion_id).where(
        face_deletions.c.holder_id == holder_id, face_deletions.c.central_deleted_at.is_(None)
    )
    if (await transaction.execute(waiting)).first() is None:
        await erasures.forget_face(transaction, holder_id, reason="left", key=key, by=None, now=now)
    else:
        await erasures.finish_face(transaction, holder_id, key=key, now=now)
    await repository.change(transaction, holder_id, {"face_withheld_at": None})
    await _end_consents(transaction, holder_id, now=now)


def _has_left(now: datetime) -> ColumnElement[bool]:
    return or_(
        ~people.c.is_active, people.c.valid_until.is_not(None) & (people.c.valid_until <= now)
    )


async def _found(transaction: Transaction, condition: ColumnElement[bool]) -> list[str]:
    has_face = or_(
        exists().where(template_table.c.holder_id == people.c.holder_id),
        exists().where(terminal_faces.c.holder_id == people.c.holder_id),
    )
    query = select(people.c.holder_id).where(condition, ~people.c.is_removed, has_face)
    rows = await transaction.execute(query.order_by(people.c.holder_id).limit(BATCH_LENGTH))
    return list(rows.scalars())


async def _leave(
    transaction: Transaction, holder_id: str, *, key: SigningKey, now: datetime
) -> None:
    query = select(template_table.c.template_id).where(template_table.c.holder_id == holder_id)
    if (await transaction.execute(query)).first() is None:
        # It lay at terminals alone: nothing is left that could wait.
        await finish(transaction, holder_id, key=key, now=now)
        return
    await repository.change(transaction, holder_id, {"face_withheld_at": now})
    await deletions.remove_face(
        transaction, holder_id, reason="left", by=None, now=now, keeps_central=True
    )


async def _return(transaction: Transaction, holder_id: str) -> None:
    """Let somebody who is back be told by their face again; what terminals owe is void."""
    await repository.change(transaction, holder_id, {"face_withheld_at": None})
    mine = select(face_deletions.c.deletion_id).where(
        face_deletions.c.holder_id == holder_id, face_deletions.c.central_deleted_at.is_(None)
    )
    void = list((await transaction.execute(mine)).scalars())
    for table in (face_deletion_nodes, face_deletions):
        await transaction.execute(delete(table).where(table.c.deletion_id.in_(void)))


async def _end_consents(transaction: Transaction, holder_id: str, *, now: datetime) -> None:
    await consents.end(transaction, holder_id, purpose=None, reason="left", by=None, now=now)
    transaction.note(
        Note(actor=CENTRAL, action="face_deleted_leaver", objects=(f"person:{holder_id}",))
    )
