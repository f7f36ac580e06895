"""What an operator has terminals do about fires: kept here and sent as signed commands."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from central.commands import repository as commands
from central.database import Transaction
from central.fire.repository import TOPIC
from central.fire.tables import fire_drills, fire_tests
from central.security import Operator
from config.contract.commands import (
    LIFETIME,
    BeginDrill,
    BeginFireTest,
    NodeCommand,
    OfFire,
    Wanted,
)
from config.contract.identifiers import new_id

PLAN: str = "duty plan"
"""In place of an operator, of what the plan asks."""


async def begin_drill(
    transaction: Transaction,
    wish: BeginDrill,
    *,
    node: str,
    operator: Operator,
    reason: str,
    now: datetime,
) -> None:
    """Ask a node to begin a drill; it tells the others, as it would of a fire."""
    await transaction.execute(
        insert(fire_drills).values(
            drill_id=str(wish.drill_id),
            zone=wish.zone,
            releases=wish.releases,
            until=wish.until,
            node=node,
            asked_by=operator.username,
            reason=reason,
            asked_at=now,
        )
    )
    await send(transaction, node, wish, operator=operator, reason=reason, now=now)


async def begin_test(
    transaction: Transaction,
    wish: BeginFireTest,
    *,
    nodes: tuple[str, ...],
    operator: Operator,
    reason: str,
    now: datetime,
) -> None:
    """Ask every node that hears a zone's panels to take points out of it."""
    await transaction.execute(
        insert(fire_tests).values(
            test_id=str(wish.test_id),
            zone=wish.zone,
            points=list(wish.points),
            until=wish.until,
            asked_by=operator.username,
            reason=reason,
            asked_at=now,
        )
    )
    for node in nodes:
        await send(transaction, node, wish, operator=operator, reason=reason, now=now)


async def give_up_drill(transaction: Transaction, drill_id: UUID, *, now: datetime) -> None:
    """Note the end of a drill that no node ever began: nothing is left to be told of it."""
    table = fire_drills.c
    never = (table.drill_id == str(drill_id), table.began_at.is_(None), table.ended_at.is_(None))
    await transaction.execute(update(fire_drills).where(*never).values(ended_at=now))


async def give_up_test(transaction: Transaction, test_id: UUID, *, now: datetime) -> None:
    """Note the end of a test that no node ever began."""
    table = fire_tests.c
    never = (table.test_id == str(test_id), table.began_at.is_(None), table.ended_at.is_(None))
    await transaction.execute(update(fire_tests).where(*never).values(ended_at=now))


async def send(
    transaction: Transaction,
    node: str,
    what: OfFire,
    *,
    operator: Operator | None,
    reason: str,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> UUID:
    """Keep a command for a node and say that it waits; returns its identifier.

    Args:
        transaction: A writing one.
        node: That does it.
        what: To do.
        operator: Who asks; None is the duty plan.
        reason: Shown to operators, and kept.
        now: Aware UTC.
        lifetime: After which the node leaves it alone.
    """
    wanted: Wanted = what
    command = NodeCommand(
        id=new_id(),
        node=node,
        what=wanted,
        asked_by=PLAN if operator is None else operator.user_id,
        reason=reason,
        issued_at=now,
        expires_at=now + lifetime,
    )
    username = PLAN if operator is None else operator.username
    await commands.add(transaction, command, username=username)
    transaction.announce(TOPIC)
    return command.id
