"""Who was considered in a decision: other people than the one who was taken, so for few to see."""

import json
from typing import Any, Final

from pydantic import JsonValue

from config.contract.events import (
    AccessDenied,
    AccessGranted,
    ConsideredCandidate,
    Event,
    PayerIdentified,
)

CANDIDATES: Final = "candidates"
"""Key of the people considered, wherever it stands in an event's data."""


def without_candidates(event: Event) -> Event:
    """Return an event that names nobody who was only considered.

    Events of a type that is not known here are treated alike: a newer node may send them.
    """
    data = _without(event.data)
    return event.model_copy(update={"data": data})


def erased(body: str) -> str:
    """Return an event's JSON, sorted, in which nobody is named who was only considered."""
    return json.dumps(_emptied(json.loads(body)), sort_keys=True, separators=(",", ":"))


def _emptied(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {k: [] if k == CANDIDATES else _emptied(v) for k, v in value.items()}
    return [_emptied(each) for each in value] if isinstance(value, list) else value


def candidates_of(event: Event) -> tuple[ConsideredCandidate, ...]:
    """Return who was considered, best first; nobody where the event is no decision on a face."""
    fact = event.parsed()
    if not isinstance(fact, AccessGranted | AccessDenied | PayerIdentified) or fact.face is None:
        return ()
    return fact.face.candidates


def _without(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _without(inner) for key, inner in value.items() if key != CANDIDATES}
    if isinstance(value, list):
        return [_without(inner) for inner in value]
    return value
