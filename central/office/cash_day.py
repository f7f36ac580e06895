"""A day of the counter's cash: drawers, counted blind, explained, and signed by somebody else."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from central.canteen.schemas import SessionDifference
from central.database import Transaction
from central.ledger import repository as ledger
from central.office import closes, drawers
from central.office.closes import CloseView, Signature
from central.office.drawer_schemas import DrawerView
from central.office.sales import span
from central.security import Operator

PLACE: Final = "@counter"
"""Where a signature of the counter stands among those of merchants; no merchant has such a name."""


class CashDay(BaseModel):
    """The counter's cash of a day, the day on which a drawer was opened.

    Attributes:
        differences: What nobody has explained: ``drawer_open``; ``drawer_cash``, with what should
            have been there (``centre``) and what was counted (``till``).
        sha256: Of all that; a signature is about it.
    """

    day: date
    drawers: list[DrawerView]
    differences: list[SessionDifference]
    sha256: str
    closes: list[CloseView]


async def of(transaction: Transaction, day: date, *, zone: ZoneInfo) -> CashDay:
    """Return a day as it stands now."""
    since, until = span(day, day, zone)
    found = await drawers.between(transaction, since=since, until=until)
    view = CashDay(
        day=day,
        drawers=found,
        differences=[one for each in found if (one := _difference(each)) is not None],
        sha256="",
        closes=[],
    )
    view.sha256 = closes.digest(view)
    view.closes = await closes.of(transaction, PLACE, day, sha256=view.sha256)
    return view


def _difference(drawer: DrawerView) -> SessionDifference | None:
    count = drawer.count
    if count is None:
        code, till, centre = "drawer_open", None, None
    elif drawer.is_unexplained:
        code, till, centre = "drawer_cash", count.counted_fen, count.expected_fen
    else:
        return None
    difference_id = f"{drawer.drawer_id}:{code}"
    return SessionDifference(id=difference_id, code=code, till=till, centre=centre, count=None)


async def close(
    transaction: Transaction,
    wish: Signature,
    operator: Operator,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> CashDay:
    """Sign a day; refuses whoever had a drawer of it or counted one, and what nobody explains."""
    await ledger.take_turn(transaction)
    view = await of(transaction, wish.day, zone=zone)
    attended = {each.operator_id for each in view.drawers}
    attended |= {each.count.counted_by for each in view.drawers if each.count is not None}
    await closes.sign(
        transaction,
        PLACE,
        wish,
        view,
        named={each.id for each in view.differences},
        attended=attended,
        operator=operator,
        today=now.astimezone(zone).date(),
        now=now,
    )
    transaction.concerns("counter", day=wish.day.isoformat(), count=len(view.drawers))
    return await of(transaction, wish.day, zone=zone)
