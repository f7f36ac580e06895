"""Which updates of boards this node has taken on, and what became of them. Pure.

::

    asked --taken on--> waits --rules, image--> begun --> ended --journal has it--> told
                          +--cancelled, too late----------->+

An update is known by its identifier long after its end: the same one again changes nothing. One
that was begun before the process ended is gone on with, whatever its end was.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.board_commands import UPDATE_MAX, RollBackBoard, UpdateBoard
from config.contract.board_events import BoardUpdateEnded, UpdateStage

Asked = UpdateBoard | RollBackBoard
KEPT_AFTER: Final = 2 * UPDATE_MAX
"""So long an update is known after its end: whatever was asked before it is too late by then."""
WAITING_COUNT_MAX: Final = 500
"""A node has fewer boards; more is nobody's wish."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One update or rollback.

    Attributes:
        number: They are done in this order.
        asked: None where a cancellation came before what it cancels.
        begun_at: Since when the board may have been told something; None before.
        target: MCUboot's hash of the image that is put on trial, hexadecimal; empty as long as
            nobody knows.
        stage: That it was in last.
        ended: What is told of its end.
        is_told: The journal holds it.
    """

    update_id: UUID
    number: int
    device: str
    asked: Asked | None
    taken_at: datetime
    begun_at: datetime | None = None
    target: str = ""
    stage: UpdateStage | None = None
    is_cancelled: bool = False
    ended: BoardUpdateEnded | None = None
    ended_at: datetime | None = None
    is_told: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is something to be done."""
        return self.ended is None and self.asked is not None


class UpdateBook:
    """The updates that this node has heard of."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Begin with what was kept."""
        self._entries = {e.update_id: e for e in sorted(entries, key=lambda each: each.number)}

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._entries)

    def get(self, update_id: UUID) -> Entry | None:
        """Return one; None where it is not known."""
        return self._entries.get(update_id)

    @property
    def open(self) -> Sequence[Entry]:
        """All that are not ended, in their order."""
        return [entry for entry in self._entries.values() if entry.is_open]

    @property
    def untold(self) -> Sequence[Entry]:
        """Ends that the journal does not hold yet."""
        return [e for e in self._entries.values() if e.ended is not None and not e.is_told]

    @property
    def is_full(self) -> bool:
        """Whether no more are taken on."""
        return len(self.open) >= WAITING_COUNT_MAX

    def take_on(self, asked: Asked, *, now: datetime) -> Entry | None:
        """Return a new entry, to be kept; None where the update is known already."""
        known = self._entries.get(asked.update_id)
        if known is not None and (known.asked is not None or not known.is_cancelled):
            return None
        entry = Entry(
            update_id=asked.update_id,
            number=1 + max((e.number for e in self._entries.values()), default=0),
            device=asked.device,
            asked=asked,
            taken_at=now,
            is_cancelled=known is not None,
        )
        return self.put(entry)

    def cancel(self, update_id: UUID, device: str, *, now: datetime) -> Entry:
        """Return an entry, to be kept, that says that an update is not wanted any more.

        One that is not known may be on its way still.
        """
        known = self._entries.get(update_id)
        if known is None:
            number = 1 + max((e.number for e in self._entries.values()), default=0)
            known = Entry(
                update_id=update_id, number=number, device=device, asked=None, taken_at=now
            )
        return self.put(dataclasses.replace(known, is_cancelled=True))

    def put(self, entry: Entry) -> Entry:
        """Take an entry as it is now."""
        self._entries[entry.update_id] = entry
        return entry

    def drop(self, entry: Entry) -> None:
        """Let go of an entry that could not be kept: it was never taken on."""
        self._entries.pop(entry.update_id, None)

    def forget(self, *, now: datetime) -> Sequence[UUID]:
        """Let go of what is long over and told, and of cancellations of nothing; return which."""
        over = [
            entry.update_id
            for entry in self._entries.values()
            if entry.is_told or entry.asked is None
            if now >= (entry.ended_at or entry.taken_at) + KEPT_AFTER
        ]
        for update_id in over:
            del self._entries[update_id]
        return over
