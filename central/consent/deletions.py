"""Faces that had to go: orders to terminals, their proofs, and what is still outstanding."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, delete, func, insert, select, update

from central.consent.schemas import Deletion, TerminalDeletion
from central.consent.tables import face_deletion_nodes, face_deletions, terminal_faces
from central.database import Transaction
from central.people import templates
from central.site_values import replica_version
from central.tables import enrolment_pictures, nodes
from central.tables import templates as template_table
from config.contract.face_statements import (
    STATEMENT_COUNT_MAX,
    FaceStatement,
    SignedStatement,
)
from config.contract.identifiers import new_id

Reason = Literal["withdrawn", "left", "erased", "removed", "moved"]


async def remove_face(
    transaction: Transaction,
    holder_id: str,
    *,
    reason: Reason,
    by: str | None,
    now: datetime,
    keeps_central: bool = False,
) -> str | None:
    """Delete a person's face and order every terminal to prove that it holds none.

    The caller has taken its turn (``templates.take_turn``) and gives the person a new version
    before: the proof is of that version or a later one.

    Args:
        transaction: A writing one.
        holder_id: Whose face.
        reason: Why.
        by: The operator; None is central itself.
        now: Aware UTC.
        keeps_central: Central's own copy stays, and goes to no terminal.

    Returns:
        The identifier of the order; None where there was no face.
    """
    template_ids = await held_template_ids(transaction, holder_id)
    pictures = select(func.count()).where(enrolment_pictures.c.holder_id == holder_id)
    picture_count = int((await transaction.execute(pictures)).scalar_one())
    await transaction.execute(delete(terminal_faces).where(terminal_faces.c.holder_id == holder_id))
    if not keeps_central:
        await templates.remove(transaction, holder_id)
    if not template_ids:
        return None
    deletion_id = str(new_id())
    await transaction.execute(
        insert(face_deletions).values(
            deletion_id=deletion_id,
            holder_id=holder_id,
            reason=reason,
            template_ids=sorted(template_ids),
            picture_count=picture_count,
            replica_version=await replica_version(transaction),
            ordered_at=now,
            ordered_by=by,
            central_deleted_at=None if keeps_central else now,
        )
    )
    joined = await transaction.execute(select(nodes.c.node, nodes.c.signing_key))
    await transaction.execute_many(
        insert(face_deletion_nodes),
        [
            {"deletion_id": deletion_id, "node": row.node, "signing_key": row.signing_key}
            for row in joined
        ],
    )
    return deletion_id


async def held_template_ids(transaction: Transaction, holder_id: str) -> set[str]:
    """Return every template of a person, at central or at terminals alone."""
    found = set[str]()
    for table in (template_table, terminal_faces):
        query = select(table.c.template_id).where(table.c.holder_id == holder_id)
        found |= set((await transaction.execute(query)).scalars())
    return found


async def asked(transaction: Transaction) -> dict[str, tuple[str, ...]]:
    """Return, by terminal, of whom it is to say what it holds; not more than it may answer."""
    part = face_deletion_nodes.c
    outstanding = (
        select(part.node, face_deletions.c.holder_id)
        .join(face_deletions, face_deletions.c.deletion_id == part.deletion_id)
        .where(part.confirmed_at.is_(None))
        .order_by(part.deletion_id)
    )
    unstored = (
        select(terminal_faces.c.node, terminal_faces.c.holder_id)
        .where(terminal_faces.c.stored_at.is_(None))
        .order_by(terminal_faces.c.template_id)
    )
    found = dict[str, dict[str, None]]()
    for query in (outstanding, unstored):
        for row in await transaction.execute(query):
            found.setdefault(row.node, {})[row.holder_id] = None
    return {node: tuple(wanted)[:STATEMENT_COUNT_MAX] for node, wanted in found.items()}


async def confirm(
    transaction: Transaction,
    statement: FaceStatement,
    signed: SignedStatement,
    *,
    signing_key: str,
    now: datetime,
) -> bool:
    """Note what a terminal has proved; returns whether that was something new."""
    held = {str(template_id) for template_id in statement.template_ids}
    query = (
        select(face_deletions)
        .join(face_deletion_nodes)
        .where(
            face_deletions.c.holder_id == statement.holder_id,
            face_deletions.c.replica_version <= statement.replica_version,
            face_deletion_nodes.c.node == statement.node,
            face_deletion_nodes.c.confirmed_at.is_(None),
        )
    )
    orders = (await transaction.execute(query)).all()
    proved = [row.deletion_id for row in orders if not held & set(row.template_ids)]
    if proved:
        await transaction.execute(
            update(face_deletion_nodes)
            .where(
                face_deletion_nodes.c.node == statement.node,
                face_deletion_nodes.c.deletion_id.in_(proved),
            )
            .values(
                confirmed_at=now,
                confirmed_key=signing_key,
                document=signed.document,
                signature=signed.signature,
            )
        )
    return bool(proved)


async def finish_left(transaction: Transaction, holder_id: str, *, now: datetime) -> None:
    """Note that central's own copy of a leaver's face has gone, too."""
    await transaction.execute(
        update(face_deletions)
        .where(
            face_deletions.c.holder_id == holder_id, face_deletions.c.central_deleted_at.is_(None)
        )
        .values(central_deleted_at=now)
    )


async def find(transaction: Transaction, deletion_id: str) -> Row[Any] | None:
    """Return an order."""
    query = select(face_deletions).where(face_deletions.c.deletion_id == deletion_id)
    return (await transaction.execute(query)).first()


async def parts(transaction: Transaction, deletion_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Return the terminals of orders, by name."""
    query = (
        select(face_deletion_nodes)
        .where(face_deletion_nodes.c.deletion_id.in_(deletion_ids))
        .order_by(face_deletion_nodes.c.node)
    )
    return (await transaction.execute(query)).all()


async def page(
    transaction: Transaction, *, holder_id: str | None, is_outstanding: bool, limit: int
) -> list[Deletion]:
    """Return orders, newest first: of one person or all, or only what is outstanding."""
    query = select(face_deletions).order_by(face_deletions.c.deletion_id.desc()).limit(limit)
    if holder_id is not None:
        query = query.where(face_deletions.c.holder_id == holder_id)
    if is_outstanding:
        open_parts = select(face_deletion_nodes.c.deletion_id).where(
            face_deletion_nodes.c.confirmed_at.is_(None)
        )
        query = query.where(
            face_deletions.c.deletion_id.in_(open_parts)
            | face_deletions.c.central_deleted_at.is_(None)
        )
    rows = (await transaction.execute(query)).all()
    of_order = dict[str, list[TerminalDeletion]]()
    for part in await parts(transaction, [row.deletion_id for row in rows]):
        of_order.setdefault(part.deletion_id, []).append(_part(part))
    return [_deletion(row, of_order.get(row.deletion_id, [])) for row in rows]


def _part(row: Row[Any]) -> TerminalDeletion:
    is_open = row.confirmed_at is None
    return TerminalDeletion(
        node=row.node,
        confirmed_at=row.confirmed_at,
        is_same_terminal=None if is_open else row.confirmed_key == row.signing_key,
    )


def _deletion(row: Row[Any], of_nodes: list[TerminalDeletion]) -> Deletion:
    is_complete = row.central_deleted_at is not None and all(n.confirmed_at for n in of_nodes)
    return Deletion(
        deletion_id=row.deletion_id,
        holder_id=row.holder_id,
        reason=row.reason,
        ordered_at=row.ordered_at,
        central_deleted_at=row.central_deleted_at,
        picture_count=row.picture_count,
        is_complete=is_complete,
        nodes=of_nodes,
    )
