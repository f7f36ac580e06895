"""Who may talk to the terminal's own pages: this machine, with the terminal's local key."""

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.web.files import HEADERS

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD"})


class LoopbackGuard:
    """Lets requests through that come to a loopback name and carry the key.

    A page of another site could make a browser on this machine ask us, under a name of its own
    that it has pointed at 127.0.0.1: hence the check of Host. The key arrives once as ``?key=`` and
    becomes a cookie, which reads pages and changes nothing but ``page_deeds``, asked by a page of
    this very origin; any other change takes the key itself as ``Authorization: Bearer``. The cookie
    is not the key, because browsers send cookies to every port of a host.
    """

    def __init__(
        self, app: ASGIApp, *, local_key: str, node: str, page_deeds: frozenset[str] = frozenset()
    ) -> None:
        self._app, self._key, self._page_deeds = app, local_key, page_deeds
        self._cookie_name = f"menshen_kiosk_{node}"
        context = f"menshen kiosk page|{node}".encode()
        self._cookie = hmac.new(local_key.encode(), context, hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal or the entry redirect, else pass on and add the pages' headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if _host_name(headers.get("Host", "")) not in LOOPBACK:
            return PlainTextResponse("open this page on the terminal itself\n", 421)
        if _is_equal(headers.get("Authorization", ""), f"Bearer {self._key}"):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        is_safe = scope["method"] in SAFE_METHODS
        if is_safe and _is_equal(dict(query).get("key", ""), self._key):
            return self._entry(scope["path"], query)
        cookie = _cookie(headers.get("Cookie", ""), self._cookie_name)
        may_come_by_cookie = is_safe or self._is_page_deed(scope["path"], headers)
        if may_come_by_cookie and _is_equal(cookie, self._cookie):
            return None
        return PlainTextResponse(
            "this page needs the terminal's key: open the link that `menshen edge` prints\n", 401
        )

    def _is_page_deed(self, path: str, headers: Headers) -> bool:
        return path in self._page_deeds and headers.get("Origin") == f"http://{headers['Host']}"

    def _entry(self, path: str, query: list[tuple[str, str]]) -> Response:
        rest = urlencode([(name, value) for name, value in query if name != "key"])
        # One leading slash: two would name another host.
        target = "/" + path.lstrip("/") + (f"?{rest}" if rest else "")
        response = RedirectResponse(target, 303)
        response.set_cookie(self._cookie_name, self._cookie, httponly=True, samesite="strict")
        return response


def _host_name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


def _is_equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
