"""Events as they came, made ready to be kept. Pure.

What is kept of an event is its own normal text, whatever white space it came with. Its hash tells
quickly that an event came again; where it differs, ``is_same`` looks at what both say.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from central.events.considered import erased
from config.contract.events import GO_AHEAD, Event, EventClass

BATCH_COUNT_MAX: Final = 1_000
Key = tuple[str, str, int]
"""Epoch, class and sequence; the node is given."""
_URGENT: Final = (b'"fire"', *(name.encode() for name in sorted(GO_AHEAD)))


class BatchError(ValueError):
    """What came cannot be taken in; the message says what is wrong with it, and quotes nothing.

    Attributes:
        code: For the refusal: ``invalid_request``, ``too_large`` or ``foreign_source``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class EventsNotJsonError(BatchError):
    """The data hold a number that JSON does not have."""

    def __init__(self) -> None:
        super().__init__("invalid_request", "not a number of JSON")


@dataclasses.dataclass(slots=True)
class Draft:
    """One event. Attributes: body: its normal text. content_hash: SHA-256 of that."""

    event: Event
    epoch: str
    event_class: str
    sequence: int
    body: str
    content_hash: str

    @property
    def key(self) -> Key:
        """What it is known by at its node."""
        return self.epoch, self.event_class, self.sequence


class _Received(Event):
    # Where JSON has no word for a number, its text says so, instead of `null`.
    model_config = ConfigDict(ser_json_inf_nan="constants")

    data: dict[str, Any]


_BATCH: Final = TypeAdapter(list[_Received])
_TO_JSON: Final = TypeAdapter(_Received).serializer.to_json


def may_be_urgent(body: bytes) -> bool:
    """Return whether a batch that nobody has read yet may hold what goes before all else."""
    return any(mark in body for mark in _URGENT)


def is_urgent(drafts: Iterable[Draft]) -> bool:
    """Return whether somebody is in danger."""
    return any(d.event_class == EventClass.FIRE.value or d.event.type in GO_AHEAD for d in drafts)


def parsed(body: bytes, *, source: str) -> list[Draft]:
    """Return what a node's batch holds.

    Args:
        body: A JSON array of CloudEvents.
        source: ``/site/node``, with which each event's source begins.

    Raises:
        BatchError: It is none, holds too much, or speaks for somebody else.
    """
    try:
        batch = _BATCH.validate_json(body)
    except ValidationError as error:
        places = ", ".join(
            ".".join(str(part) for part in mistake["loc"]) for mistake in error.errors()[:5]
        )
        raise BatchError("invalid_request", f"not a batch of events: {places}") from error
    if len(batch) > BATCH_COUNT_MAX:
        raise BatchError("too_large", f"at most {BATCH_COUNT_MAX} events at once")
    below = f"{source}/"
    for event in batch:
        if event.source != source and not event.source.startswith(below):
            node = source.rpartition("/")[2]
            raise BatchError("foreign_source", f"events of {node} begin with {source}")
    return drafts_of(batch)


def drafts_of(batch: Iterable[Event]) -> list[Draft]:
    """Return events made ready, in their order.

    Raises:
        EventsNotJsonError: One of them holds NaN or infinity.
    """
    epochs = dict[int, str]()
    drafts = list[Draft]()
    for event in batch:
        number = event.epoch.int
        if (epoch := epochs.get(number)) is None:
            epoch = epochs[number] = str(event.epoch)
        body = _json(event)
        digest = hashlib.sha256(body).hexdigest()
        event_class = event.event_class.value
        drafts.append(Draft(event, epoch, event_class, event.sequence, body.decode(), digest))
    return drafts


def _json(event: Event) -> bytes:
    if not isinstance(event, _Received):
        event = _Received.model_construct(event.model_fields_set, **dict(event))
    try:
        body = _TO_JSON(event, by_alias=True)
    except PydanticSerializationError as error:
        raise EventsNotJsonError from error
    if b"NaN" in body or b"Infinity" in body:
        _canonical(json.loads(body))  # a word of a text, perhaps
    return body


def _canonical(document: Any) -> str:  # noqa: ANN401 - JSON
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise EventsNotJsonError from error


def is_same(draft: Draft, *, content_hash: str, body: str) -> bool:
    """Return whether an event that came under a held key is the one that is held.

    Args:
        draft: What came.
        content_hash: Of what is held; of its text, or of its sorted text in what is older.
        body: Of what is held; who was considered may have been erased from it since.
    """
    if draft.content_hash == content_hash:
        return True
    canonical = _canonical(json.loads(draft.body))
    if hashlib.sha256(canonical.encode()).hexdigest() == content_hash:
        return True
    held = _canonical(json.loads(body))
    return held in (canonical, erased(canonical))


def canonical_hash(draft: Draft) -> str:
    """Return what does not change with the order of members."""
    return hashlib.sha256(_canonical(json.loads(draft.body)).encode()).hexdigest()
