"""How long who fails must wait: by account and address, and never whoever uses a known device.

A stranger's failures count where they come from: against this account from this address, and
against this address. A device on which the operator has signed in before carries a cookie, and its
failures count by themselves, so no stranger can lock an operator out of it. Pure: time is given.
"""

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Final

ACCOUNT_FREE_COUNT: Final = 5
ADDRESS_FREE_COUNT: Final = 20
FIRST_S: Final = 2.0
LONGEST_S: Final = 300.0
MEMORY_S: Final = 3600.0
KEY_COUNT_MAX: Final = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class Counter:
    """Where attempts are counted. Attributes: free_count: so many in a row cost no time."""

    key: tuple[Hashable, ...]
    free_count: int = ACCOUNT_FREE_COUNT
    is_forgiven: bool = True
    """Whether a success begins it anew; else whoever has an account could guess another's."""


def password_counters(account: str, *, address: str, device: str | None) -> tuple[Counter, ...]:
    """Return where an attempt at a password counts; ``device`` is one that the account knows."""
    if device is not None:
        return (Counter(("device", device, account)),)
    return (
        Counter(("account", account, address)),
        Counter(("address", address), ADDRESS_FREE_COUNT, is_forgiven=False),
    )


def code_counters(account: str, *, device: str | None) -> tuple[Counter, ...]:
    """Return where an attempt at a second factor counts.

    Whoever gets here has the password, so that all unknown devices count together: more addresses
    are not more guesses.
    """
    key = ("code", account) if device is None else ("code", account, device)
    return (Counter(key),)


@dataclasses.dataclass(slots=True)
class _Count:
    count: int
    last_at_s: float


class Delays:
    """Attempts in a row, in the memory of one process."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Hashable, ...], _Count] = {}

    @property
    def count(self) -> int:
        """How many counters are kept."""
        return len(self._counts)

    def begin(self, counters: Sequence[Counter], *, now_s: float) -> float:
        """Count an attempt as if it failed; returns how long to wait instead of making it, or 0."""
        wait_s = max(self._wait_s(counter, now_s=now_s) for counter in counters)
        if wait_s > 0:
            return wait_s
        for counter in counters:
            self._counts.setdefault(counter.key, _Count(0, now_s)).count += 1
            self._counts[counter.key].last_at_s = now_s
        if len(self._counts) > KEY_COUNT_MAX:
            self._forget(now_s)
        return 0.0

    def succeed(self, counters: Sequence[Counter]) -> None:
        """Begin anew after a success."""
        for counter in counters:
            found = self._counts.get(counter.key)
            if found is not None and counter.is_forgiven:
                del self._counts[counter.key]
            elif found is not None:
                found.count -= 1

    def wait_s(self, counters: Sequence[Counter], *, now_s: float) -> float:
        """Return how long the next attempt has to wait."""
        return max(self._wait_s(counter, now_s=now_s) for counter in counters)

    def _wait_s(self, counter: Counter, *, now_s: float) -> float:
        found = self._counts.get(counter.key)
        if found is None:
            return 0.0
        if found.last_at_s + MEMORY_S <= now_s:
            del self._counts[counter.key]
            return 0.0
        too_many = found.count - counter.free_count
        if too_many < 0:
            return 0.0
        delay_s = min(LONGEST_S, FIRST_S * 2.0 ** min(too_many, 16))
        return max(0.0, found.last_at_s + delay_s - now_s)

    def _forget(self, now_s: float) -> None:
        """Drop what is over, then the oldest: memory is bounded whoever knocks."""
        by_age = sorted(self._counts.items(), key=lambda item: item[1].last_at_s)
        is_over = [key for key, count in by_age if count.last_at_s + MEMORY_S <= now_s]
        for key in is_over or [key for key, _ in by_age[: KEY_COUNT_MAX // 10]]:
            del self._counts[key]
