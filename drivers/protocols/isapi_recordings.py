"""ISAPI of recorders: what was recorded when, the recorder's clock, and where it is replayed.

Both roles. Source: ISAPI content management (``/ISAPI/ContentMgmt/search``: CMSearchDescription,
CMSearchResult; ``/ISAPI/System/time``; replay at ``/Streaming/tracks/ID?starttime=``); versions
unconfirmed: no recorder was at hand.
"""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from drivers.protocols import FrameError
from drivers.protocols.xml_answers import all_of, name_of, parse, stamp, text_of, time_of

SEARCH_PATH: Final = "/ISAPI/ContentMgmt/search"
TIME_PATH: Final = "/ISAPI/System/time"
NAMESPACE: Final = "http://www.isapi.org/ver20/XMLSchema"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
MATCHES_MAX: Final = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A time, aware UTC."""

    from_at: datetime
    to_at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """What is asked for. Attributes: track: 101 is the main stream of the first channel."""

    search_id: str
    track: int
    span: Span
    count_max: int = 1


def encode_search(search: Search) -> bytes:
    """Return the question for the first recordings of a span, oldest first."""
    span = search.span
    return (
        f'{_HEAD}<CMSearchDescription version="1.0" xmlns="{NAMESPACE}">'
        f"<searchID>{search.search_id}</searchID>"
        f"<trackIDList><trackID>{search.track}</trackID></trackIDList>"
        f"<timeSpanList><timeSpan><startTime>{stamp(span.from_at)}</startTime>"
        f"<endTime>{stamp(span.to_at)}</endTime></timeSpan></timeSpanList>"
        "<contentTypeList><contentType>video</contentType></contentTypeList>"
        f"<maxResults>{search.count_max}</maxResults>"
        "<searchResultPosition>0</searchResultPosition></CMSearchDescription>"
    ).encode()


def decode_search(data: bytes) -> Search:
    """Return what a client asks.

    Raises:
        FrameError: It is no such question.
    """
    root = parse(data)
    if name_of(root) != "CMSearchDescription":
        raise FrameError(f"a search, not {name_of(root)!r}")
    track, count = text_of(root, "trackID"), text_of(root, "maxResults")
    if not (track.isdecimal() and count.isdecimal()):
        raise FrameError("trackID and maxResults are numbers")
    span = Span(time_of(text_of(root, "startTime")), time_of(text_of(root, "endTime")))
    return Search(text_of(root, "searchID"), int(track), span, int(count))


def encode_found(search: Search, spans: Sequence[Span]) -> bytes:
    """Return a recorder's answer."""
    items = "".join(
        f"<searchMatchItem><trackID>{search.track}</trackID><timeSpan>"
        f"<startTime>{stamp(span.from_at)}</startTime><endTime>{stamp(span.to_at)}</endTime>"
        "</timeSpan></searchMatchItem>"
        for span in spans
    )
    status = "OK" if spans else "NO MATCHES"
    return (
        f'{_HEAD}<CMSearchResult version="1.0" xmlns="{NAMESPACE}">'
        f"<searchID>{search.search_id}</searchID><responseStatus>true</responseStatus>"
        f"<responseStatusStrg>{status}</responseStatusStrg>"
        f"<numOfMatches>{len(spans)}</numOfMatches><matchList>{items}</matchList></CMSearchResult>"
    ).encode()


def decode_found(data: bytes) -> list[Span]:
    """Return what a recorder has, oldest first; nothing where nothing is recorded.

    Raises:
        FrameError: It is no answer to a search, or a time in it is none.
    """
    root = parse(data)
    if name_of(root) != "CMSearchResult":
        raise FrameError(f"no answer to a search: {name_of(root)[:40]!r}")
    items = all_of(root, "searchMatchItem")[:MATCHES_MAX]
    spans = [
        Span(time_of(text_of(item, "startTime")), time_of(text_of(item, "endTime")))
        for item in items
    ]
    return sorted(spans, key=lambda span: span.from_at)


def encode_time(at: datetime) -> bytes:
    """Return a recorder's clock, as it shows it in its zone."""
    shown = at.isoformat(timespec="seconds")
    return (
        f'{_HEAD}<Time version="2.0" xmlns="{NAMESPACE}"><timeMode>NTP</timeMode>'
        f"<localTime>{shown}</localTime><timeZone>CST-8:00:00</timeZone></Time>"
    ).encode()


def decode_time(data: bytes) -> datetime | None:
    """Return a recorder's clock, aware UTC; None where it names no zone: nobody knows which.

    Raises:
        FrameError: It is no clock.
    """
    shown = text_of(parse(data), "localTime")
    has_zone = shown.endswith("Z") or "+" in shown[10:] or "-" in shown[10:]
    return time_of(shown) if has_zone else None


def replay_path(track: int, at: datetime) -> str:
    """Return path and query of a recording from a moment on."""
    return f"/Streaming/tracks/{track}?starttime={at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
