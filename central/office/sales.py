"""What was sold, out of the database; the report is made of it by ``report``."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from central.canteen.tables import canteen_charges, canteen_lines
from central.database import Transaction
from central.office.report import Report, Sold, SoldDish, report
from central.office.tables import office_deeds


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
    columns, lines, deeds = canteen_charges.c, canteen_lines.c, office_deeds.c
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
        columns.till,
        columns.period,
        columns.payer_group,
        columns.charged_at,
        columns.amount_fen,
        columns.returned_fen,
        columns.void_id,
    ).where(*paid)
    rows = (await transaction.execute(query.order_by(columns.charged_at))).all()
    of_lines = (
        select(
            lines.item,
            func.sum(lines.count).label("pieces"),
            func.sum(func.coalesce(lines.weight_g, 0)).label("grams"),
            func.sum(lines.amount_fen).label("fen"),
        )
        .join(canteen_charges, columns.charge_id == lines.charge_id)
        .where(*paid, columns.void_id.is_(None), lines.item != "")
        .group_by(lines.item)
    )
    dishes = [
        SoldDish(row.item, int(row.pieces), int(row.grams), int(row.fen))
        for row in await transaction.execute(of_lines)
    ]
    of_units = (
        select(func.coalesce(func.sum(deeds.amount_fen), 0))
        .select_from(office_deeds.outerjoin(back, back.c.reverses == deeds.deed_id))
        .where(*by_unit, back.c.deed_id.is_(None))
    )
    unit_fen = int((await transaction.execute(of_units)).scalar_one())

    def made() -> Report:
        sold = [
            Sold(
                row.till,
                row.period or "",
                row.payer_group or "",
                row.charged_at,
                row.amount_fen - (0 if row.void_id else row.returned_fen),
                row.void_id is not None,
            )
            for row in rows
        ]
        return report(
            sold,
            dishes,
            zone=zone,
            since=since,
            until=until,
            merchant=merchant,
            returned_fen=sum(row.returned_fen for row in rows if row.void_id is None),
            unit_fen=unit_fen,
        )

    # A month of a large canteen is some hundred thousand charges: others are served meanwhile.
    return await asyncio.to_thread(made)
