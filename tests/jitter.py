"""Answers that come late and out of order: a race in a page is lost before it is shipped.

`MENSHEN_BROWSER_JITTER=SEED` delays what pages fetch and the modules that they import;
`MENSHEN_BROWSER_THROTTLE=N` runs their scripts N times slower. Event streams are left alone.
"""

import asyncio
import os
import re
import zlib

from greenlet import greenlet
from playwright.sync_api import BrowserContext, Page, Route, expect

SEED = os.environ.get("MENSHEN_BROWSER_JITTER")
THROTTLE = float(os.environ.get("MENSHEN_BROWSER_THROTTLE", "1"))
FETCH_MS = 600
MODULE_MS = 200
PATIENCE_MS = 15_000 if SEED is None and THROTTLE <= 1 else 60_000
"""How long a page is waited for: only a failure takes so long, and a busy machine is no failure."""

expect.set_options(timeout=PATIENCE_MS)

# The page itself delays what it fetched: nothing waits for the thread of the test, which may be
# busy elsewhere. How long depends on the address and on how often it was asked for, not on chance.
LATE_ANSWERS = """
(() => {
  const fetchNow = window.fetch;
  const counts = new Map();
  const hash = (text) => {
    let code = 0x811c9dc5;
    for (const letter of text) code = Math.imul(code ^ letter.codePointAt(0), 0x01000193);
    code = Math.imul(code ^ (code >>> 16), 0x7feb352d);
    return (code ^ (code >>> 15)) >>> 0;
  };
  window.fetch = async (resource, options) => {
    const address = String(resource?.url ?? resource);
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    const reply = await fetchNow(resource, options);
    const isStream = reply.headers.get("Content-Type")?.startsWith("text/event-stream");
    const delayMs = hash(`SEED ${options?.method} ${address} ${count}`) % LONGEST;
    if (!isStream) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return reply;
  };
})();
"""


def disturb(context: BrowserContext) -> None:
    """Make the pages of a context slow, as far as the environment asks for it."""
    context.set_default_timeout(PATIENCE_MS)
    if SEED is not None:
        script = LATE_ANSWERS.replace("SEED", SEED).replace("LONGEST", str(FETCH_MS))
        context.add_init_script(script)
        context.route(re.compile(r"\.js(\?|$)"), _import_late)
    if THROTTLE > 1:
        context.on("page", _slow_down)


def _import_late(route: Route) -> None:
    """Let a module through later; the tests' thread goes on meanwhile."""
    delay_ms = zlib.crc32(f"{SEED} {route.request.url}".encode()) % MODULE_MS
    asyncio.get_running_loop().call_later(
        delay_ms / 1000, lambda: greenlet(_let_through).switch(route)
    )


def _let_through(route: Route) -> None:
    if not route.request.frame.page.is_closed():
        route.fallback()


def _slow_down(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
