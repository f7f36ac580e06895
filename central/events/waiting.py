"""Batches that wait to be written: who may wait, whose turn it is, and when to come again. Pure.

There is room for about what can be written in a second, measured; who finds none is told when there
will be. What concerns somebody's life always gets in, within what memory bears. A node that has
something waiting makes way for those that have nothing, so that one node's flood starves nobody.
What lay in a journal during an outage waits apart from what happens now: it is given the room that
is left in a transaction, and a small share in any case, so that neither ever stops for the other.
"""

import dataclasses
import enum
import itertools
import math
from collections import deque
from typing import Any, Final, Generic, TypeVar

Payload = TypeVar("Payload")

GROUP_SIZE_BYTES: Final = 1_500_000
"""Of one transaction, about 2,500 events: what is urgent waits no longer than for one of these."""
GROUP_COUNT_MAX: Final = 200
ROOM_S: Final = 1.0
ROOM_SIZE_BYTES_MIN: Final = 4_000_000
"""The largest batch always fits into an empty room."""
ROOM_SIZE_BYTES_MAX: Final = 64_000_000
ROOM_COUNT_MAX: Final = 4_000
URGENT_SIZE_BYTES_MAX: Final = 16_000_000
NODE_COUNT_MAX: Final = 8
"""Batches of one node, whatever room there is."""
BACKLOG_SHARE: Final = 8
"""The backlog gets one byte of so many in any case; and so much of the room."""
RATE_FIRST: Final = 8_000_000.0
"""Bytes per second, until it is measured."""
RATE_WEIGHT_S: Final = 2.0
RETRY_S_MAX: Final = 30
TOLD_S: Final = 60.0
"""Who does not come again for so long is not counted on any more."""


class Priority(enum.IntEnum):
    """Who goes first. ``ALARM`` is a small batch with an alarm in it."""

    URGENT = 0
    ALARM = 1
    LIVE = 2
    BACKLOG = 3


@dataclasses.dataclass(eq=False, slots=True)
class Batch(Generic[Payload]):
    """What a node sent. Attributes: payload: None until it was read."""

    node: str
    priority: Priority
    size_bytes: int
    payload: Payload | None = None


