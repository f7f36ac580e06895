"""OSDPCAP: what was heard on an OSDP line, one JSON object a line, as other tools have it.

Each has ``timeSec`` and ``timeNano`` (of Unix time), ``io`` (``in``, ``out`` or ``trace``: as seen
by who recorded), ``data`` (spaced hex), ``osdpTraceVersion`` and ``osdpSource``.

Source: the public captures of libosdp-conformance 1.33-2, trace version 1; a document is
unconfirmed.
"""

import dataclasses
import json
from enum import StrEnum
from typing import Final

from drivers.protocols import spaced_hex

TRACE_VERSION: Final = "1"
SOURCE: Final = "menshen"
LINE_LENGTH_MAX: Final = 16_384
NANOSECONDS_PER_SECOND: Final = 1_000_000_000


class Direction(StrEnum):
    """How who recorded saw it."""

    IN = "in"
    OUT = "out"
    TRACE = "trace"


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What was heard at once.

    Attributes:
        at_ns: Unix time in nanoseconds.
        data: Usually one frame, its mark included.
    """

    at_ns: int
    direction: Direction
    data: bytes = dataclasses.field(repr=False)
    source: str = SOURCE


def decode_line(line: str) -> Record:
    """Return what a line says.

    Raises:
        ValueError: It is no record of version 1; the message does not quote the data.
    """
    if len(line) > LINE_LENGTH_MAX:
        raise ValueError(f"a line has at most {LINE_LENGTH_MAX} characters")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("the line is no JSON object") from error
    if not isinstance(fields, dict):
        raise ValueError("the line is no JSON object")
    if (version := fields.get("osdpTraceVersion")) != TRACE_VERSION:
        raise ValueError(f"trace version 1 is read here, not {version!r:.20}")
    try:
        at_ns = int(fields["timeSec"]) * NANOSECONDS_PER_SECOND + int(fields["timeNano"])
        direction = Direction(fields["io"])
        data = bytes.fromhex(fields["data"])
    except KeyError as error:
        raise ValueError(f"the record lacks {error}") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("a field of the record is not what it should be") from error
    return Record(at_ns, direction, data, source=str(fields.get("osdpSource", "")))


def encode_line(record: Record) -> str:
    """Return the line of a record, without its end."""
    seconds, nanoseconds = divmod(record.at_ns, NANOSECONDS_PER_SECOND)
    return json.dumps(
        {
            "timeSec": str(seconds),
            "timeNano": f"{nanoseconds:09d}",
            "io": record.direction.value,
            "data": spaced_hex(record.data).lower(),
            "osdpTraceVersion": TRACE_VERSION,
            "osdpSource": record.source,
        }
    )
