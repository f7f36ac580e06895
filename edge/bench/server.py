"""The bench over HTTP: its page, its API and one live stream of all that changes."""

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import JsonValue
from starlette.routing import Mount, Route

from config.contract.identifiers import Frozen, new_id
from config.web import STATIC as SHARED
from config.web import api_docs
from config.web.files import WebFiles
from config.web.modules import word_routes
from edge.bench import report_page
from edge.bench.access import OPENAPI_URL, PREFIX, Access, BenchGuard, refusal
from edge.bench.catalogue import serial_ports
from edge.bench.device_session import BusyError, now_ms
from edge.bench.sessions import Bench, UnknownError
from edge.bench.views import (
    ActionOrder,
    BenchView,
    CatalogueView,
    DeviceOrder,
    DeviceView,
    FaultOrder,
    FrameView,
    Problem,
    SimulatorOrder,
    SimulatorView,
    TestOrder,
    TestView,
)

STATIC: Final = Path(__file__).parent / "static"
FOLDERS: Final = {"/static/": STATIC, "/web/": SHARED}
TICK_S: Final = 0.15
"""So often the stream looks for what changed."""
FRAME_COUNT_FIRST: Final = 200
"""A page that opens gets so many of each device."""
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"model": Problem, "description": "Refused; `code` and `detail` say why"}
}
_STYLE_HASH = base64.b64encode(hashlib.sha256(report_page.STYLE.encode()).digest()).decode()
REPORT_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'"


def create_app(offered: CatalogueView, access: Access) -> FastAPI:
    """Return the application; what runs on the bench ends with its lifespan.

    Args:
        offered: What there is to choose from.
        access: Who may use it.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bench = app.state.bench = Bench()
        try:
            yield
        finally:
            await bench.close()

    app = FastAPI(
        title="Menshen bench",
        version=version("menshen"),
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI_URL,
        lifespan=lifespan,
    )
    _install_refusals(app)
    files = WebFiles(STATIC)
    for router in (_entry(access), _running(offered), _devices()):
        app.include_router(router, prefix=PREFIX, responses=RESPONSES)
    app.router.routes.extend(
        [
            Route("/", files["index.html"]),
            *word_routes("/words/", "/static/bench.js", FOLDERS),
            Mount("/static", files),
            Mount("/web", WebFiles(SHARED)),
            *api_docs.routes(openapi_url=OPENAPI_URL, title=app.title),
        ]
    )
    app.add_middleware(BenchGuard, access=access)
    return app


def _install_refusals(app: FastAPI) -> None:
    @app.exception_handler(BusyError)
    async def busy(_request: Request, error: BusyError) -> Response:
        return refusal(409, "busy", str(error))

    @app.exception_handler(UnknownError)
    async def unknown(_request: Request, error: UnknownError) -> Response:
        return refusal(404, "not_found", str(error.args[0]))

    @app.exception_handler(RequestValidationError)
    async def not_understood(_request: Request, error: RequestValidationError) -> Response:
        mistakes = [f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg']}" for e in error.errors()]
        return refusal(422, "refused", "; ".join(mistakes))

    for kind in (ValueError, TypeError, OSError):

        @app.exception_handler(kind)
        async def refused(_request: Request, error: Exception) -> Response:
            return refusal(422, "refused", _one_line(error))


def _one_line(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())


def _bench(request: Request) -> Bench:
    bench: Bench = request.app.state.bench
    return bench


def _entry(access: Access) -> APIRouter:
    router = APIRouter(tags=["session"])

    @router.post("/session", status_code=204)
    async def enter(token: Annotated[str, Body(embed=True)]) -> Response:
        """Begin a session with a link's token, which works once."""
        session = access.enter(token)
        if session is None:
            return refusal(401, "no_session", "this link has been used: ask for a new one")
        response = Response(status_code=204)
        response.set_cookie(access.cookie_name, session, httponly=True, samesite="strict")
        return response

    @router.post("/links", status_code=201)
    async def make_link(request: Request) -> dict[str, str]:
        """Make another one-time link, for another screen."""
        return {"link": f"{request.base_url}#token={access.new_token()}"}

    return router


def _running(offered: CatalogueView) -> APIRouter:
    router = APIRouter()

    @router.get("/catalogue", tags=["bench"], response_model=CatalogueView)
    async def get_catalogue() -> Response:
        """Return what there is to choose from, and the serial ports of now."""
        ports = await asyncio.to_thread(serial_ports)
        # Not left to the framework, which checks it all once more: every page waits for it.
        text = offered.model_copy(update={"ports": ports}).model_dump_json()
        return Response(text, media_type="application/json")

    @router.get("/state", tags=["bench"])
    async def get_state(request: Request) -> BenchView:
        """Return everything that runs."""
        return _snapshot(_bench(request))

    @router.get("/stream", response_class=EventSourceResponse, tags=["bench"])
    async def stream(request: Request) -> AsyncIterator[ServerSentEvent]:
        """Say ``hello``, then everything that changes."""
        async for event in _changes(_bench(request)):
            yield event

    @router.post("/simulators", status_code=201, tags=["simulators"])
    async def start_simulator(request: Request, order: SimulatorOrder) -> SimulatorView:
        """Start a simulator."""
        return (await _bench(request).start_simulator(order)).view()

    @router.get("/simulators/{simulator}", tags=["simulators"])
    async def get_simulator(request: Request, simulator: str) -> SimulatorView:
        """Return how a simulator is."""
        return _bench(request).simulator(simulator).view()

    @router.delete("/simulators/{simulator}", status_code=204, tags=["simulators"])
    async def stop_simulator(request: Request, simulator: str) -> None:
        """Stop a simulator."""
        await _bench(request).stop_simulator(simulator)

    @router.post("/simulators/{simulator}/actions/{action}", tags=["simulators"])
    async def act(
        request: Request, simulator: str, action: str, order: ActionOrder
    ) -> dict[str, JsonValue]:
        """Let a hand do something: swipe a card, raise a fire, block a lane."""
        return await _bench(request).simulator(simulator).act(action, order.arguments)

    @router.put("/simulators/{simulator}/faults/{kind}", tags=["simulators"])
    async def set_fault(
        request: Request, simulator: str, kind: str, order: FaultOrder
    ) -> SimulatorView:
        """Switch a fault of a simulator's line."""
        session = _bench(request).simulator(simulator)
        await session.set_fault(kind, on=order.on, probability=order.probability)
        return session.view()

    return router


