"""What somebody who serves themselves has begun and left: it is taken back by itself. Pure.

An amount that stands is whoever's the camera finds: it goes back to a choice soon, and nothing of a
choice that nobody touches is left for the next in the queue.
"""

from typing import Final

from config.contract.money import ChargeMode
from edge.canteen.draft import Draft
from edge.canteen.screen import SelfServiceShown

STANDS_S: Final = 20.0
"""Whoever pressed *pay* has shown a face or a card by then."""
CHOOSES_S: Final = 40.0
MODES: Final = frozenset({ChargeMode.MENU, ChargeMode.COUNT, ChargeMode.KEYED, ChargeMode.ORDERS})
"""In which something may be left to the next one. A weight says itself that it is gone."""


class SelfService:
    """Of one till. Times are monotonic seconds."""

    def __init__(self, *, is_attended: bool) -> None:
        """Begin with nobody at it. Args: is_attended: a cashier chooses, and takes back."""
        self._is_attended = is_attended
        self._touched_s, self._round = 0.0, 0

    def touch(self, *, now_s: float) -> None:
        """Somebody is at it."""
        self._touched_s, self._round = now_s, self._round + 1

    def due_s(self, draft: Draft) -> float | None:
        """Return when what was begun is taken back; None where nothing is."""
        if self._is_attended or draft.mode not in MODES:
            return None
        if draft.stands:
            return self._touched_s + STANDS_S
        has_begun = draft.typed or draft.pieces or draft.picked is not None
        return self._touched_s + CHOOSES_S if has_begun else None

    def shown(self, draft: Draft, *, now_s: float) -> SelfServiceShown | None:
        """Return what the screen shows of it."""
        due_s = self.due_s(draft)
        if due_s is None:
            return None
        return SelfServiceShown(round=self._round, seconds_left=round(max(0.0, due_s - now_s), 1))

    def is_over(self, draft: Draft, *, now_s: float) -> bool:
        """Return whether it is taken back now."""
        due_s = self.due_s(draft)
        return due_s is not None and now_s >= due_s
