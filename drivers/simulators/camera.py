"""A network camera that looks down a corridor: motion JPEG over HTTP, people are real photographs.

``corridor`` is the world with its own time; this is the camera's dialect.

Source: RFC 2046, 5.1.1 (multipart syntax); ``multipart/x-mixed-replace`` as cameras serve it.
"""

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from drivers.simulators.corridor import Bust, Corridor, Image, cut_out, portrait_face, sheet

REQUEST_LENGTH_MAX = 8_192
BOUNDARY = "menshen-frame"
FACES_KNOWN = {"astronaut.png": (225, 125, 105), "grace_hopper.jpg": (265, 225, 185)}
"""Where the face is in photographs that packages carry: middle x and y, width, in pixels."""


class Simulator:
    """The camera: serves the corridor to any number of viewers.

    Raises:
        ValueError: A setting cannot be used; the message says which.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What the camera sees and sends.

        Attributes:
            photo: ``NAME=PATH`` each, or ``NAME=PATH@X,Y,WIDTH`` with the middle and the width of
                the face in pixels of the photograph; without, it is where portraits have it.
            sheet: The same, for photographs that are held up whole and not cut out.
            frames_per_second: 1..60.
            seed: Of the noise, the light and the side from which people come.
        """

        photo: Sequence[str] = ()
        sheet: Sequence[str] = ()
        width: int = 640
        height: int = 480
        frames_per_second: float = 15.0
        seed: int = 1

    def __init__(self, settings: Settings) -> None:
        if not 1 <= settings.frames_per_second <= 60:
            raise ValueError("frames_per_second must be 1..60")
        self.settings = settings
        self.corridor = Corridor(
            {
                **dict(_load_bust(entry) for entry in settings.photo),
                **dict(_load_bust(entry, cut=sheet) for entry in settings.sheet),
            },
            width=settings.width,
            height=settings.height,
            frames_per_second=settings.frames_per_second,
            seed=settings.seed,
        )
        self.is_frozen, self.is_repeating, self.cut_every = False, False, 0
        self.frame_count = self.viewer_count = 0
        self._jpeg = b""
        self._is_new = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._clock: asyncio.Task[None] | None = None
        self._viewers: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._is_closed = False

    async def serve(self, host: str, port: int) -> str:
        """Begin to serve; returns the stream's address. Port 0 takes a free one."""
        self._server = await asyncio.start_server(
            self._answer, host, port, limit=REQUEST_LENGTH_MAX
        )
        self._clock = asyncio.create_task(self._run())
        bound_host, bound_port = self._server.sockets[0].getsockname()[:2]
        return f"http://{bound_host}:{bound_port}/stream.mjpeg"

    async def close(self) -> None:
        """Stop serving and hang up on everybody."""
        self._is_closed = True
        if self._server is not None:
            self._server.close()
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
        for writer in self._viewers.values():
            writer.transport.abort()
        async with self._is_new:
            self._is_new.notify_all()
        await asyncio.gather(*self._viewers, return_exceptions=True)

    def state(self) -> dict[str, Any]:
        """Return what is before the camera and what it does, for people and tests."""
        people = [
            {
                "name": person.name,
                "doing": person.doing,
                "x_px": round(person.pose.x),
                "y_px": round(person.pose.y),
                "face_px": round(person.pose.face_px),
            }
            for person in self.corridor.people
        ]
        return {
            "people": people,
            "photos": list(self.corridor.busts),
            "is_frozen": self.is_frozen,
            "is_truncating": self.cut_every > 0,
            "frame_count": self.frame_count,
            "viewer_count": self.viewer_count,
        }

    def act(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do something; returns the state after it.

        ``approach`` and ``second_person_behind`` take ``photo``; ``walk_on`` and ``leave`` nothing;
        ``freeze`` takes ``on`` and ``how``: ``silent`` (nothing is sent) or ``repeat`` (the same
        picture again and again); ``truncate`` takes ``on`` and ``every``: each n-th picture is cut.

        Raises:
            ValueError: No such action, or it cannot be done now.
        """
        actions: dict[str, Callable[[], None]] = {
            "approach": lambda: self.corridor.approach(str(arguments.get("photo", ""))),
            "second_person_behind": lambda: self.corridor.follow(str(arguments.get("photo", ""))),
            "walk_on": self.corridor.walk_on,
            "leave": self.corridor.leave,
            "freeze": lambda: self._freeze(arguments),
            "truncate": lambda: self._truncate(arguments),
        }
        if name not in actions:
            raise ValueError(f"no action {name!r}; there are: {', '.join(actions)}")
        actions[name]()
        return self.state()

    def _freeze(self, arguments: Mapping[str, Any]) -> None:
        is_on, how = bool(arguments.get("on", True)), arguments.get("how", "silent")
        if how not in {"silent", "repeat"}:
            raise ValueError("how is 'silent' or 'repeat'")
        self.is_frozen, self.is_repeating = is_on and how == "silent", is_on and how == "repeat"

    def _truncate(self, arguments: Mapping[str, Any]) -> None:
        self.cut_every = max(1, int(arguments.get("every", 2))) if arguments.get("on", True) else 0

    async def _run(self) -> None:
        loop, period_s = asyncio.get_running_loop(), 1.0 / self.settings.frames_per_second
        before_s = due_s = loop.time()
        while True:
            now_s = loop.time()
            self.corridor.step(now_s - before_s)
            before_s = now_s
            if self.viewer_count > 0 and not self.is_frozen:
                await self._take_picture()
            due_s = max(due_s + period_s, loop.time())
            await asyncio.sleep(due_s - loop.time())

    async def _take_picture(self) -> None:
        if not (self.is_repeating and self._jpeg):
            self._jpeg = _encode(self.corridor.render())
        async with self._is_new:
            self.frame_count += 1
            self._is_new.notify_all()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._viewers[task] = writer
            task.add_done_callback(self._viewers.pop)
        # A viewer who hangs up, talks nonsense or says nothing concerns nobody else.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            try:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=10.0)
                await self._send(head.split(b" ")[1].partition(b"?")[0], writer)
            except (TimeoutError, IndexError):
                pass
            finally:
                writer.close()

    async def _send(self, path: bytes, writer: asyncio.StreamWriter) -> None:
        if path == b"/stream.mjpeg":
            await self._send_stream(writer)
        elif path == b"/still.jpg":
            await _send_answer(writer, "200 OK", "image/jpeg", _encode(self.corridor.render()))
        else:
            text = b"/stream.mjpeg or /still.jpg\n"
            await _send_answer(writer, "404 Not Found", "text/plain", text)

    async def _send_stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-store\r\n"
            b"Content-Type: multipart/x-mixed-replace; boundary=" + BOUNDARY.encode() + b"\r\n\r\n"
        )
        self.viewer_count += 1
        try:
            while True:
                async with self._is_new:
                    await self._is_new.wait()
                if self._is_closed:
                    return
                await _send_part(writer, self._jpeg, is_cut=self._is_cut())
        finally:
            self.viewer_count -= 1

    def _is_cut(self) -> bool:
        return self.cut_every > 0 and self.frame_count % self.cut_every == 0


async def _send_part(writer: asyncio.StreamWriter, jpeg: bytes, *, is_cut: bool) -> None:
    # A camera that runs out of memory or time promises the whole picture and sends half of it.
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    writer.write(head.encode() + (jpeg[: len(jpeg) // 2] if is_cut else jpeg) + b"\r\n")
    await writer.drain()


async def _send_answer(
    writer: asyncio.StreamWriter, status: str, content_type: str, body: bytes
) -> None:
    head = (
        f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


def _encode(picture: Image) -> bytes:
    is_encoded, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not is_encoded:
        raise ValueError("the picture cannot be encoded")
    return data.tobytes()


Cut = Callable[[Image, float, float, float], Bust]
"""A photograph and where its face is, to what walks up."""


@functools.cache  # cutting a person out takes a sixth of a second
def _load_bust(entry: str, *, cut: Cut = cut_out) -> tuple[str, Bust]:
    name, _, rest = entry.partition("=")
    path, _, place = rest.rpartition("@") if "@" in rest else (rest, "", "")
    decoded = cv2.imread(path, cv2.IMREAD_COLOR) if path else None
    if not name or decoded is None:
        raise ValueError(f"photo is NAME=PATH of a picture, not {entry!r}")
    photo = np.asarray(decoded, np.uint8)
    try:
        x, y, width = (
            (float(n) for n in place.split(","))
            if place
            else FACES_KNOWN.get(Path(path).name) or portrait_face(photo)
        )
    except ValueError as error:
        raise ValueError(f"the face is @X,Y,WIDTH in pixels, not {place!r}") from error
    return name, cut(photo, x, y, width)
