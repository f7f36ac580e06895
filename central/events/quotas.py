"""How much one node may send, so that a broken one is noticed and stopped. Pure.

A node that sends without end is not one that has much to tell: a gate tells some kilobytes a
second when everybody comes at once. What it may send is so much more than that, and a day's journal
on top, that only a fault reaches it.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Final

RATE_BYTES: Final = 1_000_000
"""Per second, for as long as it wants: some 1,700 events."""
BURST_BYTES: Final = 60_000_000
"""At once: a hundred thousand events, more than a gate's day."""
QUIET_S: Final = 60.0
"""Who was not refused for so long is not limited any more."""
RETRY_S_MAX: Final = 60


@dataclasses.dataclass(slots=True)
class Limited:
    """What was refused of a node. Attributes: count: of batches. until_s: the last, monotonic."""

    node: str
    since_s: float
    until_s: float
    count: int = 0
    size_bytes: int = 0


@dataclasses.dataclass(slots=True)
class _Bucket:
    left_bytes: float
    at_s: float


class Quotas:
    """A bucket for each node, which fills by itself."""

    def __init__(self) -> None:
        self._buckets = dict[str, _Bucket]()
        self._limited = dict[str, Limited]()

    def take(self, node: str, size_bytes: int, *, now_s: float) -> int | None:
        """Let a node send so much, or say after how many seconds it may.

        Args:
            node: Who sends.
            size_bytes: No more than ``BURST_BYTES``.
            now_s: Monotonic.
        """
        bucket = self._buckets.setdefault(node, _Bucket(BURST_BYTES, now_s))
        filled = bucket.left_bytes + (now_s - bucket.at_s) * RATE_BYTES
        bucket.left_bytes, bucket.at_s = min(filled, BURST_BYTES), now_s
        if bucket.left_bytes >= size_bytes:
            bucket.left_bytes -= size_bytes
            return None
        limited = self._limited.setdefault(node, Limited(node, now_s, now_s))
        limited.count += 1
        limited.size_bytes += size_bytes
        limited.until_s = now_s
        missing = size_bytes - bucket.left_bytes
        return max(1, min(math.ceil(missing / RATE_BYTES), RETRY_S_MAX))

    def give_back(self, node: str, size_bytes: int) -> None:
        """Count as not sent what could not be taken in for another reason."""
        if bucket := self._buckets.get(node):
            bucket.left_bytes = min(bucket.left_bytes + size_bytes, BURST_BYTES)

    @property
    def limited(self) -> frozenset[str]:
        """Who is limited now."""
        return frozenset(self._limited)

    def ended(self, *, now_s: float) -> Iterator[Limited]:
        """Yield, once, who is limited no more; forgets who has sent nothing for long."""
        for node, limited in list(self._limited.items()):
            if now_s - limited.until_s >= QUIET_S:
                del self._limited[node]
                yield limited
        full_after_s = BURST_BYTES / RATE_BYTES
        self._buckets = {
            node: bucket
            for node, bucket in self._buckets.items()
            if now_s - bucket.at_s < full_after_s
        }
