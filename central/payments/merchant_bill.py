"""The daily bill of a merchant API of the v3 family; no I/O.

A CSV document whose cells begin with a backtick, amounts in yuan, and sums at the end. Columns are
found by their names, so an added column does not matter.

Source: WeChat Pay merchant documentation, "Apply for a trade bill", ``bill_type=ALL``: columns
    and the sums below them. Edition unconfirmed.
"""

import csv
import re
from collections.abc import Sequence
from typing import Final

from central.payments.provider import BillLine, SilentError
from config.contract.money import FEN_MAX

ORDER_NO, PROVIDER_NO, TRADE_STATE = "商户订单号", "微信订单号", "交易状态"
AMOUNT, REFUND_NO, REFUND_AMOUNT = "订单金额", "商户退款单号", "申请退款金额"
SUMS: Final = "总交易单数"
"""The first cell of the line above the sums."""
LINES_MAX: Final = 200_000
_YUAN: Final = re.compile(r"^(\d{1,8})(?:\.(\d{1,2}))?$", re.ASCII)
_COLUMNS: Final = (ORDER_NO, PROVIDER_NO, TRADE_STATE, AMOUNT, REFUND_NO, REFUND_AMOUNT)


def read_bill(body: bytes) -> list[BillLine]:
    """Return the lines of a bill.

    Raises:
        SilentError: It is no bill, cut off, or its own sums do not fit its lines.
    """
    try:
        rows = list(csv.reader(body.decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SilentError("a bill that is not understood") from error
    if len(rows) > LINES_MAX:
        raise SilentError("a bill that is too long")
    cells = [[cell.strip().removeprefix("`") for cell in row] for row in rows if row]
    end = next((i for i, row in enumerate(cells) if row and row[0] == SUMS), None)
    if not cells or end is None or end + 1 >= len(cells):
        raise SilentError("a bill without its sums")
    places = {name: cells[0].index(name) for name in _COLUMNS if name in cells[0]}
    if len(places) < len(_COLUMNS):
        raise SilentError("a bill without its columns")
    lines = [_line(row, places) for row in cells[1:end]]
    if cells[end + 1][0] != str(len(lines)):
        raise SilentError("a bill that was cut off")
    return lines


def _line(row: Sequence[str], places: dict[str, int]) -> BillLine:
    if len(row) <= max(places.values()):
        raise SilentError("a line of a bill that was cut off")
    value = {name: row[place] for name, place in places.items()}
    is_refund = value[TRADE_STATE] == "REFUND"
    return BillLine(
        kind="refund" if is_refund else "payment",
        order_no=value[ORDER_NO][:64],
        refund_no=value[REFUND_NO][:64] if is_refund else "",
        provider_no=value[PROVIDER_NO][:64],
        amount_fen=fen(value[REFUND_AMOUNT if is_refund else AMOUNT]),
    )


def fen(yuan: str) -> int:
    """Return an amount in fen, exactly.

    Raises:
        SilentError: It is none.
    """
    found = _YUAN.match(yuan)
    amount = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else FEN_MAX + 1
    if amount > FEN_MAX:
        raise SilentError("an amount that is not understood")
    return amount
