"""A light terminal for ``benchmarks.city``: the real protocol, an outbox in memory, no hardware.

It signs what it says, reports how it is when central wants it, holds its stream open, and tells its
events in order, live ones apart from a backlog, until central says that it holds them.
"""

import asyncio
import base64
import collections
import dataclasses
import hashlib
import itertools
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.city_console import LIVE_S
from benchmarks.city_http import Answer, Connection, LostError, open_connection
from config.contract.access import CredentialKind, Direction
from config.contract.events import (
    BATCH_CONTENT_TYPE,
    AccessGranted,
    ClockQuality,
    DoorForcedOpen,
    Event,
    EventClass,
    EventData,
)
from config.contract.identifiers import new_id
from config.contract.nodes import NodeEnrolment, NodeStatus
from config.contract.trust import NodeToken, public_text, to_text
from edge.backoff import BackOff

ANSWER_S_MAX: Final = 10.0
STREAM_SILENCE_S_MAX: Final = 60.0
EVENT_INTERVAL_S: Final = 10.0
POLL_INTERVAL_S: Final = 30.0
BATCH_COUNT_MAX: Final = 200
BUSY: Final = frozenset({429, 503})
_JWT_HEADER: Final = to_text(b'{"alg":"EdDSA","typ":"JWT"}')


@dataclasses.dataclass(slots=True)
class Told:
    """What all nodes of the benchmark did and saw."""

    answers: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    made: int = 0
    acknowledged: int = 0
    told_ms: list[float] = dataclasses.field(default_factory=list)
    """From the event to central's receipt, of live events."""
    streams: int = 0
    status_interval_s: float = 5.0
    event_interval_s: float = EVENT_INTERVAL_S


@dataclasses.dataclass(frozen=True, slots=True)
class _Waiting:
    place: tuple[str, int]
    made_at_s: float
    document: bytes


