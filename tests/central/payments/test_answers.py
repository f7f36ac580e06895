"""Answers of people, and the alarms until then, at two central processes."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import select

from central.alarms.tables import alarm_sources
from central.database import Database, Transaction
from central.payments import answers, repository
from central.payments.provider import Way
from central.payments.schemas import WantedAnswer
from tests.central.ledger.ledgering import opened
from tests.central.postgresql import fresh_database, until_it_waits

NOW = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
WISH = WantedAnswer(question="amount_differs", words="已电话核实")


async def ask(database: Database) -> str:
    """Have a top-up with a question; returns its number."""
    order_no = uuid4().hex
    async with database.write() as transaction:
        await repository.add(
            transaction, order_no, holder_id="anna", amount_fen=100, way=Way.QR, made_by="li",
            expires_at=NOW + timedelta(hours=1), now=NOW,
        )  # fmt: skip
        await repository.note(transaction, order_no, question=WISH.question)
        await answers.follow_questions(transaction, now=NOW, is_new=True)
    return order_no


async def answer(transaction: Transaction, order_no: str) -> None:
    row = await repository.find(transaction, order_no, to_change=True)
    assert row is not None
    await repository.answer(transaction, row, WISH, by="li", now=NOW)


def test_the_alarm_is_over_once_two_answer_the_last_two_questions_at_once(postgresql: str) -> None:
    async def act() -> list[bool]:
        async with opened(url) as one, opened(url) as other:
            first, second = await ask(one), await ask(one)

            async def also() -> None:
                async with other.write() as transaction:
                    await answer(transaction, second)

            async with one.write() as transaction:
                await answer(transaction, first)
                answered = asyncio.create_task(also())
                await until_it_waits(one, answered)
            await answered
            async with one.read() as transaction:
                query = select(alarm_sources.c.is_active).where(
                    alarm_sources.c.kind == answers.QUESTION
                )
                return list((await transaction.execute(query)).scalars())

    url = fresh_database(postgresql)

    assert asyncio.run(act()) == [False]
