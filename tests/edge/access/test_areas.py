import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from config.contract.areas import AreasForgiven, UnnamedCount
from edge.access.areas import Areas, SharedFact
from tests.edge.access.building import area_fact
from tests.edge.conftest import NOW

PEOPLE, PLACES, NODES = ("anna", "ben"), ("hall", "lab"), ("n1", "n2")
shared = {
    "node": st.sampled_from(NODES),
    "sequence": st.integers(1, 4),
    "at": st.integers(0, 5).map(lambda seconds: NOW + timedelta(seconds=seconds)),
}
facts = st.one_of(
    st.builds(
        area_fact,
        st.sampled_from(PEOPLE),
        st.none() | st.sampled_from(PLACES),
        after_s=st.integers(0, 5),
        node=shared["node"],
        sequence=shared["sequence"],
        is_first_person=st.booleans(),
        is_forgiven=st.booleans(),
    ),
    st.builds(UnnamedCount, area=st.sampled_from(PLACES), count=st.integers(-2, 2), **shared),
    st.builds(AreasForgiven, **shared),
)


def seen(*groups: list[SharedFact]) -> tuple[object, ...]:
    """Return what a node knows that has heard these, group by group."""
    areas = Areas()
    for group in groups:
        areas.merge(group)
    return (
        [areas.whereabouts(who) for who in PEOPLE],
        [areas.count(place) for place in PLACES],
        [areas.people(place) for place in PLACES],
        [areas.first_arrived_at(place) for place in PLACES],
        [areas.unnamed(*pair) for pair in itertools.product(NODES, PLACES)],
    )


def told_by(*groups: list[SharedFact]) -> list[SharedFact]:
    areas = Areas()
    for group in groups:
        areas.merge(group)
    return areas.facts()


@given(st.lists(facts), st.lists(facts))
def test_merging_is_commutative(ours: list[SharedFact], theirs: list[SharedFact]) -> None:
    assert seen(ours, theirs) == seen(theirs, ours)


@given(st.lists(facts), st.lists(facts), st.lists(facts))
def test_merging_is_associative(
    first: list[SharedFact], second: list[SharedFact], third: list[SharedFact]
) -> None:
    assert seen(told_by(first, second), third) == seen(first, told_by(second, third))


@given(st.lists(facts))
def test_merging_is_idempotent(heard: list[SharedFact]) -> None:
    assert seen(heard) == seen(heard, heard) == seen(told_by(heard))


@given(st.lists(facts), st.randoms(use_true_random=False))
def test_the_order_of_hearing_does_not_matter(
    heard: list[SharedFact], order: st.DataObject
) -> None:
    shuffled = list(heard)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random

    assert seen(heard) == seen(shuffled)


@given(st.lists(facts))
def test_nobody_is_in_two_areas_and_no_count_is_negative(heard: list[SharedFact]) -> None:
    areas = Areas()
    areas.merge(heard)

    inside = [fact.holder_id for place in PLACES for fact in areas.people(place)]
    assert len(inside) == len(set(inside))
    assert min(areas.count(place) for place in PLACES) >= 0


def test_a_late_fact_moves_nobody_backwards() -> None:
    areas = Areas()
    areas.merge([area_fact(area="lab", after_s=60)])

    areas.merge([area_fact(area="hall", after_s=30)])

    assert [fact.area for fact in [areas.whereabouts("anna")] if fact] == ["lab"]
    assert (areas.count("hall"), areas.count("lab")) == (0, 1)


def test_of_two_facts_at_one_time_the_node_and_then_the_sequence_decide() -> None:
    first = area_fact(area="hall", node="n1", sequence=9)
    second = area_fact(area="lab", node="n2", sequence=1)
    third = area_fact(area=None, node="n2", sequence=2)

    assert seen([third, first, second])[0] == [third, None]


def test_whoever_is_forgiven_is_nowhere() -> None:
    areas = Areas()
    areas.merge([area_fact(), area_fact(after_s=1, is_forgiven=True)])

    assert areas.whereabouts("anna") is None
    assert areas.count("hall") == 0


def test_forgiving_everybody_forgets_what_was_before_and_keeps_what_comes_after() -> None:
    areas = Areas()
    unnamed = UnnamedCount(area="hall", count=3, at=NOW, node="n2", sequence=5)
    after = area_fact("ben", after_s=2)

    areas.merge([after, area_fact(), unnamed])
    areas.merge([AreasForgiven(at=NOW + timedelta(seconds=1), node="n1", sequence=1)])

    assert areas.people("hall") == [after]
    assert areas.count("hall") == 1


def test_people_without_a_name_are_counted_per_node() -> None:
    areas = Areas()
    areas.merge(
        [
            area_fact(),
            UnnamedCount(area="hall", count=3, at=NOW, node="n1", sequence=1),
            UnnamedCount(area="hall", count=-2, at=NOW, node="n2", sequence=1),
        ]
    )

    assert areas.count("hall") == 2


def test_the_muster_list_begins_with_who_is_there_longest() -> None:
    areas = Areas()
    areas.merge([area_fact("ben", after_s=5), area_fact("anna", after_s=9)])

    assert [fact.holder_id for fact in areas.people("hall")] == ["ben", "anna"]


def test_the_first_person_stays_known_after_leaving() -> None:
    areas = Areas()
    areas.merge([area_fact(is_first_person=True), area_fact(area=None, after_s=5)])

    assert areas.first_arrived_at("hall") == NOW
    assert areas.first_arrived_at("lab") is None
