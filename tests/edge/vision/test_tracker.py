from collections.abc import Sequence

from edge.vision.tracker import Track, Tracker, overlap
from models.face.types import Box, Face


def face(x: float, y: float = 200, size: float = 150) -> Face:
    return Face(Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2), score=1.0)


def ids(tracks: Sequence[Track]) -> list[int]:
    return [track.track_id for track in tracks]


def test_a_face_that_moves_keeps_its_track() -> None:
    tracker = Tracker()

    seen = [ids(tracker.update([face(100 + 20 * i)], now_s=i / 15)) for i in range(8)]

    assert seen == [[1]] * 8


def test_a_face_that_grows_while_walking_up_keeps_its_track() -> None:
    tracker = Tracker()

    seen = [ids(tracker.update([face(300, size=80 * 1.1**i)], now_s=i / 10)) for i in range(8)]

    assert seen == [[1]] * 8


def test_a_face_elsewhere_is_another_person() -> None:
    tracker = Tracker()

    tracker.update([face(100)], now_s=0.0)

    assert ids(tracker.update([face(400)], now_s=0.1)) == [2]


def test_a_face_of_quite_another_size_in_the_same_place_is_another_person() -> None:
    tracker = Tracker()

    tracker.update([face(300, size=180)], now_s=0.0)

    assert ids(tracker.update([face(300, size=90)], now_s=0.1)) == [2]


def test_two_people_who_cross_keep_their_tracks() -> None:
    tracker = Tracker()

    for i in range(10):
        tracker.update([face(150 + 30 * i, size=180), face(450 - 30 * i, size=130)], now_s=i / 15)

    by_id = {track.track_id: track.face.box.width for track in tracker.tracks}
    assert by_id == {1: 180, 2: 130}


def test_a_face_missed_for_a_moment_is_still_the_same_person() -> None:
    tracker = Tracker()

    tracker.update([face(300)], now_s=0.0)
    tracker.update([], now_s=0.1)

    assert ids(tracker.update([face(300)], now_s=0.3)) == [1]


def test_the_same_place_after_an_absence_is_a_new_visit() -> None:
    tracker = Tracker()

    tracker.update([face(300)], now_s=0.0)
    tracker.update([], now_s=0.1)

    assert ids(tracker.update([face(300)], now_s=0.5)) == [2]


def test_a_machine_that_stalls_loses_nobody() -> None:
    tracker = Tracker()

    tracker.update([face(300)], now_s=0.0)

    assert ids(tracker.update([face(300)], now_s=1.5)) == [1]


def test_nobody_is_vouched_for_after_a_long_blindness() -> None:
    tracker = Tracker()

    tracker.update([face(300)], now_s=0.0)

    assert ids(tracker.update([face(300)], now_s=2.5)) == [2]


def test_a_person_who_passed_is_gone_after_a_short_absence() -> None:
    tracker = Tracker()
    tracker.update([face(300)], now_s=0.0)

    tracker.person_has_passed()
    tracker.update([], now_s=0.07)

    assert ids(tracker.update([face(300)], now_s=0.14)) == [1]
    tracker.update([], now_s=0.2)
    assert ids(tracker.update([face(300)], now_s=0.4)) == [2]


def test_a_face_that_keeps_its_speed_keeps_its_track() -> None:
    tracker = Tracker()
    for i in range(4):
        tracker.update([face(60 + 40 * i, size=110)], now_s=i / 15)

    assert ids(tracker.update([face(60 + 40 * 3 + 100, size=110)], now_s=3 / 15 + 0.16)) == [1]


def test_a_person_who_jumped_is_the_earlier_track_when_told_so() -> None:
    tracker = Tracker()
    tracker.update([face(100)], now_s=0.0)
    first = tracker.tracks[0]
    tracker.update([face(500)], now_s=0.1)
    second = next(track for track in tracker.tracks if track is not first)

    tracker.merge(second, first, now_s=0.1)

    assert ids(tracker.tracks) == [1]
    assert ids(tracker.update([face(500)], now_s=0.2)) == [1]


def test_a_person_who_passed_but_still_stands_there_is_no_new_visit() -> None:
    tracker = Tracker()
    tracker.update([face(300)], now_s=0.0)

    tracker.person_has_passed()

    assert ids(tracker.update([face(300)], now_s=0.07)) == [1]


def test_the_largest_face_decides() -> None:
    tracker = Tracker()

    tracker.update([face(150, size=120), face(400, size=180)], now_s=0.0)

    assert tracker.active is not None
    assert tracker.active.face.box.width == 180


def test_faces_of_nearly_one_size_do_not_take_turns() -> None:
    tracker = Tracker()
    tracker.update([face(150, size=150), face(400, size=148)], now_s=0.0)

    tracker.update([face(150, size=148), face(400, size=152)], now_s=0.1)

    assert tracker.active is not None
    assert tracker.active.track_id == 1


def test_a_clearly_nearer_person_takes_the_turn() -> None:
    tracker = Tracker()
    tracker.update([face(150, size=120)], now_s=0.0)

    tracker.update([face(150, size=120), face(400, size=180)], now_s=0.1)

    assert tracker.active is not None
    assert tracker.active.track_id == 2


def test_the_second_person_waits_until_the_first_is_lost() -> None:
    tracker = Tracker()
    tracker.update([face(300, size=180), face(450, size=120)], now_s=0.0)

    turns = []
    for now_s in (0.1, 0.3, 0.5, 0.6):
        tracker.update([face(450, size=120)], now_s=now_s)
        turns.append(tracker.active.track_id if tracker.active else None)

    assert turns == [1, 1, 2, 2]


def test_people_outside_the_region_looked_at_are_not_gone() -> None:
    tracker = Tracker()
    tracker.update([face(150, size=180), face(500, size=120)], now_s=0.0)

    for i in range(1, 8):
        tracker.update([face(150, size=180)], now_s=0.1 * i, region=Box(0, 0, 300, 480))

    assert ids(tracker.update([face(150, size=180), face(500, size=120)], now_s=0.8)) == [1, 2]


def test_another_person_in_the_same_place_gets_a_track_of_their_own() -> None:
    tracker = Tracker()
    tracker.update([face(300)], now_s=0.0)
    first = tracker.active
    assert first is not None

    second = tracker.split(first, now_s=0.1)

    assert second.track_id == 2
    assert tracker.active is second
    assert ids(tracker.update([face(300)], now_s=0.2)) == [2]


def test_nobody_is_known_after_an_interruption() -> None:
    tracker = Tracker()
    tracker.update([face(300)], now_s=0.0)

    tracker.clear()

    assert tracker.active is None
    assert ids(tracker.update([face(300)], now_s=0.1)) == [2]


def test_overlap_is_one_for_the_same_box_and_zero_for_boxes_apart() -> None:
    assert overlap(Box(0, 0, 10, 10), Box(0, 0, 10, 10)) == 1.0
    assert overlap(Box(0, 0, 10, 10), Box(10, 0, 20, 10)) == 0.0
