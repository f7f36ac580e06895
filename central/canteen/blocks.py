"""Who cannot pay anywhere until somebody lets them, and who could not before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select

from central.canteen.accounts import touch
from central.canteen.repository import TOPIC
from central.canteen.tables import canteen_blocks, canteen_blocks_lifted
from central.database import Transaction
from central.ledger import repository as ledger
from config.contract.identifiers import new_id

LIFTED_SHOWN: Final = 100
_BLOCKS, _LIFTED = canteen_blocks.c, canteen_blocks_lifted.c


async def block(
    transaction: Transaction, holder_id: str, *, reason: str, note: str, by: str, now: datetime
) -> None:
    """Let somebody pay nowhere until somebody lets them; tills hear of it at once.

    Who is blocked already stays so, for the new reason.
    """
    await ledger.take_turn(transaction)
    await transaction.execute(delete(canteen_blocks).where(_BLOCKS.holder_id == holder_id))
    await transaction.execute(
        insert(canteen_blocks).values(
            holder_id=holder_id, reason=reason, note=note, set_by=by, set_at=now
        )
    )
    await touch(transaction, [holder_id], now=now)
    transaction.announce(TOPIC)


async def unblock(
    transaction: Transaction, holder_id: str, *, note: str, by: str, now: datetime
) -> None:
    """Let somebody pay again; harmless where they can. Why is kept with why they could not."""
    await ledger.take_turn(transaction)
    known = await of(transaction, holder_id)
    if known is not None:
        await transaction.execute(
            insert(canteen_blocks_lifted).values(
                **known._mapping,  # noqa: SLF001 - SQLAlchemy's public name
                block_id=str(new_id()),
                lifted_by=by,
                lifted_at=now,
                lifted_note=note,
            )
        )
    await transaction.execute(delete(canteen_blocks).where(_BLOCKS.holder_id == holder_id))
    await touch(transaction, [holder_id], now=now)
    transaction.announce(TOPIC)


async def of(transaction: Transaction, holder_id: str) -> Row[Any] | None:
    """Return why somebody cannot pay; None where they can."""
    query = select(canteen_blocks).where(_BLOCKS.holder_id == holder_id)
    return (await transaction.execute(query)).first()


async def standing(transaction: Transaction) -> Sequence[Row[Any]]:
    """Return who is blocked, the newest first."""
    query = select(canteen_blocks).order_by(_BLOCKS.set_at.desc(), _BLOCKS.holder_id)
    return (await transaction.execute(query)).all()


async def lifted(transaction: Transaction) -> Sequence[Row[Any]]:
    """Return who was let pay again, the newest first."""
    query = select(canteen_blocks_lifted).order_by(_LIFTED.lifted_at.desc(), _LIFTED.block_id)
    return (await transaction.execute(query.limit(LIFTED_SHOWN))).all()
