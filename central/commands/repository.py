"""Operators' commands in the database; nothing is deleted."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, insert, select, update

from central.commands.schemas import CommandState, CommandView
from central.database import Transaction
from central.tables import commands
from config.contract.command_events import CommandAnswered, CommandRefusal
from config.contract.commands import NodeCommand, Wanted
from config.contract.events import Event

TOPIC: Final = "commands"
_WANTED: Final[TypeAdapter[Wanted]] = TypeAdapter(Wanted)


def node_topic(node: str) -> str:
    """Return what is announced when a command waits for a node."""
    return f"{TOPIC}:{node}"


async def add(
    transaction: Transaction,
    command: NodeCommand,
    *,
    username: str,
    action_id: UUID | None = None,
) -> None:
    """Keep a command, one of several that are one act where ``action_id`` is given; it waits."""
    await transaction.execute(
        insert(commands).values(
            command_id=str(command.id),
            node=command.node,
            what=command.what.model_dump_json(),
            asked_by=command.asked_by,
            username=username,
            reason=command.reason,
            issued_at=command.issued_at,
            expires_at=command.expires_at,
            action_id=None if action_id is None else str(action_id),
        )
    )
    transaction.announce(TOPIC)
    transaction.announce(node_topic(command.node))


async def find(transaction: Transaction, command_id: UUID) -> Row[Any] | None:
    """Return a command."""
    query = select(commands).where(commands.c.command_id == str(command_id))
    return (await transaction.execute(query)).first()


async def newest(
    transaction: Transaction, *, limit: int, action_id: UUID | None = None
) -> Sequence[Row[Any]]:
    """Return commands, newest first; of one act where ``action_id`` is given."""
    query = select(commands).order_by(commands.c.issued_at.desc(), commands.c.command_id.desc())
    if action_id is not None:
        query = query.where(commands.c.action_id == str(action_id))
    return (await transaction.execute(query.limit(limit))).all()


async def waiting(transaction: Transaction, node: str, *, now: datetime) -> Sequence[Row[Any]]:
    """Return what a node is still to do, oldest first."""
    query = select(commands).where(
        commands.c.node == node, commands.c.outcome.is_(None), commands.c.expires_at > now
    )
    rows = await transaction.execute(query.order_by(commands.c.issued_at, commands.c.command_id))
    return rows.all()


async def note_told(transaction: Transaction, rows: Iterable[Row[Any]], *, now: datetime) -> None:
    """Note that the node has fetched these."""
    fresh = [row.command_id for row in rows if row.told_at is None]
    if fresh:
        chosen = update(commands).where(commands.c.command_id.in_(fresh))
        await transaction.execute(chosen.values(told_at=now))
        transaction.announce(TOPIC)


async def withdraw(transaction: Transaction, command_id: UUID, *, now: datetime) -> bool:
    """Let a command that its node has not fetched end now; returns whether it had not."""
    withdrawn = await transaction.execute(
        update(commands)
        .where(
            commands.c.command_id == str(command_id),
            commands.c.told_at.is_(None),
            commands.c.outcome.is_(None),
        )
        .values(expires_at=now)
        .returning(commands.c.command_id)
    )
    if withdrawn.first() is None:
        return False
    transaction.announce(TOPIC)
    return True


async def note_answers(transaction: Transaction, node: str, events: Iterable[Event]) -> None:
    """Note what a node says became of its commands; the first answer to each one stands."""
    for event in events:
        if event.type != CommandAnswered.type_name:
            continue
        told = event.parsed()
        if not isinstance(told, CommandAnswered):
            continue
        noted = await transaction.execute(
            update(commands)
            .where(
                commands.c.command_id == str(told.command_id),
                commands.c.node == node,
                commands.c.outcome.is_(None),
            )
            .values(outcome=told.outcome, refusal=told.refusal, answered_at=event.time)
            .returning(commands.c.command_id)
        )
        if noted.first() is not None:
            transaction.announce(TOPIC)


def command_of(row: Row[Any]) -> NodeCommand:
    """Return a command as it is signed."""
    return NodeCommand(
        id=UUID(row.command_id),
        node=row.node,
        what=_WANTED.validate_json(row.what),
        asked_by=row.asked_by,
        reason=row.reason,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )


def view_of(row: Row[Any], *, now: datetime) -> CommandView:
    """Return a command as operators see it."""
    return CommandView(
        command_id=UUID(row.command_id),
        node=row.node,
        what=_WANTED.validate_json(row.what),
        reason=row.reason,
        asked_by=row.username,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        told_at=row.told_at,
        answered_at=row.answered_at,
        state=state_of(row, now=now),
        refusal=None if row.refusal is None else CommandRefusal(row.refusal),
        action_id=None if row.action_id is None else UUID(row.action_id),
    )


def state_of(row: Row[Any], *, now: datetime) -> CommandState:
    """Return what has become of a command by now."""
    if row.outcome is not None:
        return CommandState(row.outcome)
    is_over = now >= row.expires_at
    if row.told_at is None:
        return CommandState.NOT_DELIVERED if is_over else CommandState.WAITING
    return CommandState.NO_ANSWER if is_over else CommandState.TOLD
