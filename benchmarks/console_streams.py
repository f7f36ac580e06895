"""Consoles without a window, for ``benchmarks.console``: a process of its own on standard input.

``python -m benchmarks.console_streams URL``, then one JSON line ``{"password", "names"}``. Each
signs in, loads what a page loads, reads the live stream, loads again after each ``hello`` and asks
for what a page asks for when it is told of a change, at most once a second. Says one line when all
read; when standard input ends, one more with what they heard.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx

FOLLOWED: Final = {
    "fire": ("/fire",),
    "assistance": ("/assistance",),
    "plans": ("/plans",),
}
"""What a guard's console asks for after a topic; see ``follow`` in the page."""
PAUSE_S: Final = 1.0
RETRY_S: Final = 0.3
ALARM_ID: Final = re.compile(rb'"id":"([0-9a-f-]{36})"')
LISTS: Final = ("/snapshot", "/alarms?limit=10000", "/alarms?state=shelved&limit=10000")


class Heard:
    """What all consoles of the process heard. Attributes: latest: of an alarm, by the last one."""

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}
        self.by: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()
        self.connections = 0


class StreamConsole:
    """One signed-in console."""

    def __init__(self, url: str, heard: Heard) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{url}/api/v1", headers={"Origin": url}, timeout=60.0
        )
        self._heard = heard
        self._known: set[str] = set()
        self._due: dict[str, asyncio.Event] = {topic: asyncio.Event() for topic in FOLLOWED}
        self.is_ready = asyncio.Event()

    async def sign_in(self, username: str, password: str) -> None:
        """Open a session."""
        wish = {"username": username, "password": password}
        (await self._client.post("/sessions", json=wish)).raise_for_status()

    async def run(self) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as tasks:
            (await self._client.post("/desk")).raise_for_status()
            for topic in FOLLOWED:
                tasks.create_task(self._follow(topic))
            while True:
                try:
                    await self._read(tasks)
                except httpx.HTTPError:
                    await asyncio.sleep(RETRY_S)

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        async with self._client.stream("GET", "/stream", timeout=None) as reply:
            reply.raise_for_status()
            self._heard.connections += 1
            async for name, data in _events(reply):
                self._heard.messages[name] += 1
                if name == "hello":
                    tasks.create_task(self._load())
                elif name == "alarm":
                    self._note(data)
                elif name in self._due:
                    self._due[name].set()

    def _note(self, data: bytes) -> None:
        found = ALARM_ID.search(data)
        if found is None:
            return
        alarm_id = found[1].decode()
        if alarm_id not in self._known:
            self._known.add(alarm_id)
            self._heard.by[alarm_id] += 1
            self._heard.latest[alarm_id] = time.time()

    async def _load(self) -> None:
        for reply in await asyncio.gather(*(self._client.get(path) for path in LISTS)):
            reply.raise_for_status()
        for due in self._due.values():
            due.set()
        self.is_ready.set()

    async def _follow(self, topic: str) -> None:
        due = self._due[topic]
        while True:
            await due.wait()
            due.clear()
            for path in FOLLOWED[topic]:
                await self._client.get(path)
            await asyncio.sleep(PAUSE_S)


async def _events(reply: httpx.Response) -> AsyncIterator[tuple[str, bytes]]:
    rest = b""
    async for piece in reply.aiter_raw():
        *whole, rest = (rest + piece).split(b"\n\n")
        for frame in whole:
            fields = dict(line.split(b": ", 1) for line in frame.split(b"\n") if b": " in line)
            if b"event" in fields:
                yield fields[b"event"].decode(), fields.get(b"data", b"")


async def _run(url: str) -> None:
    wish: dict[str, Any] = json.loads(await asyncio.to_thread(sys.stdin.readline))
    heard = Heard()
    consoles = [StreamConsole(url, heard) for _ in wish["names"]]
    for console, name in zip(consoles, wish["names"], strict=True):
        await console.sign_in(name, wish["password"])
    ending = asyncio.create_task(_until_ended(consoles))
    listening = [asyncio.create_task(console.run()) for console in consoles]
    ended, _ = await asyncio.wait({ending, *listening}, return_when=asyncio.FIRST_COMPLETED)
    for task in ended:
        task.result()
    for task in listening:
        task.cancel()
    everywhere = {i: at for i, at in heard.latest.items() if heard.by[i] == len(consoles)}
    _say(
        {
            "latest": everywhere,
            "messages": heard.messages,
            "connections": heard.connections,
        }
    )


async def _until_ended(consoles: list[StreamConsole]) -> None:
    for console in consoles:
        await console.is_ready.wait()
    _say({"consoles": len(consoles)})
    await asyncio.to_thread(sys.stdin.read)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1]))
