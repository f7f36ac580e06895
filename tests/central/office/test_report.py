"""Sales, counted: with what is left of each charge, and voids apart."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from central.office.dishes import SoldDish, dishes_sold
from central.office.report import Report, Sold, as_csv, as_xlsx, report, yuan

NOON = datetime(2026, 11, 30, 4, tzinfo=UTC)
"""Twelve o'clock in Shanghai."""


def sold(second: int, *, till: str = "east", left_fen: int = 1250, is_void: bool = False) -> Sold:
    return Sold(till, "lunch", "staff", NOON + timedelta(seconds=second), left_fen, is_void)


def reported(*charges: Sold) -> Report:
    dishes = [SoldDish("rice", 3, 0, 300), SoldDish("=SUM(A1)", 1, 350, 1400)]
    return report(
        list(charges),
        dishes,
        zone=ZoneInfo("Asia/Shanghai"),
        since=date(2026, 11, 30),
        until=date(2026, 11, 30),
        merchant=None,
        returned_fen=50,
        unit_fen=9000,
    )


def test_a_void_is_sold_nowhere_and_a_part_that_went_back_neither() -> None:
    found = reported(sold(0), sold(900, left_fen=1200), sold(1000, is_void=True))

    assert (found.count, found.amount_fen, found.void_count) == (2, 2450, 1)
    assert [(row.key, row.count) for row in found.quarters] == [("12:00", 1), ("12:15", 1)]
    assert [(row.key, row.amount_fen) for row in found.days] == [("2026-11-30", 2450)]


def test_the_pace_is_of_those_who_stood_in_a_queue() -> None:
    queue = [sold(second) for second in (0, 6, 12, 20, 26, 32)]

    found = reported(*queue, sold(4000), sold(4500))

    assert found.tills[0].pace_s == found.pace_s == 6.0
    assert reported(sold(0), sold(6)).pace_s is None


def test_amounts_have_two_places_and_no_cell_is_a_formula() -> None:
    text = as_csv(reported(sold(0)))

    assert "dishes,'=SUM(A1),1,14.00,0.350," in text
    assert (yuan(-5), yuan(1250)) == ("-0.05", "12.50")


def test_a_workbook_has_a_sheet_for_each_table() -> None:
    book = load_workbook(BytesIO(as_xlsx(reported(sold(0)), {"dishes": "菜品", "key": "名称"})))

    assert "菜品" in book.sheetnames
    rows = [[cell.value for cell in row] for row in book["菜品"].iter_rows()]
    assert rows[0][0] == "名称"
    assert rows[1][:4] == ["'=SUM(A1)", 1, 14, 0.35]


def test_what_went_back_was_not_sold_dish_by_dish_to_the_fen() -> None:
    rice, fish = SoldDish("rice", 1, 0, 200), SoldDish("fish", 1, 350, 1001)
    trays = {each: [rice, fish] for each in ("whole", "part", "price", "all", "more")}

    found = dishes_sold(
        trays,
        {"part": 100, "price": 301, "all": 1201, "more": -50},
        {("price", "fish"): 301, ("more", "rice"): -50},
    )

    # Of the 100 the rice bears 16 and the fish 84; what a price gave back is the fish's alone.
    assert found == [
        SoldDish("rice", 4, 0, 4 * 200 - 16 + 50),
        SoldDish("fish", 4, 4 * 350, 4 * 1001 - 84 - 301),
    ]
    assert sum(dish.amount_fen for dish in found) == 4 * 1201 - 100 - 301 + 50
