"""A network camera with ONVIF: its stream's address and its moving head; port ``http://HOST``.

Source: ONVIF Media Service 2.60 (GetStreamUri), PTZ Service 20.12 (ContinuousMove, Stop,
GetStatus, GetPresets, GotoPreset), Core Specification 23.06; spoken by ``onvif-zeep-async``.
"""

import asyncio
import dataclasses
import logging
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    Observation,
    PositionChanged,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.head_motion import HeadMotion
from drivers.protocols import FrameError
from drivers.protocols.ws_discovery import (
    DATAGRAM_SIZE_BYTES_MAX,
    GROUP,
    PORT,
    addresses_of,
    encode_probe,
)
from drivers.registry import register

OWN_STOP_S: Final = 1.0
"""A movement carries its own time; the camera stops so much later if our stop is lost."""
PREPARING_S_MAX: Final = 60.0
"""The library parses its descriptions when they are first needed: seconds on a small machine."""
TEXT_LENGTH_MAX: Final = 400
_Result = TypeVar("_Result")


@register("onvif")
class Onvif:
    """One camera; satisfies ``Driver``, ``PanTiltZoom`` and ``PresetHead``. One request in flight.

    Every movement tells the camera its own time-out, so that it stops even when we die. Positions
    are ONVIF's generic ones, -1..1.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the camera is reached.

        Attributes:
            user: Of the camera.
            password_file: A file that only we can read with the password in its first line.
            profile: Number of the media profile, 0 is the first.
            has_head: It can move.
            timeout_s: Longest wait for an answer.
        """

        user: str = "admin"
        password_file: str = ""
        profile: int = 0
        has_head: bool = True
        timeout_s: float = 5.0

        def __post_init__(self) -> None:
            if not 0 <= self.profile <= 31:
                raise ValueError(f"onvif: profile is 0..31, not {self.profile}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"onvif: timeout_s is above 0 and at most 5: {self.timeout_s}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        """See ``registry.DriverClass``.

        Raises:
            ValueError: The password file cannot be used.
        """
        self._bus, self._url, self._settings = bus, bus.port, settings
        self._password = _read_password(settings.password_file)
        self._camera: Any = None
        self._media: Any = None
        self._ptz: Any = None
        self._is_set_up = False
        self._token = ""
        self._motion = HeadMotion(self._drive, self._halt)
        self._duration_s = 1.0
        self._position: PositionChanged | None = None
        self.stream_url = ""

    async def start(self) -> None:
        """Ask for services, profile and stream address; stop the head."""
        await self._forget()
        parts = urlsplit(self._url)
        if not parts.hostname:
            raise DeviceUnreachableError(f"{self._url} is no address: write http://HOST:PORT")
        # First: the library leaves connections behind when nobody is there.
        _, writer = await self._call(
            lambda: asyncio.open_connection(parts.hostname, parts.port or 80)
        )
        writer.close()
        self._camera = await self._connected(parts.hostname, parts.port or 80)
        media = self._media = await self._prepared(self._camera.create_media_service)
        profiles = await self._ask(media, "GetProfiles")
        if not profiles or self._settings.profile >= len(profiles):
            raise ProtocolViolationError(f"{self._url} has {len(profiles or ())} profiles")
        self._token = str(profiles[self._settings.profile].token)
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        question = {"StreamSetup": setup, "ProfileToken": self._token}
        answer = await self._ask(media, "GetStreamUri", question)
        self.stream_url = str(answer.Uri)
        if self._settings.has_head:
            self._ptz = await self._prepared(self._camera.create_ptz_service)
            await self._motion.stop()
        self._is_set_up = True

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; also says a stop that is still owed."""
        if not self._is_set_up:
            raise DeviceUnreachableError(f"{self._url} is not set up yet")
        if self._ptz is None:
            await self._ask(self._media, "GetProfiles")
            return []
        await self._motion.keep()
        status = await self._ask(self._ptz, "GetStatus", {"ProfileToken": self._token})
        try:
            where = status.Position
            position = PositionChanged(
                float(where.PanTilt.x), float(where.PanTilt.y), float(where.Zoom.x)
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise ProtocolViolationError(f"{self._url} tells no position") from error
        if position == self._position:
            return []
        self._position = position
        return [position]

    async def move(self, *, pan: float, tilt: float, zoom: float, duration_s: float) -> None:
        """See ``PanTiltZoom.move``."""
        self._duration_s = duration_s
        await self._motion.move(pan, tilt, zoom, duration_s)

    async def stop(self) -> None:
        """See ``PanTiltZoom.stop``."""
        await self._motion.stop()

    async def call_preset(self, number: int) -> CommandReceipt:
        """Drive to a stored position, by its place in the device's own list, from 1.

        Raises:
            ValueError: The device stores fewer.
        """
        presets = await self._ask(self._head(), "GetPresets", {"ProfileToken": self._token})
        if not 1 <= number <= len(presets or ()):
            raise ValueError(f"the device stores {len(presets or ())} positions, not {number}")
        try:
            token = str(presets[number - 1].token)
        except AttributeError as error:
            raise ProtocolViolationError(f"{self._url} lists a position without a token") from error
        question = {"ProfileToken": self._token, "PresetToken": token}
        await self._ask(self._head(), "GotoPreset", question)
        return CommandReceipt(attempts=1)

    async def close(self) -> None:
        """Stop the head and end the connections; idempotent."""
        await self._motion.close()
        await self._forget()

    async def _forget(self) -> None:
        camera, self._camera, self._ptz, self._position = self._camera, None, None, None
        self._is_set_up = False
        if camera is not None:
            await camera.close()

    async def _drive(self, pan: float, tilt: float, zoom: float) -> None:
        question = {
            "ProfileToken": self._token,
            "Velocity": {"PanTilt": {"x": pan, "y": tilt}, "Zoom": {"x": zoom}},
            "Timeout": timedelta(seconds=self._duration_s + OWN_STOP_S),
        }
        await self._ask(self._head(), "ContinuousMove", question)

    async def _halt(self) -> None:
        question = {"ProfileToken": self._token, "PanTilt": True, "Zoom": True}
        await self._ask(self._head(), "Stop", question)

    def _head(self) -> Any:  # noqa: ANN401 - zeep makes it from the WSDL
        if self._ptz is None:
            raise CommandRejectedError(f"{self._url} has no head, or is not set up yet")
        return self._ptz

    async def _connected(self, host: str, port: int) -> Any:  # noqa: ANN401 - it has no types
        """Return the library's camera, which knows where the services are."""
        library = await asyncio.to_thread(_library)
        # Its cache is for descriptions from elsewhere: ours come with it, and the cache is a file
        # in the user's home and a lock of one event loop.
        camera = library.ONVIFCamera(host, port, self._settings.user, self._password, no_cache=True)
        try:
            await self._prepared(camera.create_devicemgmt_service)
            self._bus.show(is_sent=True, data=b"GetServices")
            await self._twice(camera.update_xaddrs)
        except BaseException:
            await camera.close()
            raise
        self._bus.show(is_sent=False, data=_shown(camera.xaddrs))
        return camera

    async def _prepared(self, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Let the library read its own descriptions, which is no fault of the camera if slow."""
        return await self._call(call, timeout_s=PREPARING_S_MAX)

    # The library has no types: a service and its answers are made of the camera's description.
    async def _ask(self, service: Any, operation: str, question: object = None) -> Any:  # noqa: ANN401
        """Ask the camera, and show it to who taps the line."""
        function = getattr(service, operation)
        call = function if question is None else lambda: function(question)
        self._bus.show(is_sent=True, data=_shown(f"{operation} {question or ''}"))
        is_harmless = operation.startswith("Get") or operation == "Stop"
        answer = await (self._twice(call) if is_harmless else self._call(call))
        self._bus.show(is_sent=False, data=_shown(answer))
        return answer

    async def _twice(self, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Repeat once what may be asked twice, if what came was no answer."""
        try:
            return await self._call(call)
        except ProtocolViolationError:
            return await self._call(call)

    async def _call(
        self, call: Callable[[], Awaitable[_Result]], *, timeout_s: float | None = None
    ) -> _Result:
        """Translate what the library raises."""
        aiohttp = import_module("aiohttp")
        try:
            async with asyncio.timeout(
                self._settings.timeout_s if timeout_s is None else timeout_s
            ):
                return await call()
        except (CommandRejectedError, DeviceUnreachableError):
            raise
        except (
            TimeoutError,
            OSError,
            httpx.TransportError,
            aiohttp.ClientConnectionError,
        ) as error:
            why = str(error) or type(error).__name__
            raise DeviceUnreachableError(f"{self._url} does not answer: {why}: no reply") from error
        except (_library().ONVIFError, import_module("zeep.exceptions").Error) as error:
            text = " ".join(str(error).split())[:200]
            if "NotAuthorized" in text or "Unauthorized" in text:
                message = f"{self._url} refuses user {self._settings.user!r} or the password"
                raise CommandRejectedError(message) from error
            raise ProtocolViolationError(f"{self._url}: {text}") from error
        except aiohttp.ClientError as error:
            raise ProtocolViolationError(f"{self._url} answers no HTTP: {error}") from error
        # What the library's parsers raise for an answer that is none is not listed anywhere.
        except (ValueError, TypeError, AttributeError, KeyError, LookupError) as error:
            raise ProtocolViolationError(f"{self._url} answers something else: {error}") from error


def _shown(what: object) -> bytes:
    """Return a question or an answer in one line, shortened."""
    return " ".join(str(what).split())[:TEXT_LENGTH_MAX].encode()


def _library() -> Any:  # noqa: ANN401 - it publishes no types
    """Return the library, which takes a second to load: only a camera's driver waits for it."""
    root, ours = logging.getLogger(), logging.NullHandler()
    # It sets up the logging of the whole process, unless somebody has done so already.
    root.addHandler(ours)
    try:
        return import_module("onvif")
    finally:
        root.removeHandler(ours)


async def discover(timeout_s: float = 3.0, *, group: str = GROUP, port: int = PORT) -> list[str]:
    """Return the service addresses of cameras on this network.

    Args:
        timeout_s: How long to listen for answers.
        group: Multicast group, or one host.
        port: Of the group.
    """
    message_id = uuid.uuid4()
    return await asyncio.to_thread(_discover, message_id, timeout_s, (group, port))


def _discover(message_id: uuid.UUID, timeout_s: float, where: tuple[str, int]) -> list[str]:
    found: list[str] = []
    deadline_s = time.monotonic() + timeout_s
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(encode_probe(message_id), where)
        while (left_s := deadline_s - time.monotonic()) > 0:
            probe.settimeout(left_s)
            try:
                answer = probe.recv(DATAGRAM_SIZE_BYTES_MAX + 1)
                found += addresses_of(answer, message_id)
            except FrameError:
                continue
            except TimeoutError:
                break
    return sorted(set(found))


def _read_password(path: str) -> str:
    """Return a password.

    Raises:
        ValueError: The file is absent, or open to others; one line.
    """
    if not path:
        return ""
    try:
        if Path(path).stat().st_mode & 0o077:
            raise ValueError(f"onvif: password_file {path} is open to others: chmod 600 {path}")
        return Path(path).read_text("utf-8").partition("\n")[0].strip()
    except OSError as error:
        raise ValueError(f"onvif: password_file {path} cannot be read: {error.strerror}") from error
