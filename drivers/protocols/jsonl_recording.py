"""Recordings of a line as JSON lines: what went over it, and what a driver made of it.

First a header, ``{"format": "menshen-recording", "version": 1, "port", "baud", "parity",
"stopbits", "driver", "settings", "started_at", "poll_s", "redacted"}``, then, in the order of ``t``
(seconds after the start), ``{"t", "dir": "out" | "in", "hex"}`` for bytes (``out`` is from us),
``{"t", "observed", "fields"}`` for what the driver reported, ``{"t", "error"}`` for a class of
error that it raised, and ``{"t", "end": true}``. Without its end it was cut off, and still is one.

Source: none, it is ours; see docs/recording_format.md.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, Final

from drivers.protocols import spaced_hex

FORMAT: Final = "menshen-recording"
VERSION: Final = 1
LINE_LENGTH_MAX: Final = 262_144
_HEADER_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "port": str,
    "baud": int,
    "parity": str,
    "stopbits": int,
    "driver": str,
    "settings": dict,
    "started_at": str,
    "poll_s": (int, float),
    "redacted": bool,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a recording is of.

    Attributes:
        driver: Its name; empty for a line that was listened to only.
        settings: Of the driver, those that were given.
        started_at: UTC, ISO 8601.
        poll_s: Pause between two polls of the driver.
        redacted: Whether numbers of credentials were replaced.
    """

    port: str = ""
    baud: int = 9600
    parity: str = "N"
    stopbits: int = 1
    driver: str = ""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    started_at: str = ""
    poll_s: float = 0.1
    redacted: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Bytes:
    """What went over the line at once. Attributes: t: seconds after the start."""

    t: float
    is_sent: bool
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    """What the driver reported. Attributes: kind: the observation's class. fields: JSON values."""

    t: float
    kind: str
    fields: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """The driver raised an error. Attributes: kind: the error's class."""

    t: float
    kind: str


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """The recording is whole."""

    t: float


Entry = Bytes | Observed | Failed | End


def decode_header(line: str) -> Header:
    """Return what the first line says.

    Raises:
        ValueError: It is no header of version 1.
    """
    fields = _object(line)
    if fields.get("format") != FORMAT:
        raise ValueError(f"the first line has no format {FORMAT!r}: this is no recording of ours")
    if fields.get("version") != VERSION:
        raise ValueError(f"version {VERSION} is read here, not {fields.get('version')!r:.20}")
    known: dict[str, Any] = {}
    for name, wanted in _HEADER_TYPES.items():
        if name in fields:
            value = fields[name]
            if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
                raise ValueError(f"{name} of the header is not {value!r:.40}")
            known[name] = value
    if not 0 < known.get("poll_s", 1) <= 3600:
        raise ValueError(f"poll_s of the header is above 0, at most 3600, not {known['poll_s']}")
    return Header(**known)


def encode_header(header: Header) -> str:
    """Return the first line, without its end."""
    return json.dumps(
        {"format": FORMAT, "version": VERSION, **dataclasses.asdict(header)}, ensure_ascii=False
    )


def decode_entry(line: str) -> Entry:
    """Return what a line after the first says.

    Raises:
        ValueError: It is no entry; the message does not quote data.
    """
    fields = _object(line)
    t = fields.get("t")
    if not isinstance(t, int | float) or isinstance(t, bool) or not math.isfinite(t) or t < 0:
        raise ValueError("t is no number of seconds")
    match fields:
        case {"dir": "in" | "out" as direction, "hex": str(text)}:
            try:
                return Bytes(float(t), direction == "out", bytes.fromhex(text))
            except ValueError as error:
                raise ValueError("hex holds no bytes") from error
        case {"observed": str(kind), "fields": dict(values)}:
            return Observed(float(t), kind, values)
        case {"error": str(kind)}:
            return Failed(float(t), kind)
        case {"end": True}:
            return End(float(t))
    raise ValueError(
        "the line has neither dir and hex, nor observed and fields, nor error, nor end"
    )


def encode_entry(entry: Entry) -> str:
    """Return the line of an entry, without its end."""
    fields: dict[str, Any] = {"t": round(entry.t, 6)}
    match entry:
        case Bytes():
            fields |= {"dir": "out" if entry.is_sent else "in", "hex": spaced_hex(entry.data)}
        case Observed():
            fields |= {"observed": entry.kind, "fields": dict(entry.fields)}
        case Failed():
            fields["error"] = entry.kind
        case End():
            fields["end"] = True
    return json.dumps(fields, ensure_ascii=False)


def _object(line: str) -> dict[str, Any]:
    if len(line) > LINE_LENGTH_MAX:
        raise ValueError(f"a line has at most {LINE_LENGTH_MAX} characters")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("the line is no JSON object") from error
    if not isinstance(fields, dict):
        raise ValueError("the line is no JSON object")
    return fields
