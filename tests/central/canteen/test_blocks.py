"""Who cannot pay anywhere: said by two people at once, at two central processes."""

import asyncio
from typing import Any

from sqlalchemy import func, select

from central.canteen import blocks
from central.canteen.tables import canteen_blocks_lifted
from central.database import Transaction
from tests.central.canteen.dining import NOW
from tests.central.ledger.ledgering import opened
from tests.central.postgresql import fresh_database, until_it_waits

SAID: dict[str, Any] = {"by": "li", "note": "", "now": NOW}


def test_two_who_block_and_two_who_let_pay_at_once_do_it_once(postgresql: str) -> None:
    async def block(transaction: Transaction) -> None:
        await blocks.block(transaction, "anna", reason="lost", **SAID)

    async def unblock(transaction: Transaction) -> None:
        await blocks.unblock(transaction, "anna", **SAID)

    async def act() -> tuple[int, int]:
        async with opened(url) as one, opened(url) as other:

            async def also(deed: Any) -> None:  # noqa: ANN401 - of the two above
                async with other.write() as transaction:
                    await deed(transaction)

            for deed in (block, unblock):
                async with one.write() as transaction:
                    await deed(transaction)
                    second = asyncio.create_task(also(deed))
                    await until_it_waits(one, second)
                await second
            async with one.read() as transaction:
                lifted = select(func.count()).select_from(canteen_blocks_lifted)
                count = (await transaction.execute(lifted)).scalar_one()
                return len(await blocks.standing(transaction)), count

    url = fresh_database(postgresql)

    assert asyncio.run(act()) == (0, 1)
