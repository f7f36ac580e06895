"""Organisation units in the database: a tree, each unit known by its path."""

from collections.abc import Collection

from sqlalchemy import func, insert, select

from central.database import Transaction
from central.people.import_schemas import UnitView
from central.tables import people, units
from config.contract.identifiers import new_id


async def identifiers(transaction: Transaction, paths: Collection[str]) -> dict[str, str]:
    """Return the identifier of every path; units that are not there are added, with those above.

    The caller holds the replica (``site_values.hold_replica``), so that no two add one unit.
    """
    rows = await transaction.execute(select(units.c.path, units.c.unit_id))
    known: dict[str, str] = {row.path: row.unit_id for row in rows}
    added = list[dict[str, str | None]]()
    for path in sorted(_with_those_above(paths) - known.keys()):
        above, _, name = path.rpartition("/")
        known[path] = str(new_id())
        added.append(
            {
                "unit_id": known[path],
                "parent_id": known[above] if above else None,
                "name": name,
                "path": path,
            }
        )
    await transaction.execute_many(insert(units), added)
    return known


async def tree(transaction: Transaction) -> list[UnitView]:
    """Return all units, each after the one above it."""
    count = select(func.count()).select_from(people)
    count = count.where(people.c.unit_id == units.c.unit_id, ~people.c.is_removed)
    query = select(units, count.scalar_subquery().label("people_count")).order_by(units.c.path)
    return [UnitView(**row) for row in (await transaction.execute(query)).mappings()]


def _with_those_above(paths: Collection[str]) -> set[str]:
    """Return the paths and every path that they begin with; shorter ones sort first."""
    found = set[str]()
    for path in paths:
        parts = path.split("/")
        found.update("/".join(parts[: length + 1]) for length in range(len(parts)))
    return found
