"""People with money, tills, and what tills say of them."""

import asyncio
import dataclasses
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import insert, text

from central.canteen import repository
from central.canteen.charges import take_in
from central.database import Transaction
from central.ledger import accounts
from central.ledger.repository import Order, balances, post
from central.tables import people
from config.contract.access import CredentialKind
from config.contract.events import ChargeRecorded, ChargeReleased, ChargeVoided, Event, EventData
from config.contract.money import ChargeLine, ChargeMode, MoneyUnit, Wallet
from config.site_canteen import MerchantEntry, TillEntry
from tests.central.bench import make_event
from tests.central.ledger.ledgering import opened
from tests.central.migrated import migrated_file

NOW = datetime(2026, 11, 30, 4, 30, tzinfo=UTC)
NOON = NOW - timedelta(minutes=10)
NODE = "counter-1"
MERCHANTS = (MerchantEntry(id="canteen"), MerchantEntry(id="shop", kind="shop"))
TILLS = (
    TillEntry(id="till-1", node=NODE, merchant="canteen"),
    TillEntry(id="till-2", node=NODE, merchant="canteen"),
)
SESSION = UUID(int=7)
Result = TypeVar("Result")


def charge(holder_id: str = "anna", amount_fen: int = 1_200, **more: Any) -> ChargeRecorded:  # noqa: ANN401 - fields of any type
    """Return a meal that is paid."""
    values: dict[str, Any] = {
        "charge_id": uuid4(),
        "session_id": SESSION,
        "till": "till-1",
        "merchant": "canteen",
        "mode": ChargeMode.MENU,
        "period": "lunch",
        "lines": (ChargeLine(item="rice", amount_fen=amount_fen),),
        "credential": CredentialKind.CARD,
    }
    return ChargeRecorded(holder_id=holder_id, amount_fen=amount_fen, **{**values, **more})


def void(of: ChargeRecorded, **more: Any) -> ChargeVoided:  # noqa: ANN401 - fields of any type
    """Return that the till took a meal back."""
    values = {"charge_id": of.charge_id, "session_id": of.session_id, "amount_fen": of.amount_fen}
    return ChargeVoided(**{"void_id": uuid4(), "till": of.till, **values, **more})


def released(of: ChargeRecorded) -> ChargeReleased:
    """Return that a meal did not come about."""
    return ChargeReleased(charge_id=of.charge_id, till=of.till, reason="not_me")


def told(*facts: EventData, at: datetime = NOON) -> list[Event]:
    """Return facts as a node tells them."""
    return [
        make_event(number, node=NODE, fact=fact, time=at) for number, fact in enumerate(facts, 1)
    ]


async def hear(
    transaction: Transaction, *facts: EventData, at: datetime = NOON, now: datetime = NOW
) -> None:
    """Take in what a till says."""
    await take_in(transaction, NODE, told(*facts, at=at), now=now)


async def settle_in(transaction: Transaction) -> None:
    """Install merchants and tills, as a first start does."""
    await repository.keep_places(transaction, MERCHANTS, TILLS)
    first = "INSERT INTO site_values (name, value) VALUES ('replica_version', '0')"
    await transaction.execute(text(first))


async def come(
    transaction: Transaction,
    holder_id: str = "anna",
    *,
    subsidy_fen: int = 0,
    cash_fen: int = 0,
    version: int = 1,
    **more: object,
) -> None:
    """Let somebody be here, with money."""
    values = {"is_removed": False, "is_active": True, "name": "安娜", "created_at": NOW, **more}
    await transaction.execute(insert(people).values(holder_id=holder_id, version=version, **values))
    given = (("fund/staff", Wallet.SUBSIDY, subsidy_fen), ("source/counter", Wallet.CASH, cash_fen))
    orders = [
        Order(
            transfer_id=uuid4(),
            debit=source,
            credit=accounts.wallet(holder_id, which),
            amount_fen=amount_fen,
            unit=MoneyUnit.CNY,
            reason="top-up",
            happened_at=NOW,
        )
        for source, which, amount_fen in given
        if amount_fen
    ]
    await post(transaction, orders, now=NOW)


@dataclasses.dataclass(frozen=True, slots=True)
class Money:
    """What somebody and the canteen have."""

    subsidy_fen: int = 0
    cash_fen: int = 0
    debt_fen: int = 0
    merchant_fen: int = 0


async def money(
    transaction: Transaction, holder_id: str = "anna", merchant: str = "canteen"
) -> Money:
    """Return it."""
    wallets = [accounts.wallet(holder_id, which) for which in Wallet]
    names = [*wallets, accounts.merchant(merchant)]
    found = await balances(transaction, names)
    subsidy, cash, debt, merchant_fen = (found[name].posted_fen for name in names)
    return Money(subsidy, cash, -debt, merchant_fen)


async def problems(transaction: Transaction) -> list[str]:
    """Return the kinds of what waits for a person."""
    rows = await repository.list_exceptions(transaction, is_open=True, limit=100)
    return sorted(row.kind for row in rows)


def in_canteen(url: str, act: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """Do something in a canteen that has just been installed, in one transaction."""
    kind, _, file = url.partition(":///")
    if kind == "sqlite" and not Path(file).exists():
        shutil.copy(migrated_file(), file)

    async def run() -> Result:
        async with opened(url) as database, database.write() as transaction:
            await settle_in(transaction)
            return await act(transaction)

    return asyncio.run(run())
