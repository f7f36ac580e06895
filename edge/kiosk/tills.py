"""The tills of a node on its own pages: what they show, and what people ask of them.

Diners and cashiers press keys on the page itself, which its cookie lets do nothing else. What
could hide a theft (opening, closing, taking a charge back, another way to sell) asks for the
cashier's own session: a card, a PIN and the right to it.
"""

import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from config.contract.identifiers import Frozen
from config.contract.operators import EdgePermission
from config.site import SiteIdentity
from config.site_canteen import Loudness, TillEntry
from config.web.files import WebFile
from edge.canteen.board import TillBoard
from edge.canteen.screen import CASHIERS, TillAnswer, TillCommand
from edge.kiosk.app import TILL_STATIC, LiveView, live_picture
from edge.local_api import CardPresented, CodeScanned
from edge.operator_api import OperatorSession, OperatorSignIn, refused
from edge.operators import OperatorRefusedError, Operators

NO_REVISION = -1


class CodeShower(Protocol):
    """What shows a code for some seconds; ``edge.canteen.own_page.OwnPage``."""

    def code(self, number: int) -> str | None:
        """Return the drawing of a code while it is shown."""
        ...


class TillTaker(Protocol):
    """One till; ``edge.canteen.till.Till``."""

    @property
    def entry(self) -> TillEntry:
        """Of the site file."""
        ...

    def do(self, command: TillCommand, *, by: str = "") -> Awaitable[bool]:
        """Do what the page asks for."""
        ...

    @property
    def own_page(self) -> CodeShower:
        """The way to a diner's own page, while it is shown."""
        ...

    def present_card(self, number: str) -> bool:
        """Take a card."""
        ...

    def present_code(self, text: str) -> bool:
        """Take a scanned code."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TillPages:
    """What the node gives the pages of its tills.

    Attributes:
        site: Its name and its clock.
        tills: By id; those that are no lane.
        views: Live pictures, by till.
        operators: Who has rights here.
        now: Wall clock, aware UTC.
    """

    site: SiteIdentity
    tills: Mapping[str, TillTaker]
    board: TillBoard
    views: Mapping[str, LiveView]
    operators: Operators
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic

    def till(self, till: str) -> TillTaker:
        """Return a till of this node; used as a dependency."""
        if till not in self.tills:
            raise HTTPException(404, f"this node has no till {till!r}")
        return self.tills[till]

    def cashier(self, token: str) -> str:
        """Return the operator whose session this is, who may sell."""
        try:
            operator = self.operators.permitted(
                token, EdgePermission.CANTEEN_SELL, now=self.now(), now_s=self.monotonic()
            )
        except OperatorRefusedError as error:
            raise refused(error) from error
        return operator.operator_id

    async def changes(self, till: str) -> AsyncIterator[ServerSentEvent]:
        """Yield the screen of now, then every change."""
        revision = NO_REVISION
        while True:
            screen = await self.board.after(till, revision)
            revision = screen.revision
            yield ServerSentEvent(event="screen", data=screen.model_dump(mode="json"))


class PageSettings(Frozen):
    """What a till's page does not learn from its screen. Attributes: zone: IANA name."""

    site: dict[Literal["zh-CN", "en"], str]
    zone: str
    sound: tuple[Loudness, ...]


def page_deeds(tills: Collection[str]) -> frozenset[str]:
    """Return what the pages of tills may change by their cookie; see ``LoopbackGuard``."""
    return frozenset(f"/till/{till}/{deed}" for till in tills for deed in ("commands", "sessions"))


def till_pages(pages: TillPages) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    known = [Depends(pages.till)]
    document = WebFile.read(TILL_STATIC / "till.html")

    @router.get("/till/{till}", dependencies=known)
    async def page(request: Request) -> Response:
        """Show a till: both halves, or one with ``?side=diner`` or ``?side=cashier``."""
        return document.response(request.headers)

    @router.get("/till/{till}/settings")
    async def settings(of: Annotated[TillTaker, Depends(pages.till)]) -> PageSettings:
        """Return what the page is told once."""
        site = pages.site
        return PageSettings(site=site.name, zone=site.time_zone, sound=of.entry.sound)

    @router.get("/tills")
    async def tills() -> dict[str, object]:
        """List the tills of this node."""
        entries = [till.entry for till in pages.tills.values()]
        return {"tills": [{"id": e.id, "name": e.name, "merchant": e.merchant} for e in entries]}

    @router.get("/till/{till}/stream", response_class=EventSourceResponse, dependencies=known)
    async def stream(till: str) -> AsyncIterator[ServerSentEvent]:
        """Follow a till's screen: event ``screen``, a ``TillScreen``."""
        async for change in pages.changes(till):
            yield change

    @router.get("/till/{till}/own-page/{number}.svg")
    async def own_page(number: int, of: Annotated[TillTaker, Depends(pages.till)]) -> Response:
        """Return the code of a diner's own page, while it is shown, and not a moment longer."""
        drawing = of.own_page.code(number)
        if drawing is None:
            raise HTTPException(404, "no code is shown now")
        headers = {"Cache-Control": "no-store"}
        return Response(drawing, media_type="image/svg+xml", headers=headers)

    @router.get("/till/{till}/live.mjpeg", dependencies=known)
    async def live(till: str) -> StreamingResponse:
        """Follow a till's camera."""
        if till not in pages.views:
            raise HTTPException(404, f"till {till!r} has no camera")
        return live_picture(pages.views[till])

    @router.post("/till/{till}/sessions", status_code=201, dependencies=known)
    async def sign_in(wish: OperatorSignIn) -> OperatorSession:
        """Sign a cashier in by card and PIN."""
        try:
            token, operator = pages.operators.sign_in(
                wish.number, wish.pin, now=pages.now(), now_s=pages.monotonic()
            )
        except OperatorRefusedError as error:
            raise refused(error) from error
        return OperatorSession(
            token=token,
            operator_id=operator.operator_id,
            name=operator.name,
            permissions=operator.permissions,
        )

    @router.post("/till/{till}/commands")
    async def command(
        wish: Annotated[TillCommand, Body()],
        to: Annotated[TillTaker, Depends(pages.till)],
        token: Annotated[str, Header(alias="Operator-Session", max_length=64)] = "",
    ) -> TillAnswer:
        """Press a key, pick a dish, answer a question, or do what only a cashier may."""
        by = pages.cashier(token) if wish.do in CASHIERS else ""
        return TillAnswer(is_taken=await to.do(wish, by=by))

    @router.post("/api/tills/{till}/card")
    async def present_card(
        card: CardPresented, to: Annotated[TillTaker, Depends(pages.till)]
    ) -> TillAnswer:
        """Hold a card to a till's reader, for programs on this machine."""
        return TillAnswer(is_taken=to.present_card(card.number))

    @router.post("/api/tills/{till}/code")
    async def present_code(
        code: CodeScanned, to: Annotated[TillTaker, Depends(pages.till)]
    ) -> TillAnswer:
        """Show a code to a till's scanner, for programs on this machine."""
        return TillAnswer(is_taken=to.present_code(code.text))

    return router
