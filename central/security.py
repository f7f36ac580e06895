"""Who may do what: roles and permissions, the session's cookie, the origin of a request, rates.

Every endpoint names one permission (``Requires``), a node's signature (``central.nodes.signed``) or
is public on purpose; a test lists the public ones.
"""

import hashlib
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.audit.notes import ACTING, Acting, action_of, objects_of
from central.problems import RefusedError
from config.contract.identifiers import Frozen

COOKIE: Final = "menshen_session"
SESSION_LIFETIME: Final = timedelta(hours=12)
ROLES: Final[dict[str, frozenset[str]]] = {
    "administrator": frozenset(
        {
            "site.read", "events.read", "events.crops", "events.candidates", "nodes.read",
            "nodes.manage", "people.read", "people.names", "people.write", "faces.review",
            "users.manage", "recognition.read", "recognition.pairs", "recognition.manage",
            "access.read", "access.write", "lockdown.set", "passback.forgive", "muster.read",
            "visits.read", "visits.write",
            "audit.read", "privacy.read", "commands.send", "keys.manage",
        }
    ),
    "personnel": frozenset(
        {
            "site.read", "people.read", "people.names", "people.write", "faces.review",
            "nodes.read", "recognition.read", "recognition.pairs", "access.read",
            "muster.read", "visits.read", "visits.write", "privacy.read",
        }
    ),
    "auditor": frozenset(
        {
            "site.read", "events.read", "events.crops", "events.candidates", "nodes.read",
            "people.read", "people.names", "recognition.read", "access.read", "muster.read",
            "visits.read", "audit.read", "privacy.read",
        }
    ),
    "guard": frozenset(
        {
            "site.read", "events.read", "events.crops", "nodes.read", "people.read",
            "access.read", "lockdown.set", "passback.forgive", "muster.read", "visits.read",
            "commands.send",
        }
    ),
}  # fmt: skip
PERMISSIONS: Final = frozenset[str]().union(*ROLES.values())
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DOCS_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; frame-ancestors 'none'; object-src 'none'"
)
"""The API's description has a script of its own in the page; it shows nothing of the site."""


def hashed(secret: str) -> str:
    """Return what is stored of a secret of at least 128 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return a secret of 256 random bits, as text for addresses and cookies."""
    return secrets.token_urlsafe(32)


class Operator(Frozen):
    """Who is signed in. Attributes: session: hash of the session's id. address: of the client."""

    user_id: str
    username: str
    role: str
    session: str
    address: str = ""

    @property
    def permissions(self) -> frozenset[str]:
        """What this role may do; a role of an older version may do nothing."""
        return ROLES.get(self.role, frozenset())

    def may(self, permission: str) -> bool:
        """Return whether this operator may."""
        return permission in self.permissions


FindOperator = Callable[[str], Awaitable[Operator | None]]
"""Finds the operator of a session by the hash of its id; None when it is over."""


async def operator_of(request: Request) -> Operator:
    """Return who is signed in; refuses with 401."""
    cookie = request.cookies.get(COOKIE)
    find: FindOperator = request.app.state.find_operator
    operator = None if not cookie else await find(hashed(cookie))
    if operator is None:
        raise RefusedError(401, "not_signed_in", "sign in first")
    operator = operator.model_copy(update={"address": address_of(request)})
    _begin_to_act(request, operator)
    return operator


def address_of(request: Request) -> str:
    """Return where a request comes from, as the connection says."""
    return "" if request.client is None else request.client.host


def _begin_to_act(request: Request, operator: Operator) -> None:
    """Let whatever this request writes be recorded as this operator's."""
    if request.method not in SAFE_METHODS:
        path = request.scope["route"].path.removeprefix("/api/v1")
        objects = objects_of(request.path_params)
        actor, action = f"user:{operator.user_id}", action_of(request.method, path)
        ACTING.set(Acting(actor, operator.address, action, objects))


class Requires:
    """A dependency: the operator, who must have a permission."""

    def __init__(self, permission: str) -> None:
        """Demand a permission.

        Raises:
            ValueError: No role has it.
        """
        if permission not in PERMISSIONS:
            raise ValueError(f"no role may {permission!r}")
        self.permission = permission

    async def __call__(self, request: Request) -> Operator:
        """Return the operator; refuses with 401 or 403."""
        operator = await operator_of(request)
        if not operator.may(self.permission):
            raise RefusedError(403, "forbidden", f"this needs the permission {self.permission}")
        return operator


class Guarded:
    """Around the application: security headers, and no unsafe request from a foreign page."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app, self._is_secure = app, is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if is_foreign(scope["method"], Headers(scope=scope)):
            refusal = RefusedError(403, "foreign_origin", "send this from central's own pages")
            return await refusal.to_response()(scope, receive, send_guarded)
        return await self._app(scope, receive, send_guarded)

    def _add_headers(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if path in ("/docs", "/docs/oauth2-redirect"):
            headers["Content-Security-Policy"] = DOCS_POLICY
        if path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
        if self._is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def is_foreign(method: str, headers: Headers) -> bool:
    """Return whether an unsafe request may come from another site's page.

    Source: Fetch Standard, section "Origin header": browsers send it with every unsafe method.
    """
    if method in SAFE_METHODS:
        return False
    origin = headers.get("origin")
    if origin is None:
        # No browser's page: then it must not act by a browser's cookie.
        return COOKIE in headers.get("cookie", "")
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


class RateLimit:
    """At most ``count`` attempts per key in a window; keys that are quiet are forgotten."""

    def __init__(self, *, count: int, window_s: float, key_count_max: int = 10_000) -> None:
        self._count, self._window_s, self._key_count_max = count, window_s, key_count_max
        self._attempts: dict[str, deque[float]] = {}

    def take(self, key: str, *, now_s: float) -> float:
        """Count an attempt; returns 0 when it may be made, else after how many seconds one may."""
        attempts = self._attempts.setdefault(key, deque())
        while attempts and attempts[0] <= now_s - self._window_s:
            attempts.popleft()
        if len(attempts) >= self._count:
            return attempts[0] + self._window_s - now_s
        attempts.append(now_s)
        if len(self._attempts) > self._key_count_max:
            self._forget(now_s)
        return 0.0

    def _forget(self, now_s: float) -> None:
        quiet = [k for k, a in self._attempts.items() if not a or a[-1] <= now_s - self._window_s]
        for key in quiet:
            del self._attempts[key]