def _devices() -> APIRouter:
    router = APIRouter()

    @router.post("/devices", status_code=201, tags=["devices"])
    async def open_device(request: Request, order: DeviceOrder) -> DeviceView:
        """Open a device, real or a simulator that runs here."""
        return (await _bench(request).open_device(order)).view()

    @router.get("/devices/{device}", tags=["devices"])
    async def get_device(request: Request, device: str) -> DeviceView:
        """Return how a device is."""
        return _bench(request).device(device).view()

    @router.delete("/devices/{device}", status_code=204, tags=["devices"])
    async def close_device(request: Request, device: str) -> None:
        """Close a device."""
        await _bench(request).close_device(device)

    @router.get("/devices/{device}/frames", tags=["devices"])
    async def get_frames(request: Request, device: str, after: int = 0) -> tuple[FrameView, ...]:
        """Return the frames after one, of the newest that are kept."""
        return _bench(request).device(device).frames.after(after)

    @router.post("/devices/{device}/tests", status_code=201, tags=["tests"])
    async def start_test(request: Request, device: str, order: TestOrder) -> TestView:
        """Test a device; its steps appear in the test."""
        return _bench(request).start_test(device, has_commands=order.commands).view()

    @router.get("/tests/{test}", tags=["tests"])
    async def get_test(request: Request, test: str) -> TestView:
        """Return how a test is."""
        return _bench(request).test(test).view()

    @router.delete("/tests/{test}", status_code=204, tags=["tests"])
    async def stop_test(request: Request, test: str) -> None:
        """Stop a test; its device is driven again."""
        await _bench(request).stop_test(test)

    @router.get("/tests/{test}/report.json", tags=["tests"])
    async def get_report(request: Request, test: str) -> dict[str, JsonValue]:
        """Return the report of a test that is done."""
        return _bench(request).report(test).as_json()

    @router.get("/tests/{test}/report.html", response_class=HTMLResponse, tags=["tests"])
    async def print_report(request: Request, test: str, *, download: bool = False) -> Response:
        """Return the report as a page to print and sign."""
        report = _bench(request).report(test)
        headers = {"Content-Security-Policy": REPORT_POLICY}
        if download:
            name = f"{report.driver}-{report.began_at[:19].replace(':', '')}.html"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return HTMLResponse(report_page.report_page(report), headers=headers)

    return router


def _snapshot(bench: Bench) -> BenchView:
    return BenchView(
        now_ms=now_ms(),
        simulators=tuple(s.view() for s in bench.simulators.values()),
        devices=tuple(d.view() for d in bench.devices.values()),
        tests=tuple(t.view() for t in bench.tests.values()),
        frames={
            name: device.frames.after(device.frames.sequence - FRAME_COUNT_FIRST)
            for name, device in bench.devices.items()
        },
    )


def _views(bench: Bench) -> dict[tuple[str, str], Frozen]:
    """Return everything that runs, by its kind and name."""
    views: dict[tuple[str, str], Frozen] = {}
    views |= {("simulator", name): session.view() for name, session in bench.simulators.items()}
    views |= {("device", name): session.view() for name, session in bench.devices.items()}
    views |= {("test", name): session.view() for name, session in bench.tests.items()}
    return views


async def _changes(bench: Bench) -> AsyncIterator[ServerSentEvent]:
    """Yield ``hello``, then what is another than a moment before; a slow reader misses only steps.

    Frames come once each, in their order.
    """
    yield ServerSentEvent(event="hello", data={"epoch": str(new_id()), "now_ms": now_ms()})
    before = _views(bench)
    sequences = {name: device.frames.sequence for name, device in bench.devices.items()}
    while True:
        await asyncio.sleep(TICK_S)
        now = _views(bench)
        for event in _differences(before, now):
            yield event
        before = now
        for name, device in bench.devices.items():
            if frames := device.frames.after(sequences.get(name, 0)):
                sequences[name] = frames[-1].sequence
                shown = [frame.model_dump(mode="json") for frame in frames]
                yield ServerSentEvent(event="frames", data={"device": name, "frames": shown})


def _differences(
    before: dict[tuple[str, str], Frozen], now: dict[tuple[str, str], Frozen]
) -> Iterator[ServerSentEvent]:
    for kind, name in before.keys() - now.keys():
        yield ServerSentEvent(event="gone", data={"kind": kind, "id": name})
    for (kind, name), view in now.items():
        if before.get((kind, name)) != view:
            yield ServerSentEvent(event=kind, data=view.model_dump(mode="json"))
