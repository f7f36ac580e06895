"""Audit entries as syslog messages, and their frames. Pure.

Source: RFC 5424, section 6 (format; 6.2.3 timestamp, 6.3 structured data, 6.4 text); RFC 5425,
    section 4.3 (octet counting). The private enterprise number is the one of RFC 5612 for examples:
    this project has none.
"""

import dataclasses
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from central.audit.chain import Entry, canonical, hash_after

VERSION: Final = 1
APP_NAME: Final = "menshen"
MESSAGE_ID: Final = "audit"
ENTERPRISE: Final = "32473"
NOTICE: Final = 5
NIL: Final = "-"
BOM: Final = "\ufeff"
SEQUENCE_MAX: Final = 2**31 - 1
_ESCAPED: Final = re.compile(r'(["\\\]])')
_UNPRINTABLE: Final = re.compile(r"[^\x21-\x7e]")


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One message, before it is bytes.

    Attributes:
        facility, severity: 0..23 and 0..7.
        data: Structured data: elements by their identifier, each with its parameters.
        text: In UTF-8, whole; it may hold anything.
    """

    facility: int
    severity: int
    at: datetime
    hostname: str
    app_name: str
    message_id: str
    data: Mapping[str, Mapping[str, str]]
    text: str


def encode_message(message: Message) -> bytes:
    """Return a message in the format of RFC 5424.

    Raises:
        ValueError: Facility or severity is none, or an identifier of structured data is none.
    """
    if not (0 <= message.facility <= 23 and 0 <= message.severity <= 7):
        raise ValueError("facility is 0..23, severity 0..7")
    at = message.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    header = " ".join(
        (
            f"<{8 * message.facility + message.severity}>{VERSION}",
            f"{at}Z",
            _word(message.hostname, 255),
            _word(message.app_name, 48),
            NIL,
            _word(message.message_id, 32),
            "".join(_element(name, params) for name, params in message.data.items()) or NIL,
        )
    )
    return f"{header} {BOM}{message.text}".encode()


def encode_frame(message: bytes) -> bytes:
    """Return a message with its length before it, as it goes over a stream."""
    return b"%d %b" % (len(message), message)


def _element(name: str, params: Mapping[str, str]) -> str:
    shown = "".join(f' {_name(key)}="{escaped(value)}"' for key, value in params.items())
    return f"[{_name(name)}{shown}]"


def escaped(value: str) -> str:
    r"""Return a value as it stands between quotes: ``"``, ``\`` and ``]`` get a backslash."""
    return _ESCAPED.sub(r"\\\1", value)


def _name(text: str) -> str:
    if not 1 <= len(text) <= 32 or _UNPRINTABLE.search(text) or set(text) & set('="]'):
        raise ValueError(f"{text!r} is no name of structured data")
    return text


def _word(text: str, length_max: int) -> str:
    return _UNPRINTABLE.sub("_", text)[:length_max] or NIL


def of_entry(entry: Entry, *, facility: int, hostname: str, site: str) -> Message:
    """Return an audit entry as a message: the hash of its text (without the mark) is its hash."""
    content = dataclasses.asdict(entry)
    content["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = canonical(content)
    return Message(
        facility=facility,
        severity=NOTICE,
        at=entry.at,
        hostname=hostname,
        app_name=APP_NAME,
        message_id=MESSAGE_ID,
        data={
            f"audit@{ENTERPRISE}": {
                "site": site,
                "sequence": str(entry.sequence),
                "actor": entry.actor,
                "action": entry.action,
                "previous": entry.previous,
                "hash": hash_after(entry.previous, text),
            },
            # RFC 5424, 7.3.1: it begins anew after its greatest value.
            "meta": {"sequenceId": str((entry.sequence - 1) % SEQUENCE_MAX + 1)},
        },
        text=text,
    )
