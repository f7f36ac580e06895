"""Who gives way: telemetry, access, and nothing else while there is any of them."""

from hypothesis import given
from hypothesis import strategies as st

from config.contract.events import EventClass
from edge.giving_way import EXPENDABLE, ORDER, SHARES, excess, expendable

COUNTS = st.dictionaries(st.sampled_from(EventClass), st.integers(0, 5_000))
ROOMS = st.integers(1, 10_000)


@given(COUNTS, ROOMS)
def test_what_is_left_has_room_and_no_class_more_than_its_share(
    counts: dict[EventClass, int], room: int
) -> None:
    going = excess(counts, room=room)

    left = {each: count - going.get(each, 0) for each, count in counts.items()}
    assert all(0 <= going[each] <= counts[each] for each in going)
    assert sum(left.values()) <= room
    assert all(left.get(each, 0) <= int(room * share) for each, share in SHARES.items())


@given(COUNTS, ROOMS)
def test_nobody_goes_beyond_a_share_while_a_lesser_one_is_there(
    counts: dict[EventClass, int], room: int
) -> None:
    going = excess(counts, room=room)

    kept = [each for each in ORDER if counts.get(each, 0) > going.get(each, 0)]
    beyond = [each for each in going if each not in SHARES]
    assert all(ORDER.index(kept[0]) >= ORDER.index(each) for each in beyond if kept)


@given(COUNTS, ROOMS)
def test_with_room_and_within_shares_nothing_goes(counts: dict[EventClass, int], room: int) -> None:
    within = {each: min(n, int(room * SHARES.get(each, 1) / 5)) for each, n in counts.items()}

    assert excess(within, room=room) == {}


@given(COUNTS, st.integers(0, 5_000), ROOMS)
def test_with_less_room_for_now_no_more_goes_than_that_and_what_is_spare(
    counts: dict[EventClass, int], missing: int, usual_room: int
) -> None:
    within = {each: min(n, int(usual_room * SHARES.get(each, 1) / 5)) for each, n in counts.items()}
    there = sum(within.values())
    room = max(1, there - missing)

    going = excess(within, room=room, usual_room=usual_room)

    assert sum(going.values()) <= max(0, there - room + max(1, room // 100))
    assert there - sum(going.values()) <= room


@given(COUNTS, st.integers(1, 20_000))
def test_a_full_disk_takes_no_alarm_no_money_and_no_fire(
    counts: dict[EventClass, int], wanted: int
) -> None:
    going = expendable(counts, wanted=wanted)

    there = sum(counts.get(each, 0) for each in EXPENDABLE)
    assert set(going) <= set(EXPENDABLE)
    assert sum(going.values()) == min(wanted, there)
    assert list(going) == [each for each in ORDER if each in going]
