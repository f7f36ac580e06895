"""Who may use the bench: whoever opened its one-time link, from its own page, by its own name."""

import hashlib
import ipaddress
import secrets
import socket
from collections import deque
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.web import api_docs
from config.web.files import HEADERS

PREFIX: Final = "/api/v1/bench"
OPENAPI_URL: Final = f"{PREFIX}/openapi.json"
ENTRY: Final = f"{PREFIX}/session"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
SESSION_COUNT_MAX: Final = 16
LINK_COUNT_MAX: Final = 16
DOCS_POLICY: Final = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"  # noqa: E501 - one policy, one line
"""The pages of the API's description start themselves by a script of their own."""


def is_loopback(host: str) -> bool:
    """Return whether a host to listen on is this machine alone."""
    return host in LOOPBACK


class Access:
    """One-time links and the sessions that they became; the oldest of too many end."""

    def __init__(self, host: str, port: int) -> None:
        """Begin with nobody.

        Args:
            host: That is listened on.
            port: Cookies go to every port of a host: the name of ours has it.
        """
        self.host, self.cookie_name = host, f"menshen_bench_{port}"
        self._links: deque[bytes] = deque(maxlen=LINK_COUNT_MAX)
        self._sessions: deque[bytes] = deque(maxlen=SESSION_COUNT_MAX)

    def new_token(self) -> str:
        """Return what opens the bench once."""
        token = secrets.token_urlsafe(24)
        self._links.append(_hashed(token))
        return token

    def enter(self, token: str) -> str | None:
        """Return a new session for a token, which is used up; None for another."""
        hashed = _hashed(token)
        if hashed not in self._links:
            return None
        self._links.remove(hashed)
        session = secrets.token_urlsafe(24)
        self._sessions.append(_hashed(session))
        return session

    def is_known(self, cookies: str) -> bool:
        """Return whether a ``Cookie`` header holds a session of ours."""
        try:
            morsel = SimpleCookie(cookies).get(self.cookie_name)
        except CookieError:
            return False
        return morsel is not None and _hashed(morsel.value) in self._sessions

    def is_our_name(self, host: str) -> bool:
        """Return whether a ``Host`` header names us.

        Another site may point a name of its own at our address, and its page would then be of our
        origin. It cannot do that with an address.
        """
        name = urlsplit(f"//{host}").hostname or ""
        if is_loopback(self.host):
            return name in LOOPBACK
        return name in (LOOPBACK | {self.host, socket.gethostname()}) or _is_address(name)


class BenchGuard:
    """Around the application: refuses strangers, and adds the pages' headers."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"] == api_docs.PATH:
                    headers["Content-Security-Policy"] = DOCS_POLICY
            await send(message)

        answer = self._refusal(scope) or self._app
        return await answer(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host, path = headers.get("Host", ""), scope["path"]
        if not self._access.is_our_name(host):
            return refusal(421, "wrong_host", "open the bench by the address that it printed")
        origin = headers.get("Origin")
        is_ours = origin is None or urlsplit(origin).netloc.lower() == host.lower()
        if scope["method"] not in SAFE_METHODS and not is_ours:
            return refusal(403, "foreign_origin", "use the bench's own page")
        if not path.startswith(PREFIX) or path in (ENTRY, OPENAPI_URL):
            return None
        if not self._access.is_known(headers.get("Cookie", "")):
            return refusal(
                401, "no_session", "open the link that `menshen device serve` prints; it works once"
            )
        return None


def refusal(status: int, code: str, detail: str) -> JSONResponse:
    """Return a refusal.

    Source: RFC 9457 "Problem Details for HTTP APIs", section 3.
    """
    body = {"title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
