"""An access terminal with Hikvision's ISAPI that stays in use. Model-specific.

Its events, its doors, its own recognition as a credential; port ``http://HOST[:PORT]``.

Source: Hikvision ISAPI public integration guide for access control (version unconfirmed):
``/ISAPI/Event/notification/alertStream``, ``/ISAPI/AccessControl/RemoteControl/door/N``,
``/ISAPI/AccessControl/AcsWorkStatus``, ``/ISAPI/System/deviceInfo``.
"""

import asyncio
import contextlib
import dataclasses
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from drivers.base import (
    AccessReported,
    CommandReceipt,
    CommandRejectedError,
    CredentialKind,
    CredentialRead,
    DeviceUnreachableError,
    Observation,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.protocols import FrameError, NeedData
from drivers.protocols.isapi import STANDS_OPEN, AccessEvent, StreamDecoder, door_states_of
from drivers.registry import register

_log = logging.getLogger("drivers.isapi")

DEVICE_INFO: Final = "/ISAPI/System/deviceInfo"
ALERT_STREAM: Final = "/ISAPI/Event/notification/alertStream"
DOOR: Final = "/ISAPI/AccessControl/RemoteControl/door/{number}"
DOOR_BODY: Final = "<RemoteControlDoor><cmd>{command}</cmd></RemoteControlDoor>"
WORK_STATUS: Final = "/ISAPI/AccessControl/AcsWorkStatus?format=json"
RECONNECT_FIRST_S, RECONNECT_LAST_S = 0.2, 10.0
OBSERVATION_COUNT_MAX: Final = 256
STATUS_CODE: Final = re.compile(rb"<statusCode>\s*(\d{1,4})\s*</statusCode>")
STATUS_OK: Final = 1
"""XML_ResponseStatus of the guide; what is not OK may come with HTTP's 200, too."""
KINDS: Final = {"card": CredentialKind.CARD_UID, "face": CredentialKind.FACE}


@register("isapi_terminal")
class IsapiTerminal:
    """One terminal; satisfies ``Driver``, ``DoorControl`` and ``LockOpenControl``.

    The event stream has a connection of its own that is opened again whenever it ends; a part that
    cannot be read is passed over. While the stream is silent beyond ``heartbeat_s_max`` the
    terminal is absent, whatever it said before. Events of an absence are lost: the terminal's own
    list is not read here.
    """

    credential_kinds = frozenset(KINDS.values())

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the terminal is reached.

        Attributes:
            user: Of the terminal.
            password_file: A file that only we can read with the password in its first line; empty
                is for a terminal without one.
            door_count: Doors, 1..16.
            timeout_s: Longest wait for an answer.
            heartbeat_s_max: Longest silence of the stream, 1..600.
        """

        user: str = "admin"
        password_file: str = ""
        door_count: int = 1
        timeout_s: float = 3.0
        heartbeat_s_max: float = 30.0

        def __post_init__(self) -> None:
            name = "isapi_terminal"
            if not 1 <= self.door_count <= 16:
                raise ValueError(f"{name}: door_count is 1..16, not {self.door_count}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"{name}: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.heartbeat_s_max <= 600:
                raise ValueError(f"{name}: heartbeat_s_max is 1..600, not {self.heartbeat_s_max}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """See ``registry.DriverClass``.

        Raises:
            ValueError: The password file cannot be used.
        """
        self._settings, self._monotonic = settings, monotonic
        self._bus, self._url = bus, bus.port.rstrip("/")
        self._password = _read_password(settings.password_file)
        self._client: httpx.AsyncClient | None = None
        self._stream: asyncio.Task[None] | None = None
        self._found: deque[Observation] = deque(maxlen=OBSERVATION_COUNT_MAX)
        self._heard_at_s: float | None = None
        self._opened = asyncio.Event()
        self._problem = "the event stream is not open yet"
        self.noise_count = 0

    async def start(self) -> None:
        """Ask who it is, and open the event stream; raises when the terminal does not answer."""
        info = await self._request("GET", DEVICE_INFO)
        if b"<DeviceInfo" not in info:
            raise ProtocolViolationError(f"{self._url} is no such terminal: it tells no DeviceInfo")
        if self._stream is None or self._stream.done():
            self._stream = asyncio.create_task(self._follow())
        if self._heard_at_s is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.timeout_s):
                    await self._opened.wait()
        if self._heard_at_s is None:
            raise DeviceUnreachableError(f"{self._url}: {self._problem}")

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``.

        Raises:
            DeviceUnreachableError: The event stream is down or silent; what came before is told.
        """
        if self._found:
            found = list(self._found)
            self._found.clear()
            return found
        if self._heard_at_s is None:
            raise DeviceUnreachableError(f"{self._url}: {self._problem}")
        silence_s = self._monotonic() - self._heard_at_s
        if silence_s > self._settings.heartbeat_s_max:
            raise DeviceUnreachableError(f"{self._url}: no event for {silence_s:.0f} s: no reply")
        return []

    async def access_door(self, door: int) -> CommandReceipt:
        """See ``DoorControl.access_door``; the terminal's answer confirms it. Sent once.

        Raises:
            ProtocolViolationError: What came is not the terminal's word that it was done.
        """
        return await self._command(door, "open")

    @property
    def door_count(self) -> int:
        """See ``LockOpenControl.door_count``."""
        return self._settings.door_count

    async def lock_open_door(self, door: int) -> CommandReceipt:
        """See ``LockOpenControl.lock_open_door``; read back where the terminal tells its doors."""
        receipt = await self._command(door, "alwaysOpen")
        if await self._state_of(door) not in (None, STANDS_OPEN):
            raise ProtocolViolationError(f"{self._url} does not keep door {door} open")
        return receipt

    async def end_lock_open_door(self, door: int) -> CommandReceipt:
        """See ``LockOpenControl.end_lock_open_door``."""
        receipt = await self._command(door, "resume")
        if await self._state_of(door) == STANDS_OPEN:
            raise ProtocolViolationError(f"{self._url} keeps door {door} open still")
        return receipt

    async def _command(self, door: int, command: str) -> CommandReceipt:
        if not 0 <= door < self._settings.door_count:
            raise ValueError(f"door is 0..{self._settings.door_count - 1}, not {door}")
        body = DOOR_BODY.format(command=command)
        answer = await self._request("PUT", DOOR.format(number=door + 1), body)
        status = STATUS_CODE.search(answer)
        if status is None:
            raise ProtocolViolationError(f"{self._url} does not say whether door {door} obeyed")
        if int(status[1]) != STATUS_OK:
            why = f"statusCode {int(status[1])}"
            message = f"{self._url} refuses {command!r} for door {door}: {why}"
            raise CommandRejectedError(message, code=int(status[1]))
        return CommandReceipt(attempts=1)

    async def _state_of(self, door: int) -> int | None:
        """Return what the terminal says of a door; None where it tells nothing of its doors."""
        try:
            states = door_states_of(await self._request("GET", WORK_STATUS))
        except (CommandRejectedError, FrameError):
            return None
        return states[door] if door < len(states) else None

    async def close(self) -> None:
        """End the stream and the connections; idempotent."""
        if self._stream is not None:
            self._stream.cancel()
            await asyncio.gather(self._stream, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        self._stream = self._client = None

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                auth=httpx.DigestAuth(self._settings.user, self._password),
                timeout=self._settings.timeout_s,
                trust_env=False,
                event_hooks={"request": [self._show_request], "response": [self._show_status]},
            )
        return self._client

    async def _show_request(self, request: httpx.Request) -> None:
        """Show who taps the line what is asked, but not the proof of the password."""
        body = await request.aread()
        self._bus.show(is_sent=True, data=b" ".join((_first_line(request), body)).rstrip())

    async def _show_status(self, answer: httpx.Response) -> None:
        self._bus.show(is_sent=False, data=f"{answer.status_code} {answer.reason_phrase} ".encode())

    async def _request(self, method: str, path: str, body: str | None = None) -> bytes:
        try:
            answer = await self._http().request(method, self._url + path, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise DeviceUnreachableError(f"{self._url} does not answer: {why}: no reply") from error
        if answer.status_code in (401, 403):
            message = f"{self._url} refuses user {self._settings.user!r} or the password"
            raise CommandRejectedError(message, code=answer.status_code)
        if not answer.is_success:
            message = f"{self._url} refuses {path}: {answer.status_code}"
            raise CommandRejectedError(message, code=answer.status_code)
        self._bus.show(is_sent=False, data=answer.content)
        return answer.content

    async def _follow(self) -> None:
        """Read the event stream for ever."""
        pause_s = RECONNECT_FIRST_S
        while True:
            try:
                await self._read_stream()
                self._problem = "the terminal ended the event stream"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                self._problem = f"the event stream is gone: {error or type(error).__name__}"
            except ProtocolViolationError as error:
                self._problem = str(error)
            was_open, self._heard_at_s = self._heard_at_s is not None, None
            self._opened.clear()
            pause_s = RECONNECT_FIRST_S if was_open else min(2 * pause_s, RECONNECT_LAST_S)
            if was_open:
                _log.warning("%s: %s", self._url, self._problem)
            await asyncio.sleep(pause_s)

    async def _read_stream(self) -> None:
        decoder = StreamDecoder()
        timeout = httpx.Timeout(self._settings.timeout_s, read=self._settings.heartbeat_s_max)
        url = self._url + ALERT_STREAM
        async with self._http().stream("GET", url, timeout=timeout) as answer:
            if not answer.is_success:
                raise ProtocolViolationError(f"the event stream is refused: {answer.status_code}")
            self._heard_at_s = self._monotonic()
            self._opened.set()
            async for data in answer.aiter_raw():
                self._bus.show(is_sent=False, data=data)
                self._hear(decoder, data)

    def _hear(self, decoder: StreamDecoder, data: bytes) -> None:
        decoder.receive_data(data)
        while True:
            try:
                event = decoder.next_frame()
            except FrameError:
                self.noise_count += 1
                continue
            if isinstance(event, NeedData):
                return
            self._heard_at_s = self._monotonic()
            if isinstance(event, AccessEvent):
                self._found.extend(_observations(event))

    @property
    def findings(self) -> list[str]:
        """What a technician should know."""
        if not self.noise_count:
            return []
        return [f"stream: {self.noise_count} parts of the event stream could not be read"]


def _first_line(request: httpx.Request) -> bytes:
    return f"{request.method} ".encode() + request.url.raw_path


def _observations(event: AccessEvent) -> list[Observation]:
    kind = KINDS.get(event.kind)
    number = event.card if event.kind == "card" else event.employee
    door = max(0, event.door - 1)
    report = AccessReported(
        event.serial, door, event.is_granted, kind, number, _time(event.time), event.kind
    )
    if kind is None or not event.is_granted or not number:
        return [report]
    return [CredentialRead(kind, number, reader=door), report]


def _time(text: str) -> datetime | None:
    """Return the terminal's own time without its zone; None if it is none."""
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text).replace(tzinfo=None)
    return None


def _read_password(path: str) -> str:
    """Return a password.

    Raises:
        ValueError: The file is absent, or open to others; one line.
    """
    if not path:
        return ""
    try:
        if Path(path).stat().st_mode & 0o077:
            raise ValueError(f"isapi_terminal: password_file {path} is open to others: chmod 600")
        return Path(path).read_text("utf-8").partition("\n")[0].strip()
    except OSError as error:
        raise ValueError(
            f"isapi_terminal: password_file {path} cannot be read: {error.strerror}"
        ) from error
