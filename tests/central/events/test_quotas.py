"""A node that sends without end is stopped, and told of once."""

from central.events.quotas import BURST_BYTES, QUIET_S, RATE_BYTES, RETRY_S_MAX, Quotas

BATCH = 1_000_000


def sent_at_once(quotas: Quotas, node: str) -> int:
    """Let a node send as long as it may; returns how many bytes."""
    size_bytes = 0
    while quotas.take(node, BATCH, now_s=0.0) is None:
        size_bytes += BATCH
    return size_bytes


def test_a_day_may_come_at_once() -> None:
    assert sent_at_once(Quotas(), "gate") == BURST_BYTES


def test_then_a_node_sends_as_fast_as_its_quota_fills() -> None:
    quotas = Quotas()
    sent_at_once(quotas, "gate")

    assert quotas.take("gate", 5 * RATE_BYTES, now_s=0.0) == 5
    assert quotas.take("gate", 5 * RATE_BYTES, now_s=5.0) is None


def test_one_node_is_limited_and_no_other() -> None:
    quotas = Quotas()
    sent_at_once(quotas, "flood")

    assert quotas.take("gate", BATCH, now_s=0.0) is None
    assert quotas.limited == {"flood"}


def test_what_found_no_room_is_not_counted() -> None:
    quotas = Quotas()
    sent_at_once(quotas, "gate")

    quotas.give_back("gate", BATCH)

    assert quotas.take("gate", BATCH, now_s=0.0) is None


def test_the_end_is_told_once_with_what_was_refused() -> None:
    quotas = Quotas()
    sent_at_once(quotas, "flood")
    quotas.take("flood", BATCH, now_s=0.5)

    assert list(quotas.ended(now_s=QUIET_S)) == []
    (limited,) = quotas.ended(now_s=QUIET_S + 1)
    assert (limited.node, limited.count, limited.size_bytes) == ("flood", 2, 2 * BATCH)
    assert (limited.since_s, limited.until_s) == (0.0, 0.5)
    assert list(quotas.ended(now_s=QUIET_S + 2)) == []


def test_nobody_is_sent_away_for_long() -> None:
    quotas = Quotas()
    sent_at_once(quotas, "gate")

    assert quotas.take("gate", 55 * BATCH + 50_000_000, now_s=0.0) == RETRY_S_MAX
