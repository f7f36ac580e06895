"""Who fails waits; nobody makes another wait."""

import pytest

from central.users.delays import (
    ACCOUNT_FREE_COUNT,
    ADDRESS_FREE_COUNT,
    KEY_COUNT_MAX,
    LONGEST_S,
    MEMORY_S,
    Delays,
    code_counters,
    password_counters,
)

STRANGER = password_counters("li", address="10.0.0.9", device=None)
AT_HOME = password_counters("li", address="10.0.0.9", device="known")


def failed(delays: Delays, count: int, *, now_s: float = 0.0) -> None:
    """Fail so often, waiting as long as is asked for."""
    for _ in range(count):
        now_s += delays.wait_s(STRANGER, now_s=now_s)
        assert delays.begin(STRANGER, now_s=now_s) == 0


def test_the_first_failures_cost_no_time() -> None:
    delays = Delays()

    waits = [delays.begin(STRANGER, now_s=0) for _ in range(ACCOUNT_FREE_COUNT + 1)]

    assert waits == [0] * ACCOUNT_FREE_COUNT + [2]


def test_every_further_failure_doubles_the_wait_up_to_a_limit() -> None:
    delays, now_s, waits = Delays(), 0.0, []
    failed(delays, ACCOUNT_FREE_COUNT)
    for _ in range(10):
        waits.append(delays.wait_s(STRANGER, now_s=now_s))
        now_s += waits[-1]
        delays.begin(STRANGER, now_s=now_s)

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_S, LONGEST_S]


def test_a_strangers_failures_do_not_hold_up_a_known_device() -> None:
    delays = Delays()
    failed(delays, 12)

    assert delays.wait_s(STRANGER, now_s=0) > 0
    assert delays.begin(AT_HOME, now_s=0) == 0


def test_a_strangers_failures_do_not_hold_up_another_address() -> None:
    delays = Delays()
    failed(delays, 12)

    assert delays.begin(password_counters("li", address="10.0.0.7", device=None), now_s=0) == 0


def test_a_known_device_that_fails_waits_as_well() -> None:
    delays = Delays()

    waits = [delays.begin(AT_HOME, now_s=0) for _ in range(ACCOUNT_FREE_COUNT + 1)]

    assert waits[-1] > 0


def test_an_address_that_tries_many_accounts_waits() -> None:
    delays = Delays()
    names = [str(number) for number in range(ADDRESS_FREE_COUNT + 1)]

    waits = [
        delays.begin(password_counters(name, address="10.0.0.9", device=None), now_s=0)
        for name in names
    ]

    assert [wait > 0 for wait in waits] == [False] * ADDRESS_FREE_COUNT + [True]


def test_a_success_begins_the_account_anew_but_not_what_else_the_address_tried() -> None:
    delays = Delays()
    failed(delays, ACCOUNT_FREE_COUNT - 1)
    delays.begin(STRANGER, now_s=0)
    delays.succeed(STRANGER)
    others = ADDRESS_FREE_COUNT - (ACCOUNT_FREE_COUNT - 1)

    waits = [
        delays.begin(password_counters(str(number), address="10.0.0.9", device=None), now_s=0)
        for number in range(others + 1)
    ]

    assert [wait > 0 for wait in waits] == [False] * others + [True]


def test_codes_from_many_addresses_count_together() -> None:
    delays = Delays()

    waits = [delays.begin(code_counters("li", device=None), now_s=0) for _ in range(6)]

    assert waits[-1] > 0
    assert delays.begin(code_counters("li", device="known"), now_s=0) == 0


def test_failures_are_forgotten_after_an_hour() -> None:
    delays = Delays()
    failed(delays, 12)

    assert delays.wait_s(STRANGER, now_s=20 * LONGEST_S + MEMORY_S) == 0


@pytest.mark.parametrize("step_s", [0.0, MEMORY_S])
def test_whoever_knocks_memory_is_bounded(step_s: float) -> None:
    delays = Delays()

    for number in range(2 * KEY_COUNT_MAX):
        delays.begin(
            code_counters(str(number), device=None), now_s=step_s * (number // KEY_COUNT_MAX)
        )

    assert delays.count <= KEY_COUNT_MAX
