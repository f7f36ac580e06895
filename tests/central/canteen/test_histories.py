"""Whatever order facts come in and however often, they come to what a simple reference says."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from central.canteen.charges import take_in
from central.canteen.reservations import reserve
from central.canteen.tables import canteen_merchants, canteen_tills
from central.database import Database
from central.ledger.repository import of_group, release_expired
from config.contract.events import ChargePending, ChargeRecorded, EventData
from tests.central.canteen.dining import (
    NODE,
    NOW,
    Money,
    charge,
    come,
    hear,
    money,
    released,
    settle_in,
    told,
    void,
)
from tests.central.canteen.test_charges import ZONE, wish
from tests.central.migrated import migrated_file

AMOUNTS = (300, 700, 1_100)
KINDS = ("pending", "charge", "void", "released", "reserve")
_numbers = itertools.count(1)
Step = tuple[int, str]
Canteen = tuple[asyncio.Runner, Database]


@pytest.fixture(scope="module")
def canteen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canteen]:
    """One canteen for all histories; each has its own person, till and merchant."""
    file = tmp_path_factory.mktemp("canteen") / "central.sqlite3"
    file.write_bytes(migrated_file().read_bytes())
    database = Database(f"sqlite:///{file}")

    async def install() -> None:
        await database.open()
        async with database.write() as transaction:
            await settle_in(transaction)

    with asyncio.Runner() as runner:
        runner.run(install())
        yield runner, database
        runner.run(database.close())


def facts_of(meals: list[ChargeRecorded]) -> dict[Step, EventData]:
    """Return everything that a till may say of meals."""
    found = dict[Step, EventData]()
    for index, meal in enumerate(meals):
        found[index, "charge"] = meal
        found[index, "void"] = void(meal)
        found[index, "released"] = released(meal)
        found[index, "pending"] = ChargePending(
            charge_id=meal.charge_id,
            till=meal.till,
            merchant=meal.merchant,
            holder_id=meal.holder_id,
            amount_fen=meal.amount_fen,
        )
    return found


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(KINDS)), min_size=1, max_size=14),
    cuts=st.sets(st.integers(1, 13)),
    wallets=st.tuples(st.integers(0, 1_500), st.integers(0, 1_500)),
)
def test_any_order_and_repetition_comes_to_the_same(
    canteen: Canteen, steps: list[Step], cuts: set[int], wallets: tuple[int, int]
) -> None:
    (runner, database), number = canteen, next(_numbers)
    holder_id, name, (subsidy_fen, cash_fen) = f"person-{number}", f"place-{number}", wallets
    meals = [charge(holder_id, fen, merchant=name, till=name) for fen in AMOUNTS]
    said = facts_of(meals)

    async def live() -> tuple[Money, dict[UUID, int]]:
        async with database.write() as transaction:
            place = insert(canteen_merchants).values(merchant=name, kind="canteen")
            await transaction.execute(place)
            till = insert(canteen_tills).values(till=name, node=NODE, merchant=name)
            await transaction.execute(till)
            money_of = {"subsidy_fen": subsidy_fen, "cash_fen": cash_fen}
            await come(transaction, holder_id, version=number, **money_of)
            batch = list[EventData]()
            for step, (index, kind) in enumerate(steps, start=1):
                if kind != "reserve":
                    batch.append(said[index, kind])
                if kind == "reserve" or step in cuts:
                    await hear(transaction, *batch)
                    batch = []
                if kind == "reserve":
                    asked = wish(meals[index])
                    await reserve(transaction, asked, node=NODE, zone=ZONE, now=NOW)
            await take_in(transaction, NODE, told(*batch), now=NOW)
            await release_expired(transaction, now=NOW + timedelta(days=1))
            kept = {
                meal.charge_id: sum(
                    moved.change_fen(f"merchant/{name}")
                    for moved in await of_group(transaction, meal.charge_id)
                )
                for meal in meals
            }
            return await money(transaction, holder_id, name), kept

    after, kept = runner.run(live())

    happened = set(steps)
    owed = {
        meal.charge_id: 0
        if (index, "charge") not in happened or (index, "void") in happened
        else meal.amount_fen
        for index, meal in enumerate(meals)
    }
    assert kept == owed
    assert after.merchant_fen == sum(owed.values())
    have_fen = after.subsidy_fen + after.cash_fen - after.debt_fen
    assert have_fen == sum(wallets) - sum(owed.values())
    assert min(after.subsidy_fen, after.cash_fen, after.debt_fen) >= 0
