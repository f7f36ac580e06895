"""Who was considered in a decision: other people than the one at the gate, so for few to see."""

from typing import Final

from pydantic import JsonValue

from config.contract.events import AccessDenied, AccessGranted, ConsideredCandidate, Event

CANDIDATES: Final = "candidates"
"""Key of the people considered, wherever it stands in an event's data."""


def without_candidates(event: Event) -> Event:
    """Return an event that names nobody who was only considered.

    Events of a type that is not known here are treated alike: a newer node may send them.
    """
    data = _without(event.data)
    return event.model_copy(update={"data": data})


def candidates_of(event: Event) -> tuple[ConsideredCandidate, ...]:
    """Return who was considered, best first; nobody where the event is no decision on a face."""
    fact = event.parsed()
    if not isinstance(fact, AccessGranted | AccessDenied) or fact.face is None:
        return ()
    return fact.face.candidates


def _without(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _without(inner) for key, inner in value.items() if key != CANDIDATES}
    if isinstance(value, list):
        return [_without(inner) for inner in value]
    return value
