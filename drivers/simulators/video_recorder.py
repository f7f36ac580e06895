"""A video recorder: what it has recorded, asked by ISAPI or ONVIF Profile G, and its replay.

It has no driver: what asks is ``edge.video``. It records without a break for so many days, but for
those that a hand takes away; its clock can be wrong, its answers slow or nonsense.

Source: as ``drivers.protocols.isapi_recordings`` and ``onvif_recordings``, ``replay_server``.
"""

import asyncio
import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from drivers.protocols import FrameError
from drivers.protocols import isapi_recordings as isapi
from drivers.protocols.isapi_recordings import Span
from drivers.protocols.xml_answers import stamp
from drivers.simulators.far_end import FarEnd
from drivers.simulators.http_server import Digest, HttpServer, Request, Response
from drivers.simulators.replay_server import ReplayServer
from drivers.simulators.soap import UsernameToken, fault, operation_of, soap

ZONE: Final = timezone(timedelta(hours=8))
DAY: Final = timedelta(days=1)
RECORDING: Final = "OnvifRecording_1"
SEARCH: Final = "search-1"
SERVICES: Final = {
    "http://www.onvif.org/ver10/device/wsdl": "device_service",
    "http://www.onvif.org/ver10/search/wsdl": "search_service",
    "http://www.onvif.org/ver10/replay/wsdl": "replay_service",
    "http://www.onvif.org/ver10/recording/wsdl": "recording_service",
}


class Simulator(FarEnd):
    """One recorder with one camera. Attributes: replay: its RTSP half."""

    KIND = "recorder"
    TRANSPORTS = ("http",)
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "set_clock": {"error_s": 3600.0},
        "keep_days": {"days": 12.0},
        "lose_day": {"days_ago": 3},
        "garble": {"on": True},
        "delay": {"seconds": 2.0},
        "end_replay": {},
    }

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: user, password: that it asks for. days: that it reaches back."""

        user: str = "admin"
        password: str = ""
        days: float = 31.0
        track: int = 101

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._digest = Digest(settings.user, settings.password)
        self._token = UsernameToken(settings.user, settings.password)
        self._server = HttpServer(self._handle)
        self.replay = ReplayServer(self._digest, is_recorded=self._is_recorded)
        self._days, self._clock_error = timedelta(days=settings.days), timedelta(0)
        self._lost: set[int] = set()
        self._is_garbling, self._delay_s, self._rtsp_port = False, 0.0, 0
        self.searched_count = self._left_searches = 0

    async def serve(self, host: str, port: int) -> str:
        """Listen; returns the URL. The port of the replay is in the state."""
        self._rtsp_port = await self.replay.serve(host)
        return await self._server.serve(host, port)

    async def close(self) -> None:
        """End; idempotent."""
        await self.replay.close()
        await self._server.close()

    def _now(self) -> datetime:
        return datetime.now(UTC)

    def recorded(self, span: Span) -> list[Span]:
        """Return what is recorded in a span, by the right time, oldest first; a day a piece."""
        now = self._now()
        pieces = [
            Span(max(now - self._days, now - (ago + 1) * DAY), now - ago * DAY)
            for ago in range(int(self._days / DAY) + 1)
            if ago not in self._lost and now - ago * DAY > now - self._days
        ]
        cut = [Span(max(p.from_at, span.from_at), min(p.to_at, span.to_at)) for p in pieces]
        return sorted((p for p in cut if p.from_at < p.to_at), key=lambda p: p.from_at)

    def _is_recorded(self, at: datetime) -> bool:
        return bool(self.recorded(Span(at, at + timedelta(seconds=1))))

    async def _handle(self, request: Request) -> Response:
        await asyncio.sleep(self._delay_s)
        path = urlsplit(request.path).path
        if path.startswith("/onvif/"):
            answer = self._soap(request)
        elif not self._digest.is_valid(request):
            return self._digest.challenge()
        elif path == isapi.TIME_PATH:
            answer = Response(
                body=isapi.encode_time((self._now() + self._clock_error).astimezone(ZONE))
            )
        elif path == isapi.SEARCH_PATH and request.method == "POST":
            answer = self._isapi_search(request.body)
        else:
            answer = Response(404)
        if self._is_garbling:
            return dataclasses.replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer

    def _isapi_search(self, body: bytes) -> Response:
        try:
            search = isapi.decode_search(body)
        except FrameError:
            return Response(400)
        self.searched_count += 1
        is_known = search.track == self._settings.track
        found = self.recorded(search.span)[: search.count_max] if is_known else []
        return Response(body=isapi.encode_found(search, found))

    def _soap(self, request: Request) -> Response:
        text = request.body.decode("utf-8", "replace")
        name = operation_of(text)
        if name == "GetSystemDateAndTime":
            return soap(_clock(self._now() + self._clock_error))
        if not self._token.is_valid(text):
            return fault("ter:NotAuthorized")
        base = f"http://{request.headers.get('host', '')}/onvif"
        match name:
            case "GetServices":
                return soap(_services(base))
            case "FindRecordings":
                self.searched_count += 1
                self._left_searches = 1
                token = f"<tse:SearchToken>{SEARCH}</tse:SearchToken>"
                return soap(f"<tse:FindRecordingsResponse>{token}</tse:FindRecordingsResponse>")
            case "GetRecordingSearchResults":
                return soap(self._results())
            case "EndSearch":
                at = f"<tse:Endpoint>{stamp(self._now())}</tse:Endpoint>"
                return soap(f"<tse:EndSearchResponse>{at}</tse:EndSearchResponse>")
            case "GetReplayUri" if re.search(rf"RecordingToken>{RECORDING}<", text):
                host = urlsplit(base).hostname
                uri = f"<trp:Uri>rtsp://{host}:{self._rtsp_port}/replay/1</trp:Uri>"
                return soap(f"<trp:GetReplayUriResponse>{uri}</trp:GetReplayUriResponse>")
            case "GetReplayUri":
                return fault("ter:InvalidArgVal", "ter:NoRecording")
            case _:
                return fault("ter:ActionNotSupported")

    def _results(self) -> str:
        """Return a search's first answer, that it goes on, and then what it has found."""
        is_first, self._left_searches = self._left_searches > 0, 0
        now = self._now()
        found = self.recorded(Span(now - 400 * DAY, now))
        state, item = "Searching", ""
        if not is_first:
            state, item = "Completed", _recording(found) if found else ""
        return (
            "<tse:GetRecordingSearchResultsResponse><tse:ResultList>"
            f"<tt:SearchState>{state}</tt:SearchState>{item}"
            "</tse:ResultList></tse:GetRecordingSearchResultsResponse>"
        )

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "days": self._days / DAY,
            "lost_days_ago": sorted(self._lost),
            "clock_error_s": self._clock_error.total_seconds(),
            "rtsp_port": self._rtsp_port,
            "played": [stamp(at) for at in self.replay.played],
            "searched_count": self.searched_count,
        }

    def do_set_clock(self, error_s: float) -> None:
        """Let its clock be ahead of the right time, or behind it."""
        self._clock_error = timedelta(seconds=error_s)

    def do_keep_days(self, days: float) -> None:
        """Let it reach back so many days."""
        self._days = timedelta(days=days)

    def do_lose_day(self, days_ago: int) -> None:
        """Let 24 hours be missing, that many days before now."""
        self._lost.add(days_ago)

    def do_garble(self, *, on: bool) -> None:
        """Let every answer end in its middle."""
        self._is_garbling = on

    def do_delay(self, seconds: float) -> None:
        """Let every answer take so long."""
        self._delay_s = seconds

    def do_end_replay(self) -> None:
        """Let every replay break off, as where a recording ends."""
        self.replay.hang_up()


