"""What was sold, by meal, dish, till, group and day; peaks, and how fast people pay. Pure.

A charge counts with what is left of it: what was given back was not sold. A void counts apart.
"""

import dataclasses
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from pydantic import BaseModel

from central.office.dishes import SoldDish
from central.spreadsheet import UTF8_MARK, csv_line, plain

QUARTER_MIN: Final = 15
PACE_GAP_S_MAX: Final = 60.0
"""Whoever comes later than this after the one before did not stand in a queue."""
PACE_COUNT_MIN: Final = 5
TABLES: Final = ("days", "periods", "dishes", "tills", "groups", "quarters")


@dataclasses.dataclass(frozen=True, slots=True)
class Sold:
    """A charge, as far as the report knows it."""

    till: str
    period: str
    group: str
    at: datetime
    left_fen: int
    is_void: bool


class Row(BaseModel):
    """A line of a table.

    Attributes:
        key: A day, period, dish, till, group, or a quarter of an hour ``HH:MM``; may be empty.
        weight_g: Of what is weighed.
        pace_s: Median seconds from one diner to the next while people queue; None where nobody did.
    """

    key: str
    count: int
    amount_fen: int
    weight_g: int = 0
    pace_s: float | None = None


class Report(BaseModel):
    """Sales of a span of days.

    Attributes:
        void_count: Charges that their till took back; they count nowhere else.
        unit_fen: What units paid for by themselves, without a till.
        pace_s: As of a row, of all tills.
    """

    since: date
    until: date
    merchant: str | None
    count: int
    amount_fen: int
    void_count: int
    returned_fen: int
    unit_fen: int
    pace_s: float | None
    days: list[Row]
    periods: list[Row]
    dishes: list[Row]
    tills: list[Row]
    groups: list[Row]
    quarters: list[Row]


def report(
    sold: Sequence[Sold],
    dishes: Iterable[SoldDish],
    *,
    zone: ZoneInfo,
    since: date,
    until: date,
    merchant: str | None,
    returned_fen: int,
    unit_fen: int,
) -> Report:
    """Return the report.

    Args:
        sold: Everything of the days, by time.
        dishes: The same by dish, what went back left out (``dishes.dishes_sold``).
        zone: Of the wall clock.
        since: First day.
        until: Last day.
        merchant: None is all.
        returned_fen: What was given back of it, voids left out.
        unit_fen: What units paid without a till.
    """
    standing = [each for each in sold if not each.is_void]
    gaps = _gaps(standing)

    def table(key: Callable[[Sold], str]) -> list[Row]:
        counts, amounts = Counter[str](), Counter[str]()
        for each in standing:
            counts[key(each)] += 1
            amounts[key(each)] += each.left_fen
        return [Row(key=k, count=counts[k], amount_fen=amounts[k]) for k in sorted(counts)]

    def quarter(each: Sold) -> str:
        local = each.at.astimezone(zone)
        return f"{local.hour:02}:{local.minute // QUARTER_MIN * QUARTER_MIN:02}"

    tills = table(lambda each: each.till)
    return Report(
        since=since,
        until=until,
        merchant=merchant,
        count=len(standing),
        amount_fen=sum(each.left_fen for each in standing),
        void_count=len(sold) - len(standing),
        returned_fen=returned_fen,
        unit_fen=unit_fen,
        pace_s=_median([gap for each in gaps.values() for gap in each]),
        days=table(lambda each: each.at.astimezone(zone).date().isoformat()),
        periods=table(lambda each: each.period),
        dishes=[
            Row(key=d.item, count=d.count, amount_fen=d.amount_fen, weight_g=d.weight_g)
            for d in sorted(dishes, key=lambda d: -d.amount_fen)
        ],
        tills=[row.model_copy(update={"pace_s": _median(gaps.get(row.key, []))}) for row in tills],
        groups=table(lambda each: each.group),
        quarters=table(quarter),
    )


def _gaps(sold: Sequence[Sold]) -> dict[str, list[float]]:
    """Return the seconds between two diners of a till who stood in a queue."""
    last, found = dict[str, datetime](), dict[str, list[float]]()
    for each in sold:
        before = last.get(each.till)
        if before is not None:
            gap_s = (each.at - before).total_seconds()
            if 0 <= gap_s <= PACE_GAP_S_MAX:
                found.setdefault(each.till, []).append(gap_s)
        last[each.till] = each.at
    return found


def _median(gaps_s: Sequence[float]) -> float | None:
    return round(statistics.median(gaps_s), 1) if len(gaps_s) >= PACE_COUNT_MIN else None


HEAD: Final = ("table", "key", "count", "amount_yuan", "weight_kg", "seconds_per_diner")


def as_csv(found: Report) -> str:
    """Return every table under another, amounts in yuan."""
    lines = [csv_line(HEAD)]
    for name in TABLES:
        for row in getattr(found, name):
            weight = f"{row.weight_g / 1000:.3f}" if row.weight_g else ""
            pace = "" if row.pace_s is None else str(row.pace_s)
            cells = (name, row.key, str(row.count), yuan(row.amount_fen), weight, pace)
            lines.append(csv_line(cells))
    return UTF8_MARK + "".join(lines)


def yuan(fen: int) -> str:
    """Return an amount with two places, made without a float."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def as_xlsx(found: Report, titles: dict[str, str]) -> bytes:
    """Return a workbook with a sheet for each table.

    Args:
        found: The report.
        titles: Words for the sheets and the columns of ``HEAD``.
    """
    book = Workbook(write_only=True)
    for name in TABLES:
        sheet = book.create_sheet(titles.get(name, name)[:31])
        sheet.append([titles.get(each, each) for each in HEAD[1:]])
        for row in getattr(found, name):
            sheet.append(
                [
                    plain(row.key),
                    row.count,
                    # A cell of a workbook is a float; two places of it are exact.
                    row.amount_fen / 100,
                    row.weight_g / 1000 or None,
                    row.pace_s,
                ]
            )
    file = BytesIO()
    book.save(file)
    return file.getvalue()
