"""The access terminal that ``drivers.isapi_terminal`` follows.

Source: as the driver's.
"""

import asyncio
import dataclasses
import json
import re
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final

from drivers.protocols.isapi import (
    BOUNDARY,
    HEARTBEAT,
    MAJOR_EVENT,
    STANDS_OPEN,
    TREATS_AS_USUAL,
    encode_part,
)
from drivers.simulators.far_end import FarEnd
from drivers.simulators.http_server import Digest, HttpServer, Request, Response

HEARTBEAT_S: Final = 5.0
FACE_PASSED, FACE_REFUSED, CARD_PASSED = 75, 76, 1
DEVICE_INFO: Final = b"<DeviceInfo><deviceName>simulated terminal</deviceName></DeviceInfo>"
DOOR_PATH: Final = "/ISAPI/AccessControl/RemoteControl/door/"
STATUS_PATH: Final = "/ISAPI/AccessControl/AcsWorkStatus"
DOOR_COUNT: Final = 16
COMMAND: Final = re.compile(rb"<cmd>(open|alwaysOpen|resume)</cmd>")
TIME: Final = "2026-11-23T08:00:00+08:00"


class Simulator(FarEnd):
    """One terminal with digest authentication.

    Attributes:
        opened: Doors, as they were opened for one person.
        standing_open: Doors that were told to stay open.
        tells_doors: Whether it has a status of its doors; older ones have none.
    """

    KIND = "terminal"
    TRANSPORTS = ("http",)
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "face": {"employee": "1001", "door": 1, "granted": True},
        "swipe": {"card": "0006547886", "door": 1},
        "malformed_part": {},
        "end_stream": {},
    }
    STIMULI = (("face", {}, "AccessReported"), ("swipe", {}, "CredentialRead"))

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: user, password: that it asks for."""

        user: str = "admin"
        password: str = ""

    def __init__(self, settings: Settings) -> None:
        self._digest = Digest(settings.user, settings.password)
        self._server = HttpServer(self._handle)
        self._streams: set[asyncio.Queue[bytes | None]] = set()
        self.opened: list[int] = []
        self.standing_open: set[int] = set()
        self.tells_doors = True
        self._serial = 0

    async def serve(self, host: str, port: int) -> str:
        """Listen; returns the URL."""
        return await self._server.serve(host, port)

    async def close(self) -> None:
        """End; idempotent."""
        await self._server.close()

    async def _handle(self, request: Request) -> Response:
        if not self._digest.is_valid(request):
            return self._digest.challenge()
        if request.path == "/ISAPI/System/deviceInfo":
            return Response(body=DEVICE_INFO)
        if request.path == "/ISAPI/Event/notification/alertStream":
            kind = f"multipart/mixed; boundary={BOUNDARY.decode().removeprefix('--')}"
            return Response(content_type=kind, stream=self._follow())
        if request.path.partition("?")[0] == STATUS_PATH and self.tells_doors:
            return Response(body=self._doors())
        number = request.path.removeprefix(DOOR_PATH)
        command = COMMAND.search(request.body) if request.method == "PUT" else None
        if request.path.startswith(DOOR_PATH) and number.isdecimal() and command is not None:
            self._obey(int(number), command[1])
            return Response(body=b"<ResponseStatus><statusCode>1</statusCode></ResponseStatus>")
        return Response(404)

    def _obey(self, door: int, command: bytes) -> None:
        if command == b"open":
            self.opened.append(door)
        elif command == b"alwaysOpen":
            self.standing_open.add(door)
        else:
            self.standing_open.discard(door)

    def _doors(self) -> bytes:
        doors = range(1, DOOR_COUNT + 1)
        states = [STANDS_OPEN if d in self.standing_open else TREATS_AS_USUAL for d in doors]
        return json.dumps({"AcsWorkStatus": {"doorStatus": states}}).encode()

    async def _follow(self) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._streams.add(queue)
        try:
            yield encode_part({"eventType": HEARTBEAT})
            while True:
                try:
                    part = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    part = encode_part({"eventType": HEARTBEAT})
                if part is None:
                    return
                yield part
        finally:
            self._streams.discard(queue)

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "opened": list(self.opened),
            "standing_open": sorted(self.standing_open),
            "streams": len(self._streams),
        }

    def do_face(self, employee: str, door: int, *, granted: bool) -> None:
        """Let the terminal recognise somebody, or refuse them."""
        minor = FACE_PASSED if granted else FACE_REFUSED
        self._event(minor, door, {"employeeNoString": employee, "currentVerifyMode": "face"})

    def do_swipe(self, card: str, door: int) -> None:
        """Show a card that the terminal knows."""
        self._event(CARD_PASSED, door, {"cardNo": card, "currentVerifyMode": "card"})

    def do_malformed_part(self) -> None:
        """Send a part that is no event, and one whose length is wrong."""
        self._say(BOUNDARY + b"\r\nContent-Length: 9\r\n\r\n{not json\r\n")
        self._say(BOUNDARY + b"\r\nContent-Length: 99999\r\n\r\n{}\r\n")

    def do_end_stream(self) -> None:
        """End the event streams, as a terminal that restarts."""
        for queue in self._streams:
            queue.put_nowait(None)

    def _event(self, minor: int, door: int, fields: dict[str, str]) -> None:
        self._serial += 1
        access = {
            "majorEventType": MAJOR_EVENT,
            "subEventType": minor,
            "serialNo": self._serial,
            "doorNo": door,
            **fields,
        }
        kind = "AccessControllerEvent"
        self._say(encode_part({"eventType": kind, "dateTime": TIME, kind: access}))

    def _say(self, part: bytes) -> None:
        for queue in self._streams:
            queue.put_nowait(part)
