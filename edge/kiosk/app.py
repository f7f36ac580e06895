"""The terminal's own pages on loopback: a screen per access point, live picture and state."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.routing import Mount, Route

from config.contract.identifiers import new_id
from config.contract.money import ChargeMode
from config.site import AccessPointEntry, Site
from config.web import STATIC as SHARED
from config.web.files import WebFiles
from config.web.modules import word_routes
from edge.kiosk.guard import LoopbackGuard
from edge.kiosk.state import KioskBoard, KioskReader, KioskState, Standing
from edge.vision.attempt import View, ViewBox

STATIC = Path(__file__).parent / "static"
TILL_STATIC = Path(__file__).parent / "till"
FOLDERS = {"/static/": STATIC, "/till-static/": TILL_STATIC, "/web/": SHARED}
PICTURE_INTERVAL_S = 0.1
STANDING_INTERVAL_S = 0.25
PICTURE_AGE_S_MAX = 2.0
"""An older picture is no longer shown: nobody may take it for the lane of now."""
BOUNDARY = "menshen-picture"
PART_START = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n".encode()


class LiveView(Protocol):
    """The live picture of a lane; ``edge.vision`` has one per camera."""

    def view(self) -> View:
        """Return the newest picture and its faces; called from any thread, may take 10 ms."""


def create_app(
    *,
    site: Site,
    node: str,
    board: KioskBoard,
    views: Mapping[str, LiveView],
    standing: Callable[[str], Standing],
    ring: Callable[[str], None],
    local_key: str,
    page_deeds: frozenset[str] = frozenset(),
) -> FastAPI:
    """Return the pages of one node.

    Args:
        site: The whole site; the pages show what stands at ``node``.
        node: Identifier of this terminal.
        board: What the lanes show.
        views: Live pictures by access point; those without one take cards only.
        standing: What an access point's screen shows beside its state; asked often.
        ring: Calls somebody to an access point; called as often as people press.
        local_key: Opens the pages and, as a bearer token, whatever else is added to the
            application.
        page_deeds: What added pages may change by their cookie, too.
    """
    points = {p.id: p for p in site.for_node(node).access_point}
    files = WebFiles(STATIC)
    app = FastAPI(
        openapi_url=None,
        routes=[
            Route("/", files["index.html"]),
            *word_routes("/words/lanes/", "/static/lanes.js", FOLDERS),
            *word_routes("/words/kiosk/", "/static/kiosk.js", FOLDERS),
            *word_routes("/words/till/", "/till-static/till.js", FOLDERS),
            Mount("/static", files),
            Mount("/till-static", WebFiles(TILL_STATIC)),
            Mount("/web", WebFiles(SHARED)),
        ],
    )
    screens = _Screens(site, node, points, board, views, standing)
    app.include_router(_routes(screens, ring, files))
    rings = frozenset(f"/kiosk/{point}/assistance" for point in points)
    app.add_middleware(LoopbackGuard, local_key=local_key, node=node, page_deeds=rings | page_deeds)
    return app


class _Screens:
    """What the pages ask for."""

    def __init__(
        self,
        site: Site,
        node: str,
        points: Mapping[str, AccessPointEntry],
        board: KioskBoard,
        views: Mapping[str, LiveView],
        standing: Callable[[str], Standing],
    ) -> None:
        self._site, self._points, self._board, self._views = site, points, board, views
        self._standing = standing
        self._tills = [
            {"id": till.id, "name": till.name}
            for till in site.till
            if till.node == node and till.mode is not ChargeMode.LANE
        ]
        self._epoch = str(new_id())

    def describe(self, point: AccessPointEntry) -> dict[str, object]:
        return {
            "id": point.id,
            "name": point.name,
            "direction": point.direction,
            "has_camera": self.has_camera(point),
            "liveness": point.liveness,
        }

    def has_camera(self, point: AccessPointEntry) -> bool:
        return point.id in self._views

    @property
    def has_button(self) -> bool:
        return self._site.assistance.has_button

    def lanes(self) -> dict[str, object]:
        identity = self._site.site.model_dump(mode="json")
        return {
            "site": identity,
            "access_points": [self.describe(p) for p in self._points.values()],
            "tills": self._tills,
        }

    def point(self, access_point: str) -> AccessPointEntry:
        if access_point not in self._points:
            raise HTTPException(404, f"this node has no access point {access_point!r}")
        return self._points[access_point]

    async def changes(self, point: AccessPointEntry) -> AsyncIterator[ServerSentEvent]:
        """Yield ``hello``, then ``state``, ``standing`` and ``picture`` whenever they change."""
        standing = self._standing(point.id)
        hello = {
            "epoch": self._epoch,
            "site": self._site.site.model_dump(mode="json"),
            "access_point": self.describe(point),
            "assistance": self._site.assistance.model_dump(mode="json"),
            "standing": dataclasses.asdict(standing),
        }
        yield ServerSentEvent(event="hello", data=hello)
        view = self._views.get(point.id)
        shown: dict[str, object] | None = None
        interval_s = PICTURE_INTERVAL_S if view else STANDING_INTERVAL_S
        with self._board.read() as reader:
            while True:
                state = await _next_state(reader, timeout_s=interval_s)
                if state is not None and state.access_point == point.id:
                    yield ServerSentEvent(event="state", data=_state(state))
                if standing != (standing := self._standing(point.id)):
                    yield ServerSentEvent(event="standing", data=dataclasses.asdict(standing))
                if view is not None:
                    picture = _picture(await asyncio.to_thread(view.view))
                    if picture != shown:
                        shown = picture
                        yield ServerSentEvent(event="picture", data=picture)

    def view(self, point: AccessPointEntry) -> LiveView:
        return self._views[point.id]


def _routes(screens: _Screens, ring: Callable[[str], None], files: WebFiles) -> APIRouter:
    router = APIRouter()
    is_known = [Depends(screens.point)]

    @router.get("/access-points")
    async def access_points() -> dict[str, object]:
        return screens.lanes()

    @router.get(
        "/kiosk/{access_point}/stream", response_class=EventSourceResponse, dependencies=is_known
    )
    async def stream(access_point: str) -> AsyncIterator[ServerSentEvent]:
        async for change in screens.changes(screens.point(access_point)):
            yield change

    @router.get("/kiosk/{access_point}/live.mjpeg")
    async def live(access_point: str) -> StreamingResponse:
        point = screens.point(access_point)
        if not screens.has_camera(point):
            raise HTTPException(404, f"access point {point.id!r} has no camera")
        return live_picture(screens.view(point))

    @router.post("/kiosk/{access_point}/assistance", status_code=204, dependencies=is_known)
    async def call_somebody(access_point: str) -> None:
        if not screens.has_button:
            raise HTTPException(404, "the site file has switched the button off: [assistance]")
        ring(access_point)

    @router.get("/kiosk/{access_point}", dependencies=is_known)
    async def page(request: Request) -> Response:
        return files["kiosk.html"].response(request.headers)

    return router


def live_picture(view: LiveView) -> StreamingResponse:
    """Answer with a live picture, for ever."""
    return StreamingResponse(
        _motion(view),
        media_type=f"multipart/x-mixed-replace; boundary={BOUNDARY}",
        headers={"Cache-Control": "no-store"},
    )


async def _motion(view: LiveView) -> AsyncIterator[bytes]:
    """Yield the live picture as multipart JPEG, at most one per ``PICTURE_INTERVAL_S``."""
    shown = None
    yield PART_START
    while True:
        picture = await asyncio.to_thread(view.view)
        if picture.jpeg is not shown and _is_current(picture):
            shown = picture.jpeg
            # A browser shows a picture when the next one's header has come.
            yield (shown or b"") + b"\r\n" + PART_START
        await asyncio.sleep(PICTURE_INTERVAL_S)


async def _next_state(reader: KioskReader, *, timeout_s: float) -> KioskState | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            return await reader.take()
    return None


def _state(state: KioskState) -> dict[str, object]:
    return {
        "phase": state.phase,
        "masked_name": state.masked_name,
        "reason": state.reason,
        "cover": state.cover,
        "asks": state.asks,
        "direction": state.direction,
        "changed_at": state.changed_at.isoformat(),
    }


def _is_current(view: View) -> bool:
    return view.jpeg is not None and view.age_s < PICTURE_AGE_S_MAX


def _picture(view: View) -> dict[str, object]:
    is_current = _is_current(view)
    faces = view.boxes if is_current else ()
    return {"is_current": is_current, "faces": [_face(face) for face in faces]}


def _face(face: ViewBox) -> dict[str, object]:
    box = face.box
    return {
        "box": [round(box.left), round(box.top), round(box.right), round(box.bottom)],
        "is_active": face.is_active,
        "hint": face.hint,
    }
