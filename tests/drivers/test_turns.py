from drivers.turns import LATENCY_BOUNDS_MS, Priority, Reopening, Turns, UnitCounts


def test_the_more_urgent_goes_first_whoever_waited_longer() -> None:
    turns: Turns[str] = Turns()
    turns.put("poll", unit_id=1, priority=Priority.POLL)
    turns.put("command", unit_id=2, priority=Priority.COMMAND)
    turns.put("fire", unit_id=3, priority=Priority.FIRE)

    assert [turns.take(now_s=0.0) for _ in range(4)] == ["fire", "command", "poll", None]


def test_among_equals_the_oldest_goes_first() -> None:
    turns: Turns[int] = Turns()
    for number in range(5):
        turns.put(number, unit_id=number % 2, priority=Priority.POLL)

    assert [turns.take(now_s=0.0) for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_hushed_unit_waits_and_others_go_on() -> None:
    turns: Turns[str] = Turns()
    turns.put("to the silent one", unit_id=1, priority=Priority.FIRE)
    turns.put("to another", unit_id=2, priority=Priority.POLL)
    turns.hush(1, until_s=10.0)

    assert turns.take(now_s=9.9) == "to another"
    assert turns.take(now_s=9.9) is None
    assert turns.next_at_s() == 10.0
    assert turns.take(now_s=10.0) == "to the silent one"


def test_nobody_waiting_has_no_next_time() -> None:
    turns: Turns[str] = Turns()
    turns.hush(1, until_s=10.0)

    assert turns.next_at_s() is None
    assert len(turns) == 0


def test_what_waits_can_be_taken_away_at_once() -> None:
    turns: Turns[str] = Turns()
    turns.hush(1, until_s=10.0)
    turns.put("hushed", unit_id=1, priority=Priority.POLL)
    turns.put("free", unit_id=2, priority=Priority.POLL)

    assert sorted(turns.take_all()) == ["free", "hushed"]
    assert len(turns) == 0


def test_a_port_is_tried_less_and_less_often_up_to_a_limit() -> None:
    reopening, tries, now_s = Reopening(first_s=1.0, last_s=4.0), list[float](), 0.0

    while now_s < 16:
        if reopening.is_due(now_s=now_s):
            tries.append(now_s)
            reopening.failed(now_s=now_s)
        now_s += 0.5

    assert tries == [0, 1, 3, 7, 11, 15]


def test_a_port_that_opened_is_tried_soon_when_it_is_lost_again() -> None:
    reopening = Reopening(first_s=1.0, last_s=4.0)
    for now_s in (0.0, 1.0, 3.0):
        reopening.failed(now_s=now_s)

    reopening.succeeded()
    reopening.failed(now_s=10.0)

    assert not reopening.is_due(now_s=10.9)
    assert reopening.is_due(now_s=11.0)


def test_every_answer_is_in_one_column_of_the_histogram() -> None:
    counts = UnitCounts()

    for latency_s in (0.0, 0.005, 0.0051, 1.0, 99.0):
        counts.add_latency(latency_s)

    assert counts.answered == sum(counts.latency_counts) == 5
    assert len(counts.latency_counts) == len(LATENCY_BOUNDS_MS) + 1
    assert (counts.latency_counts[0], counts.latency_counts[1]) == (2, 1)
    assert (counts.latency_counts[-2], counts.latency_counts[-1]) == (1, 1)
