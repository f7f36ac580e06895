"""The network camera that ``drivers.onvif`` talks to: SOAP with WS-UsernameToken, and a head.

Source: as the driver's.
"""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, ClassVar, Final

from drivers.simulators.far_end import FarEnd
from drivers.simulators.head import TILT_MAX, ZOOM_MAX, Head
from drivers.simulators.http_server import HttpServer, Request, Response
from drivers.simulators.soap import UsernameToken, fault, operation_of, soap

SERVICES: Final = {
    "http://www.onvif.org/ver10/device/wsdl": "device_service",
    "http://www.onvif.org/ver10/media/wsdl": "media_service",
    "http://www.onvif.org/ver20/ptz/wsdl": "ptz_service",
}
NUMBER: Final = r'{name}[^>]*?\b{axis}="([-+0-9.eE]+)"'


class Simulator(FarEnd):
    """One camera, whose head moves until it is told to stop, or its time is over."""

    KIND = "camera"
    TRANSPORTS = ("http",)
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "turn": {"pan": 36.0},
        "lose_stops": {"count": 1},
    }
    STIMULI = (("turn", {}, "PositionChanged"),)
    DRIVER_SETTINGS: ClassVar = {"timeout_s": 2.0}

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: user, password: that it asks for. stream_url: where its pictures are."""

        user: str = "admin"
        password: str = ""
        stream_url: str = "rtsp://127.0.0.1:8554/cam1"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Its list of positions: the gate, and the ramp behind it.
        self.head = Head(presets={1: (90.0, 0.0, 0.0), 2: (270.0, 45.0, 0.0)})
        self._token = UsernameToken(settings.user, settings.password)
        self._server = HttpServer(self._handle)
        self._url = ""
        self.moved_count, self.own_timeout = 0, ""

    async def serve(self, host: str, port: int) -> str:
        """Listen; returns the URL."""
        self._url = await self._server.serve(host, port)
        return self._url

    async def close(self) -> None:
        """End; idempotent."""
        await self._server.close()

    async def _handle(self, request: Request) -> Response:
        text = request.body.decode("utf-8", "replace")
        # What a client reaches us by: a proxy may stand between.
        base = f"http://{request.headers.get('host', '')}"
        name = operation_of(text)
        if name not in ("GetSystemDateAndTime",) and not self._token.is_valid(text):
            return fault("ter:NotAuthorized")
        answers: dict[str, Callable[[], str]] = {
            "GetSystemDateAndTime": lambda: "<tds:GetSystemDateAndTimeResponse/>",
            "GetServices": lambda: self._services(base),
            "GetCapabilities": lambda: self._capabilities(base),
            "GetProfiles": lambda: (
                '<trt:GetProfilesResponse><trt:Profiles token="main" fixed="true">'
                "<tt:Name>main</tt:Name></trt:Profiles></trt:GetProfilesResponse>"
            ),
            "GetStreamUri": self._stream,
            "ContinuousMove": lambda: self._move(text),
            "Stop": self._stop,
            "GetStatus": self._status,
            "GetPresets": self._presets,
            "GotoPreset": lambda: self._go_to(text),
        }
        if name not in answers:
            return fault("ter:ActionNotSupported")
        return soap(answers[name]())

    def _services(self, base: str) -> str:
        entries = "".join(
            f"<tds:Service><tds:Namespace>{space}</tds:Namespace>"
            f"<tds:XAddr>{base}/onvif/{path}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
            for space, path in SERVICES.items()
        )
        return f"<tds:GetServicesResponse>{entries}</tds:GetServicesResponse>"

    def _capabilities(self, base: str) -> str:
        return (
            "<tds:GetCapabilitiesResponse><tds:Capabilities>"
            f"<tt:Device><tt:XAddr>{base}/onvif/device_service</tt:XAddr></tt:Device>"
            f"<tt:Media><tt:XAddr>{base}/onvif/media_service</tt:XAddr></tt:Media>"
            f"<tt:PTZ><tt:XAddr>{base}/onvif/ptz_service</tt:XAddr></tt:PTZ>"
            "</tds:Capabilities></tds:GetCapabilitiesResponse>"
        )

    def _stream(self) -> str:
        return (
            "<trt:GetStreamUriResponse><trt:MediaUri>"
            f"<tt:Uri>{self._settings.stream_url}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
            "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
            "</trt:MediaUri></trt:GetStreamUriResponse>"
        )

    def _move(self, text: str) -> str:
        speeds = []
        for name, axis in (("PanTilt", "x"), ("PanTilt", "y"), ("Zoom", "x")):
            found = re.search(NUMBER.format(name=name, axis=axis), text)
            speeds.append(float(found[1]) if found else 0.0)
        found = re.search(r"Timeout>([^<]*)<", text)
        self.own_timeout = "" if found is None else found[1]
        self.head.drive(*speeds)
        self.moved_count += 1
        return "<tptz:ContinuousMoveResponse/>"

    def _stop(self) -> str:
        self.head.drive(0, 0, 0)
        return "<tptz:StopResponse/>"

    def _presets(self) -> str:
        entries = "".join(
            f'<tptz:Preset token="position-{number}"><tt:Name>{number}</tt:Name></tptz:Preset>'
            for number in sorted(self.head.presets)
        )
        return f"<tptz:GetPresetsResponse>{entries}</tptz:GetPresetsResponse>"

    def _go_to(self, text: str) -> str:
        head = self.head
        found = re.search(r"PresetToken>position-([0-9]{1,3})<", text)
        here = (head.pan, head.tilt, head.zoom)
        number = 0 if found is None else int(found[1])
        head.pan, head.tilt, head.zoom = head.presets.get(number, here)
        return "<tptz:GotoPresetResponse/>"

    def _status(self) -> str:
        head = self.head
        pan, tilt = head.pan / 180 - 1, head.tilt / TILT_MAX
        return (
            "<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position>"
            f'<tt:PanTilt x="{pan:.4f}" y="{tilt:.4f}"/><tt:Zoom x="{head.zoom / ZOOM_MAX:.4f}"/>'
            "</tt:Position><tt:UtcTime>2026-11-23T08:00:00Z</tt:UtcTime>"
            "</tptz:PTZStatus></tptz:GetStatusResponse>"
        )

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            **self.head.state(),
            "moved_count": self.moved_count,
            "own_timeout": self.own_timeout,
        }

    def do_turn(self, pan: float) -> None:
        """Turn the head by hand, degrees."""
        self.head.pan = (self.head.pan + pan) % 360

    def do_lose_stops(self, count: int) -> None:
        """Let so many stops get lost inside the camera."""
        self.head.ignored_stops = count
