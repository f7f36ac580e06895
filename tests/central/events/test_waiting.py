"""Who waits, whose turn it is, and when to come again; time is an argument."""

from central.events.waiting import (
    BACKLOG_SHARE,
    GROUP_SIZE_BYTES,
    NODE_COUNT_MAX,
    RETRY_S_MAX,
    Batch,
    Priority,
    Waiting,
)

LARGE = 500_000


def come(
    waiting: Waiting[None],
    node: str,
    priority: Priority = Priority.LIVE,
    size_bytes: int = LARGE,
    now_s: float = 0.0,
) -> int | None:
    """Send a batch; returns when to send it again."""
    batch = Batch[None](node, priority, size_bytes)
    retry_s = waiting.let_in(batch, now_s=now_s)
    if retry_s is None:
        waiting.put(batch)
    return retry_s


def full() -> Waiting[None]:
    """Return a room in which many nodes wait, as many as it holds."""
    waiting = Waiting[None]()
    while come(waiting, f"n{len(waiting)}") is None:
        pass
    return waiting


def nodes(group: list[Batch[None]]) -> list[str]:
    return [batch.node for batch in group]


def test_room_is_for_what_is_written_in_a_second() -> None:
    waiting = Waiting[None]()
    for _ in range(50):
        waiting.written(6_000_000, took_s=0.5)

    assert 11_000_000 < waiting.room_bytes < 12_500_000


def test_a_small_group_says_nothing_of_how_fast_many_are_written() -> None:
    waiting = Waiting[None]()
    before = waiting.room_bytes

    waiting.written(600, took_s=0.01)

    assert waiting.room_bytes == before


def test_who_finds_no_room_comes_again_and_later_the_more_were_told_so() -> None:
    waiting = full()

    first = come(waiting, "late-1")
    last = [come(waiting, f"late-{n}") for n in range(2, 40)][-1]

    assert first is not None
    assert last is not None
    assert 1 <= first < last <= RETRY_S_MAX


def test_who_was_told_and_did_not_come_is_forgotten() -> None:
    waiting = full()
    for n in range(40):
        come(waiting, f"late-{n}")

    assert come(waiting, "after", now_s=100.0) == come(full(), "late-1")


def test_fire_gets_in_when_there_is_no_room_and_goes_first_by_itself() -> None:
    waiting = full()

    assert come(waiting, "fire", Priority.URGENT, 2_000) is None
    assert nodes(waiting.take()) == ["fire"]


def test_an_alarm_gets_in_when_there_is_no_room_and_goes_before_the_others() -> None:
    waiting = full()

    assert come(waiting, "door", Priority.ALARM, 2_000) is None
    assert nodes(waiting.take())[0] == "door"


def test_a_node_that_has_something_waiting_makes_way() -> None:
    waiting, sent = Waiting[None](), 0
    while come(waiting, "flood", size_bytes=800_000) is None:
        sent += 1

    assert 1 < sent <= NODE_COUNT_MAX
    assert come(waiting, "other") is None
    assert nodes(waiting.take()) == ["flood", "other"], "of each node one batch at a time"


def test_even_what_is_urgent_has_an_end() -> None:
    waiting = Waiting[None]()
    answers = [come(waiting, "mad", Priority.URGENT, 1_000) for _ in range(NODE_COUNT_MAX + 1)]

    assert answers[:-1] == [None] * NODE_COUNT_MAX
    assert answers[-1] is not None


def test_fire_gets_in_from_a_node_that_has_all_inside_that_a_node_may() -> None:
    waiting = Waiting[None]()
    for _ in range(NODE_COUNT_MAX):
        come(waiting, "gate", size_bytes=1_000)

    assert come(waiting, "gate", size_bytes=1_000) is not None
    assert come(waiting, "gate", Priority.URGENT, 1_000) is None


def test_one_node_leaves_room_for_the_fire_of_another() -> None:
    waiting = Waiting[None]()
    while come(waiting, "mad", Priority.URGENT, 2_000_000) is None:
        pass

    assert come(waiting, "fire", Priority.URGENT, 2_000_000) is None


def test_many_small_ones_of_journals_leave_room_for_what_happens_now() -> None:
    waiting, n = Waiting[None](), 0
    for _ in range(200):
        waiting.written(GROUP_SIZE_BYTES, took_s=0.02)
    while come(waiting, f"old-{n}", Priority.BACKLOG, 600) is None:
        n += 1

    assert come(waiting, "now") is None


def test_what_happens_now_goes_before_what_lay_in_journals() -> None:
    waiting = Waiting[None]()
    for n in range(3):
        come(waiting, f"old-{n}", Priority.BACKLOG)
    come(waiting, "now")

    assert nodes(waiting.take())[0] == "now"


def test_a_backlog_is_given_its_share_however_much_happens_now() -> None:
    waiting, taken = Waiting[None](), list[str]()
    for n in range(3):
        come(waiting, f"old-{n}", Priority.BACKLOG)
    for turn in range(30):
        while come(waiting, f"now-{turn}-{len(waiting)}") is None:
            pass
        group = waiting.take()
        taken += nodes(group)
        for batch in group:
            waiting.leave(batch)

    old = [node for node in taken if node.startswith("old")]
    assert old == ["old-0", "old-1", "old-2"]
    assert taken.index("old-0") >= BACKLOG_SHARE - 2


def test_a_backlog_leaves_room_for_what_happens_now() -> None:
    waiting, n = Waiting[None](), 0
    while come(waiting, f"old-{n}", Priority.BACKLOG) is None:
        n += 1

    assert waiting.size_bytes <= max(GROUP_SIZE_BYTES, waiting.room_bytes // BACKLOG_SHARE)
    assert come(waiting, "now") is None


def test_a_group_is_no_larger_than_who_is_urgent_may_wait_for() -> None:
    waiting = full()

    sizes = [batch.size_bytes for batch in waiting.take()]

    assert sum(sizes) <= GROUP_SIZE_BYTES < sum(sizes) + LARGE


def test_the_largest_batch_finds_room_where_nothing_waits() -> None:
    assert come(Waiting[None](), "n", size_bytes=4_000_000) is None
    assert come(Waiting[None](), "n", Priority.BACKLOG, size_bytes=4_000_000) is None


def test_who_leaves_gives_the_room_back() -> None:
    waiting = full()
    while group := waiting.take():
        for batch in group:
            waiting.leave(batch)

    assert waiting.size_bytes == 0
    assert come(waiting, "late") is None
