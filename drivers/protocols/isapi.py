"""Hikvision ISAPI of access terminals: the event stream's parts, and what they say. Both roles.

A stream is ``multipart/mixed``; a part has its own headers, a length, and JSON or XML. One bad part
must not end the stream: what cannot be read is thrown away up to the next boundary.

Source: Hikvision ISAPI public integration guide for access control (version unconfirmed): event
``AccessControllerEvent``, major type 5; the minor types listed here are unconfirmed, as are the
numbers of ``doorStatus``.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from drivers.protocols import NEED_DATA, FrameError, NeedData

PART_SIZE_BYTES_MAX: Final = 262_144
"""A part may carry a picture; more is not read."""
BOUNDARY: Final = b"--MIME_boundary"
HEARTBEAT: Final = "heartBeat"
MAJOR_EVENT: Final = 5
GRANTED: Final = {1: "card", 38: "fingerprint", 75: "face"}
DENIED: Final = {9: "card", 76: "face"}
STANDS_OPEN, TREATS_AS_USUAL = 2, 4
"""Of ``doorStatus``."""
_LENGTH: Final = re.compile(rb"content-length:\s*([0-9]{1,9})\s*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class AccessEvent:
    """Somebody was let in, or not. Attributes: kind: ``card``, ``face`` or ``fingerprint``."""

    serial: int
    door: int
    kind: str
    is_granted: bool
    employee: str = dataclasses.field(repr=False)
    card: str = dataclasses.field(repr=False)
    time: str


@dataclasses.dataclass(frozen=True, slots=True)
class OtherEvent:
    """A part that reports no access: a heartbeat, or something that has no meaning here."""

    type: str


class StreamDecoder:
    """Cuts a stream into events."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes of the stream; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[: -2 * PART_SIZE_BYTES_MAX]

    def next_frame(self) -> AccessEvent | OtherEvent | NeedData:
        """Return the next event, or ``NEED_DATA``.

        Raises:
            FrameError: A part was thrown away; call again for what follows it.
        """
        begin = self._buffer.find(BOUNDARY)
        if begin < 0:
            return NEED_DATA
        del self._buffer[:begin]
        head_end = self._buffer.find(b"\r\n\r\n")
        following = self._buffer.find(BOUNDARY, len(BOUNDARY))
        if head_end < 0 or 0 <= following < head_end:
            return NEED_DATA if following < 0 else self._throw_away(following, "without a head")
        found = _LENGTH.search(bytes(self._buffer[:head_end]))
        if found is None:
            return NEED_DATA if following < 0 else self._throw_away(following, "without a length")
        length = int(found[1])
        if length > PART_SIZE_BYTES_MAX:
            return self._throw_away(len(BOUNDARY), f"of {length} bytes")
        end = head_end + 4 + length
        # A length that reaches beyond the next boundary is wrong: the next part counts.
        if 0 <= following < end:
            return self._throw_away(following, "whose length is wrong")
        if len(self._buffer) < end:
            return NEED_DATA
        body = bytes(self._buffer[head_end + 4 : end])
        del self._buffer[:end]
        return event_of(body)

    def _throw_away(self, count: int, why: str) -> NeedData:
        del self._buffer[:count]
        # Not quoted: a part names people.
        raise FrameError(f"a part of the event stream {why}")


def event_of(body: bytes) -> AccessEvent | OtherEvent:
    """Return what a part says.

    Raises:
        FrameError: It is no JSON object, or lacks what an access event has.
    """
    if not body.lstrip().startswith(b"{"):
        return OtherEvent("not JSON")
    try:
        fields = json.loads(body)
        if not isinstance(fields, dict):
            raise ValueError("no object")
        kind = str(fields.get("eventType", ""))
        access = fields.get("AccessControllerEvent")
        if kind != "AccessControllerEvent" or not isinstance(access, dict):
            return OtherEvent(kind[:40])
        return _access(access, str(fields.get("dateTime", "")))
    except (ValueError, TypeError, RecursionError) as error:
        raise FrameError("a part of the event stream is no event") from error


def _access(access: Mapping[str, Any], time: str) -> AccessEvent | OtherEvent:
    minor = int(access.get("subEventType", 0))
    if int(access.get("majorEventType", 0)) != MAJOR_EVENT or minor not in {*GRANTED, *DENIED}:
        return OtherEvent(f"access event {minor}")
    return AccessEvent(
        int(access.get("serialNo", 0)),
        int(access.get("doorNo", 1)),
        GRANTED.get(minor) or DENIED[minor],
        minor in GRANTED,
        str(access.get("employeeNoString", ""))[:64],
        str(access.get("cardNo", ""))[:64],
        time[:40],
    )


def door_states_of(body: bytes) -> tuple[int, ...]:
    """Return ``doorStatus`` of an ``AcsWorkStatus``, by door; none where it does not tell.

    Raises:
        FrameError: It is no such answer.
    """
    try:
        told = json.loads(body)["AcsWorkStatus"].get("doorStatus", [])
        return tuple(int(state) for state in told)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FrameError("no status of the doors") from error


def encode_part(fields: Mapping[str, Any]) -> bytes:
    """Return a part of the stream: the terminal's side."""
    body = json.dumps(fields).encode()
    head = f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return BOUNDARY + head + body + b"\r\n"


def describe(event: AccessEvent | OtherEvent) -> str:
    """Return an event in words."""
    if isinstance(event, OtherEvent):
        return event.type
    return f"{event.kind} {'let in' if event.is_granted else 'refused'} at door {event.door}"
