"""Who finds a process full is sent away before it costs anything, and told when to come again.

Terminals come again by themselves, thousands of them. A process that begins with all of them at
once ends in time with none: each is answered when nobody waits for the answer any more. So there is
room for what is served within about a second, and who finds none is answered at once, before a
signature is looked at or a database asked. Each is given a later moment than whoever was sent away
before, so that no more come back than can be served.

Somebody in danger always gets in. Pages do, too: people are few, and do not come by themselves.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.events.drafts import may_be_urgent
from central.problems import RefusedError

_log = logging.getLogger("central.requests")
ROOM_MIN: Final = 64
ROOM_MAX: Final = 512
PATIENCE_S: Final = 1.0
"""So long, by how fast the process has been, what is in the room takes."""
RATE_FIRST: Final = 100.0
TURN_S: Final = 1.0
RETRY_S_MAX: Final = 30
TELL_S: Final = 60.0
"""So often it is said in the log."""
INGEST: Final = ("POST", "/api/v1/events")
HURRIED: Final = 2.0
"""So much of the room whatever is not to come too late may fill."""
ROOM_SHARES: Final[Mapping[tuple[str, str], float]] = {
    INGEST: 1.0,
    # Who may not say that it is there is taken for lost.
    ("PUT", "/api/v1/nodes/current/status"): HURRIED,
    ("GET", "/api/v1/nodes/current/stream"): 1.0,
    ("GET", "/api/v1/replica"): 1.0,
}
"""What terminals ask without end, and again when they are sent away."""
_ALARM: Final = b'"alarm"'


class Admission:
    """The room of one process, for all of its sites; no I/O."""

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        """Be empty; ``now_s`` is monotonic."""
        self._now_s = now_s
        self._inside, self._served, self._was_full = 0, 0, False
        self._rate, self._turn_at_s = RATE_FIRST, now_s()
        self._free_at_s, self._told_at_s = 0.0, -math.inf

    @property
    def has_room(self) -> bool:
        """Whether anybody may come in."""
        return self._inside < self.room

    @property
    def room(self) -> int:
        """How many may be inside."""
        return max(ROOM_MIN, min(ROOM_MAX, int(self._rate * PATIENCE_S)))

    def enter(self, *, room_share: float = 1.0) -> int | None:
        """Let somebody in, or return after how many seconds they may come again.

        Args:
            room_share: Of the room that may be taken for them; infinite for somebody in danger.
        """
        self._learn()
        if self._inside < self.room * room_share:
            self._inside += 1
            return None
        now_s, self._was_full = self._now_s(), True
        if now_s - self._told_at_s > TELL_S:
            _log.warning("terminals are asked to come again: %d are inside", self._inside)
            self._told_at_s = now_s
        # A place in a line that nobody stands in: behind whoever is inside and was sent away.
        behind_s = now_s + self._inside / self._rate
        self._free_at_s = max(self._free_at_s, behind_s) + 1 / self._rate
        return max(1, min(RETRY_S_MAX, math.ceil(self._free_at_s - now_s)))

    def leave(self) -> None:
        """Say that somebody was served."""
        self._inside -= 1
        self._served += 1
        self._learn()

    def _learn(self) -> None:
        """Learn how many are served in a second; one in which there was room says the least."""
        passed_s = self._now_s() - self._turn_at_s
        if passed_s < TURN_S:
            return
        rate = self._served / passed_s
        if self._was_full:
            self._rate = max(1.0, (self._rate + rate) / 2)
        else:
            self._rate = max(self._rate, rate)
        self._served, self._was_full, self._turn_at_s = 0, False, self._now_s()


class Admitting:
    """Around the application, within what bounds bodies."""

    def __init__(self, app: ASGIApp, *, admission: Admission) -> None:
        """Ask ``admission`` for room."""
        self._app, self._admission = app, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        asked = (scope["method"], scope["path"]) if scope["type"] == "http" else ("", "")
        if (share := ROOM_SHARES.get(asked)) is None:
            return await self._app(scope, receive, send)
        if asked == INGEST and not self._admission.has_room:
            try:
                body = await _whole(receive)
                receive, share = _said(body, receive), _room_share(body)
            except HTTPException:  # too slow or too long, which is said where there is room
                share = 0.0
        retry_s = self._admission.enter(room_share=share)
        if retry_s is not None:
            return await _full(retry_s).to_response()(scope, receive, send)
        is_inside = True

        async def send_on(message: Message) -> None:
            nonlocal is_inside
            await send(message)
            # A stream goes on for hours, and costs what it costs at its beginning.
            if is_inside and message["type"] == "http.response.body":
                is_inside = False
                self._admission.leave()

        try:
            await self._app(scope, receive, send_on)
        finally:
            if is_inside:
                self._admission.leave()


def _room_share(body: bytes) -> float:
    """Return how much of the room may be taken for a batch."""
    if may_be_urgent(body):
        return math.inf
    return HURRIED if _ALARM in body else 1.0


async def _whole(receive: Receive) -> bytes:
    pieces, has_more = list[bytes](), True
    while has_more:
        message = await receive()
        pieces.append(message.get("body", b""))
        has_more = message.get("more_body", False)
    return b"".join(pieces)


def _said(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already, and then what comes after it."""
    left = [body]

    async def receive_again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return receive_again


def _full(retry_s: int) -> RefusedError:
    return RefusedError(429, "central_busy", headers={"Retry-After": str(retry_s)})
