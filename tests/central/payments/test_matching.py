"""A day's bill against our own orders."""

from central.payments.matching import OwnLine, match
from central.payments.provider import BillLine

OWN = [
    OwnLine(kind="payment", order_no="a", amount_fen=5_000),
    OwnLine(kind="payment", order_no="b", amount_fen=1_234),
    OwnLine(kind="refund", order_no="a", refund_no="aR1", amount_fen=1_000),
]
BILL = [
    BillLine(kind="payment", order_no="a", provider_no="1", amount_fen=5_000),
    BillLine(kind="payment", order_no="b", provider_no="2", amount_fen=1_234),
    BillLine(kind="refund", order_no="a", refund_no="aR1", provider_no="1", amount_fen=1_000),
]


def differences(bill: list[BillLine], own: list[OwnLine]) -> list[tuple[str, str, int, int]]:
    found = match(bill, {line.key: line for line in own}).differences
    return [(d.difference, d.refund_no or d.order_no, d.bill_fen, d.own_fen) for d in found]


def test_a_day_that_fits_has_no_differences_and_one_sum() -> None:
    matched = match(BILL, {line.key: line for line in OWN})

    assert (matched.bill_fen, matched.own_fen, matched.line_count) == (5_234, 5_234, 3)
    assert matched.differences == ()


def test_each_difference_is_named() -> None:
    other = BillLine(kind="payment", order_no="b", provider_no="2", amount_fen=1_235)

    assert differences(BILL[1:], OWN) == [("missing", "a", 0, 5_000)]
    assert differences(BILL, OWN[:2]) == [("extra", "aR1", 1_000, 0)]
    assert differences([BILL[0], other, BILL[2]], OWN) == [("amount", "b", 1_235, 1_234)]
    assert differences([BILL[0], *BILL], OWN) == [("twice", "a", 5_000, 0)]


def test_a_payment_at_midnight_is_named_by_its_day_and_not_as_extra() -> None:
    own = OwnLine(kind="payment", order_no="b", amount_fen=1_234, is_of_day=False)

    assert differences(BILL, [OWN[0], own, OWN[2]]) == [("other_day", "b", 1_234, 1_234)]
