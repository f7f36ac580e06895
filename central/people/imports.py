"""The personnel office's file in the database: who is known, what waits, and applying it."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from central.database import Transaction
from central.people import units
from central.people.roster.compare import Change, Comparison, Existing, Known
from central.people.roster.rows import Refusal, Roster, RosterRow
from central.site_values import next_replica_versions
from central.tables import cards, imports, people
from central.tables import units as unit_table
from config.contract.identifiers import new_id

CHUNK: Final = 500
"""Identifiers in one statement: SQLite knows at most so many parameters."""
TIMES: Final = ("valid_from", "valid_until")


async def existing(
    transaction: Transaction, *, number: str | None = None, verifiers: Sequence[str] = ()
) -> Existing:
    """Return who is known: everybody with a number, or one, and whose the cards are."""
    query = (
        select(people, unit_table.c.path.label("unit"))
        .select_from(people.outerjoin(unit_table))
        .where(~people.c.is_removed, people.c.number.is_not(None))
    )
    owned = select(cards.c.holder_id, cards.c.verifier)
    if number is not None:
        query = query.where(people.c.number == number)
        whose = select(people.c.holder_id).where(people.c.number == number)
        owned = owned.where(cards.c.verifier.in_(verifiers) | cards.c.holder_id.in_(whose))
    owners, of_holder = dict[str, str](), dict[str, set[str]]()
    for card in await transaction.execute(owned):
        owners[card.verifier] = card.holder_id
        of_holder.setdefault(card.holder_id, set()).add(card.verifier)
    rows = await transaction.execute(query)
    found = [_known(row, frozenset(of_holder.get(row.holder_id, ()))) for row in rows]
    return Existing({known.number: known for known in found}, owners)


def _known(row: Any, owned: frozenset[str]) -> Known:  # noqa: ANN401 - a row of the query
    return Known(
        holder_id=row.holder_id,
        number=row.number,
        name=row.name,
        unit=row.unit,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        is_active=row.is_active,
        access_points=None if row.access_points is None else tuple(sorted(row.access_points)),
        profiles=None if row.profiles is None else tuple(sorted(row.profiles)),
        cards=owned,
        in_roster=row.in_roster,
    )


async def keep(
    transaction: Transaction, roster: Roster, *, fingerprint: str, by: str, expires_at: datetime
) -> str:
    """Keep a file that was compared until it is applied; returns its identifier."""
    import_id = str(new_id())
    await transaction.execute(
        insert(imports).values(
            import_id=import_id,
            created_by=by,
            expires_at=expires_at,
            fingerprint=fingerprint,
            roster=_to_text(roster),
        )
    )
    return import_id


async def take(
    transaction: Transaction, import_id: str, *, now: datetime
) -> tuple[Roster, str] | None:
    """Return a file that waits and the fingerprint it was compared with, and forget it."""
    taken = await transaction.execute(
        delete(imports)
        .where(imports.c.import_id == import_id, imports.c.expires_at > now)
        .returning(imports.c.roster, imports.c.fingerprint)
    )
    row = taken.first()
    return None if row is None else (_from_text(row.roster), row.fingerprint)


async def apply(
    transaction: Transaction,
    comparison: Comparison,
    existing: Existing,
    *,
    switched_off: Sequence[Known] = (),
    is_roster: bool,
    now: datetime,
) -> list[str]:
    """Do what a comparison says; returns the holder ids of its changes, in their order.

    The caller holds the replica. ``is_roster`` marks people as being in the personnel office's
    file, so that a later file can miss them.
    """
    changes = comparison.changes
    versions = iter(
        await next_replica_versions(transaction, len(changes) + len(switched_off))
        if changes or switched_off
        else ()
    )
    paths = {change.values["unit"] for change in changes if change.values.get("unit")}
    unit_ids = await units.identifiers(transaction, paths)
    by_id = {known.holder_id: known for known in existing.people.values()}
    holder_ids = [change.holder_id or str(new_id()) for change in changes]
    added, changed = list[dict[str, Any]](), list[dict[str, Any]]()
    for change, holder_id in zip(changes, holder_ids, strict=True):
        known = by_id.get(holder_id)
        row = _row(change, known, unit_ids, version=next(versions))
        if known is None:
            row |= {"holder_id": holder_id, "number": change.number, "created_at": now}
            added.append({**row, "is_removed": False, "in_roster": is_roster})
        else:
            values = {f"to_{name}": value for name, value in row.items()}
            changed.append({**values, "of_holder": holder_id})
    await transaction.execute_many(insert(people), added)
    await _change(transaction, changed)
    await _switch_off(transaction, switched_off, versions)
    await _give_cards(transaction, zip(holder_ids, changes, strict=True), now)
    if is_roster:
        await _mark(transaction, [*(c.holder_id for c in changes if c.holder_id),
                                  *comparison.unchanged])  # fmt: skip
    return holder_ids


_WRITTEN: Final = (
    "version", "name", "is_active", "valid_from", "valid_until", "access_points", "profiles",
    "unit_id",
)  # fmt: skip


def _row(
    change: Change, known: Known | None, unit_ids: dict[str, str], *, version: int
) -> dict[str, Any]:
    """Return all columns of a person after a change."""
    values = dict(change.values)

    def after(field: str, otherwise: object = None) -> Any:  # noqa: ANN401 - of the field's type
        return values.get(field, otherwise if known is None else known.value(field))

    unit = after("unit")
    return {
        "version": version,
        "name": after("name"),
        "is_active": after("is_active", otherwise=True),
        "valid_from": after("valid_from"),
        "valid_until": after("valid_until"),
        "access_points": after("access_points"),
        "profiles": after("profiles"),
        "unit_id": None if unit is None else unit_ids[unit],
    }


async def _change(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    columns = people.c
    await transaction.execute_many(
        update(people)
        .where(columns.holder_id == bindparam("of_holder"))
        .values({name: bindparam(f"to_{name}", type_=columns[name].type) for name in _WRITTEN}),
        rows,
    )


async def _switch_off(
    transaction: Transaction, missing: Sequence[Known], versions: Iterable[int]
) -> None:
    await transaction.execute_many(
        update(people)
        .where(people.c.holder_id == bindparam("of_holder"))
        .values(is_active=False, version=bindparam("to_version")),
        [
            {"of_holder": known.holder_id, "to_version": version}
            for known, version in zip(missing, versions, strict=True)
        ],
    )


async def _give_cards(
    transaction: Transaction, changes: Iterable[tuple[str, Change]], now: datetime
) -> None:
    await transaction.execute_many(
        insert(cards),
        [
            {
                "card_id": str(new_id()),
                "holder_id": holder_id,
                "verifier": verifier,
                "created_at": now,
            }
            for holder_id, change in changes
            for verifier in change.cards
        ],
    )


async def _mark(transaction: Transaction, holder_ids: Sequence[str]) -> None:
    for begin in range(0, len(holder_ids), CHUNK):
        await transaction.execute(
            update(people)
            .where(people.c.holder_id.in_(holder_ids[begin : begin + CHUNK]))
            .values(in_roster=True)
        )


def _to_text(roster: Roster) -> str:
    rows = [
        [
            row.row,
            row.number,
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in row.values.items()
            },
            row.cards,
        ]
        for row in roster.rows
    ]
    refusals = [[refusal.row, refusal.column, refusal.code] for refusal in roster.refusals]
    document = {"rows": rows, "refusals": refusals, "numbers": sorted(roster.numbers)}
    return json.dumps(document, ensure_ascii=False)


def _from_text(text: str) -> Roster:
    document = json.loads(text)
    return Roster(
        rows=tuple(
            RosterRow(row=row, number=number, values=_values(values), cards=tuple(verifiers))
            for row, number, values, verifiers in document["rows"]
        ),
        refusals=tuple(Refusal(*refusal) for refusal in document["refusals"]),
        numbers=frozenset(document["numbers"]),
    )


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in TIMES and value is not None else value
        for name, value in values.items()
    }
