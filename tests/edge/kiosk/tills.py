"""A till for the page's tests: it shows what the test says, and keeps what is asked for."""

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from fastapi import FastAPI

from config.contract.money import ChargeLine, ChargeMode, Dish
from config.contract.operators import EdgePermission, OperatorRecord
from config.contract.trust import card_verifier, pin_verifier
from config.site import Node, Site, SiteIdentity
from config.site_canteen import MerchantEntry, TillEntry
from edge.canteen.board import TillBoard
from edge.canteen.screen import LastCharge, Link, PeriodShown, SessionShown, TillCommand, TillScreen
from edge.kiosk.app import create_app
from edge.kiosk.state import KioskBoard, Standing
from edge.kiosk.tills import TillPages, page_deeds, till_pages
from edge.operators import Operators
from tests.edge.kiosk.lanes import HeldView

KEY = "a key that only this test knows"
CARD_KEY = b"c" * 32
CARD, PIN = "04A1B2C3", "2468"
CASHIER = OperatorRecord(
    operator_id="cashier-1",
    name="李敏",
    card=card_verifier(CARD_KEY, CARD),
    pin=pin_verifier(CARD_KEY, "cashier-1", PIN),
    permissions=(EdgePermission.CANTEEN_SELL,),
)
SINCE = datetime(2026, 11, 23, 4, 3, 12, tzinfo=UTC)
SITE = Site(
    site=SiteIdentity(id="test-site", name={"zh-CN": "测试楼", "en": "Test building"}),
    node=(Node(id="canteen-1"),),
    merchant=(MerchantEntry(id="canteen", name={"zh-CN": "一楼食堂", "en": "Canteen"}),),
    till=(
        TillEntry(
            id="till-1",
            name={"zh-CN": "一号台", "en": "Till 1"},
            node="canteen-1",
            merchant="canteen",
            mode=ChargeMode.KEYED,
            modes=(ChargeMode.MENU, ChargeMode.COUNT),
        ),
    ),
)
MENU = (
    Dish(id="pork", name={"zh-CN": "红烧肉", "en": "Braised pork"}, price_fen=800, key=1),
    Dish(id="greens", name={"zh-CN": "清炒时蔬", "en": "Greens"}, price_fen=300, key=2),
    Dish(id="egg", name={"zh-CN": "番茄炒蛋", "en": "Egg and tomato"}, price_fen=450, key=3),
    Dish(id="rice", name={"zh-CN": "米饭", "en": "Rice"}, price_fen=100, key=4),
    Dish(id="soup", name={"zh-CN": "冬瓜排骨汤", "en": "Melon soup"}, price_fen=350, key=5),
    Dish(id="buffet", name={"zh-CN": "自选菜", "en": "Buffet"}, price_fen=280, per_g=100, key=6),
    Dish(id="tea", name={"zh-CN": "绿茶", "en": "Green tea"}, price_fen=350),
)
CHARGES = tuple(
    LastCharge(
        charge_id=UUID(int=number),
        at=SINCE + timedelta(minutes=9 - number),
        amount_fen=amount,
        masked_name=name,
        is_void=number == 2,
    )
    for number, (amount, name) in enumerate([(1250, "王**"), (900, "欧**"), (2380, "李*")], start=1)
)


def screen(**changes: object) -> TillScreen:
    """Return a till at lunch with nothing on it, but for the changes."""
    usual = {
        "till": "till-1",
        "name": {"zh-CN": "一号台", "en": "Till 1"},
        "merchant": "canteen",
        "revision": 0,
        "mode": ChargeMode.KEYED,
        "modes": (ChargeMode.KEYED, ChargeMode.MENU, ChargeMode.COUNT),
        "is_attended": True,
        "phase": "idle",
        "last": CHARGES,
        "can_void": CHARGES[0].charge_id,
        "link": Link(is_online=True, since=SINCE, limit_left_fen=1_000_000),
        "period": PeriodShown(id="lunch", name={"zh-CN": "午餐", "en": "Lunch"}, price_fen=1200),
        "menu": MENU,
        "eyes": "ok",
        "session": SessionShown(session_id=UUID(int=99), opened_at=SINCE),
    }
    return TillScreen.model_validate(usual | changes)


def picked(*dishes: tuple[str, int]) -> tuple[ChargeLine, ...]:
    """Return the lines of dishes by the piece."""
    prices = {dish.id: dish.price_fen for dish in MENU}
    return tuple(
        ChargeLine(item=item, count=count, amount_fen=prices[item] * count)
        for item, count in dishes
    )


@dataclasses.dataclass(slots=True)
class TillStand:
    """The till ``till-1``; its operator may sell.

    Attributes:
        shown: Of now; every page gets it, and what ``show`` puts in its place.
        asked: Commands, in the order in which they came.
        is_taken: Whether a command means something.
        code_svg: Of somebody's own page; None while none is shown.
        answers: Clear while the till gives no answer.
    """

    shown: TillScreen = dataclasses.field(default_factory=screen)
    asked: list[dict[str, object]] = dataclasses.field(default_factory=list)
    is_taken: bool = True
    answers: threading.Event = dataclasses.field(default_factory=threading.Event)
    board: TillBoard = dataclasses.field(default_factory=TillBoard)
    camera: HeldView = dataclasses.field(default_factory=HeldView)
    loop: asyncio.AbstractEventLoop | None = None
    code_svg: str | None = None

    @property
    def own_page(self) -> Self:
        """Of nobody: what is shown is what the test says."""
        return self

    def code(self, number: int) -> str | None:
        """Return the drawing, of the first showing alone."""
        return self.code_svg if number == 1 else None

    @property
    def entry(self) -> TillEntry:
        """Of the site file."""
        return SITE.till[0]

    async def do(self, command: TillCommand, *, by: str = "") -> bool:
        """Keep what is asked for, and by whom where that matters."""
        await asyncio.to_thread(self.answers.wait)
        said = command.model_dump(mode="json", exclude_none=True)
        self.asked.append(said | ({"by": by} if by else {}))
        return self.is_taken

    def present_card(self, number: str) -> bool:
        """Take no card: the page has no reader."""
        raise NotImplementedError(number)

    def present_code(self, text: str) -> bool:
        """Take no code: the page has no scanner."""
        raise NotImplementedError(text)

    def show(self, **changes: object) -> None:
        """Show another screen; called from any thread."""
        self.shown = screen(**changes, revision=self.shown.revision + 1)
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.board.show, self.shown)

    def app(self) -> FastAPI:
        """Return the application; the till answers."""
        self.answers.set()
        app = create_app(
            site=SITE,
            node="canteen-1",
            board=KioskBoard(),
            views={},
            standing=lambda _: Standing(call="none", is_outdated=False, is_cut_off=False),
            ring=lambda _: None,
            local_key=KEY,
            page_deeds=page_deeds(["till-1"]),
        )
        pages = TillPages(
            site=SITE.site,
            tills={"till-1": self},
            board=self.board,
            views={"till-1": self.camera},
            operators=Operators(lambda: [CASHIER], key=CARD_KEY),
            now=lambda: SINCE,
        )
        app.include_router(till_pages(pages))
        app.router.lifespan_context = self._alive
        return app

    @contextlib.asynccontextmanager
    async def _alive(self, _app: object) -> AsyncIterator[None]:
        self.loop = asyncio.get_running_loop()
        self.board.show(self.shown)
        yield
        self.loop = None
