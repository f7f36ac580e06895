"""How often somebody's PIN may be tried.

Refusals at a point alone do not bound it: they ask for a second credential, and a card with a PIN
is two of them.
"""

import dataclasses
from datetime import datetime

from edge.access.attempts import PinShown
from edge.access.state import REFUSAL_WINDOW


class PinTries:
    """Wrong PINs of one node, by whose they should have been."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[datetime, ...]] = {}

    def judged(self, shown: PinShown, *, limit: int, now: datetime) -> PinShown:
        """Return what a typed PIN counts as: a wrong one, too, after ``limit`` in five minutes."""
        if shown.holder_id is None:
            return shown
        recent = tuple(
            at for at in self._wrong.pop(shown.holder_id, ()) if now - at < REFUSAL_WINDOW
        )
        if len(recent) >= limit:
            self._wrong[shown.holder_id] = recent
            return dataclasses.replace(shown, is_right=False, is_duress=False)
        if not shown.is_right:
            self._wrong[shown.holder_id] = (*recent, now)
        return shown

    def forgive(self) -> None:
        """Forget all: an operator has looked."""
        self._wrong.clear()
