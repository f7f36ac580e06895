"""Which neighbours are gone, and when it is us."""

from edge.boards.neighbours import Changed, NeighbourWatch


def test_a_node_that_was_never_heard_is_not_missed() -> None:
    assert NeighbourWatch().look({"gate-2": None}, now_s=100.0) == Changed()


def test_a_single_neighbour_that_falls_silent_is_lost_once_and_returns_once() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.5}, now_s=0.0)

    found = [watch.look({"gate-2": age_s}, now_s=age_s) for age_s in (3.0, 5.1, 6.1)]
    back = [watch.look({"gate-2": 0.2}, now_s=9.0), watch.look({"gate-2": 0.2}, now_s=10.0)]

    assert [each.lost for each in found] == [(), ("gate-2",), ()]
    assert [each.returned for each in back] == [("gate-2",), ()]


def test_one_of_several_is_lost_while_the_others_talk() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.5, "gate-3": 0.5}, now_s=0.0)

    assert watch.look({"gate-2": 5.2, "gate-3": 0.9}, now_s=5.0).lost == ("gate-2",)


def test_all_that_fall_silent_together_are_our_own_link() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.1, "gate-3": 0.9}, now_s=0.0)

    first = watch.look({"gate-2": 4.4, "gate-3": 5.1}, now_s=4.3)
    second = watch.look({"gate-2": 60.0, "gate-3": 61.0}, now_s=60.0)

    assert first == Changed(is_us=True)
    assert second == Changed()


def test_when_our_link_is_back_the_others_have_time_to_be_heard() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.1, "gate-3": 0.9}, now_s=0.0)
    watch.look({"gate-2": 59.0, "gate-3": 60.0}, now_s=60.0)

    back = watch.look({"gate-2": 0.1, "gate-3": 61.0}, now_s=61.0)
    later = watch.look({"gate-2": 0.1, "gate-3": 67.0}, now_s=67.0)

    assert back == Changed(is_us=False)
    assert later == Changed(lost=("gate-3",))


def test_the_last_of_several_that_died_one_after_the_other_is_lost_too() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.5, "gate-3": 0.5}, now_s=0.0)
    watch.look({"gate-2": 5.2, "gate-3": 0.9}, now_s=5.0)

    assert watch.look({"gate-2": 20.0, "gate-3": 5.5}, now_s=20.0).lost == ("gate-3",)


def test_a_node_that_is_started_anew_in_time_is_not_lost() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.5}, now_s=0.0)

    assert watch.look({"gate-2": None}, now_s=2.0) == Changed()
    assert watch.look({"gate-2": None}, now_s=5.1).lost == ("gate-2",)


def test_a_node_that_belongs_to_the_site_no_more_is_forgotten() -> None:
    watch = NeighbourWatch()
    watch.look({"gate-2": 0.5}, now_s=0.0)
    watch.look({"gate-2": 6.0}, now_s=6.0)

    assert watch.look({}, now_s=7.0) == Changed()
    assert watch.lost == frozenset()
