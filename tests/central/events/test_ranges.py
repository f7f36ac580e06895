"""What is held, and the gaps between."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from central.events.ranges import covering, gaps, merged, without

SEQUENCES = st.sets(st.integers(1, 60), min_size=1)


@given(SEQUENCES)
def test_gaps_are_what_is_missing_up_to_the_last(held: set[int]) -> None:
    missing = {n for first, last in gaps((n, n) for n in held) for n in range(first, last + 1)}

    assert missing == set(range(1, max(held) + 1)) - held


@given(SEQUENCES)
def test_ranges_are_as_few_as_can_be(held: set[int]) -> None:
    ranges = merged((n, n) for n in held)

    assert {n for first, last in ranges for n in range(first, last + 1)} == held
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(ranges))


def test_overlapping_ranges_become_one() -> None:
    assert merged([(5, 9), (1, 2), (3, 5)]) == [(1, 9)]


@given(SEQUENCES, st.sets(st.integers(1, 60)))
def test_what_lies_in_a_hole_is_left_out(held: set[int], holes: set[int]) -> None:
    assert without(covering(held), covering(holes)) == covering(held - holes)
