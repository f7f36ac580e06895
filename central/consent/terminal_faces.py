"""Templates that lie at terminals alone: central's copy goes once all of them hold it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, delete, exists, insert, select, update

from central.consent.tables import terminal_faces
from central.database import Transaction
from central.people import repository
from central.tables import templates
from config.contract.face_statements import FaceStatement


async def place(
    transaction: Transaction,
    holder_id: str,
    *,
    template_id: str,
    network: str,
    nodes: Collection[str],
    now: datetime,
) -> None:
    """Let a template, which is in the database, go to these terminals alone."""
    rows = [
        {
            "template_id": template_id,
            "node": node,
            "holder_id": holder_id,
            "network": network,
            "created_at": now,
        }
        for node in sorted(nodes)
    ]
    await transaction.execute_many(insert(terminal_faces), rows)


async def places(
    transaction: Transaction, holder_ids: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return, by template, the terminals where it alone may lie."""
    query = select(terminal_faces).where(terminal_faces.c.holder_id.in_(holder_ids))
    found = dict[str, frozenset[str]]()
    for row in await transaction.execute(query):
        found[row.template_id] = found.get(row.template_id, frozenset()) | {row.node}
    return found


async def kept(
    transaction: Transaction, holder_ids: Collection[str]
) -> dict[tuple[str, str], tuple[UUID, ...]]:
    """Return, by terminal and holder, the templates that lie there and at central no more."""
    has_copy = exists().where(templates.c.template_id == terminal_faces.c.template_id)
    query = select(terminal_faces).where(terminal_faces.c.holder_id.in_(holder_ids), ~has_copy)
    found = dict[tuple[str, str], tuple[UUID, ...]]()
    for row in await transaction.execute(query.order_by(terminal_faces.c.template_id)):
        key = (row.node, row.holder_id)
        found[key] = (*found.get(key, ()), UUID(row.template_id))
    return found


async def take_in(transaction: Transaction, statement: FaceStatement, *, now: datetime) -> bool:
    """Note what a terminal says that it holds; returns whether central's own copy went."""
    held = {str(template_id) for template_id in statement.template_ids}
    query = select(terminal_faces).where(
        terminal_faces.c.node == statement.node, terminal_faces.c.holder_id == statement.holder_id
    )
    has_gone = False
    for row in (await transaction.execute(query)).all():
        here = (terminal_faces.c.template_id == row.template_id) & (
            terminal_faces.c.node == row.node
        )
        if row.template_id in held and row.stored_at is None:
            await transaction.execute(update(terminal_faces).where(here).values(stored_at=now))
            has_gone |= await _let_go(transaction, row)
        elif row.template_id not in held and row.stored_at is not None:
            # The terminal has lost it, and nobody has another: the person comes again.
            await transaction.execute(delete(terminal_faces).where(here))
            transaction.announce("people")
    return has_gone


async def _let_go(transaction: Transaction, row: Row[tuple[str, str]]) -> bool:
    waiting = select(terminal_faces.c.node).where(
        terminal_faces.c.template_id == row.template_id, terminal_faces.c.stored_at.is_(None)
    )
    if (await transaction.execute(waiting)).first() is not None:
        return False
    await transaction.execute(delete(templates).where(templates.c.template_id == row.template_id))
    await repository.change(transaction, row.holder_id, {})
    return True


async def forget_node(transaction: Transaction, node: str) -> None:
    """Forget what a terminal kept whose keys are gone: nobody can open it any more."""
    await transaction.execute(delete(terminal_faces).where(terminal_faces.c.node == node))
