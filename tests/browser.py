"""Chromium for the tests of pages. A page that breaks its security policy or throws fails."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from tests import jitter
from tests.conftest import skip_or_fail

EXECUTABLES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
SWITCHED_OFF = (
    # What the address bar would show is a page of its own, loaded beside each of ours: more than
    # half of what a test's Chromium does.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    # Chromium heeds the last list alone, so Playwright's stands here again.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(SWITCHED_OFF)}",
)
NETWORK_ERROR = "Failed to load resource"
"""What Chromium says of any failed request: pictures may be absent and central may be away."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the tests of a module.

    Not of the session: while it is open an event loop runs in this thread, and other modules
    want to run theirs.
    """
    found = next((path for path in EXECUTABLES if Path(path).exists()), None)
    if found is None:
        skip_or_fail("no Chromium: install the package `chromium`")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        except Error as error:
            skip_or_fail(f"Chromium does not start: {error}")
        yield browser
        browser.close()


@dataclasses.dataclass(slots=True)
class Visitor:
    """One person's browser: its own cookies and storage, and everything that went wrong in it."""

    context: BrowserContext
    complaints: list[str] = dataclasses.field(default_factory=list)

    def open(self, url: str) -> Page:
        """Open a page in a new tab and watch it; pages of others that it goes on to are theirs."""
        page = self.context.new_page()
        ours = f"://{urlsplit(url).netloc}"
        page.on("pageerror", lambda error: self.complaints.append(f"{url}: {error}"))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{url}: {message.text}")
                if message.type in ("error", "warning")
                and NETWORK_ERROR not in message.text
                and ours in (message.location["url"] or ours)
                else None
            ),
        )
        page.goto(url)
        return page


@dataclasses.dataclass(frozen=True, slots=True)
class Visitors:
    """People with browsers of their own."""

    browser: Browser
    met: list[Visitor] = dataclasses.field(default_factory=list)

    def meet(self, *, language: str = "zh-CN", width: int = 1440, height: int = 900) -> Visitor:
        """Return a new person, whose browser prefers a language."""
        context = self.browser.new_context(
            locale=language, viewport={"width": width, "height": height}
        )
        jitter.disturb(context)
        self.met.append(Visitor(context))
        return self.met[-1]


@pytest.fixture
def visitors(chromium: Browser) -> Iterator[Visitors]:
    """People with browsers; at the end no page may have complained."""
    people = Visitors(chromium)
    yield people
    for visitor in people.met:
        visitor.context.close()
    complaints = [line for visitor in people.met for line in visitor.complaints]
    assert not complaints, "\n".join(complaints)
