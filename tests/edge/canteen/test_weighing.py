from decimal import Decimal

import pytest

from drivers.base import WeightChanged
from edge.canteen.weighing import Scale


def said(
    kilograms: str | None,
    *,
    is_stable: bool = True,
    is_net: bool = False,
    is_overload: bool = False,
) -> WeightChanged:
    weight = None if kilograms is None else Decimal(kilograms)
    return WeightChanged(weight, is_stable=is_stable, is_net=is_net, is_overload=is_overload)


@pytest.mark.parametrize(
    ("weight", "grams"),
    [
        (said("0.250"), 250),
        (said("0.250", is_stable=False), None),
        (said(None, is_overload=True), None),
        (said("0.005"), None),
        (said("-0.120"), None),
        (said(None), None),
    ],
)
def test_only_a_weight_at_rest_counts(weight: WeightChanged, grams: int | None) -> None:
    scale = Scale()

    scale.take(weight)

    assert scale.net_g == grams


def test_a_scale_that_was_never_heard_weighs_nothing() -> None:
    assert [Scale().net_g, Scale().shown().is_lost] == [None, True]


def test_the_plate_is_taken_off_unless_the_scale_did_so_itself() -> None:
    scale = Scale()
    scale.take(said("0.400"))
    assert scale.tare()

    scale.take(said("0.650"))
    by_till = scale.net_g
    scale.take(said("0.650", is_net=True))

    assert [by_till, scale.net_g] == [250, 650]


def test_what_is_paid_must_be_taken_off_before_the_next_is_weighed() -> None:
    scale = Scale()
    scale.take(said("0.300"))
    scale.is_spent = True
    seen = [scale.net_g]

    for weight in ("0.310", "0.001", "0.420"):
        scale.take(said(weight))
        seen.append(scale.net_g)

    assert seen == [None, None, None, 420]


def test_a_scale_that_is_lost_has_no_weight_and_cannot_be_tared() -> None:
    scale = Scale()
    scale.take(said("0.300"))

    scale.lost()

    assert [scale.net_g, scale.tare()] == [None, False]
