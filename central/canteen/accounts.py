"""Who can pay, as tills are told: a person has a new version whenever a till must hear of them.

Versions follow what happened elsewhere, the ledger and people's records, some moments later; tills
hear of it within seconds. What a person can spend is read from the ledger when a till asks.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from central.canteen.repository import chunks
from central.canteen.tables import canteen_accounts, canteen_blocks, canteen_orders
from central.consent.repository import stands_for
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.site_values import replica_version
from central.tables import people, site_values
from config.contract.money import TillAccount, Wallet

TILL: Final = "till"
"""Announced when tills have something to ask for."""
PAGE_LENGTH: Final = 300
FOLLOWED_MAX: Final = 2_000
"""So many transfers are followed in one transaction."""
_LEDGER: Final = "canteen-ledger"
_PEOPLE: Final = "canteen-people"
_ACCOUNTS: Final = canteen_accounts.c


async def newest(transaction: Transaction) -> int:
    """Return the version of who or what changed last; 0 where there is nobody.

    Accounts and orders have one sequence, so that a till asks for both after one version.
    """
    of_accounts = select(func.max(_ACCOUNTS.version)).scalar_subquery()
    of_orders = select(func.max(canteen_orders.c.version)).scalar_subquery()
    found = (await transaction.execute(select(of_accounts, of_orders))).one()
    return max(int(version or 0) for version in found)


async def touch(transaction: Transaction, holder_ids: Iterable[str], *, now: datetime) -> None:
    """Let tills hear of people, whatever it is; takes the ledger's turn."""
    wanted = sorted(set(holder_ids))
    if not wanted:
        return
    await ledger.take_turn(transaction)
    known, ends = set[str](), await _ends(transaction, wanted, now=now)
    for some in chunks(wanted):
        query = select(_ACCOUNTS.holder_id).where(_ACCOUNTS.holder_id.in_(some))
        known |= set((await transaction.execute(query)).scalars())
    version = await newest(transaction)
    rows = [
        {"of_holder": holder_id, "new_version": number, "new_check_at": ends.get(holder_id)}
        for number, holder_id in enumerate(wanted, start=version + 1)
    ]
    values: dict[str, Any] = {
        "version": bindparam("new_version"),
        "check_at": bindparam("new_check_at"),
    }
    here = _ACCOUNTS.holder_id == bindparam("of_holder")
    await transaction.execute_many(
        update(canteen_accounts).where(here).values(values),
        [row for row in rows if row["of_holder"] in known],
    )
    await transaction.execute_many(
        insert(canteen_accounts).values(holder_id=bindparam("of_holder"), **values),
        [row for row in rows if row["of_holder"] not in known],
    )
    transaction.announce(TILL)


async def _ends(
    transaction: Transaction, holder_ids: Collection[str], *, now: datetime
) -> dict[str, datetime]:
    """Return when people's records say something else next, by the clock alone."""
    found = dict[str, datetime]()
    for some in chunks(holder_ids):
        columns = (people.c.holder_id, people.c.valid_from, people.c.valid_until)
        for row in await transaction.execute(select(*columns).where(people.c.holder_id.in_(some))):
            later = [at for at in (row.valid_from, row.valid_until) if at is not None and at > now]
            if later:
                found[row.holder_id] = min(later)
    return found


async def catch_up(transaction: Transaction, *, now: datetime) -> bool:
    """Give new versions to people whose money or record has changed; returns whether there is more.

    Args:
        transaction: A writing one.
        now: Aware UTC.
    """
    await ledger.take_turn(transaction)
    mark = await _mark(transaction, _LEDGER)
    touched, last = await ledger.touched(transaction, after=mark, limit=FOLLOWED_MAX)
    holders = {who for name in touched if (who := accounts.holder_of(name)) is not None}
    people_mark, version = await _mark(transaction, _PEOPLE), await replica_version(transaction)
    changed = select(_ACCOUNTS.holder_id).join(people, people.c.holder_id == _ACCOUNTS.holder_id)
    if version != people_mark:
        query = changed.where(people.c.version > people_mark)
        holders |= set((await transaction.execute(query)).scalars())
    due = select(_ACCOUNTS.holder_id).where(_ACCOUNTS.check_at <= now)
    holders |= set((await transaction.execute(due)).scalars())
    await touch(transaction, holders, now=now)
    await _set_mark(transaction, _LEDGER, last, before=mark)
    await _set_mark(transaction, _PEOPLE, version, before=people_mark)
    return len(touched) > 0 and last - mark >= FOLLOWED_MAX


