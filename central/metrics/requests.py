"""Around the application: a request has a trace and is counted; a slow one or a failure is said."""

import logging
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.services import Services
from config.tracing import HEADER, new_trace, read_traceparent, traced

_log = logging.getLogger("central.requests")
SLOW_S: Final = 1.0
NO_ROUTE: Final = "none"
INGEST: Final = ("POST", "/events")
WAITING: Final = frozenset({("GET", "/events")})
"""Who asks these may want to wait for news: a late answer is what was asked for."""


class Counted:
    """Counts answers; a path is never said, since it holds identifiers of people."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began_s, status, took_s = time.perf_counter(), 500, None

        async def send_counted(message: Message) -> None:
            nonlocal status, took_s
            if message["type"] == "http.response.start":
                status, took_s = message["status"], time.perf_counter() - began_s
            await send(message)

        trace = read_traceparent(Headers(scope=scope).get(HEADER)) or new_trace()
        with traced(trace):
            try:
                await self._app(scope, receive, send_counted)
            finally:
                _note(scope, status, time.perf_counter() - began_s if took_s is None else took_s)


def _note(scope: Scope, status: int, took_s: float) -> None:
    services: Services = scope["app"].state.services
    counters, route = services.counters, route_of(scope)
    counters.answered(status, took_s=took_s)
    if status >= 400 and (scope["method"], route) == INGEST:
        counters.refused_batch(status)
    is_slow = took_s > SLOW_S and (scope["method"], route) not in WAITING
    if is_slow:
        counters.was_slow(route)
    if is_slow or status >= 500:
        _log.warning("%s %s answered %d after %.3f s", scope["method"], route, status, took_s)


def route_of(scope: Scope) -> str:
    """Return the template of a request's endpoint, below the prefix of the API; else ``none``."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else NO_ROUTE
