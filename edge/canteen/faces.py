"""What was seen of the faces before a till of late. Pure.

Only what a charge rests on leaves this: the rest is forgotten with the next faces, or the process.
"""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from config.contract.events import FaceEvidence
from config.contract.identifiers import new_id

KEPT_COUNT: Final = 64
"""Whoever pays, whoever waits behind them, and some that came between."""


class FacesOfLate:
    """Of one till."""

    def __init__(self) -> None:
        """Begin with none."""
        self._faces = OrderedDict[UUID, FaceEvidence]()

    def keep(self, face: FaceEvidence) -> UUID:
        """Keep what was seen; returns the identifier of the decision that rests on it."""
        decision_id = new_id()
        self._faces[decision_id] = face
        while len(self._faces) > KEPT_COUNT:
            self._faces.popitem(last=False)
        return decision_id

    def of(self, decision_id: UUID | None) -> FaceEvidence | None:
        """Return what a decision rests on; None of one that rests on no face."""
        return None if decision_id is None else self._faces.get(decision_id)
