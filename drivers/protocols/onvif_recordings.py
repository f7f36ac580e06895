"""ONVIF Profile G of recorders: which recordings there are, how far back, and where to replay them.

SOAP 1.2 with WS-UsernameToken. Client's role: what a recorder answers is written by its simulator
and checked against the WSDL by an independent client in the tests.

Source: ONVIF Recording Search (FindRecordings, GetRecordingSearchResults, EndSearch), Replay
Control (GetReplayUri) and Device (GetServices, GetSystemDateAndTime) by the WSDL files that
``onvif-zeep-async`` 4.3.0 carries (the documents' versions are unconfirmed); WS-Security
UsernameToken Profile 1.1 (password digest).
"""

import base64
import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from drivers.protocols import FrameError
from drivers.protocols.xml_answers import all_of, name_of, parse, stamp, text_of, time_of

DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
SEARCH: Final = "http://www.onvif.org/ver10/search/wsdl"
REPLAY: Final = "http://www.onvif.org/ver10/replay/wsdl"
SCHEMA: Final = "http://www.onvif.org/ver10/schema"
ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
CONTENT_TYPE: Final = "application/soap+xml; charset=utf-8"
RECORDINGS_MAX: Final = 256
_SECURITY: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
)
_UTILITY: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
)
_DIGEST: Final = (
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
_BASE64: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)


class RefusedError(FrameError):
    """The recorder answers with a fault: the user or the password, or what it cannot do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Recording:
    """One recording. Attributes: from_at, to_at: aware UTC; None where it does not say."""

    token: str
    name: str
    from_at: datetime | None
    to_at: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What a search has found until now."""

    is_complete: bool
    recordings: tuple[Recording, ...]


def encode(body: str, *, security: str = "") -> bytes:
    """Return an envelope."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{ENVELOPE}"'
        f' xmlns:tds="{DEVICE}" xmlns:tse="{SEARCH}" xmlns:trp="{REPLAY}" xmlns:tt="{SCHEMA}">'
        f"<s:Header>{security}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def security(user: str, password: str, *, nonce: bytes, created: datetime) -> str:
    """Return a header that proves a password without showing it; ``nonce`` is used once."""
    at = stamp(created)
    digest = hashlib.sha1(nonce + at.encode() + password.encode(), usedforsecurity=False).digest()
    proof, once = (base64.b64encode(each).decode() for each in (digest, nonce))
    return (
        f'<w:Security s:mustUnderstand="true" xmlns:w="{_SECURITY}" xmlns:u="{_UTILITY}">'
        f"<w:UsernameToken><w:Username>{escape(user)}</w:Username>"
        f'<w:Password Type="{_DIGEST}">{proof}</w:Password>'
        f'<w:Nonce EncodingType="{_BASE64}">{once}</w:Nonce><u:Created>{at}</u:Created>'
        "</w:UsernameToken></w:Security>"
    )


CLOCK: Final = "<tds:GetSystemDateAndTime/>"
"""Is answered without a password, so that a client can make its proof by the recorder's clock."""
SERVICES: Final = (
    "<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>"
)
FIND: Final = (
    "<tse:FindRecordings><tse:Scope/><tse:KeepAliveTime>PT60S</tse:KeepAliveTime>"
    "</tse:FindRecordings>"
)
"""All recordings: a filter is optional for recorders, so who asks chooses."""


def results(search_token: str) -> str:
    """Return the question for what a search has found since it was asked last."""
    return (
        "<tse:GetRecordingSearchResults>"
        f"<tse:SearchToken>{escape(search_token)}</tse:SearchToken>"
        "<tse:MinResults>1</tse:MinResults><tse:MaxResults>64</tse:MaxResults>"
        "<tse:WaitTime>PT5S</tse:WaitTime></tse:GetRecordingSearchResults>"
    )


def end_search(search_token: str) -> str:
    """Return what lets a recorder forget a search."""
    token = f"<tse:SearchToken>{escape(search_token)}</tse:SearchToken>"
    return f"<tse:EndSearch>{token}</tse:EndSearch>"


def replay_uri(recording: str) -> str:
    """Return the question for where a recording is replayed, over one TCP connection."""
    return (
        "<trp:GetReplayUri><trp:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>"
        "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trp:StreamSetup>"
        f"<trp:RecordingToken>{escape(recording)}</trp:RecordingToken></trp:GetReplayUri>"
    )


def _answer(data: bytes, name: str) -> Element:
    """Return the answer in an envelope.

    Raises:
        RefusedError: It is a fault.
        FrameError: It is no envelope, or another answer.
    """
    root = parse(data)
    bodies = all_of(root, "Body") if name_of(root) == "Envelope" else []
    inside = next((child for body in bodies for child in body), None)
    if inside is None:
        raise FrameError(f"no SOAP answer: {data[:60]!r}")
    if name_of(inside) == "Fault":
        codes = [(e.text or "").rpartition(":")[2].strip() for e in all_of(inside, "Value")]
        raise RefusedError(f"the recorder refuses: {', '.join(codes)[:120] or 'without a reason'}")
    if name_of(inside) != name:
        raise FrameError(f"{name} was expected, not {name_of(inside)[:40]!r}")
    return inside


def decode_clock(data: bytes) -> datetime | None:
    """Return a recorder's clock, aware UTC; None where it does not tell it in UTC.

    Raises:
        FrameError: It is no such answer.
    """
    answer = _answer(data, "GetSystemDateAndTimeResponse")
    shown = next(iter(all_of(answer, "UTCDateTime")), None)
    if shown is None:
        return None
    names = ("Year", "Month", "Day", "Hour", "Minute", "Second")
    numbers = [text_of(shown, name) for name in names]
    try:
        year, month, day, hour, minute, second = map(int, numbers)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FrameError(f"{' '.join(numbers)[:60]!r} is no time") from error


def decode_services(data: bytes) -> dict[str, str]:
    """Return where each service is, by its namespace.

    Raises:
        FrameError: It is no such answer.
    """
    answer = _answer(data, "GetServicesResponse")
    found = all_of(answer, "Service")
    return {text_of(each, "Namespace"): text_of(each, "XAddr") for each in found}


def decode_search_token(data: bytes) -> str:
    """Return what a search is called.

    Raises:
        FrameError: It is no such answer.
    """
    return text_of(_answer(data, "FindRecordingsResponse"), "SearchToken")


def decode_results(data: bytes) -> Found:
    """Return what a search has found.

    Raises:
        FrameError: It is no such answer, or a time in it is none.
    """
    answer = _answer(data, "GetRecordingSearchResultsResponse")
    items = all_of(answer, "RecordingInformation")[:RECORDINGS_MAX]
    return Found(
        is_complete=text_of(answer, "SearchState") == "Completed",
        recordings=tuple(
            Recording(
                token=text_of(item, "RecordingToken"),
                name=next((e.text or "" for e in all_of(item, "Name")), ""),
                from_at=_time(item, "EarliestRecording"),
                to_at=_time(item, "LatestRecording"),
            )
            for item in items
        ),
    )


def _time(item: Element, name: str) -> datetime | None:
    found = next((e.text for e in all_of(item, name) if e.text), None)
    return None if found is None else time_of(found)


def decode_replay_uri(data: bytes) -> str:
    """Return where a recording is replayed.

    Raises:
        FrameError: It is no such answer, or no RTSP address.
    """
    uri = text_of(_answer(data, "GetReplayUriResponse"), "Uri")
    if not uri.lower().startswith(("rtsp://", "rtsps://")) or any(c.isspace() for c in uri):
        raise FrameError(f"{uri[:60]!r} is no RTSP address")
    return uri
