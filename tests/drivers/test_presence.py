from drivers.isapi_terminal import IsapiTerminal
from drivers.presence import Presence, PresenceTracker, first_answer_s
from drivers.speed_gate import SpeedGate


def present(*, at_s: float = 0.0) -> PresenceTracker:
    tracker = PresenceTracker()
    tracker.answered(now_s=at_s)
    return tracker


def absent(*, at_s: float = 3.0) -> PresenceTracker:
    tracker = present()
    tracker.failed(now_s=at_s - 3.0)
    tracker.failed(now_s=at_s)
    return tracker


def test_the_first_answer_says_that_a_device_has_come() -> None:
    tracker = PresenceTracker()

    assert tracker.answered(now_s=0.0)
    assert not tracker.answered(now_s=0.1)
    assert tracker.state is Presence.PRESENT


def test_three_seconds_of_failures_are_an_absence_and_it_is_said_once() -> None:
    tracker = present()

    said = [tracker.failed(now_s=now_s) for now_s in (1.0, 2.0, 3.9, 4.0, 4.5)]

    assert said == [False, False, False, True, False]
    assert (tracker.state, tracker.changed_at_s) == (Presence.ABSENT, 4.0)


def test_one_failure_is_no_absence_however_long_ago_it_was() -> None:
    tracker = present()

    assert not tracker.failed(now_s=1.0)
    assert tracker.state is Presence.DOUBTFUL


def test_an_answer_begins_the_three_seconds_anew() -> None:
    tracker = present()
    tracker.failed(now_s=1.0)
    tracker.answered(now_s=2.0)

    assert [tracker.failed(now_s=now_s) for now_s in (3.0, 4.5)] == [False, False]


def test_a_device_that_was_never_heard_is_absent_only_after_the_time_for_its_first_answer() -> None:
    tracker = PresenceTracker(first_answer_s=9.0)

    said = [tracker.failed(now_s=now_s) for now_s in (0.0, 4.0, 8.9)]

    assert (said, tracker.state) == ([False] * 3, Presence.UNKNOWN)
    assert tracker.failed(now_s=9.0)
    assert tracker.state is Presence.ABSENT


def test_a_device_that_was_heard_once_has_the_usual_time_from_then_on() -> None:
    tracker = PresenceTracker(first_answer_s=60.0)
    tracker.failed(now_s=0.0)
    tracker.answered(now_s=1.0)

    assert [tracker.failed(now_s=now_s) for now_s in (2.0, 5.0)] == [False, True]


def test_a_device_that_is_not_heard_yet_costs_its_neighbours_no_more_than_an_absent_one() -> None:
    tracker = PresenceTracker(first_answer_s=60.0)

    pauses_s = []
    for now_s in range(5):
        tracker.failed(now_s=now_s)
        pauses_s.append(tracker.pause_s(poll_interval_s=0.1))

    assert pauses_s == [0.1, 0.5, 1.0, 1.5, 2.0]


def test_the_time_for_a_first_answer_follows_a_device_s_own_time_out() -> None:
    slow, quick = IsapiTerminal.Settings(timeout_s=5.0), SpeedGate.Settings(timeout_s=0.2)

    assert (first_answer_s(slow), first_answer_s(quick), first_answer_s(object())) == (15.0, 3, 3)


def test_a_present_device_is_asked_at_its_own_pace() -> None:
    assert present().pause_s(poll_interval_s=0.1) == 0.1


def test_a_lost_device_is_probed_more_rarely_but_at_least_every_ten_seconds() -> None:
    tracker = absent()

    pauses_s = []
    for _ in range(30):
        pauses_s.append(tracker.pause_s(poll_interval_s=0.1))
        tracker.failed(now_s=100.0)

    assert pauses_s[:4] == [0.5, 1.0, 1.5, 2.0]
    assert pauses_s[-1] == 10.0


def test_what_comes_back_is_probed_soon_again_when_it_leaves_again() -> None:
    tracker = absent()
    tracker.failed(now_s=5.0)
    assert tracker.answered(now_s=6.0)
    tracker.failed(now_s=7.0)
    tracker.failed(now_s=10.0)

    assert tracker.pause_s(poll_interval_s=0.1) == 0.5