def _clock(at: datetime) -> str:
    clock = f"<tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
    day = f"<tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day>"
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
        "<tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime><tt:Time>{clock}<tt:Second>{at.second}</tt:Second></tt:Time>"
        f"<tt:Date>{day}</tt:Date></tt:UTCDateTime>"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _services(base: str) -> str:
    entries = "".join(
        f"<tds:Service><tds:Namespace>{space}</tds:Namespace><tds:XAddr>{base}/{path}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for space, path in SERVICES.items()
    )
    return f"<tds:GetServicesResponse>{entries}</tds:GetServicesResponse>"


def _recording(found: list[Span]) -> str:
    from_at, to_at = stamp(found[0].from_at), stamp(found[-1].to_at)
    return (
        f"<tt:RecordingInformation><tt:RecordingToken>{RECORDING}</tt:RecordingToken><tt:Source>"
        "<tt:SourceId>urn:uuid:1</tt:SourceId><tt:Name>camera 1</tt:Name><tt:Location/>"
        "<tt:Description/><tt:Address/></tt:Source>"
        f"<tt:EarliestRecording>{from_at}</tt:EarliestRecording>"
        f"<tt:LatestRecording>{to_at}</tt:LatestRecording><tt:Content/>"
        "<tt:Track><tt:TrackToken>video-1</tt:TrackToken><tt:TrackType>Video</tt:TrackType>"
        f"<tt:Description/><tt:DataFrom>{from_at}</tt:DataFrom><tt:DataTo>{to_at}</tt:DataTo>"
        "</tt:Track><tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>"
    )
