"""What the kitchen is told: dishes summed for each window, and each order. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from central.canteen import orders
from central.office.report import yuan
from central.orders.schemas import KitchenDish, KitchenOrder, KitchenWindow
from central.spreadsheet import UTF8_MARK, csv_line
from config.contract.money import OrderState

HEAD: Final = (
    "merchant",
    "period",
    "day",
    "begins",
    "number",
    "name",
    "dish",
    "count",
    "amount_yuan",
    "state",
)


def windows_of(rows: Iterable[Row[Any]], names: Mapping[str, str]) -> list[KitchenWindow]:
    """Return orders by window.

    Args:
        rows: In the order of ``repository.of_day``.
        names: Of people, masked.
    """

    def place(row: Row[Any]) -> tuple[Any, ...]:
        return (row.merchant, row.begins_at, row.period)

    return [_window(list(of_window), names) for _, of_window in groupby(rows, key=place)]


def _window(rows: Sequence[Row[Any]], names: Mapping[str, str]) -> KitchenWindow:
    first, found = rows[0], [_order(row, names) for row in rows]
    standing = [each for each in found if each.state in orders.STANDING]
    dishes = Counter[str]()
    for each in standing:
        for line in each.lines:
            dishes[line.item] += line.count
    return KitchenWindow(
        merchant=first.merchant,
        period=first.period,
        begins=first.begins_at,
        ends=first.ends_at,
        until=first.until_at,
        counts=Counter(each.state for each in found),
        amount_fen=sum(each.amount_fen for each in standing),
        dishes=[KitchenDish(dish=dish, count=count) for dish, count in dishes.most_common()],
        orders=found,
    )


def _order(row: Row[Any], names: Mapping[str, str]) -> KitchenOrder:
    is_collected = row.state == OrderState.COLLECTED.value
    return KitchenOrder(
        charge_id=UUID(row.charge_id),
        number=row.number,
        name=names.get(row.holder_id),
        lines=list(orders.LINES.validate_json(row.lines)),
        amount_fen=row.amount_fen,
        state=OrderState(row.state),
        ordered_at=row.ordered_at,
        collected_at=row.charged_at if is_collected else None,
        till=(row.till or "") if is_collected else "",
        note=row.note or "",
    )


def as_csv(
    windows: Iterable[KitchenWindow],
    words: Mapping[str, str],
    *,
    day: str,
    language: str,
    names: Mapping[str, Mapping[str, str]],
    zone: ZoneInfo,
) -> str:
    """Return a line for each dish of each order.

    Args:
        windows: Of a day.
        words: Of the dictionary: columns and states.
        day: ISO.
        language: ``zh-CN`` or ``en``.
        names: By ``kind/id`` and language.
        zone: Of the site.
    """

    def called(kind: str, item: str) -> str:
        return names.get(f"{kind}/{item}", {}).get(language, item)

    lines = [csv_line([words.get(f"order_column.{each}", each) for each in HEAD])]
    for window in windows:
        begins = f"{window.begins.astimezone(zone):%H:%M}"
        where = (called("merchant", window.merchant), called("period", window.period), day, begins)
        for order in window.orders:
            state = words.get(f"order_state.{order.state.value}", order.state.value)
            for line in order.lines:
                what = (called("dish", line.item), str(line.count), yuan(line.amount_fen))
                lines.append(csv_line((*where, order.number, order.name or "", *what, state)))
    return UTF8_MARK + "".join(lines)