class CityNode:
    """One terminal. Attributes: acknowledged: class and sequence of what central holds."""

    def __init__(
        self, site: str, node: str, *, host: str, address: tuple[str, int], told: Told
    ) -> None:
        """Speak for a node of a site; ``host`` says which of several sites central serves."""
        self.site, self.node, self._host, self._address, self._told = (
            site,
            node,
            host,
            address,
            told,
        )
        self._key, self._sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.epoch = uuid4()
        self._random = random.Random(f"{site}/{node}")  # noqa: S311 - spreads load, guards nothing
        self._sequences = dict.fromkeys((EventClass.ACCESS, EventClass.ALARM), 0)
        self.acknowledged = set[tuple[str, int]]()
        self._waiting = collections.deque[_Waiting]()
        self._backlog: Iterator[_Waiting] = iter(())
        self.backlog_left = 0
        self._has_events = asyncio.Event()
        self.is_cut = self.is_ending = False
        self._open = set[Connection]()
        self._line, self._version = _Line(self), 0

    async def enrol(self, token: str, *, at: tuple[str, int], local: str) -> None:
        """Join by a one-time token, from an address of its own, as terminals have one."""
        wish = NodeEnrolment(
            node=self.node,
            secret=NodeToken.from_line(token).secret,
            signing_key=public_text(self._key.public_key()),
            sealing_key=public_text(self._sealing.public_key()),
        )
        connection = await open_connection(at, host=self._host, local=local)
        try:
            answer = await connection.request(
                "POST",
                "/api/v1/nodes/enrol",
                headers={"Content-Type": "application/json"},
                body=wish.model_dump_json().encode(),
            )
        finally:
            connection.close()
        if answer.status != 201:
            raise RuntimeError(f"{self.node} may not join: {answer.status} {answer.body!r}")

    def cut(self, *, off: bool) -> None:
        """Cut its network, or mend it."""
        self.is_cut = off
        for connection in list(self._open):
            connection.close()

    def add_backlog(self, count: int, *, span: timedelta) -> None:
        """Let it have been cut off for so long, and so often something have happened meanwhile.

        It ended a while ago: none of it is mistaken for what happens now.
        """
        began_at = datetime.now(UTC) - span - timedelta(seconds=2 * LIVE_S)
        first = self._take(count) + 1
        self.backlog_left = count
        self._told.made += count
        self._backlog = (
            self._waiting_event(first + n, began_at + span * n / count) for n in range(count)
        )

    @property
    def behind_s(self) -> float:
        """How long the oldest live event has waited that central does not hold yet."""
        return time.monotonic() - self._waiting[0].made_at_s if self._waiting else 0.0

    def happen(self) -> None:
        """Let somebody pass now."""
        self._told.made += 1
        self._waiting.append(self._waiting_event(self._take(1) + 1, datetime.now(UTC)))
        self._has_events.set()

    def alarm(self) -> None:
        """Let a door be forced now."""
        self._told.made += 1
        number = self._take(1, EventClass.ALARM) + 1
        forced = DoorForcedOpen(device="east")
        self._waiting.append(self._document(forced, number, datetime.now(UTC)))
        self._has_events.set()

    def _take(self, count: int, event_class: EventClass = EventClass.ACCESS) -> int:
        """Take so many sequences of a class; returns the last one before."""
        before = self._sequences[event_class]
        self._sequences[event_class] += count
        return before

    def _waiting_event(self, sequence: int, at: datetime) -> _Waiting:
        passed = AccessGranted(
            decision_id=new_id(),
            access_point="east",
            direction=Direction.IN,
            holder_id=str(UUID(int=sequence)),
            credential=CredentialKind.CARD,
            credential_to_decision_ms=41.5,
        )
        return self._document(passed, sequence, at)

    def _document(self, fact: EventData, sequence: int, at: datetime) -> _Waiting:
        event = Event(
            id=new_id(),
            source=f"/{self.site}/{self.node}/east",
            type=fact.type_name,
            time=at,
            subject="east",
            epoch=self.epoch,
            event_class=fact.event_class,
            sequence=sequence,
            clockquality=ClockQuality.SYNCHRONISED,
            data=fact.model_dump(mode="json"),
        )
        document = event.model_dump_json(by_alias=True).encode()
        return _Waiting((fact.event_class, sequence), time.monotonic(), document)

    async def run(self, *, within_s: float) -> None:
        """Live for ever; begin at a moment of its own ``within_s``."""
        async with asyncio.TaskGroup() as tasks:
            for loop in (self._events, self._status, self.follow, self._replica):
                tasks.create_task(self._begin(loop, self._random.uniform(0, within_s)))
            tasks.create_task(self._live(self._random.uniform(0, EVENT_INTERVAL_S)))

    @staticmethod
    async def _begin(loop: Callable[[], Awaitable[None]], after_s: float) -> None:
        await asyncio.sleep(after_s)
        await loop()

    async def _live(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        while not self.is_ending:
            self.happen()
            await asyncio.sleep(self._told.event_interval_s)

    async def _events(self) -> None:
        while True:
            self._has_events.clear()
            if self._waiting:
                await self.tell()
            else:
                await self._has_events.wait()

    async def tell(self) -> None:
        """Tell a batch of what waits, once."""
        batch = list(self._waiting)[:BATCH_COUNT_MAX]
        if await self._deliver(self._line, batch, is_backlog=False):
            for _ in batch:
                self._waiting.popleft()
            now_s = time.monotonic()
            self._told.told_ms += [(now_s - each.made_at_s) * 1000 for each in batch]

    async def tell_backlog(self) -> None:
        """Tell what happened while it was cut off, beside what happens now."""
        line = _Line(self)
        while batch := list(itertools.islice(self._backlog, BATCH_COUNT_MAX)):
            while not await self._deliver(line, batch, is_backlog=True):
                pass
            self.backlog_left -= len(batch)
        line.close()

    async def _deliver(self, line: "_Line", batch: list[_Waiting], *, is_backlog: bool) -> bool:
        headers = {"Content-Type": BATCH_CONTENT_TYPE}
        if is_backlog:
            headers["Menshen-Backlog"] = "1"
        body = b"[" + b",".join(each.document for each in batch) + b"]"
        answer = await line.ask("POST", "/api/v1/events", headers, body)
        if answer is None or answer.status != 200:
            return False
        receipt = json.loads(answer.body)
        if receipt["stored"] + receipt["duplicates"] != len(batch):
            raise RuntimeError(f"central holds another content: {receipt}")
        self.acknowledged.update(each.place for each in batch)
        self._told.acknowledged += len(batch)
        return True

    async def _status(self) -> None:
        while True:
            if await self.report():
                await asyncio.sleep(self._told.status_interval_s)

    async def report(self) -> bool:
        """Say once how it is; returns whether central heard it."""
        target = "/api/v1/nodes/current/status"
        headers = {"Content-Type": "application/json"}
        body = self._said().model_dump_json(by_alias=True).encode()
        answer = await self._line.ask("PUT", target, headers, body)
        if answer is None:
            return False
        told = answer.headers.get("menshen-status-interval-s")
        self._told.status_interval_s = float(told or self._told.status_interval_s)
        return True

    def _said(self) -> NodeStatus:
        return NodeStatus(
            at=datetime.now(UTC),
            version="0",
            epoch=self.epoch,
            clockquality=ClockQuality.SYNCHRONISED,
            replica_version=0,
            last_sequences=dict(self._sequences),
            unsent_count=len(self._waiting) + self.backlog_left,
            is_journal_writable=True,
            pipeline="builtin",
        )

    async def _replica(self) -> None:
        while True:
            if await self.ask_for_people():
                await asyncio.sleep(POLL_INTERVAL_S)

    async def ask_for_people(self) -> bool:
        """Ask once for people that changed; returns whether central answered."""
        target = f"/api/v1/replica?after={self._version}&pairs=true&access=0&statements=true"
        answer = await self._line.ask("GET", target + "&operators=true", {}, b"")
        if answer is None:
            return False
        self._version = int(json.loads(answer.body)["version"])
        return True

    async def follow(self) -> None:
        """Hold the stream open for ever."""
        target, back_off = "/api/v1/nodes/current/stream", BackOff()
        while True:
            try:
                connection = await self.connect()
                try:
                    heard_at_s = time.monotonic()

                    def hear(_: bytes) -> None:
                        nonlocal heard_at_s
                        heard_at_s = time.monotonic()
                        back_off.reset()

                    self._told.streams += 1
                    headers = {"Accept": "text/event-stream", **self._signature("GET", target, b"")}
                    following = asyncio.ensure_future(
                        connection.follow(target, headers=headers, on_piece=hear)
                    )
                    try:
                        while not following.done():
                            await asyncio.wait({following}, timeout=STREAM_SILENCE_S_MAX)
                            if time.monotonic() - heard_at_s > STREAM_SILENCE_S_MAX:
                                break
                    finally:
                        following.cancel()
                        self._told.streams -= 1
                        await asyncio.gather(following, return_exceptions=True)
                finally:
                    self.forget(connection)
            except (OSError, TimeoutError, LostError):
                pass
            await asyncio.sleep(back_off.next_s())

    async def connect(self) -> Connection:
        """Connect to central.

        Raises:
            OSError: Nobody is there.
            LostError: The network is cut.
        """
        if self.is_cut:
            raise LostError("the network is cut")
        async with asyncio.timeout(ANSWER_S_MAX):
            connection = await open_connection(self._address, host=self._host)
        self._open.add(connection)
        return connection

    def forget(self, connection: Connection) -> None:
        """Close a connection."""
        connection.close()
        self._open.discard(connection)

    async def ask_on(
        self,
        connection: Connection,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
    ) -> Answer:
        """Ask central something, signed."""
        signed = {**headers, **self._signature(method, target, body)}
        async with asyncio.timeout(ANSWER_S_MAX):
            answer = await connection.request(method, target, headers=signed, body=body)
        name = f"{method} {target.partition('?')[0].rpartition('/')[2]} {answer.status}"
        self._told.answers[name] += 1
        return answer

    def _signature(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """Return what ``contract.trust.sign_request`` makes, for a tenth of its time."""
        claims = {
            "iss": self.node,
            "aud": self.site,
            "iat": int(time.time()),
            "jti": str(new_id()),
            "htm": method,
            "htu": target,
            "bsh": to_text(hashlib.sha256(body).digest()),
        }
        signed = f"{_JWT_HEADER}.{to_text(json.dumps(claims, separators=(',', ':')).encode())}"
        signature = base64.urlsafe_b64encode(self._key.sign(signed.encode())).rstrip(b"=").decode()
        return {"Authorization": f"Bearer {signed}.{signature}"}


class _Line:
    """A way to central: one connection that is kept, and patience where there is no answer."""

    def __init__(self, node: CityNode) -> None:
        self._node, self._back_off, self._lock = node, BackOff(), asyncio.Lock()
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._node.forget(self._connection)
            self._connection = None

    async def ask(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Answer | None:
        """Return central's answer; None, after a pause, where it could not serve.

        Raises:
            RuntimeError: Central refuses, which it must not.
        """
        pause_s = None
        async with self._lock:
            try:
                if self._connection is None or not self._connection.is_open:
                    self.close()
                    self._connection = await self._node.connect()
                answer = await self._node.ask_on(self._connection, method, target, headers, body)
            except (OSError, TimeoutError, LostError):
                self.close()
                answer = None
        if answer is not None and answer.status < 500 and answer.status not in BUSY:
            self._back_off.reset()
            if not 200 <= answer.status < 300:
                raise RuntimeError(f"{method} {target}: {answer.status} {answer.body!r}")
            return answer
        if answer is not None and "retry-after" in answer.headers:
            pause_s = float(answer.headers["retry-after"]) * self._random.uniform(1.0, 1.5)
        await asyncio.sleep(self._back_off.next_s() if pause_s is None else pause_s)
        return None
