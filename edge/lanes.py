"""Which of what waits for central is live, and which is a backlog that is told beside it.

After a long time without central, what happens now does not wait behind what happened then: the
journal's sequences at that moment are marks, what lies up to them is told in batches of their own.
Fires and alarms have no backlog: there are few, and nobody may hear of them late or out of order.
"""

from collections.abc import Mapping
from typing import Final

from config.contract.events import EventClass
from edge.journal import JournalStatus

BEHIND_S: Final = 60.0
"""Who could not tell everything for so long is behind."""
NEVER_BACKLOG: Final = frozenset({EventClass.FIRE, EventClass.ALARM})


class Lanes:
    """Two lanes to central; times are monotonic."""

    def __init__(self, *, batch_count_max: int) -> None:
        """Begin behind: a node that starts does not know how old its journal is."""
        self._batch_count_max = batch_count_max
        self._all_told_at_s: float | None = None
        self._marks: dict[EventClass, int] | None = None

    @property
    def marks(self) -> Mapping[EventClass, int] | None:
        """Up to which sequence of each class there is a backlog; None where there is none."""
        return self._marks

    def look(self, journal: JournalStatus, *, now_s: float) -> None:
        """Open the second lane where it is needed."""
        if self._marks is not None:
            return
        told_at_s = self._all_told_at_s
        is_behind = told_at_s is None or now_s - told_at_s > BEHIND_S
        if is_behind and journal.unsent_count > self._batch_count_max:
            self._marks = {
                event_class: 0 if event_class in NEVER_BACKLOG else last
                for event_class, last in journal.last_sequences.items()
            }

    def note_all_told(self, *, now_s: float) -> None:
        """Take note that nothing live waits."""
        self._all_told_at_s = now_s

    def close_backlog(self) -> None:
        """Take note that the backlog is told: one lane is enough."""
        self._marks = None
