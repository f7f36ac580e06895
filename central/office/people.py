"""Whom the office deals with: people by number or name, their groups, and what they hold."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.accounts import wallet
from central.patterns import like_pattern
from central.people.masking import masked
from central.tables import people
from config.contract.money import Wallet

FOUND_MAX = 20
_CHUNK = 500


async def holders_by_number(
    transaction: Transaction, numbers: Collection[str]
) -> dict[str, tuple[str, bool]]:
    """Return holder and whether they are active, by personnel number."""
    found, wanted = dict[str, tuple[str, bool]](), list(numbers)
    columns = (people.c.number, people.c.holder_id, people.c.is_active)
    for at in range(0, len(wanted), _CHUNK):
        query = select(*columns).where(
            people.c.number.in_(wanted[at : at + _CHUNK]), ~people.c.is_removed
        )
        for row in await transaction.execute(query):
            found[row.number] = (row.holder_id, row.is_active)
    return found


async def is_known(transaction: Transaction, holder_id: str) -> bool:
    """Return whether there is such a person, also one who is not active any more."""
    query = select(people.c.holder_id).where(people.c.holder_id == holder_id, ~people.c.is_removed)
    return (await transaction.execute(query)).first() is not None


async def active(transaction: Transaction, *, now: datetime) -> list[tuple[str, tuple[str, ...]]]:
    """Return everybody who may be granted something, with their profiles, in a fixed order."""
    query = select(people.c.holder_id, people.c.profiles).where(
        ~people.c.is_removed,
        people.c.is_active,
        or_(people.c.valid_from.is_(None), people.c.valid_from <= now),
        or_(people.c.valid_until.is_(None), people.c.valid_until > now),
    )
    rows = await transaction.execute(query.order_by(people.c.holder_id))
    return [(row.holder_id, tuple(row.profiles or ())) for row in rows]


def group_of(profiles: Collection[str], groups: Sequence[tuple[str, str]]) -> str:
    """Return the group that profiles put somebody into: the first that matches holds."""
    return next((group for profile, group in groups if profile in profiles), "")


async def found(
    transaction: Transaction, query: str, *, has_names: bool
) -> list[tuple[str, str, str | None, bool]]:
    """Return holder, name, number and whether they are active, of those whom words find."""
    pattern = like_pattern(query.strip())
    columns = (people.c.holder_id, people.c.name, people.c.number, people.c.is_active)
    wanted = select(*columns).where(
        ~people.c.is_removed,
        or_(people.c.name.like(pattern, escape="\\"), people.c.number.like(pattern, escape="\\")),
    )
    rows = await transaction.execute(wanted.order_by(people.c.number).limit(FOUND_MAX))
    return [
        (row.holder_id, row.name if has_names else masked(row.name), row.number, row.is_active)
        for row in rows
    ]


async def wallets(transaction: Transaction, holder_id: str) -> dict[Wallet, ledger.Balance]:
    """Return what each of somebody's accounts holds."""
    names = {which: wallet(holder_id, which) for which in Wallet}
    held = await ledger.balances(transaction, list(names.values()))
    return {which: held[name] for which, name in names.items()}


async def owed(transaction: Transaction, holders: Sequence[str]) -> dict[str, int]:
    """Return what people owe, above zero, by holder."""
    names = {holder: wallet(holder, Wallet.DEBT) for holder in holders}
    held = await ledger.balances(transaction, list(names.values()))
    return {holder: max(0, -held[name].posted_fen) for holder, name in names.items()}