class Waiting(Generic[Payload]):
    """The room. Batches are let in before they are read, and wait for their turn once they are."""

    def __init__(self) -> None:
        self._rate = RATE_FIRST
        self._inside = dict[tuple[str, bool], int]()
        self._size_bytes = dict.fromkeys(Priority, 0)
        self._counts = dict.fromkeys(Priority, 0)
        self._queues = {priority: deque[Batch[Payload]]() for priority in Priority}
        self._told = dict[tuple[str, bool], tuple[int, float]]()
        self._credit_bytes = 0

    @property
    def room_bytes(self) -> int:
        """What may wait of live batches."""
        room = int(self._rate * ROOM_S)
        return max(ROOM_SIZE_BYTES_MIN, min(room, ROOM_SIZE_BYTES_MAX))

    @property
    def size_bytes(self) -> int:
        """What is inside."""
        return sum(self._size_bytes.values())

    def __len__(self) -> int:
        """Return how many batches may be taken."""
        return sum(len(queue) for queue in self._queues.values())

    def let_in(self, batch: Batch[Payload], *, now_s: float) -> int | None:
        """Let a batch in, or say after how many seconds its node may send it again.

        Args:
            batch: To be given to ``put``, or to ``leave``.
            now_s: Monotonic.
        """
        key = batch.node, batch.priority is Priority.BACKLOG
        if self._has_room_for(batch):
            self._told.pop(key, None)
            mine = _counted_as(batch)
            self._inside[mine] = self._inside.get(mine, 0) + 1
            self._size_bytes[batch.priority] += batch.size_bytes
            self._counts[batch.priority] += 1
            return None
        self._told[key] = batch.size_bytes, now_s
        return self._retry_s(batch, now_s)

    def _has_room_for(self, batch: Batch[Payload]) -> bool:
        mine = self._inside.get(_counted_as(batch), 0)
        if mine >= NODE_COUNT_MAX:
            return False
        sharing, count = frozenset({Priority.ALARM, Priority.LIVE}), ROOM_COUNT_MAX
        room = self.room_bytes
        match batch.priority:
            case Priority.URGENT:
                sharing, room = frozenset({Priority.URGENT}), URGENT_SIZE_BYTES_MAX
            case Priority.ALARM:
                room, count = 2 * room, 2 * count
            case Priority.BACKLOG:
                sharing, count = frozenset({Priority.BACKLOG}), count // BACKLOG_SHARE
                room = max(room // BACKLOG_SHARE, GROUP_SIZE_BYTES)
        if mine and batch.priority is not Priority.ALARM:
            room //= 2
        taken = sum(self._size_bytes[each] for each in sharing)
        if sum(self._counts[each] for each in sharing) >= count:
            return False
        return taken == 0 or taken + batch.size_bytes <= room

    def _retry_s(self, batch: Batch[Payload], now_s: float) -> int:
        """Return when everybody who was told to come again, and what waits now, can be written."""
        self._told = {k: told for k, told in self._told.items() if now_s - told[1] < TOLD_S}
        is_backlog = batch.priority is Priority.BACKLOG
        told = sum(size for (_, backlog), (size, _) in self._told.items() if backlog is is_backlog)
        seconds = (self.size_bytes + told) / max(self._rate, 1.0)
        return max(1, min(math.ceil(seconds), RETRY_S_MAX))

    def put(self, batch: Batch[Payload]) -> None:
        """Let a batch that was let in, and is read, wait for its turn."""
        self._queues[batch.priority].append(batch)

    def leave(self, batch: Batch[Payload]) -> None:
        """Give a batch's room back: it is written, or nothing."""
        self._size_bytes[batch.priority] -= batch.size_bytes
        self._counts[batch.priority] -= 1
        mine = _counted_as(batch)
        if left := self._inside[mine] - 1:
            self._inside[mine] = left
        else:
            del self._inside[mine]

    def take(self) -> list[Batch[Payload]]:
        """Return what is written together next, of each node one batch; nothing if nobody waits.

        What is urgent is written by itself, at once. Else live batches as they came; with them what
        lay in a journal, as far as there is room, or its share has come.
        """
        if urgent := self.take_urgent():
            return urgent
        group = _Group[Payload]()
        backlog = self._queues[Priority.BACKLOG]
        if backlog and self._credit_bytes >= backlog[0].size_bytes:
            # Its share has come: before the others, who would fill the group for ever.
            group.fill(backlog, count=1)
        group.fill(self._queues[Priority.ALARM])
        group.fill(self._queues[Priority.LIVE])
        group.fill(backlog)
        self._count_credit(group)
        return group.batches

    def take_urgent(self) -> list[Batch[Payload]]:
        """Return what is urgent and written together next, of each node one batch."""
        group = _Group[Payload]()
        group.fill(self._queues[Priority.URGENT])
        return group.batches

    def _count_credit(self, group: "_Group[Payload]") -> None:
        if not self._queues[Priority.BACKLOG]:
            self._credit_bytes = 0
            return
        for batch in group.batches:
            if batch.priority is Priority.BACKLOG:
                self._credit_bytes = max(0, self._credit_bytes - batch.size_bytes)
            else:
                self._credit_bytes += batch.size_bytes // (BACKLOG_SHARE - 1)

    def written(self, size_bytes: int, *, took_s: float) -> None:
        """Learn how fast this machine writes; small groups say little of it."""
        if took_s <= 0 or size_bytes < GROUP_SIZE_BYTES // 4:
            return
        weight = 1 - math.exp(-took_s / RATE_WEIGHT_S)
        self._rate += weight * (size_bytes / took_s - self._rate)

    def drain(self) -> list[Batch[Payload]]:
        """Return everything that waits for its turn, which ends."""
        left = list(itertools.chain.from_iterable(self._queues.values()))
        for queue in self._queues.values():
            queue.clear()
        return left


def _counted_as(batch: Batch[Any]) -> tuple[str, bool]:
    """Return with which others of its node a batch is counted: what is urgent by itself."""
    return batch.node, batch.priority is Priority.URGENT


class _Group(Generic[Payload]):
    """What is written together."""

    def __init__(self) -> None:
        self.batches: list[Batch[Payload]] = []
        self._nodes = set[str]()
        self._size_bytes = 0

    def fill(self, queue: deque[Batch[Payload]], *, count: int = GROUP_COUNT_MAX) -> None:
        """Take from a queue what fits, in its order; who has a batch here already waits on."""
        passed_over = list[Batch[Payload]]()
        while queue and count and len(self.batches) < GROUP_COUNT_MAX:
            batch = queue[0]
            if batch.node in self._nodes:
                passed_over.append(queue.popleft())
                continue
            if self.batches and self._size_bytes + batch.size_bytes > GROUP_SIZE_BYTES:
                break
            queue.popleft()
            self._nodes.add(batch.node)
            self._size_bytes += batch.size_bytes
            self.batches.append(batch)
            count -= 1
        queue.extendleft(reversed(passed_over))
