"""Single values of the site: read, written once, and the counter of the replica."""

from sqlalchemy import insert, select, update

from central.database import Transaction
from central.tables import site_values

EPOCH = "epoch"
REPLICA_VERSION = "replica_version"


async def read_value(transaction: Transaction, name: str) -> str:
    """Return a value; LookupError where it was never written."""
    row = (
        await transaction.execute(select(site_values.c.value).where(site_values.c.name == name))
    ).scalar_one_or_none()
    if row is None:
        raise LookupError(name)
    return str(row)


async def write_value_once(transaction: Transaction, name: str, value: str) -> None:
    """Write a value unless there is one; the caller has taken its turn."""
    known = await transaction.execute(select(site_values.c.name).where(site_values.c.name == name))
    if known.first() is None:
        await transaction.execute(insert(site_values).values(name=name, value=value))


async def write_value(transaction: Transaction, name: str, value: str) -> None:
    """Replace a value that is there."""
    await transaction.execute(
        update(site_values).where(site_values.c.name == name).values(value=value)
    )


async def replica_version(transaction: Transaction) -> int:
    """Return the version of people now."""
    return int(await read_value(transaction, REPLICA_VERSION))


async def next_replica_version(transaction: Transaction) -> int:
    """Return a new version for one changed person; see ``next_replica_versions``."""
    return (await next_replica_versions(transaction, 1))[0]


async def next_replica_versions(transaction: Transaction, count: int) -> range:
    """Return so many new versions, one for each changed person, and announce them.

    The row stays locked until the end, so versions appear in their order.
    """
    query = select(site_values.c.value).where(site_values.c.name == REPLICA_VERSION)
    last = int((await transaction.execute(query.with_for_update())).scalar_one()) + count
    await write_value(transaction, REPLICA_VERSION, str(last))
    transaction.announce("people")
    return range(last - count + 1, last + 1)


async def hold_replica(transaction: Transaction) -> None:
    """Wait until nobody else changes people, and let nobody until the end."""
    query = select(site_values.c.value).where(site_values.c.name == REPLICA_VERSION)
    await transaction.execute(query.with_for_update())
