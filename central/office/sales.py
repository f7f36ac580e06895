"""What was sold, out of the database; the report is made of it by ``report``."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select

from central.canteen.tables import canteen_charges, canteen_lines
from central.database import Transaction
from central.ledger.tables import ledger_transfers
from central.office.dishes import SoldDish, dishes_sold
from central.office.report import Report, Sold, report
from central.office.tables import office_deeds, office_moves


def span(since: date, until: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of a day and the first after another, by a wall clock."""
    first = datetime(since.year, since.month, since.day, tzinfo=zone)
    after = until + timedelta(days=1)
    last = datetime(after.year, after.month, after.day, tzinfo=zone)
    return first.astimezone(UTC), last.astimezone(UTC)


async def reported(
    transaction: Transaction, since: date, until: date, *, merchant: str | None, zone: ZoneInfo
) -> Report:
    """Return the sales of some days."""
    first, last = span(since, until, zone)
    columns, deeds = canteen_charges.c, office_deeds.c
    back = office_deeds.alias("back")
    paid = [
        columns.charged_at >= first,
        columns.charged_at < last,
        columns.content_hash.is_not(None),
    ]
    by_unit = [deeds.kind == "unit_charge", deeds.done_at >= first, deeds.done_at < last]
    if merchant is not None:
        paid.append(columns.merchant == merchant)
        by_unit.append(deeds.merchant == merchant)
    query = select(
        columns.charge_id,
        columns.till,
        columns.period,
        func.coalesce(columns.moved_group, columns.payer_group).label("group"),
        columns.charged_at,
        columns.amount_fen,
        columns.returned_fen,
        columns.void_id,
    ).where(*paid)
    rows = (await transaction.execute(query.order_by(columns.charged_at))).all()
    trays = await _trays(transaction, paid)
    of_item = await _back_by_item(transaction, paid)
    of_units = (
        select(func.coalesce(func.sum(deeds.amount_fen), 0))
        .select_from(office_deeds.outerjoin(back, back.c.reverses == deeds.deed_id))
        .where(*by_unit, back.c.deed_id.is_(None))
    )
    unit_fen = int((await transaction.execute(of_units)).scalar_one())

    def made() -> Report:
        sold = [
            Sold(
                row.till or "",
                row.period or "",
                row.group or "",
                row.charged_at,
                row.amount_fen - (0 if row.void_id else row.returned_fen),
                row.void_id is not None,
            )
            for row in rows
        ]
        left = [row for row in rows if row.void_id is None]
        return report(
            sold,
            dishes_sold(trays, {row.charge_id: row.returned_fen for row in left}, of_item),
            zone=zone,
            since=since,
            until=until,
            merchant=merchant,
            returned_fen=sum(row.returned_fen for row in rows if row.void_id is None),
            unit_fen=unit_fen,
        )

    # A month of a large canteen is some hundred thousand charges: others are served meanwhile.
    return await asyncio.to_thread(made)


async def _trays(
    transaction: Transaction, paid: Sequence[ColumnElement[bool]]
) -> dict[str, list[SoldDish]]:
    """Return what was on the tray of each charge that stands; empty is the meal itself."""
    columns, lines = canteen_charges.c, canteen_lines.c
    query = (
        select(
            lines.charge_id,
            lines.item,
            lines.count.label("pieces"),
            lines.weight_g,
            lines.amount_fen,
        )
        .join(canteen_charges, columns.charge_id == lines.charge_id)
        .where(*paid, columns.void_id.is_(None))
        .order_by(lines.charge_id, lines.number)
    )
    found = dict[str, list[SoldDish]]()
    for row in await transaction.execute(query):
        dish = SoldDish(row.item, row.pieces, row.weight_g or 0, row.amount_fen)
        found.setdefault(row.charge_id, []).append(dish)
    return found


async def _back_by_item(
    transaction: Transaction, paid: Sequence[ColumnElement[bool]]
) -> dict[tuple[str, str], int]:
    """Return what a corrected price gave back (below zero: took), by charge and dish."""
    moves, deeds, moved = office_moves.c, office_deeds.c, ledger_transfers.c
    signed = case((moved.debit.like("merchant/%"), moved.amount_fen), else_=-moved.amount_fen)
    query = (
        select(moves.charge_id, deeds.wish, func.sum(signed).label("fen"))
        .join(office_deeds, deeds.deed_id == moves.deed_id)
        .join(ledger_transfers, moved.transfer_id == moves.transfer_id)
        .join(canteen_charges, canteen_charges.c.charge_id == moves.charge_id)
        .where(*paid, deeds.kind == "wrong_price")
        .group_by(moves.charge_id, deeds.wish)
    )
    found = dict[tuple[str, str], int]()
    for row in await transaction.execute(query):
        key = (row.charge_id, json.loads(row.wish)["item"])
        found[key] = found.get(key, 0) + int(row.fen)
    return found
