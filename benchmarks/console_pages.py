"""Real Chromium pages of ``benchmarks.console``, and what is measured in them.

An alarm is *on the screen* when its row is in the list and the frame that holds it was drawn, by
the same wall clock that says when the device's event happened.
"""

import contextlib
import dataclasses
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, CDPSession, Page, Request, async_playwright

from tests.browser import EXECUTABLES, FLAGS

READY_MS: Final = 60_000
WATCH: Final = """() => {
  const seen = (globalThis.alarmsSeen = {}), fresh = [];
  // A task after the frame: its rows were laid out and painted by then.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = Date.now();
    for (const id of fresh.splice(0)) seen[id] ??= now;
  };
  new MutationObserver((records) => {
    for (const { addedNodes } of records) for (const row of addedNodes) fresh.push(row.dataset.key);
    if (fresh.length) port2.postMessage(0);
  }).observe(document.querySelector("alarm-list ol"), { childList: true });
}"""
COUNTS: Final = """() => {
  const say = (query) => [...document.querySelectorAll(query)].map((each) => each.textContent);
  return {
    shown: say(".alarm-counts li[data-priority] b"),
    gathered: say("p.flood:not([hidden]) b")[0] ?? "0",
    isOnline: !document.querySelector("header.shell.is-cut-off"),
  };
}"""


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What a page's main thread has done, by Chromium's clocks.

    Attributes:
        busy_s: In tasks, what it had to wait for a processor included.
        cpu_s: On a processor.
    """

    at_s: float
    busy_s: float
    cpu_s: float

    def shares_since(self, before: "Work") -> tuple[float, float]:
        """Return for which shares of the time it was busy and on a processor since then."""
        time_s = self.at_s - before.at_s
        return (self.busy_s - before.busy_s) / time_s, (self.cpu_s - before.cpu_s) / time_s


class Console:
    """One page that shows the console to a guard.

    Attributes:
        load_count: How often it asked for the state of now: once, and after each lost stream.
        complaints: What was thrown in it.
    """

    def __init__(self, page: Page, devtools: CDPSession) -> None:
        self._page, self._devtools = page, devtools
        self.complaints: list[str] = []
        self.load_count = 0
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._count_load)

    @classmethod
    async def open(cls, browser: Browser, url: str, *, username: str, password: str) -> "Console":
        """Sign in with a browser of its own, and wait until the page knows the site."""
        context = await browser.new_context(
            locale="en", viewport={"width": 1440, "height": 900}, base_url=url
        )
        page = await context.new_page()
        console = cls(page, await context.new_cdp_session(page))
        await page.goto("/", timeout=READY_MS)
        await page.fill("input[name=username]", username)
        await page.fill("input[name=password]", password)
        await page.click("dialog.sign-in button.primary")
        await page.wait_for_selector(".alarm-counts li", timeout=READY_MS, state="attached")
        await page.wait_for_selector("alarm-list ol", timeout=READY_MS, state="attached")
        await page.evaluate(WATCH)
        await console._devtools.send("Performance.enable")
        return console

    async def seen(self) -> dict[str, float]:
        """Return when each alarm first was on the screen, in seconds of the wall clock."""
        times: dict[str, float] = await self._page.evaluate("alarmsSeen")
        return {alarm_id: at_ms / 1000 for alarm_id, at_ms in times.items()}

    async def work(self) -> Work:
        """Return what the main thread has done until now."""
        metrics = await self._metrics()
        return Work(metrics["Timestamp"], metrics["TaskDuration"], metrics["ThreadTime"])

    async def heap_mb(self) -> float:
        """Return what lies on the heap after the rubbish was taken out, in MB."""
        for _ in range(2):
            await self._devtools.send("HeapProfiler.collectGarbage")
        return (await self._metrics())["JSHeapUsedSize"] / 1e6

    async def counts(self) -> dict[str, Any]:
        """Return the page's own numbers: of each priority, gathered, and whether it is online."""
        said: dict[str, Any] = await self._page.evaluate(COUNTS)
        return {
            "priorities": [_number(text) for text in said["shown"][:4]],
            "gathered": _number(said["gathered"]),
            "is_online": said["isOnline"],
        }

    def _count_load(self, request: Request) -> None:
        self.load_count += request.url.endswith("/api/v1/snapshot")

    async def shot(self, path: Path) -> None:
        """Keep a picture of the page."""
        await self._page.screenshot(path=path)

    async def _metrics(self) -> dict[str, float]:
        answer = await self._devtools.send("Performance.getMetrics")
        return {each["name"]: each["value"] for each in answer["metrics"]}


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run one Chromium."""
    found = shutil.which("chromium") or EXECUTABLES[0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


def _number(text: str) -> int:
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits else 0
