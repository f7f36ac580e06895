"""Refusals over HTTP: one shape, and a code that pages translate.

Source: RFC 9457 "RefusedError Details for HTTP APIs", section 3.
"""

import functools
import http
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from central.connections import NoConnectionError
from config.web import STATIC

_log = logging.getLogger("central.database")
MEDIA_TYPE: Final = "application/problem+json"
PART_LENGTH_MAX: Final = 80
_CODES: Final = {
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
}


class RefusedError(Exception):
    """What is refused, and why; raised by endpoints and what they call."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        """Refuse with an HTTP status; ``more`` becomes further members of the answer."""
        super().__init__(f"{status} {code}")
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.more = headers, more

    def to_response(self) -> JSONResponse:
        """Return the refusal as an answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": http.HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail or sentence_of(self.code),
            **self.more,
        }
        return JSONResponse(body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


@functools.cache
def _english() -> dict[str, str]:
    words: dict[str, str] = json.loads((STATIC / "en.json").read_text(encoding="utf-8"))
    return words


def sentence_of(code: str) -> str:
    """Return what pages say of a code, for programs and people who see the answer itself."""
    return _english().get(f"error.{code}", code.replace("_", " "))


BUSY: Final = RefusedError(503, "database_busy", headers={"Retry-After": "5"})
"""The database has no connection to spare: terminals and pages come again."""
FAILED: Final = RefusedError(500, "internal_error", "central made a mistake; its log says which")
"""Of an error that nobody expected: says nothing of our inside."""


def _in_line(part: int | str) -> str:
    """Return a member's name, which may be anybody's, so that it stands in one short line."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(part)[:PART_LENGTH_MAX])


class ProblemBody(BaseModel):
    """A refusal, for the API's description."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "code": "alarm_not_found",
                    "detail": "there is no such alarm any more",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"model": ProblemBody, "description": "Refused; `code` says why"}
}


async def _everybody(_request: Request) -> None:
    """Let everybody ask."""


def install(app: FastAPI, *, first: Callable[[Request], Awaitable[None]] = _everybody) -> None:
    """Make every refusal of an application a problem.

    Args:
        app: The application.
        first: Refuses whoever may not ask at all. The framework reads a body before it asks who
            sent it; strangers are not told what is wrong with theirs.
    """

    async def stranger(request: Request) -> RefusedError | None:
        try:
            await first(request)
        except RefusedError as refusal:
            return refusal
        return None

    @app.exception_handler(RefusedError)
    async def refused(_request: Request, error: RefusedError) -> JSONResponse:
        return error.to_response()

    @app.exception_handler(HTTPException)
    async def refused_by_framework(request: Request, error: HTTPException) -> JSONResponse:
        code = _CODES.get(error.status_code, f"http_{error.status_code}")
        if error.status_code == http.HTTPStatus.BAD_REQUEST and (
            refusal := await stranger(request)
        ):
            return refusal.to_response()
        return RefusedError(
            error.status_code, code, str(error.detail), headers=error.headers
        ).to_response()

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> JSONResponse:
        if refusal := await stranger(request):
            return refusal.to_response()
        # What was sent may be a name, a card or a password: say where it is wrong, not what it is.
        places = [
            {"place": ".".join(_in_line(part) for part in e["loc"]), "mistake": e["type"]}
            for e in error.errors()
        ]
        detail = "; ".join(f"{p['place']}: {p['mistake']}" for p in places)
        return RefusedError(422, "invalid_request", detail, mistakes=places).to_response()

    @app.exception_handler(NoConnectionError)
    async def busy(_request: Request, error: NoConnectionError) -> JSONResponse:
        _log.warning("a request is put off: %s", error)
        return BUSY.to_response()

    @app.exception_handler(Exception)
    async def failed(_request: Request, _error: Exception) -> JSONResponse:
        # The server logs the traceback.
        return FAILED.to_response()
