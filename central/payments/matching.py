"""A day's bill of the provider against our own orders, to the fen. Pure."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from central.payments.provider import BillLine

Kind = Literal["missing", "extra", "amount", "twice", "other_day", "late"]
OPEN: Final = frozenset[Kind]({"missing", "extra", "amount", "twice"})
"""What a person must look at; ``late`` is credited, and ``other_day`` is on both sides."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OwnLine:
    """A payment or refund as we know it. Attributes: is_of_day: whether it is of the bill's day."""

    kind: Literal["payment", "refund"]
    order_no: str
    refund_no: str = ""
    amount_fen: int
    is_of_day: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by."""
        return self.kind, self.refund_no or self.order_no


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that bill and orders do not say alike.

    Attributes:
        difference: ``missing`` in the bill; ``extra``: in the bill and not with us; ``amount``;
            ``twice`` in the bill; ``other_day``: alike, but of another day with us; ``late``: the
            bill brought the news.
        bill_fen: 0 where it is missing.
        own_fen: 0 where we have none.
    """

    difference: Kind
    kind: Literal["payment", "refund"]
    order_no: str
    refund_no: str = ""
    provider_no: str = ""
    bill_fen: int
    own_fen: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What came of it. Sums are payments less refunds, in fen."""

    bill_fen: int
    own_fen: int
    line_count: int
    differences: tuple[Difference, ...]


def match(bill: Iterable[BillLine], own: Mapping[tuple[str, str], OwnLine]) -> Matched:
    """Compare a bill with our own lines.

    Args:
        bill: Of one day.
        own: By ``OwnLine.key``: those of the day, and those of other days that the bill names.
    """
    lines = list(bill)
    found = defaultdict[tuple[str, str], list[BillLine]](list)
    for line in lines:
        found[line.kind, line.refund_no or line.order_no].append(line)
    differences = list[Difference]()
    for key, alike in found.items():
        differences += _compared(alike, own.get(key))
    of_day = [each for each in own.values() if each.is_of_day]
    differences += [_named("missing", each, bill_fen=0) for each in of_day if each.key not in found]
    return Matched(
        bill_fen=sum(_signed(line) for line in lines),
        own_fen=sum(_signed(each) for each in of_day),
        line_count=len(lines),
        differences=tuple(sorted(differences, key=lambda d: (d.order_no, d.refund_no))),
    )


def _compared(alike: list[BillLine], own: OwnLine | None) -> list[Difference]:
    first, *again = alike
    twice = [_named("twice", line, bill_fen=line.amount_fen) for line in again]
    if own is None:
        return [_named("extra", first, bill_fen=first.amount_fen), *twice]
    if first.amount_fen != own.amount_fen:
        return [_named("amount", first, bill_fen=first.amount_fen, own=own), *twice]
    if not own.is_of_day:
        return [_named("other_day", first, bill_fen=first.amount_fen, own=own), *twice]
    return twice


def _named(
    difference: Kind, line: BillLine | OwnLine, *, bill_fen: int, own: OwnLine | None = None
) -> Difference:
    own = line if isinstance(line, OwnLine) else own
    return Difference(
        difference=difference,
        kind=line.kind,
        order_no=line.order_no,
        refund_no=line.refund_no,
        provider_no=line.provider_no if isinstance(line, BillLine) else "",
        bill_fen=bill_fen,
        own_fen=0 if own is None else own.amount_fen,
    )


def _signed(line: BillLine | OwnLine) -> int:
    return line.amount_fen if line.kind == "payment" else -line.amount_fen
