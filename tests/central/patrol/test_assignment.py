"""Which scan belongs to which stop of which round."""

from central.patrol.assignment import assign
from tests.central.patrol.planning import START, a_round, a_scan, minutes


def test_a_scan_belongs_to_the_round_of_the_guard_who_made_it() -> None:
    anna, ben = a_round("gate"), a_round("gate", number=2, guards=("ben",))

    assigned = assign(
        [anna, ben], [a_scan("gate", 4, holder_id="ben"), a_scan("gate", 5, holder_id="anna")]
    )

    assert assigned[anna.round_id, 0].holder_id == "anna"
    assert assigned[ben.round_id, 0].holder_id == "ben"


def test_a_guard_who_passes_again_on_their_own_round_is_not_the_wrong_guard_of_another() -> None:
    anna, ben = a_round("gate"), a_round("gate", number=2, guards=("ben",))

    assigned = assign(
        [anna, ben], [a_scan("gate", 4, holder_id="ben"), a_scan("gate", 6, holder_id="ben")]
    )

    assert (anna.round_id, 0) not in assigned
    assert assigned[ben.round_id, 0].scanned_at == START + minutes(4)


def test_a_route_may_come_to_a_checkpoint_twice() -> None:
    there_and_back = a_round("room", "roof", "room")

    assigned = assign([there_and_back], [a_scan("room", 3), a_scan("roof", 14), a_scan("room", 24)])

    assert [assigned[there_and_back.round_id, n].scanned_at for n in range(3)] == [
        START + minutes(3),
        START + minutes(14),
        START + minutes(24),
    ]


def test_the_right_guard_takes_the_place_of_the_wrong_one() -> None:
    planned = a_round("gate")
    wrong, right = a_scan("gate", 3, holder_id="ben"), a_scan("gate", 9, holder_id="anna")

    assert assign([planned], [wrong])[planned.round_id, 0] == wrong
    assert assign([planned], [wrong, right])[planned.round_id, 0] == right


def test_a_repetition_changes_nothing() -> None:
    planned = a_round("gate")

    first, again = a_scan("gate", 3), a_scan("gate", 8)

    assert assign([planned], [again, first])[planned.round_id, 0] == first


def test_a_scan_of_no_round_belongs_nowhere() -> None:
    planned = a_round("gate")

    assert not assign([planned], [a_scan("gate", -3), a_scan("gate", 22), a_scan("yard", 5)])
