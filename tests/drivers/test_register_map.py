"""Values in registers, described by data."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.register_map import (
    READ_COUNT_MAX,
    ImplausibleError,
    Point,
    batches,
    encode,
    points_of,
)


@pytest.mark.parametrize(
    ("point", "words", "value"),
    [
        (Point(quantity="v", address=0, scale=Decimal("0.1")), [2305], "230.5"),
        (Point(quantity="p", address=0, type="s16"), [0xFFFE], "-2"),
        (Point(quantity="e", address=0, type="u32"), [1, 2], "65538"),
        (Point(quantity="e", address=0, type="u32", order="little"), [2, 1], "65538"),
        (Point(quantity="v", address=0, type="float32"), [0x4366, 0x8000], "230.5"),
        (Point(quantity="e", address=0, type="u64"), [0, 0, 0, 7], "7"),
        (Point(quantity="e", address=0, type="bcd32"), [0x0012, 0x3456], "123456"),
    ],
)
def test_words_mean_what_their_type_says(point: Point, words: list[int], value: str) -> None:
    assert point.value(words) == Decimal(value)
    assert encode(point, Decimal(value)) == words


@pytest.mark.parametrize(
    ("point", "words", "complaint"),
    [
        (Point(quantity="v", address=0, type="float32"), [0x7FC0, 0], "v is nan"),
        (Point(quantity="v", address=0, type="float32"), [0x7F80, 0], "v is inf"),
        (Point(quantity="v", address=0, most=Decimal(500)), [65535], "v is 65535 , above 500"),
        (Point(quantity="e", address=0, type="s16", least=Decimal(0)), [0xFFFF], "below 0"),
        (Point(quantity="e", address=0, type="bcd32"), [0x00AB, 0], "is no BCD number"),
    ],
)
def test_what_cannot_have_been_measured_is_no_value(
    point: Point, words: list[int], complaint: str
) -> None:
    with pytest.raises(ImplausibleError, match=complaint):
        point.value(words)


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["input", "holding"])), min_size=1))
def test_every_point_is_read_once_and_no_exchange_is_too_long(
    places: list[tuple[int, str]],
) -> None:
    points = [
        Point(quantity=f"q{index}", address=address, function=function, type="u32")
        for index, (address, function) in enumerate(places)
    ]

    made = batches(points)

    assert sorted(p.quantity for b in made for p in b.points) == sorted(p.quantity for p in points)
    assert all(batch.count <= READ_COUNT_MAX for batch in made)
    for batch in made:
        assert all(
            batch.address <= p.address and p.address + 2 <= batch.address + batch.count
            for p in batch.points
        )


def test_neighbours_are_read_together_and_what_is_far_apart_is_not() -> None:
    points = [Point(quantity=f"q{a}", address=a) for a in (0, 1, 5, 100)]

    assert [(batch.address, batch.count) for batch in batches(points)] == [(0, 6), (100, 1)]


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ([], "has no"),
        ([{"quantity": "v"}], "point 1 needs quantity and address"),
        ([{"quantity": "v", "address": 0, "colour": 1}], "point 1 has no colour"),
        ([{"quantity": "v", "address": 0, "type": "u8"}], "type is one of"),
        ([{"quantity": "v", "address": 0, "order": "odd"}], "order is one of"),
        ([{"quantity": "v", "address": 0, "function": "coil"}], "function is one of"),
        ([{"quantity": "v", "address": 70000}], "address is 0..65535"),
        ([{"quantity": "v", "address": 0}] * 2, "has v twice"),
    ],
)
def test_a_profile_that_is_wrong_says_where(
    tables: list[dict[str, object]], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        points_of({"point": tables})