async def is_behind(transaction: Transaction, *, now: datetime) -> bool:
    """Return whether there is anything to catch up with; any transaction."""
    if (await ledger.touched(transaction, after=await _mark(transaction, _LEDGER), limit=1))[0]:
        return True
    if await _mark(transaction, _PEOPLE) != await replica_version(transaction):
        return True
    due = select(_ACCOUNTS.holder_id).where(_ACCOUNTS.check_at <= now).limit(1)
    return (await transaction.execute(due)).first() is not None


async def next_check(transaction: Transaction) -> datetime | None:
    """Return when time alone changes an account next."""
    at: datetime | None = (
        await transaction.execute(select(func.min(_ACCOUNTS.check_at)))
    ).scalar_one()
    return at


async def _mark(transaction: Transaction, name: str) -> int:
    query = select(site_values.c.value).where(site_values.c.name == name)
    return int((await transaction.execute(query)).scalar_one_or_none() or 0)


async def _set_mark(transaction: Transaction, name: str, value: int, *, before: int) -> None:
    if value == before:
        return
    here = site_values.c.name == name
    await transaction.execute(delete(site_values).where(here))
    await transaction.execute(insert(site_values).values(name=name, value=str(value)))


async def page(
    transaction: Transaction, *, after: int, now: datetime
) -> tuple[list[TillAccount], int, bool]:
    """Return who changed after a version, the version of the last, and whether more did."""
    query = (
        select(_ACCOUNTS.holder_id, _ACCOUNTS.version, stands_for("canteen").label("by_face"))
        .select_from(canteen_accounts.outerjoin(people, people.c.holder_id == _ACCOUNTS.holder_id))
        .where(_ACCOUNTS.version > after)
        .order_by(_ACCOUNTS.version)
        .limit(PAGE_LENGTH + 1)
    )
    rows = (await transaction.execute(query)).all()
    has_more, rows = len(rows) > PAGE_LENGTH, rows[:PAGE_LENGTH]
    holder_ids = [row.holder_id for row in rows]
    spendable = await spendable_fen(transaction, holder_ids)
    barred = await barred_of(transaction, holder_ids, now=now)
    found = [
        TillAccount(
            holder_id=row.holder_id,
            spendable_fen=spendable[row.holder_id],
            is_blocked=row.holder_id in barred,
            pays_by_face=bool(row.by_face) and row.holder_id not in barred,
            version=row.version,
        )
        for row in rows
    ]
    return found, rows[-1].version if rows else after, has_more


async def spendable_fen(transaction: Transaction, holder_ids: Collection[str]) -> dict[str, int]:
    """Return what people can spend of all wallets together, what is kept left out."""
    names = {
        accounts.wallet(holder_id, which): holder_id
        for holder_id in holder_ids
        for which in (Wallet.SUBSIDY, Wallet.CASH)
    }
    found = dict.fromkeys(holder_ids, 0)
    for name, balance in (await ledger.balances(transaction, names)).items():
        found[names[name]] += balance.available_fen
    return found


async def barred_of(
    transaction: Transaction, holder_ids: Iterable[str], *, now: datetime
) -> frozenset[str]:
    """Return who of these cannot pay: nobody here, not any more, not yet, or blocked."""
    may, blocked = set[str](), set[str]()
    wanted = list(holder_ids)
    for some in chunks(wanted):
        begun = people.c.valid_from.is_(None) | (people.c.valid_from <= now)
        goes_on = people.c.valid_until.is_(None) | (people.c.valid_until > now)
        query = select(people.c.holder_id).where(
            people.c.holder_id.in_(some), people.c.is_active, ~people.c.is_removed, begun, goes_on
        )
        may |= set((await transaction.execute(query)).scalars())
        found = select(canteen_blocks.c.holder_id).where(canteen_blocks.c.holder_id.in_(some))
        blocked |= set((await transaction.execute(found)).scalars())
    return frozenset(set(wanted) - may | blocked)
