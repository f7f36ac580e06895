from drivers.presence import Presence, PresenceTracker


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


def test_a_device_that_never_answered_is_absent_after_two_failures() -> None:
    tracker = PresenceTracker()

    assert [tracker.failed(now_s=0.0), tracker.failed(now_s=0.1)] == [False, True]


def test_a_present_device_is_asked_at_its_own_pace() -> None:
    assert present().pause_s(poll_interval_s=0.1) == 0.1


def test_an_absent_device_is_probed_more_and_more_rarely() -> None:
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
