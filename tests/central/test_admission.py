"""Who finds a process full is sent away at once, and it goes on serving what it can."""

import asyncio
import heapq
import math
import random
from collections import deque

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.admission import INGEST, RETRY_S_MAX, ROOM_MIN, Admission, Admitting

REPORT = ("PUT", "/api/v1/nodes/current/status")
STREAM = ("GET", "/api/v1/nodes/current/stream")
CAPACITY = 80
"""Requests a second that the simulated process serves, one after the other."""
GIVE_UP_S = 10.0
SIMULATED_S = 120.0


def filled(admission: Admission) -> None:
    while admission.enter() is None:
        pass


def test_an_empty_process_takes_everybody_in_until_its_room_is_full() -> None:
    admission = Admission(now_s=lambda: 0.0)
    room = admission.room

    assert room >= ROOM_MIN
    assert [admission.enter() for _ in range(room)] == [None] * room
    assert admission.enter() is not None


def test_who_leaves_makes_room_for_another() -> None:
    admission = Admission(now_s=lambda: 0.0)
    filled(admission)
    admission.leave()

    assert admission.enter() is None


def test_whoever_is_in_danger_always_gets_in() -> None:
    admission = Admission(now_s=lambda: 0.0)
    filled(admission)

    assert all(admission.enter(room_share=math.inf) is None for _ in range(1_000))


def test_the_more_were_sent_away_the_later_the_next_may_come() -> None:
    admission = Admission(now_s=lambda: 0.0)
    filled(admission)
    told = [admission.enter() or 0 for _ in range(10_000)]

    assert told == sorted(told)
    assert (told[0] <= 2, told[-1]) == (True, RETRY_S_MAX)


class _Process:
    """Serves one after the other; terminals give up, and come again as they are told."""

    def __init__(self, *, asked_per_s: float, is_admitting: bool) -> None:
        self.now_s, self.served = 0.0, 0
        self._admission = Admission(now_s=lambda: self.now_s) if is_admitting else None
        self._random = random.Random(7)  # noqa: S311 - a simulation
        self._coming = [(self._random.uniform(0, 10), n) for n in range(int(10 * asked_per_s))]
        heapq.heapify(self._coming)
        self._line = deque[tuple[float, int]]()

    def run(self) -> float:
        """Return how many were served in time, in a second."""
        while self.now_s < SIMULATED_S:
            while self._coming and self._coming[0][0] <= self.now_s:
                self._come(heapq.heappop(self._coming)[1])
            self.now_s += 1 / CAPACITY
            if self._line:
                self._serve(*self._line.popleft())
        return self.served / SIMULATED_S

    def _come(self, who: int) -> None:
        retry_s = self._admission.enter() if self._admission is not None else None
        if retry_s is None:
            self._line.append((self.now_s, who))
        else:
            self._again(who, retry_s * self._random.uniform(1, 1.5))

    def _serve(self, came_s: float, who: int) -> None:
        if self._admission is not None:
            self._admission.leave()
        is_in_time = self.now_s - came_s <= GIVE_UP_S
        self.served += is_in_time
        # Who gave up came again at once; whoever was served has something new in a while.
        self._again(who, 10.0 if is_in_time else 0.5)

    def _again(self, who: int, after_s: float) -> None:
        heapq.heappush(self._coming, (self.now_s + after_s, who))


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_process_that_is_asked_more_than_it_can_goes_on_serving_what_it_can(times: int) -> None:
    process = _Process(asked_per_s=times * CAPACITY, is_admitting=True)

    assert process.run() >= 0.8 * CAPACITY


def test_without_it_most_are_served_when_nobody_waits_any_more() -> None:
    process = _Process(asked_per_s=4 * CAPACITY, is_admitting=False)

    assert process.run() < 0.5 * CAPACITY


class _Inside:
    """An application that answers when it is told to, and notes what it was sent."""

    def __init__(self) -> None:
        self.bodies = list[bytes]()
        self.has_come, self.may, self.has_begun = (asyncio.Event() for _ in range(3))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append((await receive())["body"])
        self.has_come.set()
        await self.may.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.has_begun.set()
        await asyncio.Event().wait()


async def answered(app: ASGIApp, asked: tuple[str, str], body: bytes = b"") -> Message:
    """Return how an answer begins."""
    beginning: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            beginning.set_result(message)

    request = asyncio.ensure_future(app(scope_of(asked), receive, send))
    try:
        return await beginning
    finally:
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)


def scope_of(asked: tuple[str, str]) -> Scope:
    method, path = asked
    return {"type": "http", "method": method, "path": path, "headers": []}


def test_what_terminals_ask_is_sent_away_with_a_time_to_come_again() -> None:
    async def script() -> Message:
        admission = Admission()
        filled(admission)
        return await answered(Admitting(_Inside(), admission=admission), STREAM)

    message = asyncio.run(script())
    headers = dict(message["headers"])

    assert message["status"] == 429
    assert int(headers[b"retry-after"]) >= 1


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (INGEST, b'[{"eventclass":"fire"}]'),
        (INGEST, b'[{"eventclass":"alarm"}]'),
        (REPORT, b"{}"),
        (("GET", "/api/v1/alarms"), b""),
    ],
    ids=["fire", "alarm", "report", "page"],
)
def test_what_must_not_come_too_late_gets_in_and_is_passed_on_whole(
    asked: tuple[str, str], body: bytes
) -> None:
    async def script() -> tuple[int, list[bytes]]:
        admission, inside = Admission(), _Inside()
        filled(admission)
        inside.may.set()
        message = await answered(Admitting(inside, admission=admission), asked, body)
        return message["status"], inside.bodies

    assert asyncio.run(script()) == (200, [body])


def test_what_happens_every_day_is_sent_away_where_there_is_no_room() -> None:
    async def script() -> int:
        admission = Admission()
        filled(admission)
        app = Admitting(_Inside(), admission=admission)
        return int((await answered(app, INGEST, b'[{"eventclass":"access"}]'))["status"])

    assert asyncio.run(script()) == 429


def test_a_stream_takes_room_until_it_begins_and_not_while_it_goes_on() -> None:
    async def script() -> tuple[int | None, int | None]:
        admission, inside = Admission(), _Inside()
        filled(admission)
        admission.leave()
        streaming = asyncio.ensure_future(
            Admitting(inside, admission=admission)(scope_of(STREAM), said_nothing, unheard)
        )
        await inside.has_come.wait()
        before = admission.enter()
        inside.may.set()
        await inside.has_begun.wait()
        after = admission.enter()
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        return before, after

    before, after = asyncio.run(script())
    assert before is not None
    assert after is None


async def said_nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def unheard(_: Message) -> None:
    """Send to nobody."""
