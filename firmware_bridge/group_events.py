"""What a board tells of itself: the events in a state, both roles; docs/board.md, section 4."""

import dataclasses
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Final

UINT32_MAX: Final = 0xFFFFFFFF
TIME_MS_MAX: Final = 0xFFFFFFFFFFFFFFFF


class StartCause(IntEnum):
    """Why a board started."""

    POWER = 0
    COMMAND = 1
    WATCHDOG = 2
    TRIAL_OVER = 3


class OutputCause(IntEnum):
    """Why an output changed."""

    COMMAND = 1
    PULSE_OVER = 2
    SAFE_STATE = 3
    FIRE = 4


class ImageStep(IntEnum):
    """What became of an image."""

    ON_TRIAL = 1
    CONFIRMED = 2
    WENT_BACK = 3
    REFUSED = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        sequence: From 1 at each start.
        at_ms: Since the start.
    """

    sequence: int
    at_ms: int


@dataclasses.dataclass(frozen=True, slots=True)
class Started(Event):
    """The first of every start. Attributes: cause: a ``StartCause``, or one that is not known."""

    cause: int
    was_safe: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class InputChanged(Event):
    """An input, after it was stable."""

    channel: int
    is_active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class CardRead(Event):
    """A Wiegand frame. Attributes: bits: left-aligned, the rest of the last byte is 0."""

    reader: int
    bit_count: int
    bits: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class OutputChanged(Event):
    """An output. Attributes: cause: an ``OutputCause``, or one that is not known."""

    channel: int
    is_on: bool
    cause: int


@dataclasses.dataclass(frozen=True, slots=True)
class SafeStateChanged(Event):
    """Entered or left. Attributes: cause: 1 is no heartbeat."""

    is_entered: bool
    cause: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class FireInputChanged(Event):
    """The fire input."""

    is_active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class HoldChanged(Event):
    """A hold began or is over. Attributes: duration_ms: of what began."""

    is_begun: bool
    duration_ms: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class HousingChanged(Event):
    """The housing was opened or closed."""

    is_open: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ImageChanged(Event):
    """What became of an image. Attributes: step: an ``ImageStep``, or one that is not known."""

    step: int


@dataclasses.dataclass(frozen=True, slots=True)
class Configured(Event):
    """The configuration was written."""


@dataclasses.dataclass(frozen=True, slots=True)
class HealthChanged(Event):
    """What is wrong with it. Attributes: health: bits, see ``group.Health``."""

    health: int


@dataclasses.dataclass(frozen=True, slots=True)
class SignatureRefused(Event):
    """Somebody's signature was wrong. Attributes: command: of the board group."""

    command: int


@dataclasses.dataclass(frozen=True, slots=True)
class OtherEvent(Event):
    """One that this program does not know, or that is not as it should be."""

    kind: int
    values: tuple[Any, ...] = ()


KINDS: Final[dict[int, type[Event]]] = {
    1: Started,
    2: InputChanged,
    3: CardRead,
    4: OutputChanged,
    5: SafeStateChanged,
    6: FireInputChanged,
    7: HoldChanged,
    8: HousingChanged,
    9: ImageChanged,
    10: Configured,
    11: HealthChanged,
    12: SignatureRefused,
}
_KIND_OF: Final = {event: kind for kind, event in KINDS.items()}
_OWN_FIELDS: Final = {
    event: dataclasses.fields(event)[len(dataclasses.fields(Event)) :] for event in KINDS.values()
}


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= UINT32_MAX:
        raise ValueError("not an unsigned number of 32 bits")
    return value


def _truth(value: object) -> bool:
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise ValueError("neither 0 nor 1")


def _bits(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("no bytes")
    return value


_READERS: Final[dict[object, Callable[[object], Any]]] = {int: _number, bool: _truth, bytes: _bits}


def encode_event(event: Event) -> list[Any]:
    """Return an event as it stands in a state."""
    head = [event.sequence, event.at_ms]
    if isinstance(event, OtherEvent):
        return [*head, event.kind, *event.values]
    values = [getattr(event, field.name) for field in _OWN_FIELDS[type(event)]]
    return [*head, _KIND_OF[type(event)], *(int(v) if isinstance(v, int) else v for v in values)]


def decode_event(raw: Sequence[Any]) -> Event:
    """Return an event; what stands behind its known values is passed over.

    Raises:
        ValueError: It has no number, no time or no kind.
    """
    if len(raw) < 3:
        raise ValueError("an event has a number, a time and a kind")
    sequence, kind, values = _number(raw[0]), _number(raw[2]), tuple(raw[3:])
    at_ms = raw[1]
    if isinstance(at_ms, bool) or not isinstance(at_ms, int) or not 0 <= at_ms <= TIME_MS_MAX:
        raise ValueError("an event's time is no number")
    event = KINDS.get(kind)
    if event is None:
        return OtherEvent(sequence, at_ms, kind, values)
    try:
        own = [_READERS[f.type](v) for f, v in zip(_OWN_FIELDS[event], values, strict=False)]
        found = event(sequence, at_ms, *own)
    except (TypeError, ValueError):  # too few values, or of other types
        return OtherEvent(sequence, at_ms, kind, values)
    if isinstance(found, CardRead) and len(found.bits) != -(-found.bit_count // 8):
        return OtherEvent(sequence, at_ms, kind, values)
    return found
