"""The till's page before a real till: a node of its own thread, central's stand-in, Chromium."""

import asyncio
import dataclasses
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from config.contract.money_events import ChargeRecorded, ChargeVoided, TillClosed
from config.site import Node as NodeEntry
from config.site import Site, SiteIdentity
from config.site_canteen import MerchantEntry
from tests.browser import Visitors, chromium, visitors
from tests.edge.canteen.making import entry
from tests.edge.canteen.test_node import CARDS, CASHIER, tell
from tests.edge.central_stand_in import NODE, SITE, CentralStandIn
from tests.edge.conftest import wait_until
from tests.edge.test_app import at_work

__all__ = ["chromium", "visitors"]
pytestmark = pytest.mark.browser


@dataclasses.dataclass(frozen=True, slots=True)
class AtWork:
    """A node with a till. Attributes: url: of the till's page, with the key."""

    url: str
    card: httpx.Client

    def hold(self, name: str) -> None:
        """Hold somebody's card to the till's reader."""
        self.card.post("/api/tills/till-1/card", json={"number": CARDS[name]}).raise_for_status()


@pytest.fixture
def work(tmp_path: Path, central: CentralStandIn) -> Iterator[AtWork]:
    tell(central)
    site = Site(
        site=SiteIdentity(id=SITE, name={"en": "Demo"}),
        node=(NodeEntry(id=NODE, kiosk_port=0),),
        merchant=(MerchantEntry(id="canteen"),),
        till=(entry(mode="keyed", modes=("keyed", "menu")),),
    )
    began: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def run() -> None:
        async with at_work(tmp_path, central, site=site) as (_, ready):
            over = asyncio.Event()
            began.put((str(ready.kiosk_url), asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    url, loop, over = began.get(timeout=60)
    place = urlsplit(url)
    headers = {"Authorization": f"Bearer {place.query.removeprefix('key=')}"}
    with httpx.Client(base_url=f"http://{place.netloc}", headers=headers) as client:
        yield AtWork(f"http://{place.netloc}/till/till-1?{place.query}", client)
    loop.call_soon_threadsafe(over.set)
    thread.join(60)


def facts(central: CentralStandIn) -> list[str]:
    """Return what central knows of money, in the order of the till."""
    kinds = (ChargeRecorded, ChargeVoided, TillClosed)
    found = [event.parsed() for event in central.events.values()]
    return [
        f"{type(fact).__name__} {getattr(fact, 'amount_fen', '')}".strip()
        for fact in found
        if isinstance(fact, kinds)
    ]


def sign_in(page: Page) -> None:
    """As a reader and a cashier type it."""
    page.get_by_label("卡号").fill(CASHIER["number"])
    page.keyboard.press("Enter")
    page.keyboard.type(CASHIER["pin"])
    page.keyboard.press("Enter")


def test_a_cashiers_day_from_opening_to_the_close(
    work: AtWork, central: CentralStandIn, visitors: Visitors
) -> None:
    page = visitors.meet(width=1280, height=800).open(work.url)
    expect(page.locator(".foot")).to_contain_text("在线", timeout=30_000)
    page.keyboard.press("Enter")
    sign_in(page)
    expect(page.locator(".now .phase")).to_have_text("等待下一笔", timeout=30_000)

    page.keyboard.type("8.5")
    page.keyboard.press("Enter")
    expect(page.locator(".now .state")).to_contain_text("未付款")
    work.hold("anna")
    expect(page.locator(".diner .message")).to_have_text("已付¥8.50a**")
    expect(page.locator(".last li")).to_have_count(1)

    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.locator(".last li")).to_contain_text("已撤销")
    page.locator(".keypad").get_by_role("button", name="9").click()
    page.keyboard.press("Enter")
    expect(page.locator(".now .state")).to_contain_text("未付款")
    work.hold("boris")
    expect(page.locator(".diner .message")).to_have_text("已付¥9.00b**")

    page.get_by_role("button", name="收台").click()
    page.get_by_label("清点笔数").fill("1")
    page.get_by_label("清点金额").fill("9")
    page.keyboard.press("Enter")
    expect(page.locator(".session tr").nth(2)).to_have_text("金额¥9.00¥9.00一致")
    expected = ["ChargeRecorded 850", "ChargeVoided 850", "ChargeRecorded 900", "TillClosed"]
    wait_until(lambda: facts(central) == expected)
